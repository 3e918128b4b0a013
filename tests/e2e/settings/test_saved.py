"""Files outlive the places of code: runs and yaml files that earlier versions wrote mean what they meant, silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.cli import main
from bench.settings.check import check_settings
from bench.settings.saved import MOVED, read_settings, update_targets
from bench.settings.trust import check_made, list_installed
from tests.e2e.run.resealed import reseal
from tests.e2e.run.running import zgs
from tests.shared_runs import FAST

OLD = Path(__file__).with_name("config_of_d6a819c.yaml")
"""What a run of that commit left, before modules went to the rooms where they are now."""
ONE = ("data.subset=first:1", "pictures=0", "controls=[]", "segment=whole")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with the targets of an earlier version; do not change it."""
    tmp = tmp_path_factory.mktemp("old")
    run = zgs(tmp, *ONE)[-1].parent
    settings = yaml.safe_load((run / "config.yaml").read_text())
    before = {new: name for name, new in MOVED.items()}
    for group in ("score", "tracking"):
        settings[group]["_target_"] = before[settings[group]["_target_"]]
    (run / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return reseal(run)


def test_a_run_of_an_earlier_version_names_what_is_there() -> None:
    raw = yaml.safe_load(OLD.read_text())
    assert raw["score"]["_target_"] in MOVED and raw["tracking"]["_target_"] in MOVED
    settings = read_settings(OLD)
    check_settings(settings)
    check_made(settings, OLD, ())
    assert set(MOVED.values()) <= list_installed() and not set(MOVED) & list_installed()


@pytest.mark.slow
def test_its_run_is_scored_reported_and_repeated_as_ever(old: Path, tmp_path: Path, capfd: Any) -> None:
    out = f"out={tmp_path / 'out'}"
    assert main(["score", str(old), "score.mapping=[exact]", "score.resamples=10", out]) == 0
    assert main(["report", str(old), f"to={tmp_path / 'to'}", "pictures=1"]) == 0
    assert main(["run", "-cd", str(old), "-cn", "config", out]) == 0
    again = next((tmp_path / "out").glob(f"{old.name}/scores.csv"))
    assert again.read_bytes() == (old / "scores.csv").read_bytes()
    said = capfd.readouterr()
    assert "evaluate" not in said.out + said.err and "warning" not in said.err


@pytest.mark.slow
def test_a_yaml_of_the_user_s_own_may_name_the_old_place(old: Path, tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "conf/tracking").mkdir(parents=True)
    (tmp_path / "conf/tracking/own.yaml").write_text("_target_: bench.report.tracking.NoTracking\n")
    kept = (f"store={old.parent.parent / 'store'}", f"out={tmp_path / 'out'}")
    assert main(["run", "-cd", str(tmp_path / "conf"), "tracking=own", *FAST, *ONE, *kept]) == 0
    (config,) = (tmp_path / "out").glob("*/config.yaml")
    assert "_target_: bench.tracking.base.NoTracking" in config.read_text()
    capfd.readouterr()


def test_targets_at_any_depth_once_each() -> None:
    told = {"_target_": "bench.report.tracking.Wandb", "name": "bench.report.tracking.Wandb"}
    endless: dict[str, Any] = {"a": [[told]], "b": {"_target_": ["odd"]}, "c": {"_target_": "mine.Code"}}
    endless["self"] = endless
    update_targets(endless)
    assert told == {"_target_": "bench.tracking.wandb_run.Wandb", "name": "bench.report.tracking.Wandb"}
    assert endless["b"] == {"_target_": ["odd"]} and endless["c"] == {"_target_": "mine.Code"}
    deep: dict[str, Any] = {"_target_": "bench.evaluate.protocol.Score"}
    for _ in range(100_000):
        deep = {"in": deep}
    assert update_targets(deep) is deep
