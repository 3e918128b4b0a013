"""Section 3 on one image, with what happens on the way: over-segments, attention, subtraction, words, merging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from bench.data.base import suggest_nearest
from bench.data.images import read_image
from bench.errors import UserError
from bench.mapping.similarity import PROMPT
from bench.merge.base import Merged
from bench.records import Captions, Embeddings, Sample, SegmentTree
from bench.run.context import RunContext
from bench.segment.cosine import compute_cosine

if TYPE_CHECKING:
    from bench.encode.attention_maps import AttentionMaps

STRANGE = "These models know nothing of photographs: names mean nothing here."
NEAREST = 5
"""Words that are told of a segment."""


@dataclass(frozen=True, eq=False)
class Explained:
    """All that section 3 makes of one image.

    ``leaves`` are the embeddings of the over-segments and ``captions`` their texts; ``merged`` is the result.
    ``nearest`` gives for each final segment words with their cosines to its embedding, best first. ``attention`` is of
    the final segments (None for an encoder that masks none), ``facts`` say in words what was done how.
    """

    sample: Sample
    tree: SegmentTree
    leaves: Embeddings
    captions: Captions
    merged: Merged
    nearest: Sequence[Sequence[tuple[str, float]]]
    attention: AttentionMaps | None
    facts: Mapping[str, str]

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the masked layers, as far as the encoder has traces of them."""
        return self.attention.layers if self.attention else ()

    def read_trace(self, name: str) -> Float32[np.ndarray, "n l"]:
        """Read ``saliency`` or ``weight`` of the final segments by layer, mean over heads; no column without any."""
        trace: np.ndarray = getattr(self.merged.embeddings, name)
        count = len(self.layers)
        return trace.reshape(len(trace), count, -1).mean(axis=2) if count and trace.size else trace[:, :0]


def load_shown_image(context: RunContext, place: str) -> Sample:
    """Load a picture file, or an image of the data set by its id. UserError for what is neither."""
    from pathlib import Path

    if Path(place).is_file():
        return Sample(Path(place).stem, read_image(place))
    ids = context.dataset.list_ids()
    if place not in ids:
        name = f"{context.dataset.name}:{context.dataset.split}"
        hint = suggest_nearest(place, ids) or f", e.g. {ids[0]}"
        raise UserError(f"{place}: neither a picture file nor an image of {name}{hint}; data=… chooses other data")
    return context.dataset.load(place)


def explain_image(context: RunContext, sample: Sample, words: Sequence[str] = ()) -> Explained:
    """Take an image, return what section 3 makes of it step by step, from the store where it is there.

    ``words`` are those that final segments are compared with, besides all texts that the method says here; without
    any, the class names of the data, if it has some.
    """
    stages, merge = context.stages, context.merge
    tree = stages.segment(sample)
    leaves = stages.embed(sample, tree.make_masks())
    captions = stages.describe(sample, leaves)
    merged = merge(tree, partial(stages.embed, sample), partial(stages.describe, sample))
    listed = list(words) or list(context.dataset.classes.names if context.dataset.classes else ())
    nearest = find_nearest_words(context, merged.embeddings, [*captions.texts, *merged.captions.texts, *listed])
    drawn = sample.image_id in context.dataset.list_ids() and not getattr(context.dataset, "photographs", True)
    facts = _tell(context, tree, merged, drawn)
    return Explained(sample, tree, leaves, captions, merged, nearest, _trace(context, sample, merged), facts)


def find_nearest_words(
    context: RunContext, embeddings: Embeddings, words: Sequence[str]
) -> list[list[tuple[str, float]]]:
    """Find the `NEAREST` words of each segment by the cosine with "Image of a {word}." in CLIP's space, best first."""
    listed = list(dict.fromkeys(word for word in words if word.strip()))
    if not listed:
        return [[] for _ in embeddings.vectors]
    cosine = compute_cosine_table(embeddings.vectors, context.give_encoder("st").encode_text(
        [PROMPT.format(word) for word in listed]))  # fmt: skip
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :NEAREST]
    return [[(listed[at], float(row[at])) for at in best] for row, best in zip(cosine, order, strict=True)]


def compute_cosine_table(
    left: Float32[np.ndarray, "n d"], right: Float32[np.ndarray, "w d"]
) -> Float32[np.ndarray, "n w"]:
    """Compute the cosine of each vector with each other one."""
    return np.array([[compute_cosine(one, other) for other in right] for one in left], np.float32)


def _trace(context: RunContext, sample: Sample, merged: Merged) -> AttentionMaps | None:
    from bench.encode.attention_maps import trace_attention
    from bench.encode.masking import MaskedEncoder
    from bench.store.stages import hide_truth

    encoder = context.make_stage("encode")
    by_layer = isinstance(encoder, MaskedEncoder) and type(encoder).encode is MaskedEncoder.encode
    return trace_attention(encoder, hide_truth(sample), merged.masks) if by_layer else None  # type: ignore[arg-type]


def _tell(context: RunContext, tree: SegmentTree, merged: Merged, drawn: bool) -> dict[str, str]:
    """Tell of each step in a few words what it was: choices of the settings, counts."""
    settings: Mapping[str, Any] = context.settings
    choices = settings.get("choices", {})
    merges = sum(decision.merged for decision in merged.decisions)
    return {
        "models": str(settings["models"]["name"]),
        "beware": "" if drawn or settings["models"].get("photographs", True) else STRANGE,
        "segment": f"{choices.get('segment', '')}: {len(tree.heap_ids)} over-segments",
        "encode": str(choices.get("encode", "")),
        "sigma2": str(settings["encode"].get("sigma2", "")),
        "caption": str(choices.get("caption", "")),
        "merge": f"{merges} of {len(merged.decisions)} tested pairs become one",
        "threshold": str(settings["merge"].get("threshold", "")),
    }
