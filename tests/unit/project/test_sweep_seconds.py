"""scripts/sweep_seconds.py: what a sweep took is the sum of its jobs, of a whole sweep from an empty store alone."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UserError
from bench.run.job_progress import Process
from bench.run.outcomes import Outcome, write_outcome
from bench.run.sweep_status import Plan, write_plan

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    module = import_module("sweep_seconds")
    stages = {stage: {"made": 3, "reused": 0} for stage in module.MADE}
    records = {
        "/a": {"variant": "crop", "processors": 2, "store": stages},
        "/b": {"variant": "gem", "processors": 2, "store": stages | {"segment": {"made": 0, "reused": 3}}},
    }
    monkeypatch.setattr(module, "read_record", lambda folder: records[str(folder)])
    return module


def write_sweep(folder: Path, seconds: float, first: str = "/a", code: int = 0) -> Path:
    """Write the records of a sweep of two jobs."""
    folder.mkdir()
    write_plan(folder, Plan("zgs run -m encode=crop,gem", (("encode=crop",), ("encode=gem",)), Process("vm", 1)))
    write_outcome(Outcome(1, ("encode=crop",), 0, folder=first, seconds=100.0), folder)
    write_outcome(Outcome(2, ("encode=gem",), code, folder="/b", seconds=seconds), folder)
    return folder


@pytest.mark.parametrize(("seconds", "told"), [(500.0, "met"), (500.5, "missed")])
def test_the_page_says_what_all_jobs_took(script: Any, tmp_path: Path, seconds: float, told: str) -> None:
    script.main([str(write_sweep(tmp_path / "s", seconds)), f"to={tmp_path / 'sweep.csv'}"])
    page = (tmp_path / "sweep.md").read_text()
    assert "`zgs run -m encode=crop,gem`" in page and "2 variants on 3 images" in page and "6 embeddings" in page
    assert f"{100 + seconds:.0f} seconds by the clock on 2 processors" in page and page.endswith(f"is {told}.\n")
    assert (tmp_path / "sweep.csv").read_text().splitlines()[1].startswith("crop,100")


def test_half_a_sweep_and_one_that_found_results_are_no_measure(script: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="job 2 is failed; run the sweep to its end"):
        list(script.read_jobs(write_sweep(tmp_path / "failed", 1.0, code=1)))
    with pytest.raises(UserError, match="its first job found results in the store"):
        list(script.read_jobs(write_sweep(tmp_path / "warm", 1.0, first="/b")))
    with pytest.raises(UserError, match=r"no folder of a sweep \(sweep.json is missing\)"):
        list(script.read_jobs(tmp_path))
