"""`zgs run` from the command line on prepared sets and on a user's own labelled folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.cli import main
from tests.e2e.run.running import record, zgs
from tests.unit.data.prepare import picture, prepared

TRUTH = np.zeros((40, 60), int)
TRUTH[:20], TRUTH[20:, :30], TRUTH[-2:] = 50, 36, 65535


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Context val of two images beside VOC val, which holds one of them."""
    root = tmp_path_factory.mktemp("data")
    prepared(root / "pascal_context_59", {"2008_a": TRUTH, "2008_b": TRUTH[:, ::-1]})
    prepared(root / "voc", {"2008_b": np.where(TRUTH == 50, 8, np.where(TRUTH == 36, 0, TRUTH))}, "voc")
    return root


@pytest.mark.slow
def test_a_prepared_set_from_the_command_line(data: Path, tmp_path: Path, capsys) -> None:
    words = ["data=pascal_context_59", f"data.root={data / 'pascal_context_59'}", "pictures=0", "segment=whole"]
    (run,) = zgs(tmp_path, *words, "score.metrics=[iou]")
    scores = pd.read_csv(run.parent / "scores.csv")
    assert scores["metric"].str.startswith("pascal_context_59:val/context59/paper/").all()
    assert (scores[["expected", "found", "skipped"]] == [2, 2, 0]).all().all()
    assert run.parent.name.startswith("pascal_context_59-val-")
    assert (run.parent / "ids.txt").read_text() == "2008_a\n2008_b\n"
    told = record(run)
    assert told["data"] == "sha256:0f0f" and told["tuned_on"] is None
    segments = pd.read_parquet(run.parent / "segments.parquet")
    assert segments.groupby("class")["area"].apply(list).to_dict() == {"grass": [540, 540], "sky": [1200, 1200]}
    assert not segments["thing"].any()
    assert "prepared by an earlier version, without checksums" in told["remark"]
    (line,) = told["shared"]
    assert line in capsys.readouterr().out and "1 of these 2 images" in line and "voc:val" in line


@pytest.mark.slow
def test_names_change_the_metric_s_name_and_only_the_scores(data: Path, tmp_path: Path) -> None:
    words = ["data=voc", f"data.root={data / 'voc'}", "pictures=0"]
    own = zgs(tmp_path, *words)[-1]
    many = zgs(tmp_path, *words, "data.names=aliases")[-1]
    found = record(many)["store"]
    assert all(found[stage]["made"] == 0 for stage in ("segment", "encode", "caption")) and own.parent != many.parent
    assert found["merge"] == {"reused": 0, "made": 1}, "true segments are told by the names"
    names = set(pd.read_csv(many.parent / "scores.csv")["metric"])
    assert all(name.startswith("voc:val/voc20+aliases/paper{background=voc}/") for name in names)
    hidden = zgs(tmp_path, *words, "data.names=readable", "data.subset=first:1")[-1]
    assert pd.read_csv(hidden.parent / "scores.csv")["metric"].str.startswith("voc:val[first:1]/voc20+readable/").all()


@pytest.mark.slow
def test_whether_unknown_is_scored_stands_in_the_name(tmp_path: Path) -> None:
    root = prepared(tmp_path / "large", {"a": np.where(TRUTH == 50, 431, TRUTH)}, "pascal_context_459")
    words = ["data=pascal_context_459", f"data.root={root}", "pictures=0"]
    for more, name, classes in (([], "context459-unknown", 1), (["data.exclude=[]"], "context459", 2)):
        run = zgs(tmp_path, *words, *more)[-1]
        assert pd.read_csv(run.parent / "scores.csv")["metric"].str.contains(f":val/{name}/").all()
        assert len(pd.read_parquet(run.parent / "segments.parquet")) == classes


@pytest.mark.slow
def test_tuned_on_counts_the_images_of_an_earlier_run(data: Path, tmp_path: Path, capsys) -> None:
    words = ["data=pascal_context_59", f"data.root={data / 'pascal_context_59'}", "pictures=0"]
    tuning = zgs(tmp_path, *words, "data.subset=first:1")[-1].parent
    (run,) = zgs(tmp_path, *words, f"tuned_on={tuning}", out="test")
    assert record(run)["tuned_on"] == {"source": str(tuning), "ids": 1, "shared": ["2008_a"]}
    assert f"beware: 1 of 2 images were tuned on ({tuning})" in capsys.readouterr().out
    (again,) = zgs(tmp_path, *words, out="test")
    assert again == run and record(run)["tuned_on"] is None, "what is only said changes no number and no folder"
    zgs(tmp_path, *words, "tuned_on=nowhere.txt", code=1)
    assert "tuned_on: nowhere.txt: cannot be read" in capsys.readouterr().err
    zgs(tmp_path, *words, "tuned_on=nowhere.txt", out="test", code=1)
    assert run.is_file(), "a wrong path leaves a finished run finished"


