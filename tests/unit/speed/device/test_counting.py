"""Operations and bytes of calls on "meta": by hand for small ones, by formulas for the paper's stages."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.caption.language_step import LanguageStep
from bench.errors import UserError
from bench.speed.device import shapes, steps
from bench.speed.device.counting import META, LiveBytes, count

PAPER: dict[str, Any] = {
    "clip": {"source": "ViT-L-14-336-quickgelu"}, "language": {"source": "gpt2-medium"},
    "dino": {"source": "facebook/dino-vits8", "size": 224, "stride": 2, "layer": -1, "facet": "key"},
    "sentence": {"source": shapes.MPNET},
}  # fmt: skip


def make(*size: int) -> torch.Tensor:
    return torch.empty(*size, device=META)


def test_bytes_are_those_that_are_alive_at_once() -> None:
    with LiveBytes() as live:
        a = make(1000)  # 4,000 bytes
        assert live.now == 4000
        b = a + 1
        view = b[:10].view(2, 5)
        b.mul_(2)
        assert live.launches == 2, "the sum and the product: an empty tensor and a view write nothing"
        assert live.now == live.peak == 8000, "views and changes in place hold nothing of their own"
        del a
        assert (live.now, live.peak) == (4000, 8000)
        del b
        assert live.now == 4000, "a view keeps all of it"
        del view
        c = make(500).to(torch.float16)
        assert (live.now, live.peak) == (1000, 8000) and c.dtype == torch.float16
    assert live.now == 1000


def test_parameters_and_what_is_cut_out_of_them_are_no_tensors_of_a_call() -> None:
    with META:
        layer = nn.Linear(20, 30)
    counted = count(lambda: functional.linear(make(4, 20), layer.weight[:10], layer.bias[:10]), [layer])
    assert counted.peak_bytes == 4 * (4 * 20 + 4 * 10) and counted.flops == 2 * 4 * 20 * 10
    assert count(lambda: layer(make(4, 20))).peak_bytes == 4 * (4 * 20 + 4 * 30), "of a layer that nobody named"


def test_attention_holds_no_weights_of_all_to_all() -> None:
    query = make(1, 2, 5000, 16)
    counted = count(lambda: functional.scaled_dot_product_attention(query, query, query))
    assert counted.flops == 2 * (2 * 2 * 5000 * 5000 * 16)
    assert counted.peak_bytes < 2 * query.nbytes < 5000 * 5000


def test_paper_scale_needs_what_its_architecture_says() -> None:
    """The segmenter, by the formula of a transformer's block; parameters by the published numbers."""
    built = shapes.build_shapes(PAPER, "bfloat16")
    counts = [sum(p.numel() for p in model.parameters()) / 1e6 for model in built.models]
    assert counts == pytest.approx([21.7, 427.9, 354.8, 108.9], abs=0.1)
    assert built.parameter_bytes == pytest.approx(2e6 * sum(counts))
    counted = count(lambda: steps.run_features(built.dino, 427, 640), built.models)
    tokens, width = 1 + 109 * 164, 384
    block = 2 * tokens * 12 * width**2 + 4 * tokens**2 * width
    rest = 2 * (tokens - 1) * (3 * 8**2 * width + width**2)  # patches, and the last layer's keys
    assert counted.flops == 11 * block + rest
    assert 2 * 4 * tokens * width < counted.peak_bytes < 2 * 24 * tokens * width


def test_new_texts_are_counted_by_their_own_tokens_in_full_packs() -> None:
    """Each of 1,500 texts has two tokens of its own and fills packs of 4,096 rows; one more pack reads contexts."""
    clip = shapes.build_clip("embedded:clip", "float32")
    tower, texts = clip.text, 1500
    counted = count(lambda: steps.run_texts(tower, 2, texts // 2), [clip.model])
    width, layers = tower.embedding.shape[1], len(tower.blocks)
    hidden = next(tower.blocks[0].mlp.parameters()).shape[0]
    row = 2 * (4 * width**2 + 2 * width * hidden)
    packs, ends = 1, 1  # 3,000 rows of new texts, and 1,500 last ones behind the last attention
    last = packs * 2 * 3 * width**2 + ends * (row - 2 * 3 * width**2)  # of it queries, keys and values are of all rows
    read = (layers - 1) * row + 2 * 3 * width**2
    assert (counted.flops - tower.rows * 2 * width * tower.dim) / tower.rows == pytest.approx(
        packs * (layers - 1) * row + last + read, rel=0.02
    ), "attention over ten tokens is little"


@torch.inference_mode()
def test_the_language_models_rows_go_in_batches_forward_and_back() -> None:
    """One iteration: two passes and one gradient, which leads to the cache alone: not through the lowest queries."""
    language = shapes.build_language("embedded:language")
    options = {"beams": 2, "rows": 20, "tokens": 3, "iterations": 1, "candidates": 7}
    step, guided = LanguageStep(language), []
    counted = count(lambda: guided.append(steps.run_language(step, options).logits.shape), [language])
    width, blocks, vocabulary = step.embedding.shape[1], 12 * len(step.blocks), step.vocabulary
    forward, back = blocks * width**2 + width * vocabulary, (blocks - 3) * width**2 + width * vocabulary
    rows = 16 * 2
    assert guided == [(rows, vocabulary)]
    assert counted.flops == pytest.approx(rows * 2 * (2 * forward + back), rel=0.02), "attention of a row is little"


def test_an_architecture_that_only_weights_tell_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^models.language.source=someone/gpt: its architecture is not known"):
        shapes.build_language("someone/gpt")
    with pytest.raises(UserError, match=r"^models.dino.source=facebook/dinov2-small: its architecture"):
        shapes.build_dino({"source": "facebook/dinov2-small"}, torch.float32)
    assert shapes.build_sentence("someone/other") is None
