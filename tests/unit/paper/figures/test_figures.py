"""What stands in the figures of the paper: chosen images, bins, maps, ratings, and texts that can be read."""

from __future__ import annotations

import base64
import io
import re
import string
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures import attention
from bench.paper.figures.attention import choose_layers, choose_points, compute_maps
from bench.paper.figures.histograms import BINS, count_bins
from bench.paper.figures.panels import RULES
from bench.paper.figures.pictures import ACROSS, LETTERS, WIDE, Shown, compute_lines, draw_pictures, save_pictures
from bench.paper.figures.ratings import list_questions, select_questions
from bench.records import Sample
from bench.report.figures.style import save
from bench.score.human_ratings import Ratings
from tests.unit.encode.tiny import GRID, clip
from tests.unit.report.geometry import faults
from tests.unit.text.made_fonts import lend_fonts, make_font

nan = float("nan")
SCORES = pd.DataFrame({"a": [0.5, 0.1, nan, 0.9], "b": [0.2, 0.7, 0.4, 0.9]}, index=["i0", "i1", "i2", "i3"])


def test_rules_choose_images() -> None:
    assert RULES["best"][1](SCORES, 2, 0) == ["i3", "i1"], "by the last row, which is the method"
    assert RULES["spread"][1](SCORES, 2, 0) == ["i1", "i0"]
    first, again, other = (RULES["random"][1](SCORES, 3, seed) for seed in (4, 4, 5))
    assert first == again and len(set(first)) == 3 and sorted(first) == first
    assert other != first and RULES["random"][1](SCORES, 99, 0) == list(SCORES.index)


def test_bins_count_every_segment_once() -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"st_cosine": draw.normal(0.3, 0.1, 99), "st_top1": draw.random(99) < 0.4})
    lines = count_bins("ours", table, "st")
    assert len(lines) == 2 * BINS and lines["n"].sum() == 99
    for word, chosen in (("right", table["st_top1"]), ("wrong", ~table["st_top1"])):
        part = lines[lines["named"] == word]
        values = table.loc[chosen, "st_cosine"]
        for at, line in enumerate(part.to_dict("records")):
            below = values <= line["stop"] if at == BINS - 1 else values < line["stop"]
            assert line["n"] == ((values >= line["start"]) & below).sum()


def test_asking_patches_lie_in_the_largest_segments() -> None:
    truth = np.zeros((40, 60), np.int16)
    truth[:, 30:] = 1
    truth[30:, 40:50] = 2
    points = choose_points(Sample("i", np.zeros((40, 60, 3), np.uint8), truth), (4, 6))
    assert [truth[y * 10 + 5, x * 10 + 5] for y, x in points] == [0, 1, 2]
    blank = choose_points(Sample("i", np.zeros((40, 60, 3), np.uint8)), (4, 6))
    assert len(set(blank)) == 3 and all(0 <= y < 4 and 0 <= x < 6 for y, x in blank)
    assert choose_layers(24, 6) == [1, 6, 10, 15, 19, 24] and choose_layers(4, 6) == [1, 2, 3, 4]


def test_maps_are_what_torch_itself_attends_to() -> None:
    model, points = clip(3), [(0, 0), (2, 1)]
    sample = Sample("i", np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8))
    maps = compute_maps(model, sample, [1, 3, 4], points)
    assert maps.shape == (3, 3, *GRID) and maps.dtype == np.float32
    tokens, found = model.visual._embeds(model.preprocess(sample.image)), []
    for block in model.visual.transformer.resblocks:
        normed = block.ln_1(tokens)
        found.append(block.attn(normed, normed, normed, need_weights=True)[1][0].numpy())  # T T, mean over heads
        tokens = block(tokens)
    for own, weights in zip(maps, [found[0], found[2], found[3]], strict=True):
        for row, token in zip(own, [1, 1 + 2 * GRID[1] + 1, 0], strict=True):
            np.testing.assert_allclose(row.ravel(), weights[token, 1:], atol=1e-6)


