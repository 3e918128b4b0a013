"""numba's options as facts: read as numba reads them, without loading it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.system.loop_options import FILE, read_loop_options
from bench.system.loops_folder import ROOT

SILENT = {
    "NUMBA_CACHE_DIR": "/x", "NUMBA_NUM_THREADS": "3", "NUMBA_DUMP_ASSEMBLY": "1", "NUMBA_COLOR_SCHEME": "dark_bg",
    "NUMBA_CUDA_LOG_LEVEL": "INFO", "PATH": "/bin", "OMP_NUM_THREADS": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_variables_that_may_change_a_bit_count_also_unknown_ones() -> None:
    counted = {"NUMBA_CPU_NAME": "generic", "NUMBA_ENABLE_AVX": "0", "NUMBA_OPT": "0", "NUMBA_SOMETHING_NEW": "1"}
    assert read_loop_options(SILENT | counted) == counted
    assert read_loop_options(SILENT) == {}


def test_options_of_the_file_stand_where_there_is_no_variable() -> None:
    Path(FILE).write_text("opt: '0'\nEnable_AVX: '0'\nBOUNDSCHECK:\ncache_dir: /x\n")
    assert read_loop_options({"NUMBA_OPT": "1"}) == {"NUMBA_OPT": "1", "NUMBA_ENABLE_AVX": "0"}
    Path(FILE).write_text("")
    assert read_loop_options({}) == {}


def test_a_number_is_another_value_than_its_digits() -> None:
    told = []
    for text in ("OPT: 0", "OPT: '0'"):
        Path(FILE).write_text(text)
        told.append(read_loop_options({}))
    assert told[0] != told[1] == {"NUMBA_OPT": "0"}


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "5: 3", "OPT", "\udcff"])
def test_a_file_that_numba_cannot_read_is_told_in_one_line(text: str) -> None:
    Path(FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"\.numba_config\.yaml: numba.*remove the file") as told:
        read_loop_options({})
    assert "\n" not in str(told.value)


def test_numba_takes_the_same_options_and_facts_do_not_load_it() -> None:
    Path(FILE).write_text("opt: '1'\nloop_vectorize: 0\nslp_vectorize: 1\n")
    program = (
        "import os, sys, json; from bench.store.facts.machine import describe_machine\n"
        "told = describe_machine('cpu')['loops']; assert 'numba' not in sys.modules\n"
        "from numba import config\n"
        "print(json.dumps([told, [int(config.OPT), config.LOOP_VECTORIZE, config.SLP_VECTORIZE]]))"
    )
    variables = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    env = variables | {"PYTHONPATH": str(ROOT.parent), "NUMBA_SLP_VECTORIZE": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    told, taken = json.loads(done.stdout)
    assert taken == [1, 0, 0]
    assert told == {"NUMBA_OPT": "1", "NUMBA_LOOP_VECTORIZE": "0 (int)", "NUMBA_SLP_VECTORIZE": "0"}


def test_loops_that_python_would_run_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As numba reads NUMBA_DISABLE_JIT=1 when it is imported."""
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)
    monkeypatch.delitem(sys.modules, "bench.system.loops", raising=False)
    with pytest.raises(UserError, match="NUMBA_DISABLE_JIT.*unset it") as told:
        importlib.import_module("bench.system.loops")
    assert "\n" not in str(told.value)
