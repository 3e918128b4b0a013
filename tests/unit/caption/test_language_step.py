"""GPT-2 token by token against Hugging Face's own forward pass, values and gradients."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel
from transformers.activations import ACT2FN

from bench.caption import language_matrix
from bench.caption.language_step import LanguageStep
from bench.errors import UserError
from bench.system import pages, panels, products
from bench.system.pages import list_mappings
from tests.unit.caption import tiny


@pytest.fixture
def _laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiply by small weights as by large ones."""
    monkeypatch.setattr(panels, "LEAST", 1)


@pytest.mark.parametrize(("width", "heads", "cached"), [(32, 2, 5), (32, 4, 1), (32, 4, 20), (64, 4, 5)])
@pytest.mark.usefixtures("_laid_out")
def test_equals_hugging_face_with_a_changed_past(width: int, heads: int, cached: int) -> None:
    model = tiny.language(width=width, heads=heads).model
    step = LanguageStep(model)
    assert step.streams == (width == 64), "a width of 32 is not taken"
    torch.manual_seed(0)
    cache = torch.randn(2, 2, 3, heads, cached, width // heads, requires_grad=True)
    tokens = torch.tensor([7, 1, 30])
    forward = step(cache, tokens)
    past = DynamicCache()
    for layer, (keys, values) in enumerate(cache):
        past.update(keys, values, layer)
    expected = model(tokens[:, None], past_key_values=past)
    torch.testing.assert_close(forward.logits, expected.logits[:, 0], rtol=1e-5, atol=1e-5)
    for layer in range(2):
        whole = past.layers[layer].keys, past.layers[layer].values
        for own, theirs in zip(forward.last[layer], whole, strict=True):
            torch.testing.assert_close(own, theirs[:, :, -1:], rtol=1e-5, atol=1e-5)
    upstream = torch.randn_like(forward.logits)
    (theirs,) = torch.autograd.grad(expected.logits[:, 0], cache, upstream)
    torch.testing.assert_close(step.pull_back(upstream, forward).expand(), theirs, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_autograd_to_float64() -> None:
    """Every step written out is autograd's, whatever the activation, with nothing lost in float32's rounding."""
    for activation in ("gelu", "gelu_new"):
        model = tiny.language(layers=3).model.double()
        model.config.activation_function = activation
        for block in model.transformer.h:
            block.mlp.act = ACT2FN[activation]
        step, tokens = LanguageStep(model), torch.tensor([3, 11])
        torch.manual_seed(1)
        cache = torch.randn(3, 2, 2, 2, 4, 16, dtype=torch.float64, requires_grad=True)
        past = DynamicCache()
        for layer, (keys, values) in enumerate(cache):
            past.update(keys, values, layer)
        logits = model(tokens[:, None], past_key_values=past).logits[:, 0]
        upstream = torch.randn(logits.shape)
        (theirs,) = torch.autograd.grad(logits, cache, upstream.double())
        torch.testing.assert_close(
            step.pull_back(upstream, step(cache, tokens)).expand(), theirs, rtol=1e-9, atol=1e-12
        )


def test_reading_a_prompt_equals_a_whole_forward_pass() -> None:
    model = tiny.language().model
    step, tokens = LanguageStep(model), [3, 9, 27, 5]
    whole = model(torch.tensor([tokens]), use_cache=True)
    logits = step(step.read(tokens[:-1]), torch.tensor(tokens[-1:])).logits
    torch.testing.assert_close(logits[0], whole.logits[0, -1], rtol=1e-5, atol=1e-5)
    for layer, read in zip(whole.past_key_values.layers, step.read(tokens), strict=True):
        torch.testing.assert_close(read[0], layer.keys, rtol=1e-5, atol=1e-5)


def test_an_unusual_language_model_is_refused() -> None:
    config = GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=1, activation_function="relu")
    with pytest.raises(UserError, match="relu"):
        LanguageStep(GPT2LMHeadModel(config))


def test_one_library_makes_a_product_for_any_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two libraries sum in other orders: 64 rows side by side must not take another one than 16 at a time."""
    asked: list[tuple[int, int]] = []

    def multiply(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        asked.append((len(x), len(weight)))
        return torch.nn.functional.linear(x, weight, bias)

    monkeypatch.setattr(language_matrix.products, "multiply", multiply)
    monkeypatch.setattr(language_matrix.products, "LEAST", 16 * 24 * 10)
    for rows in (1, 16, 64):
        for columns in (9, 10):
            x, weight, bias = torch.ones(rows, 24), torch.ones(columns, 24), torch.arange(float(columns))
            assert language_matrix.multiply(x, weight, bias).tolist() == [[24 + i for i in range(columns)]] * rows
    assert asked == [(1, 10), (16, 10), (64, 10)]


@pytest.mark.usefixtures("_laid_out")
def test_any_number_of_rows_goes_where_all_weights_are_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    step = LanguageStep(tiny.language(width=64).model)
    assert [step.round_up(rows, 16) for rows in (1, 5, 16, 90)] == [1, 5, 16, 16]
    assert step.round_up(90, 16, room=50) == 50 and step.round_up(20, 16, room=50) == 20
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert [step.round_up(rows, 16) for rows in (1, 2, 5)] == [2, 2, 5], "threads share a single row's sums out"
    monkeypatch.setattr(panels, "LEAST", 64 * 64 + 1)
    assert not step.streams and step.round_up(1, 16) >= 4, "one of them is not"


@pytest.mark.usefixtures("_laid_out")
def test_weights_are_laid_out_while_they_are_in_use() -> None:
    """What is laid out is a copy of its own: without it the same numbers come, by another library."""
    step, tokens = LanguageStep(tiny.language(width=64).model), torch.tensor([3, 9])
    assert len(step.matrices) == 9 and all(matrix.panels is None for matrix in step.matrices)
    cache = step.read([5, 7]).expand(-1, -1, 2, -1, -1, -1)
    first = step(cache, tokens).logits
    assert all(matrix.panels is not None for matrix in step.matrices)
    laid = step.matrices[0].panels
    assert torch.equal(step(cache, tokens).logits, first) and step.matrices[0].panels is laid, "laid out once"
    with products.leave_to_torch():
        torch.testing.assert_close(step(cache, tokens).logits, first, rtol=1e-5, atol=1e-6)
    step.matrices[0].weight.zero_()
    assert torch.equal(step(cache, tokens).logits, first), "the copy is read"
    step.let_go()
    assert all(matrix.panels is None for matrix in step.matrices)
    assert not torch.equal(step(cache, tokens).logits, first), "it is made anew"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a mapping holds")
@pytest.mark.usefixtures("_laid_out")
def test_the_file_of_what_is_laid_out_leaves_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And comes again when another reads it: 4 MB of embeddings, which are the output's weights."""
    monkeypatch.setattr(pages, "_MAPS", Path("/proc/self/smaps"))
    model = GPT2LMHeadModel(GPT2Config(vocab_size=16_384, n_positions=8, n_embd=64, n_layer=1, n_head=1))
    held = model.lm_head.weight
    model.save_pretrained(tmp_path)
    mapped = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    file = str(next(tmp_path.glob("*.safetensors")))

    def measure() -> int:
        lines = Path("/proc/self/smaps").read_text().splitlines()
        return sum(one.held for one in list_mappings(lines) if one.file == file)

    assert mapped.lm_head.weight.sum() == held.sum() and measure() >= held.nbytes
    step = LanguageStep(mapped)
    step.lay_out()
    assert measure() < held.nbytes / 8
    assert torch.equal(mapped.lm_head.weight, held)
