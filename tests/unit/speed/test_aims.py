"""The aims of the paper's scale: which are met is told from a run's own rows, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bench.speed.aims import AIMS, OF_BEST, STAGES, judge_aims, write_aims
from bench.speed.try_stages import STAGES as TRIED
from bench.speed.write import make_page

MACHINE = {"processor": "one", "dtype": "float32", "torch": "2"}


def make_row(stage: str, **more: Any) -> dict[str, Any]:
    row = {"stage": stage, "inputs": "some", "plain_s": 1.0, "fast_s": 1.0, "ratio": 1.0, "agrees": True, "how": "",
           "difference": 0.0, "peak_mb": 10.0, "flops": None, "share": None, "share_best": None, "n": 1}  # fmt: skip
    return row | more


def test_the_aims_are_those_of_the_issue() -> None:
    """As its text has them, in its order: ratios, shares, bfloat16, memory."""
    assert STAGES == TRIED
    assert [(aim.stage, aim.bound) for aim in AIMS if aim.path[-1] == "ratio"] == [
        ("features", 5), ("clustering", 8), ("embeddings", 6.5), ("captions", 90), ("captions", 300),
        ("scoring", 5000), ("features", 1.9), ("embeddings", 1.8),
    ]  # fmt: skip
    shares = {(aim.stage, *aim.path): aim.bound for aim in AIMS if "share" in aim.what}
    assert shares == {(stage, "share"): 0.85 for stage in ("features", "embeddings", "captions")}
    assert {aim.stage: aim.bound for aim in AIMS if aim.at_most} == dict.fromkeys(TRIED, 3072)


def test_what_is_missed_is_called_missed_and_what_was_not_measured_is_left_out() -> None:
    rows = [
        make_row("features", ratio=4.998, share=0.85, share_best=0.84, peak_mb=3072.0),
        make_row("embeddings", ratio=7, bfloat16={"ratio": 1.9}),
    ]
    assert write_aims(rows) == [
        "",
        "**Aims:** 5 of the 6 that were measured are met, 1 missed.",
        "",
        "| aim | measured | met |",
        "|---|---:|---|",
        "| features: ratio, at least 5 | 4.998 | **missed** |",
        "| embeddings: ratio, at least 6.5 | 7.00 | met |",
        "| features: share of the limit, at least 0.85 | 0.85 | met |",
        "| embeddings: bfloat16 of trunk and masked layers, ratio to float32, at least 1.8 | 1.90 | met |",
        "| features: peak, MB, at most 3,072 | 3,072 | met |",
        "| embeddings: peak, MB, at most 3,072 | 10.00 | met |",
    ]
    captions = make_row("captions", share=0.86, share_best=0.1)
    assert OF_BEST in write_aims([*rows, captions]) and OF_BEST not in write_aims([make_row("captions")])
    assert write_aims([]) == []


@pytest.mark.parametrize(("peak", "said"), [(3072.4, "3,072.4 | **missed**"), (3071.9, "3,071.9 | met")])
def test_a_value_beside_its_bound_does_not_look_like_it(peak: float, said: str) -> None:
    assert write_aims([make_row("scoring", peak_mb=peak)])[-1].endswith(f"| {said} |")


def test_captions_over_an_image_have_an_aim_of_their_own() -> None:
    judged = {aim.what: value for aim, value in judge_aims([make_row("captions", ratio=95, image={"ratio": 268.0})])}
    assert (judged["ratio of a token step"], judged["ratio over an image"]) == (95, 268)


def test_the_peak_of_a_step_is_not_taken_for_that_of_a_search() -> None:
    assert write_aims([make_row("captions")])[-1].startswith("- The peak of captions is that of the token step")
    assert "holds more" not in "".join(write_aims([make_row("scoring")]))


def test_only_the_page_of_the_papers_scale_tells_of_aims() -> None:
    rows = [make_row("scoring", ratio=4993.4)]
    page = make_page(rows, MACHINE, "paper")
    assert "| scoring: ratio, at least 5,000 | 4,993 | **missed** |\n" in page
    assert page.index("| stage |") < page.index("**Aims:**")
    assert "**Aims:**" not in make_page(rows, MACHINE, "embedded")


def test_smaller_models_are_judged_by_no_aim_and_named() -> None:
    """Those of other sizes are quicker and hold less: their numbers say nothing of the paper's models."""
    small = make_row("features", ratio=9, weights="dino random, 0.4 M numbers")
    large = make_row("captions", ratio=95, weights="clip random, 427.9 M numbers; language random, 354.8 M numbers")
    assert {aim.stage for aim, _ in judge_aims([small, large])} == {"captions"}
    said = "Not judged, since these models are smaller than the paper's: features (dino random, 0.4 M numbers)."
    assert write_aims([small, large])[-2:] == ["", said] and write_aims([small]) == ["", said]
    own = {**small, "settings": ["dtype=bfloat16"]}
    assert write_aims([own]) == [
        "",
        "Not judged, since the aims are those of the default settings: features (dtype=bfloat16).",
    ]
