"""The settings of the embedded models are what the sweeps on tune chose, by the rule of scripts/tuned.py."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.models.sources import hash_weights

ROOT = Path(__file__).resolve().parents[3]
SWEEPS = ("segment", "start_layer", "sigma2", "caption", "merge")


@pytest.fixture(scope="module")
def tuned() -> Any:
    spec = importlib.util.spec_from_file_location("tuned", ROOT / "scripts" / "tuned.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tuned"] = module
    spec.loader.exec_module(module)
    return module


@cache
def configured() -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        made = OmegaConf.to_container(compose("config", ["models=embedded"]), resolve=True)
    assert isinstance(made, dict)
    return {str(key): value for key, value in made.items()}


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_configuration_is_what_the_sweep_chose(tuned: Any, sweep: str) -> None:
    chosen = tuned.choose(ROOT / "results" / "tuning" / sweep).settings
    assert chosen, "the sweep's variants name no setting"
    for key, value in chosen.items():
        group, name = key.split(".")
        assert float(configured()[group][name]) == float(value), f"{key}: the sweep chose {value}"


@pytest.mark.parametrize("sweep", SWEEPS)
def test_sweeps_saw_the_tune_split_alone(sweep: str) -> None:
    scores = pd.read_csv(ROOT / "results" / "tuning" / sweep / "scores.csv")
    assert scores["metric"].str.startswith("toyscenes:tune[").all()
    assert scores["skipped"].eq(0).all()


@pytest.mark.parametrize("sweep", SWEEPS)
def test_sweeps_were_made_with_the_weights_that_ship(sweep: str) -> None:
    metrics = pd.read_csv(ROOT / "results" / "tuning" / sweep / "scores.csv")["metric"]
    ids = set(metrics.str.extract("/st[(]toy-clip@([0-9a-f]{8}),")[0].dropna())
    assert ids == {hash_weights("embedded:clip")[:8]}, "make tune, and look at what it chooses"


def write(folder: Path, means: dict[str, float], low: float) -> Path:
    """A sweep of sigma2 with one metric, and differences between the first setting and the others."""
    metric = "toyscenes:tune[first:9]/toyscenes/paper/st(toy-clip@0,fp32,prompt=x)>=0.1/iou.image.union"
    rows = [{"variant": f"x encode.sigma2={k}", "metric": metric, "value": v, "expected": 9} for k, v in means.items()]
    names = [row["variant"] for row in rows]
    pairs = [{"metric": metric, "variant": names[0], "against": n, "low": low, "high": 0.2} for n in names[1:]]
    folder.mkdir()
    pd.DataFrame(rows).to_csv(folder / "scores.csv")
    pd.DataFrame(pairs).to_csv(folder / "differences.csv")
    return folder


def test_the_papers_value_is_kept_unless_another_is_better_beyond_its_interval(tuned: Any, tmp_path: Path) -> None:
    means = {"0.5": 0.30, "2.5": 0.29}
    assert tuned.choose(write(tmp_path / "tie", means, -0.01)).settings == {"encode.sigma2": "2.5"}
    assert tuned.choose(write(tmp_path / "better", means, 0.01)).settings == {"encode.sigma2": "0.5"}


def test_a_sweep_that_never_compared_the_papers_value_is_refused(tuned: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "sweep", {"0.5": 0.1, "1": 0.3, "2.5": 0.2}, 0.0)
    with pytest.raises(SystemExit, match="does not compare x encode.sigma2=1 with x encode.sigma2=2.5"):
        tuned.choose(folder)
