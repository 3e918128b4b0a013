"""Images and masks in folders: links, copies, two of one id."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.prepare import scenes
from tests.unit.prepare.planned import PANOPTIC, WRITE, plan, refused


def test_links_are_followed_and_a_folder_counts_once(tmp_path: Path) -> None:
    """People put archives together by links; one that leads back into itself ends nowhere."""
    scenes.coco_panoptic(tmp_path / "disk", PANOPTIC)
    together = tmp_path / "from"
    together.mkdir()
    (together / "val2017").symlink_to(tmp_path / "disk/val2017")
    (together / "annotations").symlink_to(tmp_path / "disk/annotations")
    (together / "again").symlink_to(tmp_path / "disk/annotations")
    (together / "round").symlink_to(together)
    made = plan("coco_panoptic", together)
    assert len(made.items) == 2 and all(item.image.is_relative_to(together) for item in made.items)


@pytest.mark.parametrize(("name", "mask"), [
    ("cityscapes", "gtFine/val/munster/munster_000001_000019_gtFine_labelIds.png"),
    ("coco_panoptic", "annotations/panoptic_val2017/000000000139.png"),
])  # fmt: skip
def test_two_masks_of_one_image_are_refused(name: str, mask: str, tmp_path: Path) -> None:
    WRITE[name](tmp_path)
    second = tmp_path / "copy" / mask
    second.parent.mkdir(parents=True)
    shutil.copy(tmp_path / mask, second)
    line = refused(name, tmp_path)
    assert f"{tmp_path / mask} and" in line or f"and {tmp_path / mask} are masks of one image" in line
    assert str(second) in line and line.endswith(f"leave one of both in {tmp_path}")