@pytest.mark.slow
def test_shards_share_a_store(data: Path, tmp_path: Path) -> None:
    words = ["data=pascal_context_59", f"data.root={data / 'pascal_context_59'}", "pictures=0"]
    for part in ("1/2", "2/2"):
        run = zgs(tmp_path, *words, f"data.shard={part}")[-1]
        name = pd.read_csv(run.parent / "scores.csv")["metric"].iloc[0]
        assert name.startswith(f"pascal_context_59:val[shard:{part}]/") and len(record(run)["ids"]) == 1
    whole = zgs(tmp_path, *words)[-1]
    assert all(stage["made"] == 0 for stage in record(whole)["store"].values())


def test_the_tuning_set_is_an_experiment(tmp_path: Path, capsys) -> None:
    root = prepared(tmp_path / "train", {f"2008_{i:03d}": np.array([[1, 0]]) for i in range(101)}, split="train")
    zgs(tmp_path, "experiment=tuning_set", f"data.root={root}", "data.subset=random:102:0", code=1)
    assert "asks for 102 images but there are 101" in capsys.readouterr().err
    zgs(tmp_path, "experiment=tuning_set", code=1)
    error = capsys.readouterr().err
    assert "zgs prepare pascal_context_59 --split train --from FOLDER --to data/pascal_context_59_train" in error


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", ["pascal_context_59", "pascal_context_459", "voc"])
def test_nothing_prepared_is_one_line_that_names_the_command(name: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", f"data={name}"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"zgs prepare {name} --from FOLDER --to data/{name}" in error
    prepared(tmp_path / f"data/{name}", {"a": np.array([[1]])}, name)
    (tmp_path / f"data/{name}/zgs.json").unlink()
    capsys.readouterr()
    assert main(["run", f"data={name}"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "half prepared" in error
    assert main(["run", f"data={name}", "data.subst=first:1"]) == 2


LAYOUT = "images: img/{id}.png\nmasks: ann/{id}.png\nclasses: [cat, sky]\nbackground: 0\nvoid: 255\n"


@pytest.mark.slow
def test_a_five_line_yaml_scores_a_user_s_folder(tmp_path: Path, capsys) -> None:
    mask = np.where(TRUTH == 50, 2, np.where(TRUTH == 36, 1, TRUTH)).clip(0, 255).astype(np.uint8)
    for folder in ("img", "ann"):
        (tmp_path / "mine" / folder).mkdir(parents=True)
    for name in ("good", "odd"):
        Image.fromarray(picture(40, 60)).save(tmp_path / f"mine/img/{name}.png")
        Image.fromarray(mask if name == "good" else mask + 1).save(tmp_path / f"mine/ann/{name}.png")
    (tmp_path / "pets.yaml").write_text(LAYOUT)
    words = ["data=folder", f"data.root={tmp_path / 'mine'}", f"data.layout={tmp_path / 'pets.yaml'}", "pictures=1"]
    (run,) = zgs(tmp_path, *words, code=3)
    scores = pd.read_csv(run.parent / "scores.csv")
    assert scores["metric"].str.startswith("pets:all/pets2/paper/").all()
    assert (scores[["expected", "found", "skipped"]] == [2, 1, 1]).all().all()
    assert "odd.png: label 3 is none of pets's" in record(run)["skipped"]["odd"]
    assert "1 of 2 images skipped" in capsys.readouterr().out
    segments = pd.read_parquet(run.parent / "segments.parquet").set_index("class")
    assert segments["area"].to_dict() == {"cat": 540, "sky": 1200}


@pytest.mark.slow
def test_settings_are_checked_before_any_work(data: Path, tmp_path: Path, capsys) -> None:
    root = f"data.root={data / 'pascal_context_59'}"
    for words, reason in (
        (["data.names=reedable"], "did you mean 'readable'"),
        (["data.exclude=[skye]"], "did you mean 'sky'"),
        (["data.exclude=3"], "data.exclude=3: needs a list"),
        (["data.shard=3"], "data.shard=3: needs"),
        (["device=3"], "device=3: needs a text"),
    ):
        zgs(tmp_path, "data=pascal_context_59", root, *words, code=2)
        assert reason in capsys.readouterr().err, words
    assert json.loads((data / "pascal_context_59/zgs.json").read_text())["images"] == 2
