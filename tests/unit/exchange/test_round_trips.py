"""Written as another tool has it and read again: nothing lost, or what was lost is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.exchange.read_ours import read_ours
from bench.exchange.records import ForeignImage, Notes, Segment
from bench.predictions.source import PredictionFile
from tests.unit.exchange.drawn import NAMES, coded, masks, masks_of, read, read_noted, write, write_json

SIZE = (5, 7)
SCORES = st.floats(0.0, 1.0, width=32)


@st.composite
def images(draw: Any, disjoint: bool = False, once: bool = False) -> ForeignImage:
    """An image of up to four segments with scores; ``disjoint``: none empty; ``once``: no class twice."""
    texts = draw(st.lists(st.sampled_from(list(NAMES.values())), max_size=4, unique=once))
    drawn = [draw(masks(SIZE)) for _ in texts]
    if disjoint:
        owner = draw(st.permutations(range(SIZE[0] * SIZE[1])))
        for place, mask in enumerate(drawn):
            mask[...] = False
            mask.flat[owner[place :: len(drawn) + 1]] = True
    segments = [Segment(t, coded(m)["counts"], draw(SCORES)) for t, m in zip(texts, drawn, strict=True)]
    return ForeignImage("2007_000012", SIZE, tuple(segments))


@given(st.one_of(images()))
def test_coco_results_keep_all(tmp_path_factory: Any, image: ForeignImage) -> None:
    """Overlaps, empty masks, scores, order, name and size, and images without a segment."""
    path = tmp_path_factory.mktemp("c") / "r.json"
    assert write("coco", [image], path) == []
    assert read("coco", path) == [image], "images and categories are those beside it"


@given(images(disjoint=True))
def test_panoptic_keeps_what_does_not_overlap(tmp_path_factory: Any, image: ForeignImage) -> None:
    path = tmp_path_factory.mktemp("p") / "p.json"
    assert write("coco-panoptic", [image], path) == []
    (found,) = read("coco-panoptic", path)
    assert found.image_id == image.image_id and found.size == SIZE and not found.faults
    assert sorted(found.segments, key=repr) == sorted(image.segments, key=repr)


@given(images(disjoint=True, once=True))
def test_label_maps_keep_what_does_not_overlap_but_scores(tmp_path_factory: Any, image: ForeignImage) -> None:
    path = tmp_path_factory.mktemp("m") / "maps"
    notes = write("label-maps", [image], path)
    found = read("label-maps", path)[0]
    assert {s.text: s.counts for s in found.segments} == {s.text: s.counts for s in image.segments}
    assert f"{len(image.segments):,} scores are left out: a map holds none" in notes or not image.segments


@given(images())
def test_overlaps_go_to_the_surest_and_are_counted(tmp_path_factory: Any, image: ForeignImage) -> None:
    """By hand, pixel by pixel: the highest score has it, of equal ones the later."""
    folder = tmp_path_factory.mktemp("o")
    owner: dict[tuple[int, int], str] = {}
    stands, shared = {}, 0
    for segment in sorted(image.segments, key=lambda one: one.score or 0):
        mask = masks_of(ForeignImage("a", SIZE, (segment,)))[segment.text][0]
        for pixel in map(tuple, np.argwhere(mask).tolist()):
            shared += pixel in owner
            owner[pixel], stands[pixel] = segment.text, segment
    said = f"{shared:,} pixels lie in several segments: the highest score has them, else the later"
    for name, place in (("coco-panoptic", folder / "p.json"), ("label-maps", folder / "maps")):
        notes = write(name, [image], place)
        assert any(note.startswith(said) for note in notes) == bool(shared)
        (found,) = read(name, place)
        seen = {p: t for t, ms in masks_of(found).items() for m in ms for p in map(tuple, np.argwhere(m).tolist())}
        assert seen == owner
        merged = len({id(one) for one in stands.values()}) - len({one.text for one in stands.values()})
        said_merged = f"{merged} segments are of a class that another of the image has: one with it"
        assert any(note.startswith(said_merged) for note in notes) == bool(merged and name == "label-maps")
        gone = len(image.segments) - len({id(one) for one in stands.values()})
        assert any(note.startswith(f"{gone} segments are left without a pixel") for note in notes) == bool(gone)
    lost = len(image.segments) - len({id(segment) for segment in stands.values()})
    notes = write("coco-panoptic", [image], folder / "q.json")
    assert any(note.startswith(f"{lost} segments are left without a pixel") for note in notes) == bool(lost)


def test_a_map_says_what_became_of_segments_of_one_class(tmp_path: Path) -> None:
    """Two cats become one, a third is hidden by a dog, a fourth is empty: all counted."""
    left, right, nothing = (np.zeros(SIZE, bool) for _ in range(3))
    left[:, :2], right[:, 4:] = True, True
    drawn = [("cat", left, 0.5), ("cat", right, 0.5), ("cat", nothing, 0.5), ("dog", ~(left | right), 0.9)]
    drawn.insert(0, ("cat", ~(left | right), 0.1))
    image = ForeignImage("a", SIZE, tuple(Segment(t, coded(m)["counts"], s) for t, m, s in drawn))
    notes = write("label-maps", [image], tmp_path / "maps")
    assert "2 segments are left without a pixel: left out (the first: a)" in notes
    assert "1 segments are of a class that another of the image has: one with it (the first: a)" in notes


def test_scores_are_written_as_they_were_given(tmp_path: Path) -> None:
    """In 64 bits: of two that are equal in 32 one is still the surer."""
    scores = [0.1, 0.10000000000000002]
    mask = coded(np.ones(SIZE, bool))
    segments = [{"text": "cat", "segmentation": mask, "score": score} for score in scores]
    entry = {"image_id": "a", "height": SIZE[0], "width": SIZE[1], "segments": segments}
    place = write_json(tmp_path / "p.json", {"format": "zgs-predictions/1", "images": [entry]})
    write("coco", list(read_ours(PredictionFile(place), Notes())), tmp_path / "r.json")
    assert [one["score"] for one in json.loads((tmp_path / "r.json").read_text())] == scores


def test_texts_without_a_class_and_missing_scores_are_counted(tmp_path: Path) -> None:
    mask = coded(np.ones(SIZE, bool))["counts"]
    image = ForeignImage("a", SIZE, (Segment("cat", mask), Segment("zebra", mask)))
    notes = write("coco", [image], tmp_path / "r.json")
    assert notes == [
        "1 segments have no score: written as 1, for a result needs one",
        "1 segments have a text that is no class: left out (the first: 'zebra')",
    ]
    for name, place in (("coco-panoptic", "p.json"), ("label-maps", "maps")):
        assert "1 segments have a text that is no class: left out (the first: 'zebra')" in write(
            name, [image], tmp_path / place
        )


def test_many_numbers_take_16_bits_and_class_0_leaves_the_last_for_nothing(tmp_path: Path) -> None:
    left = np.zeros(SIZE, bool)
    left[:, :3] = True
    image = ForeignImage("folder/a", SIZE, (Segment("x", coded(left)["counts"]),))
    for names, nothing in (({0: "x", 9: "y"}, 255), ({300: "x"}, 0), ({0: "x", 300: "y"}, 65535)):
        place = tmp_path / str(nothing)
        assert f"pixels of no segment are {nothing} in the maps" in write("label-maps", [image], place, names)
        (found,), notes = read_noted("label-maps", place, classes=str(place / "classes.csv"))
        assert (masks_of(found)["x"][0] == left).all() and len(found.segments) == 1
        assert any("void: of no segment" in note for note in notes) == (nothing != 0)


def test_names_that_lead_out_or_meet_are_no_files(tmp_path: Path) -> None:
    """Predictions come from others: nothing is written outside of the place that was named, and no picture twice."""
    mask = coded(np.ones(SIZE, bool))["counts"]
    for name in ("../x", "/tmp/x"):
        with pytest.raises(UserError, match="would lie outside of it"):
            write("label-maps", [ForeignImage(name, SIZE, (Segment("cat", mask),))], tmp_path / "maps")
    assert write("label-maps", [ForeignImage("a", SIZE, ())], tmp_path / "x" / ".." / "up")
    both = [ForeignImage(name, SIZE, (Segment(text, mask),)) for name, text in (("a/b", "cat"), ("a_b", "dog"))]
    assert write("coco-panoptic", both, tmp_path / "p.json") == []
    assert read("coco-panoptic", tmp_path / "p.json") == both
    content = json.loads((tmp_path / "p.json").read_text())
    content["annotations"][0]["file_name"] = "../../x.png"
    write_json(tmp_path / "p.json", content)
    (fault,) = read("coco-panoptic", tmp_path / "p.json")[0].faults
    assert "should be a name below the folder" in fault
