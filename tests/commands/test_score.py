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
from bench.evaluate.names import parse
from bench.evaluate.protocol import COLUMNS
from bench.report.saved import saved_rows, settings_of

DATA = ["score.resamples=50"]
TRUTH = {
    "a": [[1, 1, 0, 12], [1, 1, 0, 12]],
    "b": [[8, 8, 8, 8], [15, 15, 255, 255]],
    "c": [[3, 3, 3, 3], [3, 3, 3, 3]],
}
"""VOC's numbers: 1 aeroplane, 3 bird, 8 cat, 12 dog, 15 person, 255 void."""


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Three labelled pictures of 2 x 4 pixels in VOC's layout."""
    root = tmp_path / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSets/Segmentation/val.txt").write_text("\n".join(TRUTH) + "\n")
    for name, labels in TRUTH.items():
        Image.fromarray(np.zeros((2, 4, 3), np.uint8)).save(root / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(np.array(labels, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    return root


def coded(mask: list[list[int]]) -> dict[str, Any]:
    """A mask as plain run lengths, column by column, by hand."""
    flat, runs, value = [x for column in zip(*mask, strict=True) for x in column], [0], 0
    for x in flat:
        if x != value:
            runs, value = [*runs, 0], x
        runs[-1] += 1
    return {"size": [len(mask), len(mask[0])], "counts": runs}


def image(name: str, **segments: list[list[int]]) -> dict[str, Any]:
    listed = [{"text": text.replace("_", " "), "segmentation": coded(mask)} for text, mask in segments.items()]
    return {"image_id": name, "height": 2, "width": 4, "segments": listed}


LEFT, RIGHT = [[1, 1, 0, 0], [1, 1, 0, 0]], [[0, 0, 0, 1], [0, 0, 0, 1]]
IMAGES = [
    image("a", aeroplane=LEFT, puppy=RIGHT),
    image("b", cat=[[1, 1, 1, 1], [0, 0, 1, 1]], person=[[0, 0, 0, 0], [1, 0, 0, 0]]),
    image("c", bird=[[1, 1, 1, 1], [1, 1, 1, 1]]),
]


def write(path: Path, images: list[dict[str, Any]], **head: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    top = {"format": "zgs-predictions/1", "about": {"variant": "theirs"}, **head}
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(x, ensure_ascii=False) for x in [top, *images]), encoding="utf-8")
    else:
        path.write_text(json.dumps({**top, "images": images}))
    return path


def zgs(tmp: Path, voc: Path | None, *words: str | Path, code: int = 0) -> Path:
    """Score, and give the folder that was written last."""
    places = ["data=voc", "executor=serial", f"data.root={voc}"] if voc else []
    told = [*DATA, *places, f"store={tmp / 'store'}", f"out={tmp / 'out'}", *map(str, words)]
    assert main(["score", *told]) == code
    return max((tmp / "out").glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent if code != 1 else tmp


def values(folder: Path) -> dict[str, float]:
    table = pd.read_csv(folder / "scores.csv")
    return dict(zip(table["metric"].str.split("/", n=2).str[2], table["value"], strict=True))


def test_a_file_of_another_system_by_hand(tmp_path: Path, voc: Path) -> None:
    """aeroplane perfect, dog missed (puppy is no class name); cat 1.0 without void, person 1/2; bird perfect."""
    file = write(tmp_path / "theirs.jsonl", IMAGES)
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", "--csv", tmp_path / "deep" / "t.csv")
    assert values(folder) == {
        "paper{background=voc}/exact/iou.image.union": pytest.approx((0.5 + 0.75 + 1) / 3, abs=1e-6),
        "paper{background=voc}/exact/recall>0.5": pytest.approx(3 / 5, abs=1e-6),
    }
    table = pd.read_csv(tmp_path / "deep" / "t.csv")
    assert tuple(table.columns) == COLUMNS and set(table["variant"]) == {"theirs"}
    assert (table[["expected", "found", "skipped"]] == [3, 3, 0]).all().all()
    for rows in saved_rows(folder).values():
        assert rows.image_ids == ("a", "b", "c")
    assert settings_of(folder)["predictions"] == str(file)


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
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
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
    assert "score=reference leaves empty predictions out of its means" in capsys.readouterr().out


def test_several_protocols_in_one_table(tmp_path: Path, voc: Path) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    folder = zgs(tmp_path, voc, file, "score=paper,dataset_miou", "score.mapping=[exact,maxoverlap]")
    names = list(values(folder))
    full = {f"voc:val[3of1449]/voc20/{name}" for name in names}
    assert {parse(name).score for name in full} == {"paper", "dataset_miou"}
    assert set(pd.read_parquet(folder / "per_image.parquet").columns[1:]) == full
    alone = {**values(zgs(tmp_path, voc, file, "score.mapping=[exact,maxoverlap]"))}
    assert all(values(folder)[name] == value for name, value in alone.items())


def test_workers_and_the_order_of_images_change_nothing(tmp_path: Path) -> None:
    scenes = [
        {
            "image_id": f"test-{i:04}",
            "height": 2,
            "width": 4,
            "segments": [{"text": "sky", "segmentation": coded(LEFT)}, {"text": "dog", "segmentation": coded(RIGHT)}],
        }
        for i in range(12)
    ]
    tables = []
    for name, images, workers in (("x", scenes, ["executor=serial"]), ("y", scenes[::-1], ["executor.workers=2"])):
        words = [write(tmp_path / name / "t.jsonl", images), "data=toyscenes", "data.subset=first:12", *workers]
        folder = zgs(tmp_path / name, None, *words, "score.mapping=[exact,maxoverlap]", code=0)
        tables.append((folder / "scores.csv").read_text().replace(folder.name, ""))
    assert tables[0] == tables[1]


def test_images_without_a_prediction_count_as_empty_ones(tmp_path: Path, voc: Path, capsys: Any) -> None:
    file = write(tmp_path / "theirs.json", IMAGES[:2])
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", code=3)
    table = pd.read_csv(folder / "scores.csv")
    assert table["value"].tolist() == pytest.approx([(0.5 + 0.75 + 0) / 3, 2 / 5], abs=1e-6)
    assert table["n"].tolist() == [3, 5] and (table[["expected", "found", "skipped"]] == [3, 2, 0]).all().all()
    assert "1 of 3 images have no prediction, the first 'c': each counts as an empty one" in capsys.readouterr().out
    skip = zgs(tmp_path, voc, file, "score.mapping=[exact]", "score=reference", code=3)
    assert pd.read_csv(skip / "scores.csv")["n"].tolist()[0] == 2, "the reference leaves them out"


def test_images_that_the_data_lack_stop_unless_ignored(tmp_path: Path, voc: Path, capfd: Any) -> None:
    file = write(tmp_path / "theirs.json", [*IMAGES, image("aa", cat=LEFT), image("zz")])
    zgs(tmp_path, voc, file, "score.mapping=[exact]", code=1)
    error = capfd.readouterr().err
    assert "2 of its 5 images are not in the data set, the first 'aa' (did you mean 'a'?)" in error
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", "--ignore-unknown")
    assert "2 of the file's 5 images are not in the data set and were ignored" in capfd.readouterr().out
    assert json.loads((folder / "run.json").read_text())["unknown"] == ["aa", "zz"]
    assert (pd.read_csv(folder / "scores.csv")[["expected", "found"]] == [3, 3]).all().all()


def test_unusable_truth_is_a_skip(tmp_path: Path, voc: Path, capsys: Any) -> None:
    (voc / "SegmentationClass" / "b.png").write_bytes(b"")
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), "score.mapping=[exact]", code=3)
    assert (pd.read_csv(folder / "scores.csv")[["expected", "found", "skipped"]] == [3, 2, 1]).all().all()
    assert "skipped b: " in capsys.readouterr().out


def test_sizes_that_differ_are_resized_and_counted(tmp_path: Path, voc: Path, capsys: Any) -> None:
    large = [[1, 1, 1, 1, 0, 0, 0, 0]] * 4
    other = {**image("a"), "height": 4, "width": 8, "segments": [{"text": "aeroplane", "segmentation": coded(large)}]}
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", [other, *IMAGES[1:]]), "score.mapping=[exact]")
    assert values(folder)["paper{background=voc}/exact/iou.image.union"] == pytest.approx(
        (0.5 + 0.75 + 1) / 3, abs=1e-6
    )
    assert "1 predictions have another size than the truth" in capsys.readouterr().out


def test_empty_texts_and_no_segments_are_counted(tmp_path: Path, voc: Path, capsys: Any) -> None:
    images = [image("a"), image("b", **{"": LEFT}), IMAGES[2]]
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", images), "score.mapping=[tt]")
    assert "counted: 1 empty predictions, 1 empty texts" in capsys.readouterr().out
    (name, value), *_ = values(folder).items()
    assert "/iou" in name and value == pytest.approx(1 / 3, abs=1e-6)


def test_text_beyond_ascii_is_only_text(tmp_path: Path, voc: Path) -> None:
    images = [image("a", größer_Hund=LEFT, 犬=RIGHT), image("b", ø=LEFT), IMAGES[2]]
    for name in ("t.json", "t.jsonl"):
        found = values(
            zgs(tmp_path, voc, write(tmp_path / name, images), "score.mapping=[exact,tt]", "score.tau_sbert=1")
        )
        assert next(iter(found.values())) == pytest.approx(1 / 3, abs=1e-6)


def coded_as(entry: dict[str, Any], segment: int, size: list[int], counts: Any) -> None:
    entry["segments"][segment]["segmentation"] = {"size": size, "counts": counts}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda e: coded_as(e, 0, [2, 4], "~~"), "segment 0: mask cannot be read"),
        (lambda e: coded_as(e, 1, [4, 2], [8]), "segment 1: mask of size [4, 2]"),
        (lambda e: coded_as(e, 1, [2, 4], [7]), "segment 1: mask cannot be read"),
        (lambda e: e["segments"][1].pop("text"), "segment 1: 'text' is missing"),
        (lambda e: e.update(oracle=[{"class": "cow", "text": "x"}]), "oracle: 'cow' is not in the image"),
        (lambda e: e.update(oracle=[{"class": "catt", "text": "x"}]), "'catt' is no class (did you mean 'cat'?)"),
    ],
)
def test_a_bad_image_is_one_line_with_file_image_and_segment(
    damage: Any, told: str, tmp_path: Path, voc: Path, capfd: Any
) -> None:
    images = json.loads(json.dumps(IMAGES))
    damage(images[1])
    file = write(tmp_path / "t.json", images)
    zgs(tmp_path, voc, file, "score.mapping=[exact]", code=1)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and f"{file}: image 1 (b)" in lines[0] and told in lines[0]


