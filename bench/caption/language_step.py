"""ZeroCap's language model (section 3.3): GPT-2, one token at a time over keys and values that can be shifted.

Written over the weights of a `GPT2LMHeadModel`, because ZeroCap needs the gradient with respect to cached keys and
values. The cache is one tensor [layers, 2, rows, heads, tokens, channels]; the 2 are keys and values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from bench.caption.language_block import Block, Trace
from bench.caption.language_matrix import Matrix, multiply
from bench.caption.norm import Norm, Normed
from bench.caption.token_attention import CacheGradient
from bench.errors import UserError
from bench.system.pages import forget_files
from bench.system.rows import round_up

_TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")


class Pass(NamedTuple):
    """One forward pass: logits in float32, and what the gradient needs of the last norm and of every block."""

    logits: Float[Tensor, "b v"]
    normed: Normed
    traces: list[Trace]

    @property
    def last(self) -> Float[Tensor, "layers 2 b h 1 k"]:
        """The tokens' own keys and values."""
        pairs = torch.stack([trace.attended.packed[:, 1:] for trace in self.traces])  # layers b 2 h k
        return pairs.transpose(1, 2).unsqueeze(4)


class LanguageStep:
    """Forward passes of a GPT-2 for a single new token; its weights get no gradient."""

    def __init__(self, model: nn.Module) -> None:
        config: Any = model.config  # a `GPT2Config`; transformers is not read for types
        plain = config.scale_attn_weights and not config.scale_attn_by_inverse_layer_idx
        if config.activation_function not in (*_TANH_GELUS, "gelu") or not plain:
            raise UserError(f"language model with {config.activation_function} or unusual attention: use a plain GPT-2")
        gelu = "none" if config.activation_function == "gelu" else "tanh"
        model.requires_grad_(False)
        self.embedding: Tensor = model.get_parameter("transformer.wte.weight")
        self.positions: Tensor = model.get_parameter("transformer.wpe.weight")
        blocks = model.get_submodule("transformer.h").children()
        self.blocks = [Block.read(block, config.n_head, gelu) for block in blocks]
        self.norm = Norm.read(model, "transformer.ln_f")
        self.output = Matrix(model.get_parameter("lm_head.weight"))  # v w
        self.heads: int = config.n_head

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self.output.weight.shape[0]

    @property
    def bytes_a_token(self) -> int:
        """The bytes of the keys and values of a token."""
        return 2 * len(self.blocks) * self.embedding.shape[1] * self.embedding.element_size()

    @property
    def longest(self) -> int:
        """The longest context in tokens."""
        return self.positions.shape[0]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embedding.device

    @property
    def repeats(self) -> bool:
        """Whether a pass may be taken again for other rows: on a processor, where small batches cost less."""
        return self.device.type == "cpu"

    @property
    def matrices(self) -> list[Matrix]:
        """The large weights, in the order in which a pass reads them."""
        return [matrix for block in self.blocks for matrix in block.matrices] + [self.output]

    @property
    def weights(self) -> list[Tensor]:
        """One weight of each kind, as a pass reads it and, turned, as its gradient does."""
        kinds = [matrix.weight for matrix in (*self.blocks[0].matrices, self.output)]
        return [*(weight.t() for weight in kinds), *kinds]

    @property
    def streams(self) -> bool:
        """Whether every product is one of those in which a row has the same bits among any number of rows."""
        return all(matrix.is_taken for matrix in (*self.blocks[0].matrices, self.output))

    def lay_out(self) -> None:
        """Lay the large weights out for few rows, until `let_go`: a copy, for which their files leave memory."""
        if waiting := [matrix for matrix in self.matrices if matrix.panels is None and matrix.is_taken]:
            forget = forget_files()
            for matrix in waiting:
                matrix.lay_out(forget)

    def let_go(self) -> None:
        """Let go of what was laid out; it is laid out again when it is needed."""
        for matrix in self.matrices:
            matrix.let_go()

    def round_up(self, rows: int, usual: int, room: int = 0) -> int:
        """Round a batch up to a size at which every row has the bits that it has among ``usual``, or to the largest.

        That is at most ``usual`` or, where that is more, ``room``.
        """
        if self.streams:
            least = min(torch.get_num_threads(), 2)  # several threads would share out the sums of a single row
            return min(max(rows, least), max(usual, room))
        return round_up(rows, usual, self.weights, room, multiply)

    @torch.no_grad()
    def read(self, tokens: Sequence[int]) -> Float[Tensor, "layers 2 1 h t k"]:
        """Compute the cache of a text that all rows begin with: all tokens in one pass, without logits."""
        width = self.embedding.shape[1]
        if not tokens:
            return self.embedding.new_zeros(len(self.blocks), 2, 1, self.heads, 0, width // self.heads)
        self.lay_out()
        x, added, caches = self.embedding[list(tokens)], self.positions[: len(tokens)].clone(), []  # t w, t w
        for block in self.blocks:
            x, added, cache = block.read_text(x, added)
            caches.append(cache)
        return torch.stack(caches).unsqueeze(2)

    @torch.no_grad()
    def __call__(self, cache: Float[Tensor, "layers 2 b h t k"], tokens: Int64[Tensor, " b"]) -> Pass:
        """Compute the logits after one more token a row."""
        self.lay_out()
        x, added = self.embedding[tokens], self.positions[cache.shape[4]].repeat(len(tokens), 1)  # b w, b w
        traces = []
        for block, layer in zip(self.blocks, cache.contiguous(), strict=True):  # 2 b h t k
            x, added, trace = block(x, added, layer)
            traces.append(trace)
        normed = self.norm(x, added)
        return Pass(self.output.multiply_turned(normed.output).float(), normed, traces)

    @torch.no_grad()
    def pull_back(self, upstream: Float[Tensor, "b v"], forward: Pass) -> CacheGradient:
        """Compute the gradient of the cache of all layers from that of the logits."""
        layers = [own for _, own in self.pull_back_layers(upstream, forward)]
        return CacheGradient(*map(torch.stack, zip(*reversed(layers), strict=True)))

    @torch.no_grad()
    def pull_back_layers(
        self, upstream: Float[Tensor, "b v"], forward: Pass
    ) -> Iterator[tuple[int | slice, CacheGradient]]:
        """Compute the gradient of each layer's cache, the last layer first: its number, or those of several.

        A layer's cache is not read any more when its gradient is given.
        """
        self.lay_out()  # the pass may be an earlier one
        x = self.output.multiply(upstream.to(forward.normed.output.dtype))  # b w
        x = self.norm.pull_back(x, forward.normed, torch.zeros_like(x))
        for at, (block, trace) in reversed(list(enumerate(zip(self.blocks, forward.traces, strict=True)))):
            x, gradient = block.pull_back(x, trace, at == 0)
            yield at, gradient
