"""The seam: trouble of a tracker is one line and costs nothing, and without a tracker nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.run.outcomes import Outcome
from bench.tracking import tell
from bench.tracking.base import NoTracking, Several, describe_failure
from bench.tracking.told import TrackedRun
from tests.unit.report.fabricated import fabricate

SETTINGS = {"pictures": 0, "segment": {"n": 10}}


class Failing:
    """A tracker that raises, and keeps what it was told."""

    told: list[Any] = []

    def log(self, run: TrackedRun) -> None:
        self.told.append(run)
        raise OSError("disk\nfull")

    log_sweep = log


def test_trouble_is_one_line_that_says_where_the_results_are(tmp_path: Path, capsys: Any) -> None:
    (folder,) = fabricate(tmp_path, ["full"], [SETTINGS])
    tell.track_run(folder, {"_target_": f"{__name__}.Failing"})
    assert capsys.readouterr().err.splitlines() == [
        f"warning: tracking failed (disk full); the results in {folder} are complete"
    ]
    assert Failing.told.pop().scores["variant"].iloc[0] == "full"


@pytest.mark.thinned(3)
@pytest.mark.parametrize("missing", ["wandb", "mlflow", "torch.utils.tensorboard"])
def test_a_missing_package_is_one_line(missing: str, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    targets = {"wandb": "wandb_run.Wandb", "mlflow": "mlflow_run.MLflow"}
    target = targets.get(missing, "tensorboard_run.TensorBoard")
    monkeypatch.setitem(sys.modules, missing, None)
    (folder,) = fabricate(tmp_path, ["full"], [SETTINGS])
    tell.track_run(folder, {"_target_": f"bench.tracking.{target}"})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: tracking failed (") and missing in line and "are complete" in line


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, capsys: Any) -> None:
    tell.track_run(tmp_path, {"_target_": "bench.tracking.wandb_run.Wandb"})
    (line,) = capsys.readouterr().err.splitlines()
    assert "no finished run" in line


def test_one_that_fails_keeps_no_other_from_being_told() -> None:
    class Good(NoTracking):
        asked = 0

        def log(self, run: Any) -> None:
            self.asked += 1

    good = Good()
    with pytest.raises(RuntimeError, match="^wandb: disk full$"):
        Several(wandb=Failing(), tensorboard=good).log(None)  # type: ignore[arg-type]
    assert good.asked == 1
    Failing.told.clear()


def test_a_sweep_without_a_tracker_or_with_one_run_tells_nobody(tmp_path: Path, capsys: Any) -> None:
    none = {"tracking": {"_target_": tell.NONE}, "pictures": 0}
    folders = fabricate(tmp_path, ["a", "b"], [none, none])
    done = [Outcome(at, (f"encode={at}",), 0, folder=str(folder)) for at, folder in enumerate(folders)]
    tell.track_sweep(tmp_path / "sweep", done)
    tell.track_sweep(tmp_path / "sweep", done[:1])
    assert not (tmp_path / "summaries").exists() and capsys.readouterr().err == ""


def test_without_a_tracker_nothing_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from bench.tracking.tell import track_run, NONE; from pathlib import Path\n"
        "import bench.settings.check\n"
        "from hydra.utils import get_object; get_object('bench.tracking.base.NoTracking')\n"
        "track_run(Path('nowhere'), {'_target_': NONE})\n"
        "print([n for n in ('wandb', 'mlflow', 'tensorboard', 'pandas', 'bench.report.report') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(("package", "told"), [
    ("mlflow", "mlflow is not installed: pip install 'zgs[tracking]'"),
    ("tensorboard.compat", "tensorboard is not installed: pip install 'zgs[tracking]'"),
    ("wandb", "wandb is not installed: pip install wandb"),
    ("nobody", "No module named 'nobody'"),
])  # fmt: skip
def test_a_missing_package_is_told_with_what_installs_it(package: str, told: str) -> None:
    assert describe_failure(ModuleNotFoundError(f"No module named '{package}'", name=package)) == told
