"""Too little memory is one line, by whatever name a library calls it."""

from __future__ import annotations

import errno
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.errors import InstantiationException

from bench.cli import main
from bench.errors import BadSample, UserError
from bench.system.memory import explain_memory_errors, lacks_memory
from tests.command import ended, start

TOO_MUCH = 2**52
"""Bytes that no machine has: the allocation is refused at once."""


def _numpy() -> None:
    np.zeros(TOO_MUCH, np.uint8)


def _torch() -> None:
    torch.empty(TOO_MUCH, dtype=torch.uint8)


def _fork() -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def _gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def _onednn() -> None:
    raise RuntimeError("could not create a primitive")


def _wrapped() -> None:
    try:
        _torch()
    except RuntimeError as error:
        raise InstantiationException("Error in call to target") from error


@pytest.mark.parametrize("fails", [_numpy, _torch, _fork, _gpu, _onednn, _wrapped])
def test_each_library_s_own_way_of_saying_it(fails) -> None:
    with pytest.raises(UserError) as caught, explain_memory_errors("encode of a", "executor.workers=1"):
        fails()
    told = str(caught.value)
    assert told.startswith("encode of a: out of memory (") and told.endswith("again with executor.workers=1")
    assert "\n" not in told and len(told) < 300


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("could not create a primitive descriptor for a matmul primitive"),
        RuntimeError("shapes differ"),
        BadSample("a.png is cut"),
        OSError(errno.EACCES, "no"),
        BrokenProcessPool(),
    ],
)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    assert not lacks_memory(error)
    with pytest.raises(type(error)) as caught, explain_memory_errors("encode of a", "x"):
        raise error
    assert caught.value is error


@pytest.mark.thinned(3)
@pytest.mark.parametrize("stage", ["segment", "encode", "caption"])
def test_a_run_says_which_stage_which_image_and_what_needs_less(tmp_path: Path, monkeypatch, capsys, stage) -> None:
    called = {"segment": "segment", "encode": "embed", "caption": "describe"}[stage]
    monkeypatch.setattr(f"bench.store.stages.StoredStages.{called}", lambda *_: _torch())
    words = ["executor=serial", "data.subset=first:1", f"store={tmp_path}/s", f"out={tmp_path}/o", "segment=whole"]
    assert main(["run", *words]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs:")]
    assert f"zgs: {stage} of test-0000: out of memory" in line and "executor.workers=1" in line
    assert {"segment": "", "encode": "encode.micro_batch", "caption": "caption.rows"}[stage] in line


def test_what_no_stage_foresaw_is_one_line_too(tmp_path: Path) -> None:
    code, _, err = ended(start(tmp_path, "import numpy\ndef main(words):\n    numpy.zeros(2**52)\n"))
    assert code == 1 and err.startswith("zgs: out of memory (") and err.count("\n") == 1
    assert "kept" not in err, "nobody knows what was done"
