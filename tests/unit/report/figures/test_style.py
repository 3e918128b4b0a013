"""What figures have in common: letters of any script, measured as they are drawn, and no setting of pyplot changed."""

from __future__ import annotations

import logging
import string
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text

from bench.report.figures.style import draw_key, list_letters, make_figure, measure_line, measure_width
from tests.unit.text.made_fonts import lend_fonts, make_font

WORDS = "IoU, 注意マスク of masks"


@pytest.mark.parametrize("bold", [False, True])
def test_a_line_is_as_wide_as_it_is_drawn_letter_by_letter(bold: bool, tmp_path: Path) -> None:
    """Beside the box of the text itself, with a font whose letters are all as wide as they are high."""
    file = make_font(tmp_path / "made.ttf", string.printable + "注意マスク")
    with lend_fonts(file):
        figure = make_figure(1.0)
        figure.set_dpi(2000)
        text = figure.text(0, 0, WORDS, fontsize=8, fontweight="bold" if bold else "normal")
        figure.draw_without_rendering()
        drawn = Text.get_window_extent(text).width / 2000
        assert measure_line(WORDS, 8, bold) == pytest.approx(drawn, rel=0.01)
        assert measure_width(WORDS, 8, bold) == pytest.approx(drawn, rel=0.02), "outlines end before the next letter"
        plain = measure_line(WORDS.replace("注意マスク", ""), 8, bold)
        assert measure_line(WORDS, 8, bold) - plain == pytest.approx(5 * 8 / 72, rel=0.01), "five letters of the font"


def test_a_figure_has_its_own_letters_and_says_nothing_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not pyplot's settings, whatever they are, nor a line about a family that has no bold letters."""
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler())
    with lend_fonts(make_font(tmp_path / "made.ttf", "猫")), mpl.rc_context({"font.family": ["serif"]}):
        settings = dict(mpl.rcParams)
        figure = make_figure(1.0)
        figure.suptitle("猫 cat", fontweight="bold")
        figure.draw_without_rendering()
        assert dict(mpl.rcParams) == settings
        assert {tuple(text.get_fontfamily()) for text in figure.findobj(Text)} == {tuple(list_letters())}
    assert list_letters()[0] == "DejaVu Sans" and capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("letters", "columns"), [(1, 4), (20, 2), (40, 1)])
def test_a_key_has_as_many_columns_as_the_picture_has_room_for(letters: int, columns: int) -> None:
    figure = make_figure(3.0)
    legend = draw_key(figure, [Line2D([], [])] * 4, ["m" * letters] * 4, "a note")
    figure.draw_without_rendering()
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    assert len({round(text.get_window_extent().y1) for text in legend.get_texts()}) == 4 // columns


@pytest.mark.parametrize("lined", [True, False])
def test_no_key_is_wider_than_its_picture(lined: bool) -> None:
    """Names of every width about those at which another column would have room."""
    for letters in range(12, 44, 2):
        figure = make_figure(3.0)
        legend = draw_key(
            figure, [Line2D([], [])] * 4, ["pixel mill"[: letters % 10] + "aM" * (letters // 2)] * 4, "", lined
        )
        figure.draw_without_rendering()
        box = legend.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width, letters
