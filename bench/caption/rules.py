"""ZeroCap's rules for special tokens, its fusion with the unmodified model, and how probabilities are normalised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.errors import UserError

_NUMBER = re.compile(r"0|[1-9][0-9]*")
_ALLOWED_NUMBERS = ("200000", "66666666")
_PUNCTUATION = ("!", "(", ")", ",", ":", "\n")


def list_gpt2_forbidden(vocabulary: Sequence[str]) -> tuple[int, ...]:
    """List what ZeroCap's authors forbid for GPT-2, as a rule over decoded tokens: 917 ids of GPT-2's own vocabulary.

    Decimal numbers without a leading blank or a leading zero (but for two), and six punctuation marks.
    """

    def forbidden(token: str) -> bool:
        return token in _PUNCTUATION or bool(_NUMBER.fullmatch(token) and token not in _ALLOWED_NUMBERS)

    return tuple(i for i, token in enumerate(vocabulary) if forbidden(token))


def resolve_forbidden(choice: str | Iterable[int | str] | None, vocabulary: Sequence[str]) -> tuple[int, ...]:
    """Resolve the option: the rule ``gpt2``, ids or exact tokens, or nothing. Raises `UserError` for anything else."""
    if choice == "gpt2":
        return list_gpt2_forbidden(vocabulary)
    if isinstance(choice, str) and choice != "none":
        raise UserError(f"caption.forbidden={choice} is unknown: use gpt2, none or a list of token ids or tokens")
    listed = () if choice is None or isinstance(choice, str) else tuple(choice)
    unknown = [token for token in listed if isinstance(token, str) and token not in vocabulary]
    if unknown:
        raise UserError(f"caption.forbidden={unknown[0]!r} is no token of the vocabulary; mind the blank before words")
    ids = tuple(vocabulary.index(token) if isinstance(token, str) else int(token) for token in listed)
    if any(not 0 <= i < len(vocabulary) for i in ids):
        raise UserError(f"caption.forbidden holds ids outside the vocabulary of {len(vocabulary)} tokens")
    return ids


@dataclass(frozen=True, eq=False)
class TokenRules:
    """Factors on logits: repeated tokens, then the end token, then forbidden tokens.

    A factor above 1 makes a token less likely: it divides a positive logit and multiplies a negative one.
    """

    end_token: int
    forbidden: Int64[Tensor, " f"]
    end_factor: float = 1.1
    end_start_factor: float = 1.6
    forbidden_factor: float = 20.0
    repetition_penalty: float = 1.0

    def __call__(
        self, logits: Float[Tensor, "b v"], context: Int64[Tensor, "b t"], first: bool
    ) -> Float[Tensor, "b v"]:
        """Apply the rules. The end token is held back at first and favoured later; "repeated" are the last 4."""
        recent = context[:, -4:]  # b 4
        logits = logits.scatter(1, recent, _discourage(logits.gather(1, recent), self.repetition_penalty))
        end_factor = self.end_start_factor if first else 1 / self.end_factor
        logits[:, self.end_token] = _discourage(logits[:, self.end_token], end_factor)
        logits[:, self.forbidden] = _discourage(logits[:, self.forbidden], self.forbidden_factor)
        return logits


def _discourage(logits: Tensor, factor: float) -> Tensor:
    return torch.where(logits > 0, logits / factor, logits * factor)


def fuse(
    logits: Float[Tensor, "b v"], before: Float[Tensor, "b v"], fusion: float, joint: bool
) -> Float[Tensor, "b v"]:
    """Compute log-probabilities of p_shifted^fusion * p_unmodified^(1 - fusion), for the beams of one segment.

    Normalised for each beam, or over all beams together (``joint``, the reference's way), where every unfinished beam
    pays about log b for a token and ended beams do not.
    """
    fused = fusion * logits.log_softmax(dim=-1) + (1 - fusion) * before.log_softmax(dim=-1)  # b v, not yet normalised
    return fused - (fused.flatten().logsumexp(dim=0) if joint else fused.logsumexp(dim=-1, keepdim=True))
