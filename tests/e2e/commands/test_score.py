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


def test_several_protocols_in_one_table(tmp_path: Path, voc: Path) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    folder = zgs(tmp_path, voc, file, "score=paper,dataset_miou", "score.mapping=[exact,maxoverlap]")
    names = list(values(folder))
    full = {f"voc:val[{Voc(voc).subset}]/voc20/{name}" for name in names}
    assert {parse(name).score for name in full} == {"paper", "dataset_miou"}
    assert set(pd.read_parquet(folder / "per_image.parquet").columns[1:]) == full
    alone = {**values(zgs(tmp_path, voc, file, "score.mapping=[exact,maxoverlap]"))}
    assert all(values(folder)[name] == value for name, value in alone.items())


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


def test_a_table_of_words(tmp_path: Path, voc: Path, capfd: Any) -> None:
    """`zgs vocabulary` writes what a table has to answer; the table's answers are scored under its hash."""
    file, table = write(tmp_path / "t.jsonl", IMAGES), tmp_path / "table.json"
    assert main(["vocabulary", str(file)]) == 0
    assert capfd.readouterr().out == "word,count\naeroplane,1\nbird,1\ncat,1\nperson,1\npuppy,1\n"
    assert main(["vocabulary", str(file), f"json={table}", f"csv={tmp_path / 'w.csv'}"]) == 0
    words = json.loads(table.read_text())
    assert words == dict.fromkeys(("aeroplane", "bird", "cat", "person", "puppy"))
    table.write_text(json.dumps({**{w: w for w in words if w != "puppy"}, "puppy": "dog"}))
    found = values(zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}"))
    assert all("/table(" in name for name in found)
    assert list(found.values()) == pytest.approx([(1 + 0.75 + 1) / 3, 4 / 5], abs=1e-6)
    table.write_text(json.dumps({"cat": "cat", "bird": None}))
    capfd.readouterr()
    zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}")
    assert "lacks 3 words on 3 segments, most often 'aeroplane' (1); they count as no class" in capfd.readouterr().out
    zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}", "score.unmapped=error", code=1)
    assert main(["vocabulary", str(file), f"table={table}"]) == 0
    assert capfd.readouterr().out.endswith("word,count\naeroplane,1\nperson,1\npuppy,1\n")


def test_overlapping_segments_by_policy(tmp_path: Path, voc: Path, capfd: Any) -> None:
    everything = [[1, 1, 1, 1], [1, 1, 1, 1]]
    over = image("c", bird=everything, cat=LEFT)
    file = write(tmp_path / "t.json", [*IMAGES[:2], over])
    both = values(zgs(tmp_path, voc, file, "score.mapping=[exact]"))
    zgs(tmp_path, voc, file, "score.mapping=[exact]", "score.overlap=highest_score", code=1)
    assert "(a): score.overlap=highest_score needs a 'score' for each segment" in capfd.readouterr().err
    scored = json.loads(json.dumps([*IMAGES[:2], over]))
    for entry in scored:
        for position, segment in enumerate(entry["segments"]):
            segment["score"] = 0.5 + position / 4
    folder = zgs(
        tmp_path, voc, write(tmp_path / "u.json", scored), "score.mapping=[exact]", "score.overlap=highest_score"
    )
    alone = values(folder)
    name = "paper{background=voc,overlap=highest_score}/exact/iou.image.union"
    assert alone[name] == pytest.approx((0.5 + 0.75 + 0.25) / 3, abs=1e-6), "bird 1/2, cat 0"
    assert both["paper{background=voc}/exact/iou.image.union"] == pytest.approx((0.5 + 0.75 + 0.5) / 3, abs=1e-6)


def test_text_generation_quality_needs_the_files_word(tmp_path: Path, voc: Path, capsys: Any) -> None:
    zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), "score.mapping=[tt]")
    assert 'no TGQ: the file has no "oracle" section' in capsys.readouterr().out
    images = json.loads(json.dumps(IMAGES))
    images[0]["oracle"] = [{"class": "dog", "text": "dog"}, {"class": "aeroplane", "text": "aeroplane"}]
    images[1]["oracle"] = [{"class": "cat", "text": "cat"}]
    folder = zgs(tmp_path, voc, write(tmp_path / "u.json", images), "score.mapping=[tt]")
    table = pd.read_csv(folder / "scores.csv").set_index("metric")
    (hit,) = [name for name in table.index if name.endswith("/tgq.micro>0.5")]
    assert table.loc[hit, "value"] == pytest.approx(3 / 5, abs=1e-6) and table.loc[hit, "n"] == 5
    assert "true segments without a text 2" in capsys.readouterr().out


