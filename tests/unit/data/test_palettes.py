"""Label files whose palettes or bits disagree, as an optimiser of PNGs leaves them, and files that agree."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.palettes import list_palette_remarks
from bench.data.voc import open_voc
from bench.prepare.plan import warn_of_palettes
from tests.unit.data.labelled_folder import FIVE, read
from tests.unit.exchange.drawn import classes_file, read_noted
from tests.unit.prepare.make import IDS, images, write_list
from tests.unit.prepare.planned import plan

BLACK, RED, GREEN, BLUE = (0, 0, 0), (128, 0, 0), (0, 128, 0), (0, 0, 128)
NAMES = {1: "cat", 2: "dog", 3: "sky"}
DRAWN = np.array([[0, 1, 2, 3]], np.uint8)


def save_palette(path: Path, colours: tuple[tuple[int, int, int], ...], bits: int = 8) -> Path:
    image = Image.fromarray(DRAWN)
    image.putpalette([value for colour in colours for value in colour])
    image.save(path, bits=bits)
    return path


def save_grey(path: Path, values: list[int], kind: type = np.uint8) -> Path:
    Image.fromarray(np.array([values], kind)).save(path)
    return path


def save_few_bits(path: Path) -> Path:
    """Grey of 1 bit a pixel, as a map of 0 and 255 becomes that is made smaller."""
    Image.fromarray(np.array([[False, True]])).save(path)
    return path


def test_colours_that_are_numbered_anew_are_told_with_both_files(tmp_path: Path) -> None:
    """Every order of three colours but the first: what is said names a number, its two colours and where they are."""
    first = save_palette(tmp_path / "first.png", (BLACK, RED, GREEN, BLUE))
    for colours in list(permutations((RED, GREEN, BLUE)))[1:]:
        other = save_palette(tmp_path / "other.png", (BLACK, *colours), bits=2)
        (line,) = list_palette_remarks([first, first, other])
        number = next(n for n, one in enumerate((RED, GREEN, BLUE)) if one != colours[n])
        own = (RED, GREEN, BLUE)[number]
        assert f"{number + 1} is {own} in {first} and {colours[number]} in {other} (files that differ" in line
        assert "those before: 1)" in line


@pytest.mark.parametrize("bits", [2, 8])
def test_a_short_palette_or_one_filled_up_with_black_agrees(tmp_path: Path, bits: int) -> None:
    whole = save_palette(tmp_path / "whole.png", (BLACK, RED, GREEN, BLUE, (9, 9, 9)))
    short = save_palette(tmp_path / "short.png", (BLACK, RED, GREEN, BLUE), bits)
    filled = save_palette(tmp_path / "filled.png", (BLACK, RED, GREEN, *[BLACK] * 253))
    for files in ([whole, short, filled], [filled, short, whole]):
        assert list_palette_remarks(files) == ()


def test_grey_of_few_bits_beside_others_is_told(tmp_path: Path) -> None:
    grey, wide, few = (
        save_grey(tmp_path / "grey.png", [0, 255]), save_grey(tmp_path / "wide.png", [0, 300], np.uint16),
        save_few_bits(tmp_path / "few.png"),
    )  # fmt: skip
    for others in ([grey], [wide], [grey, wide]):
        (line,) = list_palette_remarks([*others, few, few])
        assert f"less than 8 bits: 2, the first {few}; of 8 or more: {len(others)}. Numbers" in line
    assert list_palette_remarks([grey, wide]) == list_palette_remarks([few, few]) == ()
    palette = save_palette(tmp_path / "palette.png", (BLACK, RED, GREEN, BLUE), bits=2)
    assert list_palette_remarks([palette, grey]) == (), "a palette of few bits has the numbers that it has"


def test_files_that_are_no_pictures_say_nothing_here(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", DRAWN)
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert list_palette_remarks([tmp_path / "a.npy", tmp_path / "b.png", tmp_path / "missing.png"]) == ()
    assert list_palette_remarks([]) == ()


def test_every_reader_of_a_folder_says_it(tmp_path: Path, root: Path) -> None:
    """Two masks, each in its own order of colours: a labelled folder, VOC's layout, its preparation, an import."""
    voc = root / "VOCdevkit/VOC2012"
    masks = voc / "SegmentationClass"
    write_list(voc / "ImageSets/Segmentation/val.txt", IDS[:2])
    images(voc / "JPEGImages", IDS[:2])
    masks.mkdir()
    save_palette(masks / f"{IDS[0]}.png", (BLACK, RED, GREEN, BLUE))
    save_palette(masks / f"{IDS[1]}.png", (BLACK, RED, BLUE, GREEN), bits=2)
    mine = FIVE.replace("img/", "VOCdevkit/VOC2012/JPEGImages/").replace("ann/", "VOCdevkit/VOC2012/SegmentationClass/")
    said = [*read(root, mine).list_remarks()[-1:], *open_voc(voc).list_remarks()]
    said += [warn_of_palettes(plan("voc", root)).remarks[-1].removeprefix("WARNING: ")]
    said += [read_noted("label-maps", masks, classes=str(classes_file(tmp_path, NAMES)))[1][0]]
    assert len(said) == 4 and len(set(said)) == 1 and said[0].startswith("palettes of label files disagree: 2 is ")
    assert open_voc(voc, subset="first:1").list_remarks() == ()
