"""`zgs score` and `zgs vocabulary` on hand-made predictions of a system that is not ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.cli import main
from bench.data.voc import Voc
from bench.metric_name import parse
from bench.run import executor, tables
from bench.run.run_folder import read_rows
from bench.score.score_table import ALL
from bench.settings.saved import read_run_settings
from bench.system.crew import Crew
from tests.e2e.commands.theirs import DATA, IMAGES, LEFT, RIGHT, coded, image, values, write, zgs


def test_a_file_of_another_system_by_hand(tmp_path: Path, voc: Path) -> None:
    """aeroplane perfect, dog missed (puppy is no class name); cat 1.0 without void, person 1/2; bird perfect."""
    file = write(tmp_path / "theirs.jsonl", IMAGES)
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", "--csv", tmp_path / "deep" / "t.csv")
    assert values(folder) == {
        "paper{background=voc}/exact/iou.image.union": pytest.approx((0.5 + 0.75 + 1) / 3, abs=1e-6),
        "paper{background=voc}/exact/recall>0.5": pytest.approx(3 / 5, abs=1e-6),
    }
    table = pd.read_csv(tmp_path / "deep" / "t.csv")
    assert tuple(table.columns) == ALL and set(table["variant"]) == {"theirs"}
    assert (table[["expected", "found", "skipped"]] == [3, 3, 0]).all().all()
    for rows in read_rows(folder).values():
        assert rows.image_ids == ("a", "b", "c")
    assert read_run_settings(folder)["predictions"] == str(file)


@pytest.mark.slow
def test_no_model_and_no_torch_is_loaded_where_no_mapping_needs_one(tmp_path: Path, voc: Path) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    words = [
        "score",
        str(file),
        *DATA,
        "data=voc",
        f"data.root={voc}",
        f"store={tmp_path / 's'}",
        f"out={tmp_path / 'o'}",
    ]
    words += ["score=paper,dataset_miou", "score.mapping=[exact,maxoverlap,hungarian]"]
    code = f"import sys; from bench.cli import main; assert main({words!r}) == 0; sys.exit('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert told.returncode == 0, told.stderr


def test_text_to_text_measures_once_and_names_its_model(tmp_path: Path, voc: Path, capsys: Any) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    first = values(zgs(tmp_path, voc, file, "data.names=readable"))
    assert "st left out: the file has no embeddings" in capsys.readouterr().out
    names = {parse(f"voc:val/voc20/{name}").model for name in first}
    assert len(names) == 1 and str(names.pop()).startswith("static-minilm@")
    again = zgs(tmp_path, voc, file, "data.names=readable", "score=reference")
    store = json.loads((again / "run.json").read_text())["store"]
    assert store["table"] == {"reused": 3, "made": 0} and store["texts"]["made"] == 0


@pytest.mark.slow
def test_a_metric_brings_the_model_that_no_mapping_needs(tmp_path: Path, voc: Path, capfd: Any) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    found = values(zgs(tmp_path, voc, file, "score=soft", "score.mapping=[exact]"))
    assert any("/jaccard.soft.micro" in name for name in found)
    assert "protocol: name=soft" in (told := capfd.readouterr().out) and "background=voc" in told, "as resolved"
    assert "TGQ" not in told, "nobody asked for it"
    zgs(tmp_path, voc, file, "score.metrics=[iou,clipscore]", "score.mapping=[exact]")
    assert "clipscore left out: the file has no embeddings" in capfd.readouterr().out
    zgs(tmp_path, voc, file, "score.metrics=[clipscore]", "score.mapping=[exact]", code=1)
    assert "nothing to score: clipscore left out" in capfd.readouterr().err


def test_images_that_a_protocol_leaves_out_are_told(tmp_path: Path, voc: Path, capsys: Any) -> None:
    file = write(tmp_path / "theirs.json", [*IMAGES[:2], image("c")])
    zgs(tmp_path, voc, file, "score=reference", "score.mapping=[exact]")
    assert "score=reference leaves predictions without segments out of IoU and recall" in capsys.readouterr().out


def test_workers_and_the_order_of_images_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executor._open_crew.cache_clear()
    monkeypatch.setattr(tables, "_ALONE", -1.0)  # else so few images would be done before others are asked
    crews: list[Crew] = []
    monkeypatch.setattr(executor, "Crew", lambda *words: crews.append(Crew(*words)) or crews[-1])
    scenes = [
        {
            "image_id": f"test-{i:04}",
            "height": 2,
            "width": 4,
            "segments": [{"text": "sky", "segmentation": coded(LEFT)}, {"text": "dog", "segmentation": coded(RIGHT)}],
        }
        for i in range(12)
    ]
    found = []
    for name, images, workers in (("x", scenes, ["executor=serial"]), ("y", scenes[::-1], ["executor.workers=2"])):
        words = [write(tmp_path / name / "t.jsonl", images), "data=toyscenes", "data.subset=first:12", *workers]
        words += ["score.mapping=[exact,maxoverlap]", "score.proportions=any"]
        folder = zgs(tmp_path / name, None, *words, code=0)
        found.append((folder / "scores.csv").read_text().replace(folder.name, ""))
    assert found[0] == found[1] and len(crews) == 1


def test_a_short_file_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executor._open_crew.cache_clear()
    monkeypatch.setattr(executor, "Crew", lambda *_: pytest.fail("processes were started"))
    size, segments = {"height": 2, "width": 4}, [{"text": "sky", "segmentation": coded(LEFT)}]
    images = [{"image_id": f"test-{i:04}", **size, "segments": segments} for i in range(10)]
    words = [write(tmp_path / "t.jsonl", images), "data=toyscenes", "data.subset=first:10", "executor.workers=2"]
    zgs(tmp_path, None, *words, "score.mapping=[exact]", "score.proportions=any", code=0)


@pytest.mark.slow
def test_embeddings_of_another_model_than_the_class_names_are_told(tmp_path: Path, voc: Path, capsys: Any) -> None:
    rows = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    np.savez(tmp_path / "t.npz", **{"0": rows[:2], "1": rows[2:4], "2": rows[4:]})
    for model, told in (("ViT-B-32", True), (None, False)):
        head = {"file": "t.npz"} | ({"model": model} if model else {})
        zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES, embeddings=head), "score.mapping=[st]")
        said = "beware: embeddings of ViT-B-32 (says the file) are compared with texts of toy-clip@"
        assert (said in capsys.readouterr().out) is told


@pytest.mark.slow
def test_a_report_warns_of_the_small_models_only_where_they_had_a_part(tmp_path: Path, voc: Path, capsys: Any) -> None:
    file, warning = write(tmp_path / "t.json", IMAGES), "cannot be compared with published numbers"
    for mapping, warned in (("exact", False), ("tt", True)):
        folder = zgs(tmp_path, voc, file, f"score.mapping=[{mapping}]")
        capsys.readouterr()
        assert main(["report", str(folder), f"to={tmp_path / mapping}", "pictures=0"]) == 0
        printed, written = capsys.readouterr().out, (tmp_path / mapping / "table.md").read_text()
        assert (warning in printed, warning in written) == (warned, warned)


@pytest.mark.slow
def test_a_gallery_tells_the_images_own_iou_and_whose_names_it_shows(tmp_path: Path, voc: Path, capsys: Any) -> None:
    """Not that of a group or of another mapping; names of another system are not void because our models are small."""
    words = ["score.mapping=[hungarian,hungarian-iou,exact,tt]", "score.metrics=[iou]", "score.breakdown=[class,kind]"]
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), *words)
    row = pd.read_parquet(folder / "per_image.parquet").set_index("image_id").loc["a"]
    each = {name: row[f"voc:val[{Voc(voc).subset}]/voc20/paper{{background=voc}}/{name}/iou.image.union"]
            for name in ("hungarian", "hungarian-iou", "exact")}  # fmt: skip
    assert main(["report", str(folder), f"to={tmp_path / 'r'}", "pictures=1"]) == 0
    page = (tmp_path / "r/gallery/index.html").read_text()
    assert "IoU " + ", ".join(f"{name} {100 * value:.0f}" for name, value in each.items()) + ", TT " in page
    assert "nan" not in page and "know nothing of photographs" not in page + capsys.readouterr().out


def test_a_label_map_that_changes_is_read_again(tmp_path: Path, voc: Path) -> None:
    """The table's address in the store holds what the picture holds, not only its name."""
    entry = {"image_id": "a", "height": 2, "width": 4, "label_map": "a.png", "segments": [{"text": "dog", "id": 7}]}
    file, found = write(tmp_path / "t.json", [entry, *IMAGES[1:]]), []
    for labels in ([[0, 0, 0, 7], [0, 0, 0, 7]], [[0, 0, 0, 7], [0, 0, 0, 0]]):
        Image.fromarray(np.array(labels, np.uint8)).save(tmp_path / "a.png")
        one = values(zgs(tmp_path, voc, file, "score.mapping=[exact]"))
        found.append(one["paper{background=voc}/exact/recall>0.5"])
    assert found == [pytest.approx(3 / 5, abs=1e-6), pytest.approx(2 / 5, abs=1e-6)]


def test_the_example_of_the_page_is_scored(tmp_path: Path, voc: Path) -> None:
    page = (Path(__file__).parents[3] / "PREDICTIONS.md").read_text(encoding="utf-8")
    (tmp_path / "p.jsonl").write_text(page.partition("```jsonl\n")[2].partition("```")[0], encoding="utf-8")
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[7, 7, 7, 7], [0, 0, 0, 0]], np.uint8)).save(tmp_path / "maps" / "b.png")
    assert main(["score", str(tmp_path / "p.jsonl"), "--check"]) == 0
    folder = zgs(tmp_path, voc, tmp_path / "p.jsonl", "score.mapping=[maxoverlap,tt]", code=3)
    table = pd.read_csv(folder / "scores.csv")
    assert table["value"].iloc[0] == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-6), "no person in b, and no c"
    assert set(table["variant"]) == {"my system"} and any("/tgq.micro>0.5" in name for name in table["metric"])
