"""Letters that DejaVu lacks: from a font of the system where one has them, else by their codes, never as boxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.report.pictures.lettering import load_font
from bench.text import fonts
from bench.text.escape import escape_for_picture
from tests.unit.text.made_fonts import lend_fonts, make_font


@pytest.fixture
def triangles(tmp_path: Path) -> Iterator[str]:
    file = make_font(tmp_path / "triangles.ttf", "猫 木")
    with lend_fonts(file):
        yield file


def test_a_text_is_written_in_the_first_font_that_has_all_of_it(triangles: str) -> None:
    assert fonts.choose_font("größe Ωж كلب") == fonts.find_usual()
    assert fonts.choose_font("猫 木") == triangles and escape_for_picture("猫 木") == "猫 木"
    assert fonts.choose_font("猫 and 木") is None and escape_for_picture("猫 and 木") == "\\u732b and \\u6728"
    assert fonts.choose_font("犬") is None and escape_for_picture("犬") == "\\u72ac"
    assert Path(load_font(13, True, "猫").path).name == "triangles.ttf"
    assert Path(load_font(13, True, "cat").path).name == "DejaVuSans-Bold.ttf"
    assert Path(load_font(13, False, "é").path).name == "DejaVuSans.ttf"


def test_what_is_drawn_is_the_letter_of_that_font(triangles: str) -> None:
    drawn = Image.new("L", (40, 40))
    ImageDraw.Draw(drawn).text((0, 0), "猫", font=load_font(30, True, "猫"), fill=255)
    ink = np.asarray(drawn) > 128
    rows = np.flatnonzero(ink.any(axis=1))
    widths = [int(ink[row].sum()) for row in (rows[2], rows[len(rows) // 2], rows[-2])]
    assert widths == sorted(widths) and widths[2] > 20 > widths[0]  # wider downwards: a triangle and no box


def test_families_that_are_not_installed_are_not_named() -> None:
    from matplotlib.font_manager import fontManager

    assert set(fonts.list_families()) <= {each.name for each in fontManager.ttflist}
    assert len(fonts.list_fallbacks()) <= len(fonts.FAMILIES) and all(
        Path(file).is_file() for file in fonts.list_fallbacks()
    )
