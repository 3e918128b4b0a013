"""Text Generation Quality by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import UserError
from bench.metrics import tgq
from bench.records import TrueSegmentTexts
from bench.score.evaluate import evaluate
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import CLASSES as FIVE
from tests.unit.metrics.make import NAMING
from tests.unit.metrics.measure import count_truths, image_of, summed

CLASSES = np.array([0, 1, 2], np.int32)
ROWS = np.array([[0.5, 0.6, 0.1], [0.2, 0.7, 0.1], [0.3, 0.1, 0.9]], np.float32)


def oracle(name: str, take: list[int]) -> TrueSegmentTexts:
    five = np.pad(ROWS[take], ((0, 0), (0, 2)))
    return TrueSegmentTexts(name, CLASSES[take], np.ones(len(take), np.int64), five, 1 - five)


def test_micro_is_strict_and_macro_is_not() -> None:
    def hits(tau: float, **settings: object) -> tuple[float, float]:
        image = image_of(None, oracle("a", [0, 1, 2]), tau_sbert=tau, **settings)
        (terms,) = (part for name, part in tgq.compute_text_quality(image).items() if ">" in name)
        return summed(terms)

    assert hits(0.5) == (2, 3)
    assert hits(0.5, tgq="macro", rounding=None) == (3, 3)
    assert hits(0.9) == (0, 3), "float32 0.9 lies above 0.9, rounding mends it"
    assert hits(0.9, rounding=None)[0] in (0, 1)
    assert not any(">" in name for name in tgq.compute_text_quality(image_of(None, oracle("a", [0]), tau_sbert=None)))


def test_micro_pools_segments_and_macro_images() -> None:
    oracles = [oracle("a", [0]), oracle("b", [1, 2]), oracle("c", [])]
    micro, macro = (count_truths(oracles, "tt", preset(name)) for name in ("paper", "reference"))
    assert (micro["tgq.micro>0.5"].value(), micro["tgq.micro>0.5"].n) == (pytest.approx(2 / 3), 3)
    assert (macro["tgq.macro>=0.5"].value(), macro["tgq.macro>=0.5"].n) == (1, 2), "an image without segments is none"
    assert micro["tgq.micro.cosine"].value() == pytest.approx((0.5 + 0.7 + 0.9) / 3)
    assert macro["tgq.macro.cosine"].value() == pytest.approx((0.5 + 0.8) / 2)
    assert micro["tgq.micro.top1"].value() == pytest.approx(2 / 3)


def test_by_embedding_there_is_cosine_and_top1_only() -> None:
    rows = count_truths([oracle("a", [0, 1, 2])], "st", preset("paper"))
    assert set(rows) == {"tgq.micro.cosine", "tgq.micro.top1"}
    assert rows["tgq.micro.top1"].value() == 0


def test_without_captions_there_is_no_number_and_a_mixture_is_an_error() -> None:
    silent = TrueSegmentTexts("z", CLASSES[:1], np.ones(1, np.int64), None, None)
    assert count_truths([silent], "tt", preset("paper")) == {}
    with pytest.raises(UserError, match="1 of 2 images have no tt"):
        evaluate([], [silent, oracle("a", [0])], FIVE, preset("paper"), NAMING)


def test_validate_names_the_image() -> None:
    with pytest.raises(UserError, match="image a: true classes"):
        tgq.validate(oracle("a", [2]), 2)
    with pytest.raises(UserError, match=r"image a, oracle tt similarity: shape \(1, 5\)"):
        tgq.validate(oracle("a", [0]), 4)


@pytest.mark.parametrize("rule", ["micro", "macro"])
@pytest.mark.parametrize("rounding", [6, 1])
def test_hits_at_every_threshold_are_those_at_each(rule: str, rounding: int) -> None:
    """Rows hold up to their tau (macro: >=) or up to just before it (micro: >), as the metric itself has it there."""
    rows = oracle("a", [0, 1, 2])
    traced = tgq.trace_hits(image_of(None, rows, tgq=rule, rounding=rounding))
    assert traced is not None
    taus, terms = traced
    assert taus.tolist() == [0.5, 0.7, 0.9, np.inf] and terms.average == tgq.RULES[rule][0]
    for tau in (-1.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        image = image_of(None, rows, tgq=rule, rounding=rounding, tau_sbert=tau)
        (known,) = (part for name, part in tgq.compute_text_quality(image).items() if ">" in name)
        row = np.searchsorted(taus, tau, side="right" if rule == "micro" else "left")
        np.testing.assert_array_equal(terms.numerator[row], known.numerator[0], str(tau))
