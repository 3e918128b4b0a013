"""What runs are called beside each other in tables and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from bench.report.runs import label_runs

SCORE = {"name": "paper", "resamples": 50}


def folder(tmp: Path, name: str, variant: str = "full", **settings: Any) -> Path:
    """The folder of a finished run, as far as its label needs it."""
    (tmp / name).mkdir(parents=True)
    (tmp / name / "run.json").write_text(json.dumps({"variant": variant}))
    (tmp / name / "config.yaml").write_text(yaml.safe_dump({"score": SCORE, "out": name, **settings}))
    return tmp / name


def told(folders: list[Path]) -> list[str]:
    found = label_runs(folders)
    return [found[one] for one in folders]


def test_variants_have_their_names_and_twins_the_settings_that_differ(tmp_path: Path) -> None:
    runs = [folder(tmp_path, f"a{i}", merge={"threshold": i / 10, "kept": 1}) for i in (7, 8)]
    runs.append(folder(tmp_path, "b", "crop", merge={"threshold": 0.1}))
    assert told(runs) == ["full merge.threshold=0.7", "full merge.threshold=0.8", "crop"]


def test_a_run_and_its_predictions_scored_again_by_other_protocols(tmp_path: Path) -> None:
    run = folder(tmp_path, "out/run-1")
    again = {"protocols": [SCORE, {"name": "soft"}], "predictions": f"{run}/predictions.json"}
    assert told([run, folder(tmp_path, "s", **again)]) == ["full protocols=paper", "full protocols=paper+soft"]


def test_equal_settings_are_told_apart_by_the_place_of_the_predictions(tmp_path: Path) -> None:
    paths = ["/data/one/v1/p.json", "/data/two/v1/p.json", "/data/three/p.json"]
    scored = [folder(tmp_path, f"s{i}", protocols=[SCORE], predictions=path) for i, path in enumerate(paths)]
    assert told(scored[:2]) == ["full one", "full two"]
    assert told(scored) == ["full one/v1", "full two/v1", "full three"]
    other = folder(tmp_path, "s4", protocols=[SCORE], predictions="/data/one/v1/q.jsonl")
    assert told([scored[0], other]) == ["full p.json", "full q.jsonl"]


def test_the_same_predictions_twice_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    scored = [folder(tmp_path, f"score-{i}1234567", protocols=[SCORE], predictions="/p.json") for i in "ab"]
    assert told(scored) == ["full a1234567", "full b1234567"]


def test_settings_that_would_fill_a_line_give_way_to_the_end_of_the_folder(tmp_path: Path) -> None:
    kinds = [["tt", "st"], ["maxoverlap"]]
    runs = [folder(tmp_path, f"score-{i}2345678", score={**SCORE, "mapping": kind}) for i, kind in enumerate(kinds)]
    assert told(runs) == ["full score.mapping=[tt,st]", "full score.mapping=[maxoverlap]"]
    many = [folder(tmp_path, f"s-{i}2345678", score={**SCORE, "metrics": ["x" * 9] * (9 + i)}) for i in range(2)]
    assert told(many) == ["full 02345678", "full 12345678"]
