"""Section 3.1: one block of a transformers ViT or Dinov2 over many tokens, by the weights of its own modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from bench.system.attention import attend
from bench.system.products import Activation, multiply, pack

ROWS = 512
"""Tokens that go through the linear layers of a block at once on a processor: what these make stays in its cache, and
of packed weights oneDNN multiplies so many at 0.97 of its best rate, but 1024 with 1536 columns at 0.8."""
PACKED_FROM = 8 * ROWS
"""Tokens from which packed weights pay: to pack one takes what four products of `ROWS` gain by it."""
BEHIND: dict[str, Activation] = {"gelu": "gelu", "gelu_pytorch_tanh": "gelu_tanh"}
"""Activations of an MLP, by transformers' names, that are computed behind its first product."""

Layer = Callable[[Tensor], Tensor]


def run_block(block: Any, tokens: Tensor, room: list[Tensor] | None = None) -> Tensor:
    """Run one pre-norm block over tokens [1, T, w]; on a processor `ROWS` at a time go through all but attention.

    `attend` never holds the n x n weights: 3.4 GB a layer on a 109 x 109 grid. Blocks that are given one list as `room`
    write queries, keys and values to the same memory: pages of new one are cleared first.
    """
    attention, (before, after) = block.attention, read_norms(block)
    layers = [_pack(layer, tokens) for layer in (attention.q_proj, attention.k_proj, attention.v_proj)]
    parts = _join_rows(partial(_project, before, layers), [] if room is None else room, tokens)
    query, key, value = (part.unflatten(2, (-1, attention.head_dim)).transpose(1, 2) for part in parts)  # 1 H T k each
    heads = attend(query, key, value).transpose(1, 2).flatten(2)  # 1 T w
    leave = partial(_leave, block, _pack(attention.o_proj, tokens), after, _read_mlp(block.mlp, tokens))
    return _join_rows(leave, [heads], tokens, heads)[0]  # each row has been read when it is written


def read_norms(block: Any) -> tuple[nn.Module, nn.Module]:
    """Return the two layer norms of a block of ViT or of DINOv2."""
    return (block.norm1, block.norm2) if hasattr(block, "norm1") else (block.layernorm_before, block.layernorm_after)


def _join_rows(make: Callable[..., Sequence[Tensor]], room: list[Tensor], *inputs: Tensor) -> Sequence[Tensor]:
    """Join what is made of `ROWS` tokens of all inputs [1, T, w] at a time, on a GPU of all at once: each [1, T, o].

    Each part is copied to its place in the `room`, which is made where it is empty, while it is in the cache;
    `torch.cat` would fetch all of them again.
    """
    if inputs[0].device.type != "cpu":
        return make(*inputs)
    tokens = inputs[0].shape[1]
    for first in range(0, tokens, ROWS):
        parts = make(*(x[:, first : first + ROWS] for x in inputs))
        if not room:
            room.extend(part.new_empty(1, tokens, part.shape[2]) for part in parts)
        for part, whole in zip(parts, room, strict=True):
            whole[:, first : first + ROWS] = part
    return room


def _project(norm: nn.Module, layers: Sequence[Layer], tokens: Tensor) -> list[Tensor]:
    """Compute queries, keys and values of tokens [1, r, w]: [1, r, w] each."""
    normed = norm(tokens)
    return [layer(normed) for layer in layers]


def _leave(block: Any, output: Layer, norm: nn.Module, mlp: Layer, tokens: Tensor, heads: Tensor) -> list[Tensor]:
    """Leave a block from the tokens that entered it and what attention gives, both [1, r, w]: residuals and MLP."""
    scale = getattr(block, "layer_scale1", nn.Identity()), getattr(block, "layer_scale2", nn.Identity())  # DINOv2's
    tokens = tokens + scale[0](output(heads))
    return [tokens + scale[1](mlp(norm(tokens)))]


def _read_mlp(mlp: Any, tokens: Tensor) -> Layer:
    """Read an MLP of two layers with an activation that a product takes along; another is called as it is."""
    activation = BEHIND.get(mlp.config.hidden_act) if hasattr(mlp, "activation_fn") else None
    if activation is None:
        return mlp
    first, second = _pack(mlp.fc1, tokens, activation), _pack(mlp.fc2, tokens)
    return lambda x: second(first(x))


def _pack(layer: nn.Linear, tokens: Tensor, activation: Activation = "none") -> Layer:
    """Make a function of a linear layer and an activation, with the weight packed where so many tokens share it."""
    packed = pack(layer.weight, ROWS, least=1) if tokens.shape[1] >= PACKED_FROM else None
    return partial(multiply, weight=layer.weight, bias=layer.bias, activation=activation, packed=packed)