def test_embeddings_that_do_not_fit(tmp_path: Path, voc: Path, capfd: Any) -> None:
    file = write(tmp_path / "t.json", IMAGES, embeddings={"file": "t.npz"})
    two, one, wrong = np.ones((2, 64)), np.ones((1, 64)), np.full((2, 64), np.nan)
    cases = {
        "image 1 (b), segment 0: its embedding holds NaN": [two, wrong, one],
        "image 1 (b): embeddings have shape [1, 64] but there are 2": [two, one, one],
        "image 0 (a): embeddings of 5 numbers, but those of toy-clip have": [two[:, :5], two[:, :5], one[:, :5]],
        "image 1 (b): 1 of 3 images have no embeddings": [two, None, one],
    }
    for told, arrays in cases.items():
        np.savez(tmp_path / "t.npz", **{str(i): a.astype(np.float32) for i, a in enumerate(arrays) if a is not None})
        zgs(tmp_path, voc, file, "score.mapping=[st]", code=1)
        assert told in capfd.readouterr().err
    zgs(tmp_path, voc, write(tmp_path / "u.json", IMAGES), "score.mapping=[st]", code=1)
    assert "3 of 3 images have no embeddings, which score.mapping=st needs" in capfd.readouterr().err


def test_check_lists_every_fault_and_scores_nothing(tmp_path: Path, voc: Path, capsys: Any) -> None:
    images = json.loads(json.dumps(IMAGES))
    images[0]["segments"][1]["text"] = 5
    images[2]["segments"] = [{"text": "a"}] * 30
    file = write(tmp_path / "t.json", images)
    assert main(["score", str(file), "--check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{file}: image 0 (a), segment 1: 'text' should be a text") and len(lines) == 22
    assert lines[-2:] == ["… and 11 more", f"{file}: 3 images, 31 faults"]
    fine = write(tmp_path / "u.json", [*IMAGES[:2], image("q")])
    assert main(["score", str(fine), "--check", "data=voc", f"data.root={voc}"]) == 0
    assert "1 images of the data set are missing ['c'], 1 unknown ['q']" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


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
    assert "2 empty oracle texts" in capsys.readouterr().out


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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.json", "data=toyscenes"], "none.json: no such file"),
        ([], "name one file of predictions"),
        (["t.json"], "say which data the predictions are of"),
        (["t.json", "data=toyscene"], "data=toyscene: no such option; did you mean toyscenes?"),
        (["t.json", "data=toyscenes", "score.tau_sbrt=1"], "score.tau_sbrt: no such key; did you mean score.tau_sbert"),
        (["t.json", "data=toyscenes", "score.mapping=[exat]"], "known are tt, st, grounded-tt"),
        (["t.json", "data=toyscenes", "--cvs", "x"], "`zgs score --help` shows how"),
        (["t.json", "data=toyscenes", "score.mapping=[table]"], "needs score.table=FILE"),
        (["t.json", "data=toyscenes", "score.verify=human"], "needs score.ratings=FILE"),
        (["t.json", "data=toyscenes", "executor.workers=0"], "executor.workers=0"),
        (["t.json", "data=toyscenes", "score=papre"], "score=papre: no such option; did you mean paper"),
    ],
)
def test_a_wrong_command_is_one_line(words: list[str], told: str, tmp_path: Path, capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "t.json", [image("test-0000", cat=LEFT)])
    more = ["data.subset=first:1"] if "data=toyscenes" in words else []
    assert main(["score", *words, *more]) in (1, 2)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and told in lines[0]


def test_helps(capsys: Any) -> None:
    for command in ("score", "vocabulary"):
        assert main([command, "--help"]) == 0
        assert f"zgs {command} PREDICTIONS" in capsys.readouterr().out
    assert main(["vocabulary", "x.json", "jason=3"]) == 2


def test_the_example_of_the_page_is_scored(tmp_path: Path, voc: Path) -> None:
    page = (Path(__file__).parents[2] / "PREDICTIONS.md").read_text(encoding="utf-8")
    (tmp_path / "p.jsonl").write_text(page.partition("```jsonl\n")[2].partition("```")[0], encoding="utf-8")
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[7, 7, 7, 7], [0, 0, 0, 0]], np.uint8)).save(tmp_path / "maps" / "b.png")
    assert main(["score", str(tmp_path / "p.jsonl"), "--check"]) == 0
    folder = zgs(tmp_path, voc, tmp_path / "p.jsonl", "score.mapping=[maxoverlap]", code=3)
    table = pd.read_csv(folder / "scores.csv")
    assert table["value"].iloc[0] == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-6), "no person in b, and no c"
    assert set(table["variant"]) == {"my system"} and any("/tgq.micro>0.5" in name for name in table["metric"])
