"""A trial: what a row says of made-up forms."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from bench.errors import UserError
from bench.speed import products, write
from bench.speed.caption_step import compare_texts
from bench.speed.clock import has_enough, measure, use_one_thread
from bench.speed.products import Product
from bench.speed.rows import describe_others, read_rows
from bench.speed.trial import Trial, run_trial
from bench.speed.write import COLUMNS, make_page, write_all, write_json

TRIAL = Trial("features", "one number", lambda: 1.0, lambda: 1.25, lambda one, other: abs(one - other), 0.25)
MACHINE = {"processor": "one", "dtype": "float32", "torch": "2"}


def read(path: Path, machine: dict[str, str] = MACHINE) -> list[dict[str, Any]]:
    return read_rows(path, machine, lambda rows: make_page(rows, machine, "paper"))


def test_forms_agree_up_to_the_tolerance_and_no_further() -> None:
    assert run_trial(TRIAL)["agrees"] and run_trial(TRIAL)["difference"] == 0.25
    assert not run_trial(replace(TRIAL, tolerance=0.2))["agrees"]
    assert not run_trial(replace(TRIAL, fast=lambda: math.nan))["agrees"]


def test_what_was_not_run_is_marked() -> None:
    row = run_trial(replace(TRIAL, plain_times=1000.0, extrapolated="1 block of 1000"))
    assert (row["plain"], row["fast"], row["how"]) == ("extrapolated", "measured", "1 block of 1000")
    assert row["plain_s"] == pytest.approx(row["ratio"] * row["fast_s"])
    assert run_trial(TRIAL)["plain"] == "measured"


def test_share_and_throughput_follow_from_the_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the FLOP at 4 a second and half at 1: 1.6 a second together."""
    monkeypatch.setattr(products, "_measure", lambda m, *shape: {32: 4e9, 64: 1e9}[m])
    row = run_trial(replace(TRIAL, products=lambda: [Product(32, 32, 32, 10), Product(64, 32, 32, 5)]))
    assert row["flops"] == 4 * 32**3 * 10
    assert (row["limit_gflops_a_second"], row["best_gflops_a_second"]) == pytest.approx((1.6, 4))
    assert row["share"] == pytest.approx(row["gflops_a_second"] / 1.6)
    assert row["share_best"] == pytest.approx(row["gflops_a_second"] / 4)
    assert run_trial(TRIAL)["share"] is None and run_trial(TRIAL)["flops"] is None


def test_a_call_is_repeated_only_while_it_is_short() -> None:
    made, cost = measure(lambda: 7)
    assert made == 7 and cost.times == 5 and cost.peak_mb > 1 and 0 <= cost.mapped_mb < cost.peak_mb


@pytest.mark.parametrize(
    ("spent", "most", "enough"),
    [([], 5, False), ([0.1] * 4, 5, False), ([0.1] * 5, 5, True), ([0.3, 0.3], 5, True), ([2.0], 5, False),
     ([2.0], 1, True), ([2.0, 1.0], 5, True), ([30.0], 5, False), ([60.0], 5, True)],
)  # fmt: skip
def test_a_long_call_is_made_once_and_the_first_of_a_shorter_one_is_not_believed(
    spent: list[float], most: int, enough: bool
) -> None:
    assert has_enough(spent, most) == enough


def test_a_call_is_measured_on_one_thread_whatever_another_has_asked_for() -> None:
    """As the first call of a form does that loads a model."""
    seen, before = [], torch.get_num_threads()

    def load() -> None:
        seen.append(torch.get_num_threads())
        torch.set_num_threads(3)

    torch.set_num_threads(2)
    try:
        measure(load)
        assert seen == [1] * 5 and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_one_thread_is_given_back() -> None:
    before = torch.get_num_threads()
    with use_one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_texts_differ_by_a_token_or_by_a_score() -> None:
    one = [([1, 2], -1.0), ([3], -2.0)]
    assert compare_texts(one, one) == 0
    assert compare_texts(one, [([1, 2], -1.0), ([3], -2.5)]) == 0.5
    assert compare_texts(one, [([1, 4], -1.0), ([3], -2.0)]) == math.inf


@pytest.mark.parametrize("at", [0, 1])
def test_a_score_that_is_no_number_differs_wherever_it_stands(at: int) -> None:
    one = [([1, 2], -1.0), ([3], -2.0)]
    other = [(tokens, math.nan if place == at else score) for place, (tokens, score) in enumerate(one)]
    assert math.isnan(compare_texts(one, other)) and math.isnan(compare_texts(other, other))
    assert not run_trial(replace(TRIAL, plain=lambda: one, fast=lambda: other, compare=compare_texts))["agrees"]


def test_rows_of_another_machine_are_not_kept(tmp_path: Path) -> None:
    path = write_json([run_trial(TRIAL)], MACHINE, "paper", tmp_path / "paper.json")
    assert [row["stage"] for row in read(path)] == ["features"]
    assert read(path, {**MACHINE, "torch": "3"}) == [] == read(tmp_path / "none.json")
    path.write_text("{}[")
    with pytest.raises(UserError, match="no rows of `zgs speed`"):
        read(path)


