"""Letters of figures: matplotlib itself takes what DejaVu lacks from a font that the machine has."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from matplotlib.font_manager import FontProperties, fontManager

from bench.report.figures import style
from bench.text import fonts
from tests.unit.text.test_fonts import make_font


@pytest.fixture
def triangles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine with one more font, of the family Triangles, which has Han letters."""
    file = make_font(tmp_path / "triangles.ttf", "猫木")
    monkeypatch.setattr(fontManager, "ttflist", list(fontManager.ttflist))
    fontManager.addfont(file)
    monkeypatch.setattr(style, "list_families", lambda: ("Triangles",))
    monkeypatch.setattr(fonts, "list_fallbacks", lambda: (file,))
    fonts.choose_font.cache_clear()
    return file


def save_text(to: Path, text: str) -> list[str]:
    figure = style.make_figure(2, 3)
    figure.text(0.2, 0.5, style.figure_text(text), fontsize=12)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        style.save(figure, to)
    return [str(each.message) for each in told]


def test_letters_that_dejavu_lacks_are_drawn_and_measured(triangles: str, tmp_path: Path) -> None:
    assert save_text(tmp_path / "han", "猫木") == []
    han = FontProperties(family=["Triangles"], size=12)
    assert fontManager.findfont(han, fallback_to_default=False) == triangles
    style.measure_width.cache_clear()
    assert style.measure_width("猫木", 12) == pytest.approx(2 * 12 / 72, rel=0.15)  # two letters of one em each


def test_where_no_font_has_them_codes_stand_there_and_no_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "list_families", tuple)
    monkeypatch.setattr(fonts, "list_fallbacks", tuple)
    fonts.choose_font.cache_clear()
    assert style.figure_text("猫 cat") == "\\u732b cat" and save_text(tmp_path / "codes", "猫 cat") == []
    fonts.choose_font.cache_clear()
