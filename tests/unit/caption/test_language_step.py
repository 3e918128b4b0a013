"""GPT-2 token by token against Hugging Face's own forward pass, values and gradients."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel

from bench.caption.language_step import LanguageStep
from bench.errors import UserError
from tests.unit.caption import tiny


@pytest.mark.parametrize("heads", [2, 4])
def test_equals_hugging_face_with_a_changed_past(heads: int) -> None:
    model = tiny.language(width=32, heads=heads).model
    step = LanguageStep(model)
    torch.manual_seed(0)
    cache = torch.randn(2, 2, 3, heads, 5, 32 // heads, requires_grad=True)
    tokens = torch.tensor([7, 1, 30])
    logits, own = step(cache, tokens)
    past = DynamicCache()
    for layer, (keys, values) in enumerate(cache):
        past.update(keys, values, layer)
    expected = model(tokens[:, None], past_key_values=past)
    torch.testing.assert_close(logits, expected.logits[:, 0], rtol=1e-5, atol=1e-5)
    for layer in range(2):
        torch.testing.assert_close(own[layer, 0], past.layers[layer].keys[:, :, -1:], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(own[layer, 1], past.layers[layer].values[:, :, -1:], rtol=1e-5, atol=1e-5)
    upstream = torch.randn_like(logits)
    (ours,) = torch.autograd.grad(logits, cache, upstream)
    (theirs,) = torch.autograd.grad(expected.logits[:, 0], cache, upstream)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_reading_a_prompt_equals_a_whole_forward_pass() -> None:
    model = tiny.language().model
    step, tokens = LanguageStep(model), [3, 9, 27, 5]
    whole = model(torch.tensor([tokens]), use_cache=True)
    logits, _ = step(step.read(tokens[:-1]), torch.tensor(tokens[-1:]))
    torch.testing.assert_close(logits[0], whole.logits[0, -1], rtol=1e-5, atol=1e-5)
    for layer, read in zip(whole.past_key_values.layers, step.read(tokens), strict=True):
        torch.testing.assert_close(read[0], layer.keys, rtol=1e-5, atol=1e-5)


def test_an_unusual_language_model_is_refused() -> None:
    config = GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=1, activation_function="relu")
    with pytest.raises(UserError, match="relu"):
        LanguageStep(GPT2LMHeadModel(config))