def test_the_share_of_an_earlier_version_was_that_of_the_best_shape(tmp_path: Path) -> None:
    row = {**run_trial(replace(TRIAL, products=lambda: [Product(32, 32, 32, 10)])), "share": 0.5}
    del row["share_best"], row["best_gflops_a_second"]
    (known,) = read(write_json([row], MACHINE, "paper", tmp_path / "paper.json"))
    assert (known["share"], known["share_best"]) == (None, 0.5)
    page = make_page([known], MACHINE, "paper")
    assert "| – | 0.50 |" in page and "share of the limit, at least" not in page, "no aim is of the best shape"
    assert "Share –: the row was measured by an earlier version" in page
    assert "Share –" not in make_page([{**known, "share": 0.6}, run_trial(TRIAL)], MACHINE, "paper"), "no products: –"


def test_rows_are_kept_before_the_picture_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes seconds, in which a command may be stopped."""
    monkeypatch.setattr(write, "draw", lambda *_: pytest.fail("stopped"))
    with pytest.raises(pytest.fail.Exception):
        write_all([run_trial(TRIAL)], MACHINE, "paper", tmp_path)
    assert len(read_rows(tmp_path / "paper.json", MACHINE, list)) == 1


@pytest.mark.usefixtures("blank_figures")
def test_rows_say_which_settings_they_were_made_with_and_others_are_not_judged(tmp_path: Path) -> None:
    own = {
        **run_trial(replace(TRIAL, stage="embeddings")),
        "ratio": 9.0,
        "settings": ["encode=masked", "image=a|b.png"],
    }
    old = run_trial(TRIAL)  # without the field, as earlier versions left it
    write_all([old, own], MACHINE, "paper", tmp_path)
    kept = read(tmp_path / "paper.json")
    assert [row["settings"] for row in kept] == [[], own["settings"]]
    page = (tmp_path / "paper.md").read_text()
    assert "| features | one number | by default |" in page
    assert "| embeddings | one number | `encode=masked image=a\\|b.png` |" in page
    assert "Made by `zgs speed scale=paper`, each row with the words under settings besides, on one" in page
    assert "| features: ratio, at least 5 |" in page and "embeddings: ratio" not in page
    assert "Not judged, since the aims are those of the default settings: embeddings (encode=masked" in page
    table = [line for line in page.splitlines() if line.startswith(("| stage", "|---|---|-", "| features | one"))]
    assert {line.count("|") for line in table} == {15}
    assert list(pd.read_csv(tmp_path / "paper.csv")["settings"]) == ["by default", "encode=masked image=a|b.png"]
    assert "**Weights:** Of features, embeddings: not told." in page
    dino = make_page([old, {**own, "weights": "clip random, 427.9 M numbers"}], MACHINE, "paper")
    assert "**Weights:** Of features: not told. Of embeddings: clip random, 427.9 M numbers." in dino
    assert describe_others(kept, kept[:1]) == "kept beside, of other settings: embeddings (encode=masked image=a|b.png)"
    assert describe_others(kept, kept[1:]) == "kept beside, of other settings: features (by default)"
    assert describe_others(kept[:1], kept[:1]) == "" and "settings" not in make_page([old], MACHINE, "embedded")


@pytest.mark.usefixtures("blank_figures")
def test_files_say_what_was_extrapolated(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [run_trial(TRIAL), run_trial(replace(TRIAL, stage="captions", extrapolated="a part"))]
    written = write_all(rows, MACHINE, "paper", tmp_path)
    assert {path.name for path in written} == {f"paper.{end}" for end in ("json", "csv", "md", "png", "svg")}
    assert tuple(pd.read_csv(tmp_path / "paper.csv").columns) == COLUMNS
    assert [one["stage"] for one in json.loads((tmp_path / "paper.json").read_text())] == ["features", "captions"]
    page = (tmp_path / "paper.md").read_text()
    assert page.count("(**extrapolated**)") == 1 and "- captions: a part." in page and "- features" not in page
    assert make_page(rows[:1], MACHINE, "embedded").count("xtrapolated") == 0
    page = make_page([{**rows[0], "note": "a choice."}, *rows[1:]], MACHINE, "embedded")
    assert page.endswith("- captions: a part.\n\n**Plain, where it is a choice:**\n\n- features: a choice.\n")


def test_an_image_is_told_with_its_range_and_also_as_earlier_versions_left_it() -> None:
    image = {
        "of": "20 segments", "plain_s": 360_000.0, "fast_s_least": 1800.0, "fast_s": 3600.0, "fast_s_most": 7200.0,
        "ratio": 100.0, "language_model_s": 360.0, "measured_text_s": 0.0025, "measured_texts_share": 0.75,
        "distinct": {"step": 0.25, "segment": 0.24, "image": 0.23, "settings": "20 segments"},
    }  # fmt: skip
    page = make_page([{**run_trial(TRIAL), "image": image}], MACHINE, "paper")
    assert "plain 100 h, fast 1.00 h (0.50 h if every iteration asked for the same texts, 2.00 h if none" in page
    assert (
        "of it the language model 0.10 h. A text where packs are full: 2.50 ms, 0.75 of the limit of its shapes. Dist"
        in page
    )
    del image["measured_texts_share"]
    assert "0.10 h. Distinct of the texts" in make_page([{**run_trial(TRIAL), "image": image}], MACHINE, "paper")


def test_the_parts_of_a_token_step_are_told() -> None:
    parts = {"texts_s": 1.25, "texts_share": 0.8, "language_s": 0.75, "language_bytes_s": 2e10, "memory_bytes_s": 4e10}
    page = make_page([{**run_trial(TRIAL), "parts": parts}], MACHINE, "paper")
    assert "texts 1.25 s, 0.80 of the limit of their shapes; the language model, for a single row, 0.75 s" in page
    assert "weights at 20 GB/s, 0.50 of what one thread reads here" in page
