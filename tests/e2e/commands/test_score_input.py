"""What `zgs score` says of wrong, odd and missing input: one line, or counted, and never a silently smaller n."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from tests.e2e.commands.theirs import IMAGES, LEFT, RIGHT, coded, image, values, write, zgs


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
    assert "predictions of another size than the truth: 1 (resized" in capsys.readouterr().out


def test_empty_texts_and_no_segments_are_counted(tmp_path: Path, voc: Path, capsys: Any) -> None:
    images = [image("a"), image("b", **{"": LEFT}), IMAGES[2]]
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", images), "score.mapping=[tt]")
    assert "counted: empty predictions 1, empty texts 1" in capsys.readouterr().out
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


@pytest.mark.thinned(3)
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


@pytest.mark.slow
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
    data = ["--check", "data=voc", f"data.root={voc}"]
    assert main(["score", str(fine), *data]) == 1, "scoring stops at what the data do not have"
    assert "1 images of the data set are missing ['c'], 1 unknown ['q']" in capsys.readouterr().out
    assert main(["score", str(write(tmp_path / "v.json", IMAGES[:2])), *data]) == 3
    assert main(["score", str(write(tmp_path / "w.json", IMAGES)), *data]) == 0
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_check_finds_whatever_scoring_would_stop_at(tmp_path: Path, voc: Path, capsys: Any) -> None:
    data = ["--check", "data=voc", f"data.root={voc}"]
    images = json.loads(json.dumps(IMAGES))
    images[0]["oracle"] = [{"class": "aeroplane", "text": "x"}, {"class": "cow", "text": "x"}]
    images[1]["oracle"] = [{"class": "catt", "text": "x"}]
    file = write(tmp_path / "t.json", images)
    assert main(["score", str(file), *data]) == 1
    told = capsys.readouterr().out
    assert f"{file}: image 0 (a): oracle: 'cow' is not in the image" in told and "'catt' is no class" in told
    assert "3 images, 2 faults" in told
    np.savez(tmp_path / "e.npz", **{"0": np.ones((2, 64), np.float32), "2": np.ones((1, 64), np.float32)})
    file = write(tmp_path / "e.json", IMAGES, embeddings={"file": "e.npz"})
    assert main(["score", str(file), *data]) == 1
    assert f"{file}: image 1 (b): has no embeddings, but other images have" in capsys.readouterr().out
    rows = {"0": np.ones((2, 64), np.float32), "1": np.ones((2, 7), np.float32), "2": np.ones((1, 64), np.float32)}
    np.savez(tmp_path / "e.npz", **rows)
    assert main(["score", str(file), *data]) == 1
    assert "image 1 (b): embeddings of 7 numbers, but those of other images have 64" in capsys.readouterr().out
    plain = write(tmp_path / "p.json", IMAGES)
    assert main(["score", str(plain), *data, "score.overlap=highest_score"]) == 1
    assert "(a): score.overlap=highest_score needs a 'score'" in capsys.readouterr().out
    for word in ("dta=voc", "score=paper,papre", "score.overlap=highest", "score.mapping=[exakt]", "score.seed=-1"):
        assert main(["score", str(plain), "--check", word]) == 2, "a word that says nothing is no check"
    more = write(tmp_path / "m.json", [*IMAGES, image("q")])
    assert main(["score", str(more), *data, "--ignore-unknown", "score=paper,soft"]) == 0


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda top, images: top.update(embeddings={"file": ""}), "embeddings: 'file' is missing"),
        (lambda top, images: top.update(about="mine"), "'about' should be an object"),
        (lambda top, images: images[1]["segments"][0].update(score=10**400), "segment 0: 'score' should be a finite"),
        (lambda top, images: images[1].update(label_map="a" * 5000, segments=[]), "image 1 (b): label map: "),
        (lambda top, images: images[1].update(height=-4), "image 1 (b): height -4 and width 4 are no picture's"),
        (lambda top, images: coded_as(images[1], 0, [2, 4], [10**30]), "a run is longer than any picture"),
        (lambda top, images: images[1].update(label_map=5), "'label_map' should be a text but is 5"),
    ],
)
def test_odd_values_are_one_line_for_the_validator_and_for_scoring(
    change: Any, told: str, tmp_path: Path, voc: Path, capfd: Any
) -> None:
    top: dict[str, Any] = {}
    images = json.loads(json.dumps(IMAGES))
    change(top, images)
    file = write(tmp_path / "t.json", images, **top)
    assert main(["score", str(file), "--check"]) == 1
    assert told in "".join(capfd.readouterr())
    zgs(tmp_path, voc, file, "score.mapping=[exact]", code=1)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and told in lines[0] and len(lines[0]) < 500


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.json", "data=toyscenes"], "none.json: no such file"),
        ([], "name one file of predictions"),
        (["t.json"], "say which data the predictions are of"),
        (["t.json", "data=toyscene"], "data=toyscene: no such option; did you mean toyscenes"),
        (["t.json", "data=toyscenes", "score.tau_sbrt=1"], "score.tau_sbrt: no such key; did you mean score.tau_sbert"),
        (["t.json", "data=toyscenes", "score.mapping=[exat]"], "known are tt, st, grounded-tt"),
        (["t.json", "data=toyscenes", "--cvs", "x"], "`zgs score --help` shows how"),
        (["t.json", "data=toyscenes", "score.mapping=[table]"], "needs score.table=FILE"),
        (["t.json", "data=toyscenes", "score.verify=human"], "needs score.ratings=FILE"),
        (["t.json", "data=toyscenes", "executor.workers=0"], "executor.workers=0"),
        (["t.json", "data=toyscenes", "score.rounding=-1"], "score.rounding=-1: must be from 0 to 15"),
        (["t.json", "data=toyscenes", "score.seed=-1"], "score.seed=-1: must be from 0 to 4294967295"),
        (["t.json", "data=toyscenes", "score.metrics=[]"], "score.metrics=[]: name at least one"),
        (["t.json", "data=toyscenes", "score.mapping=[]"], "score.mapping=[]: name at least one"),
        (["t.json", "data=toyscenes", "score.aggregation=[]"], "score.aggregation=[]: name at least one"),
        (["t.json", "data=toyscenes", "score.tau_sbert=nan"], "score.tau_sbert=nan: must be from -1 to 1"),
        (["t.json", "data=toyscenes", "--csv", "t.json/x", "score.mapping=[exact]"], "place with --csv FILE (what"),
        (["t.json", "data=toyscenes", "score=paper,paper"], "score=paper,paper: paper is named twice"),
        (["t.json", "data=toyscenes", "score=paper,,soft"], "score=paper,,soft: one of the names is empty"),
        (["t.json", "data=toyscenes", "score.metrics=[iou,iou]"], "score.metrics=[iou, iou]: iou stands there twice"),
        (["t.json", "data=toyscenes", "score.tau_sbert=2"], "score.tau_sbert=2: must be from -1 to 1"),
        (["t.json", "data=toyscenes", "device=meta"], "device=meta: known are auto, cpu, cuda"),
        (["t.json", "data=toyscenes", "out="], "out=: is empty; name one, out=PATH"),
        (["t.json", "data=toyscenes", "score=papre"], "score=papre: no such option; did you mean paper"),
    ],
)
def test_a_wrong_command_is_one_line(words: list[str], told: str, tmp_path: Path, capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "t.json", [image("test-0000", cat=LEFT)])
    more = ["data.subset=first:1", "score.proportions=any"] if "data=toyscenes" in words else []
    assert main(["score", *words, *more]) in (1, 2)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and told in lines[0]


def test_helps(capsys: Any) -> None:
    for command in ("score", "vocabulary", "report", "agree", "demo", "doctor", "verify"):
        assert main([command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"zgs {command} ")
    assert main(["vocabulary", "x.json", "jason=3"]) == 2
    assert "jason: no such option (did you mean 'json'?); `zgs vocabulary --help`" in capsys.readouterr().err


@pytest.mark.thinned(2)
@pytest.mark.parametrize("word", ["--help", "-h"])
@pytest.mark.slow
def test_help_of_run_names_groups_and_keys(word: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:  # Hydra's way
        main(["run", word])
    told = capsys.readouterr().out
    assert ended.value.code == 0 and "encode: " in told and "tau_sbert" in told