def test_text_generation_quality_alone_loads_no_model(tmp_path: Path, voc: Path, capsys: Any) -> None:
    images = json.loads(json.dumps(IMAGES))
    images[0]["oracle"] = [{"class": "dog", "text": "dog"}]
    words = ["score.mapping=[exact,maxoverlap]", "models=paper"]  # whose weights are not here
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", images), *words)
    assert "no TGQ: it is measured by TT and ST, and none of the mappings" in capsys.readouterr().out
    assert not any("/tgq" in name for name in values(folder))


@pytest.mark.slow
def test_embeddings_of_another_model_than_the_class_names_are_told(tmp_path: Path, voc: Path, capsys: Any) -> None:
    rows = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    np.savez(tmp_path / "t.npz", **{"0": rows[:2], "1": rows[2:4], "2": rows[4:]})
    for model, told in (("ViT-B-32", True), (None, False)):
        head = {"file": "t.npz"} | ({"model": model} if model else {})
        zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES, embeddings=head), "score.mapping=[st]")
        said = "beware: embeddings of ViT-B-32 (says the file) are compared with texts of toy-clip@"
        assert (said in capsys.readouterr().out) is told


def test_breakdowns_stand_in_the_files_and_not_in_the_printed_table(tmp_path: Path, voc: Path, capsys: Any) -> None:
    words = ["score.mapping=[exact]", "score.breakdown=[class,kind]", "score.metrics=[iou]"]
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), *words)
    told, lines = capsys.readouterr().out, len(pd.read_csv(folder / "scores.csv"))
    assert ".class.cat" not in told and f"breakdown: {lines - 1} more lines in scores.csv" in told and lines > 5


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


def test_people_verify(tmp_path: Path, voc: Path, capsys: Any) -> None:
    """One rater finds the aeroplane right, another only partly; nobody was asked of bird in the second batch."""
    ratings = tmp_path / "r.csv"
    lines = ["image,segment,label,rater,batch,rating", "a,0,aeroplane,r1,one,3", "a,0,aeroplane,r2,two,1"]
    ratings.write_text(
        "\n".join([*lines, "b,0,cat,r1,one,2", "b,0,cat,r2,two,0", "c,0,bird,r1,one,3", "a,1,puppy,r1,one,0"])
    )
    file = write(tmp_path / "t.json", IMAGES)
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", "score.verify=human", f"score.ratings={ratings}")
    iou = [value for name, value in values(folder).items() if "/iou.image" in name]
    # aeroplane 1/2 of image a, cat 1/2 of b, bird all of c; dropped labels leave 0
    one, two = ((0.5 + 0.5 + 1) / 3, (0.5 + 0.5 + 1) / 3, (0.5 + 0 + 1) / 3), (0.5 / 3, 0, 0)
    assert iou == pytest.approx([(a + b) / 2 for a, b in zip(one, two, strict=True)], abs=1e-6)
    assert "exact: 3 of 8 ratings are missing; those labels count as not verified" in capsys.readouterr().out
    shares = pd.read_csv(folder / "ratings.csv")
    assert set(shares["what"]) == {"text", "exact"} and shares.groupby("what")["share"].sum().tolist() == [1, 1]


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


def test_a_protocol_of_ones_own_lies_in_a_folder_of_ones_own(
    tmp_path: Path, voc: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "mine" / "score" / "lenient.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("defaults: [paper, _self_]\nname: lenient\ntau_iou: 0.4\n")
    file, exact = write(tmp_path / "theirs.json", IMAGES), "score.mapping=[exact]"
    found = values(zgs(tmp_path, voc, file, "-cd", "mine", "score=paper,lenient", exact))
    told = capfd.readouterr().out
    assert "protocol: name=lenient tau_sbert=0.5 tau_clip=0.1 tau_iou=0.4" in told
    assert found["lenient{background=voc}/exact/recall>0.4"] == pytest.approx(4 / 5, abs=1e-6)
    by_keys = values(zgs(tmp_path, voc, file, "score.tau_iou=0.4", exact))
    assert found["lenient{background=voc}/exact/recall>0.4"] == next(v for k, v in by_keys.items() if "recall" in k)
    data = ["data=voc", f"data.root={voc}", exact]
    assert main(["score", str(file), "--check", "--config-dir=mine", "score=lenient", *data]) == 0
    for words, said in (
        (["-cd", "mine", "score=lenent"], "score=lenent: no such option; did you mean lenient?"),
        (["-cd=mine", "score=lenient", "score.tau_io=1"], "score.tau_io: no such key; did you mean score.tau_iou"),
        (["--config-dir", "nowhere", "score=lenient"], "-cd nowhere: no such folder"),
        (["score=lenient"], "score=lenient: no such option"),
    ):
        capfd.readouterr()
        assert main(["score", str(file), *data, *words]) == 2
        assert said in capfd.readouterr().err
