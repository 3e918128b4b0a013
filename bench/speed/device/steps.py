"""Sections 3.1 to 3.3: what every model stage computes on a device, from tensors to tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bench.caption.guidance import Guidance, Guided, guide
from bench.caption.language_step import LanguageStep
from bench.caption.zerocap import SEGMENTS_ON_GPU
from bench.encode.masking import MaskedEncoder
from bench.encode.segments import make_segments
from bench.models.dino import DenseFeatures, compute_loaded_size
from bench.models.text_tower import TextTower
from bench.records import Sample

PROMPT, CONTEXT = 4, 8
"""GPT-2's tokens of its prompt, the start among them; CLIP's tokens of a text in the middle of a search."""


def run_features(dino: DenseFeatures, height: int, width: int) -> Tensor:
    """Compute the unit features of a picture of that size: section 3.1 up to clustering."""
    size = compute_loaded_size(height, width, dino.size)
    dense = dino.compute_facet(torch.empty(1, 3, *size, device=dino.device))
    return functional.normalize(dense[0].float(), dim=1)


def run_embeddings(encoder: MaskedEncoder, sample: Sample, masks: Any) -> list[Any]:
    """Compute trunk and masked layers of all segments: section 3.2."""
    trunk = encoder.run_trunk(sample)
    plain = encoder.open_layers(sample, torch.zeros(trunk.shape[1:]).numpy())
    segments = make_segments(sample, masks, encoder.clip.grid, encoder.clip.device)
    return [encoder.encode(plain, part) for part in segments.split(encoder.micro_batch)]


def count_rows(options: Mapping[str, Any]) -> int:
    """Count the rows of a token step of an image: the beams of the segments that are searched together."""
    return SEGMENTS_ON_GPU * int(options["beams"])


def run_language(step: LanguageStep, options: Mapping[str, Any]) -> Guided:
    """Guide all rows at the longest context: section 3.3 without CLIP, ``caption.rows`` rows at a time."""
    rows, length = count_rows(options), PROMPT + int(options["tokens"]) - 2
    layers, width = len(step.blocks), step.embedding.shape[1]
    cache = step.embedding.new_empty(layers, 2, rows, step.heads, length, width // step.heads)
    guidance = Guidance(int(options["iterations"]), candidates=options["candidates"])

    def similarity(tokens: Tensor | None) -> Tensor:
        shape = (len(last), step.vocabulary) if tokens is None else tokens.shape
        return torch.empty(shape, device=step.device)

    parts = []
    for part in cache.split(int(options["rows"]), dim=2):
        last = torch.empty(part.shape[2], dtype=torch.int64, device=step.device)
        parts.append(guide(step, part.clone(), last, similarity, guidance))
    return Guided.join(parts)


def run_texts(tower: TextTower, contexts: int, candidates: int) -> list[Tensor]:
    """Encode new candidates of some contexts, each a token of CLIP's behind its context: the rest of section 3.3."""
    words = tower.embedding.shape[0] - 1
    end = words if tower.pooling == "argmax" or tower.end_id is None else tower.end_id
    beginnings = [[at % words, *range(1, CONTEXT)] for at in range(contexts)]
    texts = [[[*own, CONTEXT + token % (words - CONTEXT), end] for token in range(candidates)] for own in beginnings]
    return tower.encode_all(list(zip(tower.read_all(beginnings), texts, strict=True)))


def run_sentences(model: Any, texts: int, tokens: int) -> Tensor:
    """Encode texts by the sentence encoder: section 4.2."""
    hidden: Tensor = model(torch.zeros(texts, tokens, dtype=torch.int64, device=model.device)).last_hidden_state
    return hidden.mean(1)