def test_attention_is_drawn_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole figure, but that nothing is read from a run: what asks stands in its row, weights in the table."""
    truth = np.zeros((18, 24), np.int16)
    truth[:, 16:] = 1
    sample = Sample("b", np.full((18, 24, 3), 90, np.uint8), truth)
    made: dict[str, object] = {
        "open_dataset": lambda run: SimpleNamespace(list_ids=lambda: ["a", "b"]),
        "load_sample": lambda run, image_id: {"b": sample}[image_id],
        "read_run_settings": lambda run: {},
        "uses_embedded_models": lambda runs: True,
    }
    for name, made_one in made.items():
        monkeypatch.setattr(attention, name, made_one)
    model = SimpleNamespace(load_model=lambda kind: {"clip": clip(3)}[kind])
    monkeypatch.setattr("bench.run.context.RunContext", lambda settings: model)
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, path, **options: (figures.append(self), path.touch()))
    item = Item("figure10", "t", "attention", "s", options={"image": "b", "layers": 2})
    written = attention.draw(item, {"Ours": tmp_path}, tmp_path)
    assert [path.name for path in written] == ["figure10.png", "figure10.svg", "figure10.csv"]
    assert all(path.is_file() for path in written) and len(figures[0].axes) == 3 * (1 + 2)
    told = [text.get_text() for text in figures[0].findobj(Text)]
    assert {"patch 1", "patch 2", "global token", "layer 1", "layer 4"} <= set(told)
    assert any("Image b." in text for text in told)
    table = pd.read_csv(written[2])
    points = choose_points(sample, GRID)
    expected = compute_maps(clip(3), sample, [1, 4], points)
    assert list(table["token"].unique()) == ["patch 1", "patch 2", "global token"] and set(table["layer"]) == {1, 4}
    np.testing.assert_allclose(table["weight"], expected.ravel(), atol=1e-8)
    line = table[(table["token"] == "patch 2") & (table["layer"] == 4) & (table["y"] == 2) & (table["x"] == 3)]
    assert line["weight"].item() == pytest.approx(expected[1, 1, 2, 3], abs=1e-8)
    with pytest.raises(UserError, match="figure10: options: image: c is not in the data set"):
        attention.draw(replace(item, options={"image": "c"}), {"Ours": tmp_path}, tmp_path)


def test_questions_by_rating() -> None:
    """Of labels that the method said; the class name that Table 1 asked of the same segment is none of them."""
    said = {("a", 0): "cat", ("a", 1): "dog", ("b", 0): "sky", ("c", 0): "car"}
    batches = {
        "0": {("a", 0, "cat"): 3, ("a", 0, "animal"): 3, ("a", 1, "dog"): 2, ("b", 0, "sky"): 0},
        "1": {("a", 0, "cat"): 3, ("a", 1, "dog"): 0, ("b", 0, "sky"): 0},
        "2": {("a", 0, "cat"): 3, ("a", 1, "dog"): 3, ("c", 0, "car"): 3},
    }
    table = list_questions(Ratings("file", "0", batches, {}, 3), said)
    found = {line["label"]: (line["rating"], line["ratings"], line["agreed"]) for line in table.to_dict("records")}
    assert found == {
        "cat": (3, "3+3+3", True), "dog": (2, "2+0+3", False), "sky": (0, "0+0", True), "car": (3, "3", True),
    }  # fmt: skip
    shown = select_questions(table, 1, 0)
    assert list(shown["rating"]) == [3, 3, 2, 0] and list(shown["shown"]) == [True, False, True, True]
    disagreed = pd.concat([table] * 3).assign(rating=1, agreed=[False] * 8 + [True] * 4)
    assert select_questions(disagreed, 4, 1).query("shown")["agreed"].all(), "those that all agree on come first"


@pytest.mark.thinned(3)
@pytest.mark.parametrize("columns", [2, 4, ACROSS])
def test_pictures_with_long_names_can_be_read(columns: int) -> None:
    picture = Image.new("RGB", (384, 288), "grey")
    title = "Ours without global subtraction, $x_1$, 注意マスク " * 2
    shown = Shown(picture, title, "a note that is far too long for its picture, again and again\nIoU TT 7, ST 15")
    row = [Shown(picture, "input", "an image id of forty characters, 0123456789"), *[shown] * (columns - 1)]
    figure = draw_pictures([row, row[:1]], "a footer of many words that has to be broken " * 6)
    assert faults(figure) == []
    assert figure.get_figwidth() == WIDE and len(figure.axes) == columns + 1
    side = (WIDE / columns) * 72
    assert 0.85 * side / LETTERS < compute_lines(columns) < side / LETTERS


@pytest.mark.slow
@pytest.mark.parametrize("letters", ["none", "lent"])
def test_pictures_with_names_of_other_scripts_can_be_read(letters: str, tmp_path: Path) -> None:
    """With a font that has them beside DejaVu's letters, and by their codes where this system has none."""
    title = "Ours, bold letters of DejaVu's beside wide ones, 注意マスク " * 2
    files = [make_font(tmp_path / "made.ttf", string.printable + "注意マスク…")] if letters == "lent" else []
    with lend_fonts(*files):
        shown = Shown(Image.new("RGB", (384, 288), "grey"), title, "a long note 注意マスク " * 5)
        figure = draw_pictures([[shown, shown]], "a footer of many words that has to be broken, 注意マスク " * 4)
        assert faults(figure) == [], "nothing leaves the picture, and no letter is an empty box, which is a warning"
        told = [text.get_text() for text in figure.texts]
    assert all(("マ" if files else "\\u30de") in text for text in told) and len(told) == 5


@pytest.mark.slow
def test_files_with_pictures_are_small_and_look_the_same(tmp_path: Path) -> None:
    """A gradient with noise, as photographs have; both files twice the same bytes."""
    draw = np.random.default_rng(0)
    noise = draw.integers(0, 60, (200, 200, 3)) + np.linspace(0, 190, 200).astype(int)[:, None, None]
    row = [Shown(Image.fromarray(noise.astype(np.uint8)), "a"), Shown(Image.new("RGB", (200, 200), "red"), "b")]
    before = save(draw_pictures([row]), tmp_path / "before")
    after, again = (save_pictures(draw_pictures([row]), tmp_path / name) for name in ("after", "again"))
    for large, small, same in zip(before, after, again, strict=True):
        assert small.stat().st_size < 0.6 * large.stat().st_size and small.read_bytes() == same.read_bytes()
    one, two = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (before[0], after[0]))
    assert one.shape == two.shape and np.abs(one - two).mean() < 6
    found = re.findall(r"data:image/png;base64,([^\"]+)", after[1].read_text())
    assert len(found) == 2 and all(Image.open(io.BytesIO(base64.b64decode(text))).mode == "P" for text in found)
