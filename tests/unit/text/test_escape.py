"""Names in terminals, markdown, pages and figures: whatever they hold, they are one line, harmless and told apart."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.text import fonts
from bench.text.escape import (
    escape_for_figure,
    escape_for_picture,
    escape_for_terminal,
    escape_markdown,
    measure_width,
    pad_text,
    shorten_apart,
    shorten_middle,
)

BAD = {
    "line\nend": "line\\nend", "tab\t": "tab\\t", "\r": "\\r", "nul\x00": "nul\\x00",
    "\x1b[31mred\x1b[0m": "\\x1b[31mred\\x1b[0m",
    "\x9b31m": "\\x9b31m", "\u202egnp.exe": "\\u202egnp.exe", "\u2066x\u2069": "\\u2066x\\u2069", "\u200fx": "\\u200fx",
    "a\u2028b": "a\\u2028b", "\ud800": "\\ud800", "\U000e0041": "\\U000e0041", "zero\u200bwidth": "zero\\u200bwidth",
}  # fmt: skip
GOOD = ["full", "encode.sigma2=0.5", "größer ✓", "猫と犬", "می‌خواهم", "👩‍🚀", "a\\b", "$x_1^2$", "_x", "100 %"]


@pytest.mark.parametrize(("text", "shown"), BAD.items())
def test_codes_and_ends_are_shown(text: str, shown: str) -> None:
    assert escape_for_terminal(text) == shown


@pytest.mark.parametrize("text", GOOD)
def test_what_can_be_seen_stays(text: str) -> None:
    assert escape_for_terminal(text) == text


@given(st.text())
def test_nothing_hidden_is_left_anywhere(text: str) -> None:
    for way in (escape_for_terminal, escape_markdown, escape_for_figure, escape_for_picture):
        shown = way(text)
        kinds = {unicodedata.category(c) for c in shown if c not in "\u200c\u200d"}
        assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"} and len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"), ("`x`", "\\`x\\`"), ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("a & b", "a &amp; b"), ("**bold**", "\\*\\*bold\\*\\*"), ("no_merge", "no_merge"), ("_it_", "\\_it\\_"),
        ("$x$", "\\$x\\$"), ("[a](http://b)", "\\[a](http://b)"), ("test[first:40]", "test[first:40]"),
        ("a\\|b", "a\\\\\\|b"), ("# x", "\\# x"), ("#NA", "#NA"), ("1. x", "1\\. x"), ("~~x~~", "\\~\\~x\\~\\~"),
        ("a\nb", "a\\nb"), ("3.5", "3.5"),
    ],
)  # fmt: skip
def test_markdown_means_nothing_but_the_name(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown


@given(st.text(st.sampled_from("a|\\`*\n"), max_size=12))
def test_no_bar_of_a_name_ends_a_cell(text: str) -> None:
    """A bar is escaped by an odd number of backslashes, counted as GitHub's parser of tables does."""
    shown, run = escape_markdown(text), 0
    for character in shown:
        assert character != "|" or run % 2 == 1
        run = run + 1 if character == "\\" else 0


@pytest.mark.parametrize("text", ["$x_1$", "$", "a$b$c$", "\\$x$", "100 %", "_x", "x^2"])
def test_matplotlib_draws_the_name_itself(text: str) -> None:
    from matplotlib.figure import Figure

    one = Figure().text(0, 0, escape_for_figure(text))
    shown, formula = one._preprocess_math(one.get_text())
    assert (shown, formula) == (text, False)


def test_letters_that_pictures_lack_are_told_by_their_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "choose_font", lambda text: None)  # whatever is installed here
    assert escape_for_figure("größe 猫") == "größe \\u732b" and escape_for_picture("犬") != escape_for_picture("猫")


def test_columns_of_a_terminal() -> None:
    assert (measure_width("abc"), measure_width("猫"), measure_width("e\u0301")) == (3, 2, 1)
    assert pad_text("猫", 4) == "猫  " and pad_text("x", 3, right=True) == "  x"


def test_long_names_keep_both_ends_and_stay_apart() -> None:
    names = [f"{'x' * 50}{'y' * 50}{at}" for at in range(3)] + ["a" * 60 + str(at) + "b" * 60 for at in range(3)]
    found = shorten_apart([*names, "short"], 30)
    assert list(found) == [*names, "short"] and len(set(found.values())) == 7
    assert all(measure_width(short) <= 30 for short in found.values()) and found["short"] == "short"
    assert found[names[1]].startswith("xxx") and found[names[1]].endswith("y1") and "…" in found[names[1]]


@given(st.text(), st.integers(3, 40))
def test_a_shortened_name_has_room(text: str, columns: int) -> None:
    assert measure_width(shorten_middle(text, columns)) <= max(columns, 3)
