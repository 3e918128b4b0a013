"""The device of a name, and the precision that suits it: one line where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.cli import main
from bench.doctor.machine import examine_device
from bench.errors import UsageError
from bench.run.executor import Local
from bench.settings.device import find_device
from bench.settings.ranges import RunSettings

HALF = RunSettings(dtype="float16")


@pytest.fixture(params=[0, 1])
def gpus(request: Any, monkeypatch: Any) -> int:
    """A machine without a GPU, and one with one."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: request.param > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: request.param)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    monkeypatch.setattr("torch.xpu.is_available", lambda: False)
    return int(request.param)


def test_names(gpus: int) -> None:
    assert find_device("auto") == ("cuda" if gpus else "cpu")
    assert find_device("cpu", RunSettings(dtype="bfloat16")) == "cpu"
    if gpus:
        assert find_device("cuda") == "cuda" and find_device("cuda:0", HALF) == "cuda:0"
        assert find_device("auto", HALF) == "cuda"
        assert find_device("auto", RunSettings(compile=True, graphs=True)) == "cuda"


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RunSettings(precision={"caption": "float16"}), "precision.caption=float16 on"),
        (RunSettings(compile=True), "compile=true on device=cpu: needs a CUDA device"),
        (RunSettings(graphs=True), "graphs=true on device=cpu: needs a CUDA device"),
    ],
)
def test_what_only_a_gpu_can_do_is_refused_on_a_processor(run: RunSettings, said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}"):
        find_device("cpu", run)


@pytest.mark.parametrize("name", ["meta", "xpu", "mps", "cuda:99", "cuda:1", "vulkan"])
def test_a_device_that_is_not_there_is_one_line(name: str, gpus: int) -> None:
    with pytest.raises(UsageError, match=f"^device={name}: "):
        find_device(name)


@pytest.mark.parametrize("wanted", ["cpu", "auto"])
def test_float16_on_a_processor_is_refused_with_the_reason(
    wanted: str, tmp_path: Path, capfd: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    words = [f"device={wanted}", "dtype=float16", "data.subset=first:1", f"store={tmp_path}/s", f"out={tmp_path}/o"]
    assert main(["run", *words, "executor=serial"]) == 2
    error = capfd.readouterr().err
    assert error.startswith("zgs: dtype=float16 on a processor: ") and error.count("\n") == 1
    assert "0.4 against 77 GFLOP/s" in error and "dtype=float32" in error


def test_verify_and_doctor_say_it_too(capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["verify", "dtype=float16"]) == 2
    assert "dtype=float16 on a processor" in capfd.readouterr().err
    told, mend = examine_device({"device": "cpu", "dtype": "float16"})
    assert "dtype=float16 on a processor" in told and mend == "add device=auto dtype=float32"
    assert examine_device({"device": "cpu", "dtype": "bfloat16"})[1] == ""
    mixed = {"device": "cpu", "dtype": "float32", "precision": {"encode": None, "caption": "bfloat16"}}
    assert examine_device(mixed)[0].endswith("(device=cpu), float32, precision.caption=bfloat16")
    compiled = examine_device({"device": "cpu", "dtype": "float32", "compile": True})
    assert compiled[1] == "add device=auto dtype=float32 compile=false graphs=false"


@pytest.mark.parametrize(
    ("workers", "device", "gib", "expected"),
    [
        ("auto", "auto", 16, 2), ("auto", "cuda:0", 80, 8), ("auto", "cuda", 4, 1), ("auto", "cpu", 16, 8),
        (6, "cuda", 16, 6), ("auto", "auto", 0, 8),
    ],
)  # fmt: skip
def test_a_gpu_gets_no_more_workers_than_it_holds(
    workers: Any, device: str, gib: int, expected: int, monkeypatch: Any
) -> None:
    """Of eight processors; each worker loads models of its own. 0 is no GPU, a number that was given is kept."""
    opened: list[int] = []

    @contextmanager
    def open_workers(number: int, *_: Any) -> Iterator[None]:
        opened.append(number)
        yield

    monkeypatch.setattr("torch.cuda.is_available", lambda: gib > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: int(gib > 0))
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda _: SimpleNamespace(total_memory=gib << 30))
    monkeypatch.setattr("bench.run.executor.count_processors", lambda: 8)
    monkeypatch.setattr("bench.run.executor.open_workers", open_workers)
    with Local(workers).open_session({"models": {}, "device": device}):
        assert opened == [expected]
