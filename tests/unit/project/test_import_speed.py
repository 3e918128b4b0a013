"""`scripts/import_speed.py`: sides count the same pixels, and a size measured again leaves the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pycocotools import mask as coco

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    import import_speed_files

    monkeypatch.setattr(import_speed_files, "HEIGHT", 40)
    monkeypatch.setattr(import_speed_files, "WIDTH", 50)


@pytest.mark.slow
def test_sides_that_are_here_count_the_same(tmp_path: Path) -> None:
    import import_speed_files
    from import_speed import compare

    file, lists = import_speed_files.draw_file(tmp_path, 3, 4, "compressed")
    sides = compare(["zgs", "pycocotools"], file, lists, 3, "compressed", 1)  # it asserts it
    assert [side.side for side in sides] == ["zgs", "pycocotools"] and all(side.memory > 1 for side in sides)


def test_forms_have_the_same_area_and_medians_are_kept(tmp_path: Path) -> None:
    import import_speed_files
    from import_speed import Cost, make_side, write_sides

    masks = import_speed_files.draw_masks(2)
    coded = [import_speed_files.write_mask(masks[0], form) for form in import_speed_files.FORMS]
    areas = [int(coco.area(coco.merge(coco.frPyObjects(one, 40, 50)))) for one in ([coded[1]], coded[2])]
    assert areas[0] == masks[0].sum() == coco.area(coded[0]) and 0.8 < areas[1] / areas[0] < 1.3
    for wall in (2.0, 4.0):
        made = make_side(
            "zgs", "plain", [Cost(1, wall, 1.0, 50.0), Cost(1, wall, 3.0, 60.0), Cost(1, wall, 2.0, 70.0)], 9, 8.0
        )
        other = make_side("hotcoco", "plain", [Cost(1, 1.0, 1.0, 1.0)], 3 if wall == 2 else 9, 8.0)
        write_sides([made, other], tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text().splitlines() == [
        "side,form,images,megabytes,wall,processor,memory,speed,runs",
        "hotcoco,plain,3,8.00,1.00,1.00,1.00,8.00,1",
        "zgs,plain,9,8.00,4.00,2.00,60.00,2.00,3",
        "hotcoco,plain,9,8.00,1.00,1.00,1.00,8.00,1",
    ]
