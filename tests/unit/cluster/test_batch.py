"""Jobs of submitit: how those ended that left no result, and options that nobody can use."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bench.cluster.batch import Batch, Refused, _describe_refusal, _describe_unknown
from bench.cluster.call import TIME_OVER
from bench.errors import UsageError

GENERIC = "(non-prefixed) parameters are: {'name': <class 'str'>, 'timeout_min': <class 'int'>}."
"""How submitit 1.5.4 ends when it does not know a parameter."""


@pytest.mark.parametrize(("said", "told"), [
    (f"Parameter 'acount' need to be prefixed by an executor name.\nKnown executors: slurm\n{GENERIC}",
     "options for Slurm: more.acount: submitit knows no such parameter; did you mean more.slurm_account?"),
    ("Unknown argument 'acount' for executor 'slurm' in parameter 'slurm_acount'. Valid arguments: qos, account\n"
     + GENERIC,
     "options for Slurm: more.slurm_acount: submitit knows no such parameter; did you mean more.slurm_account?"),
    (f"Parameter 'zzz' need to be prefixed by an executor name.\n{GENERIC}",
     "options for Slurm: more.zzz: submitit knows no such parameter; "
     "Slurm's own begin with slurm_: more.slurm_account"),
])  # fmt: skip
def test_an_unknown_parameter_is_told_shortly_and_by_its_nearest_name(said: str, told: str) -> None:
    assert _describe_unknown(said) == told


def test_a_slurm_that_does_not_answer_is_told_with_what_to_ask() -> None:
    said = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    assert _describe_refusal(said) == (
        "Slurm took no job (Batch job submission failed: Unable to contact slurm controller (connect failure)); does "
        "it answer, and do partition, account and limits fit? ask: scontrol ping; sinfo"
    )


@pytest.mark.extra
def test_a_host_without_slurm_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no sbatch here"):
        Batch("slurm", tmp_path, {})


@pytest.mark.extra
def test_an_option_that_submitit_does_not_know_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    with pytest.raises(UsageError, match="^options for Slurm: more.nonsense: submitit knows no such .{,70}$"):
        Batch("local", tmp_path, {"nonsense": 1})


def test_without_submitit_the_line_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "submitit", None)
    with pytest.raises(UsageError, match=r"pip install 'zgs\[slurm\]'"):
        Batch("local", tmp_path, {})


@pytest.mark.extra
def test_jobs_that_sbatch_refuses_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An sbatch that is there, and a controller that is not."""
    pytest.importorskip("submitit")
    (tmp_path / "bin").mkdir()
    refuse = "#!/bin/sh\necho 'sbatch: error: Unable to contact slurm controller' >&2\nexit 1\n"
    for name in ("sbatch", "srun", "squeue"):
        (tmp_path / "bin" / name).write_text(refuse)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(Refused, match="^Slurm took no job .Unable to contact slurm controller.; does it"):
        Batch("slurm", tmp_path / "jobs", {}).start(print, [("a",)])


def sleep_or_die(number: int) -> None:
    if number:
        os.kill(os.getpid(), number)
    time.sleep(60)


def sleep_or_tell(seconds: float) -> str:
    try:
        time.sleep(seconds)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "slept"


@pytest.mark.extra
@pytest.mark.timeout(60)
def test_a_job_hears_that_its_time_is_nearly_over(tmp_path: Path) -> None:
    """submitit tells a local job thirty seconds before."""
    pytest.importorskip("submitit")
    batch = Batch("local", tmp_path, {"timeout_min": 1})
    batch._executor._executor.parameters["timeout_min"] = 32 / 60
    batch.start(sleep_or_tell, [(0.0,), (60.0,)])
    assert finish(batch) == {0: "slept", 1: f"TimeOver: {TIME_OVER}"}


def finish(batch: Batch) -> dict[int, Any]:
    results: dict[int, Any] = {}
    while batch.left:
        results |= dict(batch.collect())
        time.sleep(0.05)
    return results


@pytest.mark.extra
@pytest.mark.timeout(60)
def test_a_killed_job_says_by_which_signal_and_one_whose_time_is_over_says_that(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    batch = Batch("local", tmp_path, {"timeout_min": 1}, together=2)
    batch._minutes = 3 / 60
    batch._executor._executor.parameters["timeout_min"] = 3 / 60  # seconds: submitit itself takes whole minutes alone
    batch.start(sleep_or_die, [(signal.SIGKILL,), (signal.SIGSEGV,), (0,)])
    killed, fault, late = (results := finish(batch))[0], results[1], results[2]
    assert killed.reason.startswith("was killed (SIGKILL: ") and fault.reason.startswith("died of SIGSEGV (a fault")
    assert late.reason == "its time was over (timeout_min=0.05)"
    assert all(Path(lost.log).is_file() for lost in (killed, fault, late))
