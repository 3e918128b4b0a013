"""Text Generation Quality by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import UserError
from bench.metrics import tgq
from bench.metrics.rows import oracle_rows
from bench.protocol import preset
from bench.records import Oracle

CLASSES = np.array([0, 1, 2], np.int32)
ROWS = np.array([[0.5, 0.6, 0.1], [0.2, 0.7, 0.1], [0.3, 0.1, 0.9]], np.float32)


def oracle(name: str, take: list[int]) -> Oracle:
    return Oracle(name, CLASSES[take], np.ones(len(take), np.int64), ROWS[take], 1 - ROWS[take])


def test_micro_is_strict_and_macro_is_not() -> None:
    assert tgq.counts(ROWS, CLASSES, "hit", "micro", 0.5) == (2, 3)
    assert tgq.counts(ROWS, CLASSES, "hit", "macro", 0.5, None) == (1, 1)
    assert tgq.counts(ROWS, CLASSES, "hit", "micro", 0.9) == (0, 3), "float32 0.9 lies above 0.9, rounding mends it"
    assert tgq.counts(ROWS, CLASSES, "hit", "micro", 0.9, None)[0] in (0, 1)
    assert tgq.counts(ROWS, CLASSES, "hit", "micro", None) == (3, 3)


def test_micro_pools_segments_and_macro_images() -> None:
    oracles = [oracle("a", [0]), oracle("b", [1, 2]), oracle("c", [])]
    micro, macro = (oracle_rows(oracles, "tt", preset(name)) for name in ("paper", "reference"))
    assert (micro["tgq.micro>0.5"].value(), micro["tgq.micro>0.5"].n) == (pytest.approx(2 / 3), 3)
    assert (macro["tgq.macro>=0.5"].value(), macro["tgq.macro>=0.5"].n) == (1, 2), "an image without segments is none"
    assert micro["tgq.micro.cosine"].value() == pytest.approx((0.5 + 0.7 + 0.9) / 3)
    assert macro["tgq.macro.cosine"].value() == pytest.approx((0.5 + 0.8) / 2)
    assert micro["tgq.micro.top1"].value() == pytest.approx(2 / 3)


def test_by_embedding_there_is_cosine_and_top1_only() -> None:
    rows = oracle_rows([oracle("a", [0, 1, 2])], "st", preset("paper"))
    assert set(rows) == {"tgq.micro.cosine", "tgq.micro.top1"}
    assert rows["tgq.micro.top1"].value() == 0


def test_without_captions_there_is_no_number_and_a_mixture_is_an_error() -> None:
    silent = Oracle("z", CLASSES[:1], np.ones(1, np.int64), None, None)
    assert oracle_rows([silent], "tt", preset("paper")) == {}
    with pytest.raises(UserError, match="1 of 2 images have no tt"):
        oracle_rows([silent, oracle("a", [0])], "tt", preset("paper"))


def test_validate_names_the_image() -> None:
    with pytest.raises(UserError, match="image a: true classes"):
        tgq.validate(oracle("a", [2]), 2)
    with pytest.raises(UserError, match=r"image a, oracle tt similarity: shape \(1, 3\)"):
        tgq.validate(oracle("a", [0]), 4)
