"""labelme and Label Studio: what was drawn, filled as their own tools fill it; brushes bit by bit."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.exchange.brush import decode_brush
from tests.unit.exchange.drawn import masks, masks_of, read, read_noted, write_json

SQUARE = [[1, 1], [3, 1], [3, 3], [1, 3]]
SOLID = np.ones((2, 2), bool)


def labelme(folder: Path, *shapes: dict[str, Any], **more: Any) -> Path:
    content = {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": "..\\photos\\a.jpg",
               "imageData": None, "imageHeight": 6, "imageWidth": 7, **more}  # fmt: skip
    return write_json(folder / "x.json", content)


def shape(label: str, points: list[list[float]], kind: str = "polygon", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def png(mask: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def test_each_shape_of_labelme_covers_its_pixels(tmp_path: Path) -> None:
    corner = np.array([[1, 0], [1, 1]], bool)
    place = labelme(
        tmp_path, shape("square", SQUARE), shape("box", [[5, 4], [4, 0]], "rectangle"),
        shape("disc", [[3, 3], [3, 4]], "circle"), shape("corner", [[5, 4], [6, 5]], "mask", mask=png(corner)),
        shape("line", [[0, 0], [6, 5]], "line"),
    )  # fmt: skip
    (one,), notes = read_noted("labelme", place)
    found = {text: mask[0] for text, mask in masks_of(one).items()}
    assert (one.image_id, one.size) == ("a", (6, 7)) and notes == [
        "1 shapes are of type line, which has no area: left out (the first: a)"
    ]
    assert found["square"].sum() == 9 and found["square"][1:4, 1:4].all()
    assert found["box"].sum() == 10 and found["box"][:5, 4:6].all()
    assert found["disc"][3, 2:5].all() and found["disc"][2:5, 3].all() and not found["disc"][0].any()
    assert found["corner"].sum() == 3 and not found["corner"][4, 6]
    assert masks_of(read("labelme", place, fill="coco")[0])["square"][0].sum() == 4


def test_shapes_of_one_group_are_one_segment(tmp_path: Path) -> None:
    other = [[4, 4], [6, 4], [6, 5]]
    place = labelme(tmp_path, shape("cat", SQUARE, group_id=1), shape("cat", other, group_id=1), shape("cat", other))
    (one,), notes = read_noted("labelme", tmp_path)
    assert place.exists() and [mask.sum() for mask in masks_of(one)["cat"]] == [9 + 4, 4]
    assert notes == ["1 shapes belong to the group of another: one segment (the first: a)"]


def test_a_turned_rectangle_is_its_four_corners(tmp_path: Path) -> None:
    """What labelme 6.2 and later call so."""
    corners = [[3, 0], [6, 3], [4, 5], [1, 2]]
    place = labelme(tmp_path, shape("turned", corners, "oriented_rectangle"), shape("drawn", corners))
    found = masks_of(read("labelme", place)[0])
    assert (found["turned"][0] == found["drawn"][0]).all() and found["turned"][0].sum() > 12


@pytest.mark.parametrize(("points", "rows", "columns"), [
    ([[3.6, 1.4], [4.6, 2.4]], slice(1, 3), slice(4, 6)), ([[2.5, 1], [3.5, 2]], slice(1, 3), slice(2, 4)),
    ([[5.8, 4.9], [6.8, 5.9]], slice(5, 6), slice(6, 7)), ([[-1, -1], [0, 0]], slice(0, 1), slice(0, 1)),
])  # fmt: skip
def test_a_mask_that_was_dragged_keeps_its_size(tmp_path: Path, points: Any, rows: slice, columns: slice) -> None:
    """labelme 7.9.1 says so: a corner between pixels is rounded, halves to the even one; what lies outside is cut."""
    (one,), notes = read_noted("labelme", labelme(tmp_path, shape("cat", points, "mask", mask=png(SOLID))))
    expected = np.zeros((6, 7), bool)
    expected[rows, columns] = True
    assert (masks_of(one)["cat"][0] == expected).all()
    assert [note.split(" (")[0] for note in notes] == (
        [] if expected.sum() == 4 else ["1 masks reach beyond their picture: cut off at its edge"]
    )


LABELME = {
    "has 2 points; a polygon has 3 or more": shape("cat", SQUARE[:2]),
    "has 3 points; a circle has 2": shape("cat", SQUARE[:3], "circle"),
    "type 'star' is none of": shape("cat", SQUARE, "star"),
    "has a point that lies in no picture": shape("cat", [[0, 0], [1e300, 1], [2, 2]]),
    "its mask is no PNG in base64": shape("cat", [[0, 0], [1, 1]], "mask", mask="###"),
    "its mask is base64 of no picture": shape("cat", [[0, 0], [1, 1]], "mask", mask="aGVsbG8="),
    "has 3 points; a turned rectangle has 4": shape("cat", SQUARE[:3], "oriented_rectangle"),
    "a mask of [2, 2] does not lie in its box (x 7": shape("cat", [[7, 0], [8, 1]], "mask", mask=png(SOLID)),
    "a mask of [2, 2] does not lie in its box (x 0": shape("cat", [[0, 0], [2, 1]], "mask", mask=png(SOLID)),
    "a mask of [2, 2] does not lie in its box (x 1": shape("cat", [[1.4, 0], [4, 1]], "mask", mask=png(SOLID)),
}


@pytest.mark.parametrize("said", LABELME)
def test_a_fault_of_labelme_names_file_and_shape(tmp_path: Path, said: str) -> None:
    place = labelme(tmp_path, shape("dog", SQUARE), LABELME[said])
    (one,) = read("labelme", place)
    assert one.faults[0].startswith(f"{place}: shape 1 ('cat'): ") and said in one.faults[0]


def test_half_a_file_of_labelme_is_a_fault_of_its_image(tmp_path: Path) -> None:
    place = labelme(tmp_path, shape("dog", SQUARE))
    place.write_text(place.read_text()[:-30])
    assert "ends in the middle" in read("labelme", place)[0].faults[0]
    place.write_text('{"shapes": [{"label": 3, "points": []}], "imageHeight": 2, "imageWidth": 2}')
    assert "is no file of labelme (Expected `str`, got `int`" in read("labelme", place)[0].faults[0]


def pack(values: list[int], runs: list[int]) -> list[int]:
    """rle-pack by its definition: pieces of ``runs`` values, written as one value where all are the same."""
    widths = [3, 5, 9, 16]
    bits = f"{len(values):032b}{8 - 1:05b}" + "".join(f"{width - 1:04b}" for width in widths)
    at, place = 0, 0
    while at < len(values):
        piece = values[at : at + runs[place % len(runs)]]
        which = next(k for k, width in enumerate(widths) if len(piece) - 1 < 1 << width)
        same = len(set(piece)) == 1
        bits += f"{same:b}{which:02b}{len(piece) - 1:0{widths[which]}b}"
        bits += "".join(f"{value:08b}" for value in (piece[:1] if same else piece))
        at, place = at + len(piece), place + 1
    bits += "0" * (-len(bits) % 8)
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


def brush(mask: np.ndarray, runs: list[int]) -> list[int]:
    return pack(np.repeat(mask.ravel() * 255, 4).tolist(), runs)


@given(masks((5, 7)), st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_a_brush_is_its_mask_however_it_was_packed(mask: np.ndarray, runs: list[int]) -> None:
    assert (decode_brush(brush(mask, runs), 5, 7) == mask).all()


def test_a_damaged_brush_is_refused() -> None:
    packed = brush(np.eye(5, 7, dtype=bool), [9])
    for wrong, said in (
        (packed[:-9], "ends too early"),
        (packed[:3], "ends too early"),
        ([*packed[:-1], 300], "bytes"),
    ):
        with pytest.raises(ValueError, match=said):
            decode_brush(wrong, 5, 7)
    with pytest.raises(ValueError, match="rle of 140 values of 8 bits, but the picture has 168 of 8"):
        decode_brush(packed, 6, 7)


def drawn(kind: str, label: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "original_width": 10, "original_height": 8, "image_rotation": 0,
            "value": {kind: [label], **value}}  # fmt: skip


def results() -> list[dict[str, Any]]:
    mask = np.zeros((8, 10), bool)
    mask[2:5, 7:] = True
    return [
        drawn("brushlabels", "cat", format="rle", rle=brush(mask, [11])),
        drawn("polygonlabels", "dog", points=[[10, 12.5], [30, 12.5], [30, 37.5], [10, 37.5]]),
        drawn("rectanglelabels", "box", x=10, y=12.5, width=20, height=25, rotation=0),
        {"type": "choices", "value": {"choices": ["indoor"]}},
    ]


def test_both_exports_of_label_studio_are_one_prediction(tmp_path: Path) -> None:
    """Percent of 10 x 8 pixels: polygon and rectangle from 1,1 to 3,3, which its own export to COCO fills with 4."""
    full = [{"id": 1, "data": {"image": "/data/upload/1/0f3a9c1b-a%20b.jpg"}, "annotations": [
        {"was_cancelled": True, "result": []}, {"was_cancelled": False, "result": results()}, {"result": []},
    ]}]  # fmt: skip
    least = [{"image": "/data/local-files/?d=photos/a%20b.jpg", "id": 1}]
    for number, entry in enumerate(results()[:3]):
        flat = {**entry["value"], "original_width": 10, "original_height": 8}
        least[0][f"tag{number}"] = [flat]  # type: ignore[assignment]
    (one,), notes = read_noted("label-studio", write_json(tmp_path / "full.json", full))
    assert [one] == read("label-studio", write_json(tmp_path / "min.json", least)) and one.image_id == "a b"
    found = {text: mask[0] for text, mask in masks_of(one).items()}
    assert found["cat"].sum() == 9 and found["cat"][2:5, 7:].all()
    assert found["dog"].sum() == found["box"].sum() == 4 and found["dog"][1:3, 1:3].all()
    assert [note.partition(" (")[0] for note in notes] == [
        "1 names of pictures begin with 8 signs of Label Studio's uploads: cut off",
        "1 further annotations of a task: only the first is read",
        "1 results are neither brush, polygon, rectangle nor ellipse, or have no label: left out",
    ]


STUDIO = {
    "is drawn on 9x8, others on 10x8": {
        **drawn("polygonlabels", "dog", points=[[0, 0], [9, 9], [0, 9]]),
        "original_width": 9,
    },
    "turned by 90°; turn the picture itself": {**drawn("polygonlabels", "dog", points=[]), "image_rotation": 90},
    "polygon 0 has 4 numbers": drawn("polygonlabels", "dog", points=[[0, 0], [9, 9]]),
    "rle ends too early": drawn("brushlabels", "dog", format="rle", rle=[0, 0, 1, 64]),
    "lacks 'height'": drawn("rectanglelabels", "dog", x=1, y=1, width=2),
    "has the labels [3], which are no texts": drawn("rectanglelabels", 3, x=1, y=1, width=2, height=2),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("said", STUDIO)
def test_a_fault_of_label_studio_names_task_and_segment(tmp_path: Path, said: str) -> None:
    tasks = [{"data": {"image": "a.jpg"}, "annotations": [{"result": [results()[0], STUDIO[said]]}]}]
    place = write_json(tmp_path / "t.json", tasks)
    (one,) = read("label-studio", place)
    assert one.faults[0].startswith(f"{place}: task 0 (a), segment 1: ") and said in one.faults[0]


def test_what_label_studio_does_not_export_is_a_fault_and_an_empty_label_is_counted(tmp_path: Path) -> None:
    for listed in ({"annotations": True}, {"annotations": [{"result": 1.5}]}, {"annotations": [{"result": [None]}]}):
        (one,) = read("label-studio", write_json(tmp_path / "t.json", [{"data": {"image": "a.jpg"}, **listed}]))
        assert "where a list of objects belongs; export the project again" in one.faults[0]
    bare = drawn("rectanglelabels", "", x=0, y=0, width=50, height=50) | {"score": 0.5}
    bare["value"]["rectanglelabels"] = []
    tasks = [{"data": {"image": "a.jpg"}, "annotations": [{"result": [bare]}]}]
    (one,), notes = read_noted("label-studio", write_json(tmp_path / "t.json", tasks))
    assert [(s.text, s.score) for s in one.segments] == [("", 0.5)]
    assert notes[0].startswith("1 segments have no label: their text is empty")
