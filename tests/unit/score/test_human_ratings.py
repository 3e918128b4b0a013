"""Verification by people: Tables 1 and 2 by hand, by a slow road, and every wrong line of a csv by its number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UserError
from bench.mapping.maxoverlap import MaxOverlap
from bench.mapping.nearest import Nearest
from bench.protocol import Protocol
from bench.records import Overlap
from bench.score.human_ratings import (
    Human,
    check_ratings,
    count_ratings,
    count_unrated,
    make_human_mappings,
    read_ratings,
    score_verified,
)  # fmt: skip
from tests.unit.metrics.make import CLASSES, NAMING, by_hand, case, row, slow_iou

HEAD = "image,segment,label,rater,batch,rating"
SCORE = Protocol(resamples=200)
CAT_AND_DOG = by_hand([[0, 0, 1, 1]], [[[1, 1, 0, 0]], [[0, 0, 1, 1]]], [row(cat=0.9), row(dog=0.9)], "x")
"""Two perfect segments with the texts a and b."""


def write(tmp: Path, *lines: str, head: str = HEAD) -> Path:
    path = tmp / "ratings.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_by_hand(tmp_path: Path) -> None:
    """Batch one finds cat right and dog half right; batch two finds both wrong but for dog, which is too general."""
    path = write(tmp_path, "x,0,cat,r1,one,3", "x,1,dog,r1,one,1", "x,0,cat,r2,two,0", "x,1,dog,r2,two,2")
    found = score_verified([CAT_AND_DOG], read_ratings(path), Nearest("st", "clip"), SCORE, CLASSES, NAMING)
    values = {each.name.partition("/paper/")[2]: each.interval.value for each in found}
    digest = read_ratings(path).digest
    # h >= 1: both stand in batch one, dog alone in two; h >= 2: cat, dog; h = 3: cat, none (no class is predicted)
    assert values == {
        f"st+human(clip,ratings={digest})>={level}/{metric}": value
        for metric, numbers in {"iou.image.union": (0.75, 0.5, 0.25), "recall>0.5": (0.75, 0.5, 0.25)}.items()
        for level, value in zip((1, 2, 3), numbers, strict=True)
    }
    assert {each.n for each in found} == {1, 2}, "one image, two true segments: not times batches"


@pytest.mark.parametrize("aggregation", ["image", "dataset"])
def test_scores_are_the_mean_of_the_batches_scored_apart(aggregation: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    cases = [case(seed, n=4) for seed in range(8)]
    images, base = [one.overlap for one in cases], Nearest("tt", "tiny")
    lines = []
    for item in images:
        for segment, label in enumerate(base.assign(item)[0]):
            for batch in ("a", "b", "c"):
                if label >= 0 and draw.random() < 0.9:
                    asked = f"{item.image_id},{segment},{CLASSES.names[label]}"
                    lines.append(f"{asked},r{draw.integers(9)},{batch},{draw.integers(4)}")
    ratings = read_ratings(write(tmp_path, *lines))
    score = replace(SCORE, aggregation=(aggregation,))
    found = [v for v in score_verified(images, ratings, base, score, CLASSES, NAMING) if "/iou" in v.name]
    assert len(found) == 3
    for each, level in zip(found, (1, 2, 3), strict=True):
        batches = []
        for batch in ratings.batches.values():
            both: dict[str, list[float]] = {}
            for one, item in zip(cases, images, strict=True):
                label = base.assign(item)[0]
                good = [batch.get((item.image_id, s, CLASSES.names[c]), 0) >= level for s, c in enumerate(label)]
                values = slow_iou(one, np.where(good, label, -1))
                both[item.image_id] = [v for v in values.values() if v == v]
            batches.append(np.mean([np.mean(v) for v in both.values() if v]))
        if aggregation == "image":
            assert each.interval.value == pytest.approx(np.mean(batches), abs=1e-9)
            assert each.average_batches().value() == pytest.approx(np.mean(batches), abs=1e-9)
        assert each.interval.value == pytest.approx(np.mean([rows.value() for rows in each.batches]), abs=1e-12)
        assert each.interval.low <= each.interval.value <= each.interval.high


def test_one_batch_of_threes_equals_no_threshold_and_zeros_equal_nothing(tmp_path: Path) -> None:
    image = case(2, n=4).overlap
    label = MaxOverlap().assign(image)[0]
    for rating, expected in ((3, label), (0, np.full(4, -1))):
        lines = [f"{image.image_id},{s},{CLASSES.names[c]},r,1,{rating}" for s, c in enumerate(label) if c >= 0]
        (human,) = make_human_mappings(read_ratings(write(tmp_path, *lines)), MaxOverlap(), CLASSES)
        own, sure = human.assign(image)
        assert np.where(sure >= 1, own, -1).tolist() == expected.tolist()
        assert human.name == f"maxoverlap+human(ratings={human.digest})"


def test_missing_ratings_are_counted_and_verify_nothing(tmp_path: Path) -> None:
    ratings = read_ratings(write(tmp_path, "x,0,cat,r1,one,3", "x,1,dog,r1,two,3"))
    base = Nearest("tt")
    assert count_unrated([CAT_AND_DOG], ratings, base, CLASSES) == (2, 4)
    first: Human = make_human_mappings(ratings, base, CLASSES)[0]
    assert first.assign(CAT_AND_DOG)[1].tolist() == [3, 0]


def test_distribution_of_table_2(tmp_path: Path) -> None:
    """The texts were rated 0, 0, 2, 3; the reassigned labels 1 and 3."""
    lines = ["x,0,a,r1,one,0", "x,0,a,r2,two,0", "x,1,b,r1,one,2", "x,1,b,r2,two,3"]
    ratings = read_ratings(write(tmp_path, *lines, "x,0,cat,r1,one,1", "x,1,dog,r1,one,3"))
    table = count_ratings({"x": CAT_AND_DOG}, ratings, {"tt": Nearest("tt")}, CLASSES)
    shares = {what: part["share"].tolist() for what, part in table.groupby("what")}
    assert shares == {"text": [0.5, 0, 0.25, 0.25], "tt": [0, 0.5, 0, 0.5]}
    text = table[table["what"] == "text"]
    assert (
        text["at_least"].tolist() == [1, 0.5, 0.5, 0.25]
        and set(text["n"]) == {4}
        and text["rating"].tolist() == [0, 1, 2, 3]
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x,0,cat,r1,one,4", "line 3: rating '4' should be 0, 1, 2 or 3"),
        ("x,0,cat,r1,one,2.5", "line 3: rating '2.5' should be"),
        ("x,first,cat,r1,one,1", "line 3: segment 'first' should be its position"),
        ("x,-1,cat,r1,one,1", "line 3: segment '-1' should be its position"),
        ("x,0,cat,r1", "line 3: not 6 fields"),
        ("x,0,cat,r1,one,1,extra", "line 3: not 6 fields"),
        ("x,1,dog,r2,one,1", "line 3: batch one has rated ('x', 1, 'dog') before"),
        ("y,0,cat,r1,one,1", "line 3: image 'y' is not in the predictions"),
        ("x,2,cat,r1,one,1", "line 3: image 'x' has 2 segments, counted from 0, and none is 2"),
        ("x,0,kitten,r1,one,1", "line 3: label 'kitten' is neither the text of segment 0 nor a class name"),
    ],
)
def test_a_wrong_line_is_named(line: str, told: str, tmp_path: Path) -> None:
    images: dict[str, Overlap] = {"x": CAT_AND_DOG}
    with pytest.raises(UserError) as caught:
        check_ratings(read_ratings(write(tmp_path, "x,1,dog,r1,one,3", line)), images, images, CLASSES.names)
    assert told in str(caught.value) and str(tmp_path) in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="column 'batch' is missing"):
        read_ratings(write(tmp_path, head="image,segment,label,rater,rating"))
    with pytest.raises(UserError, match="holds no rating"):
        read_ratings(write(tmp_path))
    with pytest.raises(UserError, match="cannot be read"):
        read_ratings(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a csv file"):
        read_ratings(tmp_path / "bytes.csv")


def test_labels_beyond_ascii_and_with_commas(tmp_path: Path) -> None:
    image = replace(CAT_AND_DOG, texts=("chien, méchant\u2028", 'größer "Hund"'))
    path = write(tmp_path, 'x,0,"chien, méchant\u2028",r,1,2', 'x,1,"größer ""Hund""",r,1,3')
    ratings = read_ratings(path)
    check_ratings(ratings, {"x": image}, {"x"}, CLASSES.names)
    assert count_ratings({"x": image}, ratings, {}, CLASSES)["count"].tolist() == [0, 0, 1, 1]


def test_images_of_ratings_are_composed_and_slips_name_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("image,segment,label,rater,batch,rating\ncafe\u0301,0,Cat,r,1,3\n", encoding="utf-8")
    ratings = read_ratings(path)
    assert list(ratings.lines) == [("caf\u00e9", 0, "Cat")]
    with pytest.raises(UserError, match="image 'caf\u00e9' is not in the predictions .did you mean 'cafe'"):
        check_ratings(ratings, {}, ["cafe"], CLASSES.names)
    item = by_hand([[0, 0]], [[[1, 1]]], [row(cat=1.0)], "caf\u00e9")
    with pytest.raises(UserError, match="nor a class name .did you mean 'cat'"):
        check_ratings(ratings, {"caf\u00e9": item}, ["caf\u00e9"], CLASSES.names)


def test_ratings_that_are_not_there_name_the_command_that_writes_them(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"a.csv: cannot be read \(No such .*\); `zgs study report FOLDER` writes such a"
    ):
        read_ratings(tmp_path / "a.csv")
