"""Every stage that batches, small, with something before its innermost call that sees how many it is given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.caption import search
from bench.caption.zerocap import ZeroCap
from bench.encode.crop import CropAndMask
from bench.encode.masked import Masked
from bench.models.sentence import Sentence
from tests.unit.caption import tiny as captions
from tests.unit.encode import tiny as encoding

WHOLE = {"masked": 8, "painted": 8, "language": 12, "sentence": 8}
"""The largest batch of each."""


def make_stages(weigh: Callable[[str, int], None], patch: Callable[[Any, str, Any], None]) -> list[Callable[[], Any]]:
    """Make the stages; ``weigh`` is told the stage and its batch each time, ``patch`` sets an attribute."""
    masks = np.zeros((8, 18, 24), bool)
    for at in range(8):
        masks[at, at : at + 9, 2 * at : 2 * at + 8] = True
    image, texts = encoding.sample(), [f"text {at}" for at in range(8)]
    masked, painted = Masked(encoding.clip(own=True), 2, 8), CropAndMask(encoding.clip(own=True), micro_batch=8)
    zerocap = ZeroCap(
        captions.language(), captions.clip(), tokens=2, beams=3, iterations=1, candidates=8, rows=WHOLE["language"]
    )
    sentence = Sentence("embedded:sentence", batch_size=WHOLE["sentence"])

    def watch(stage: str, owner: Any, name: str, count: Callable[..., int]) -> None:
        patch(owner, name, partial(_weigh, partial(weigh, stage), count, getattr(owner, name)))

    watch("masked", masked, "mix", lambda attention: len(attention.segments))
    watch("painted", painted.clip.visual, "_embeds", len)
    watch("language", search, "guide", lambda model, cache, *rest: cache.shape[2])
    watch("sentence", sentence.model, "encode", lambda prompted, batch_size, **rest: batch_size)
    return [
        lambda: masked(image, masks).vectors, lambda: painted(image, masks).vectors,
        lambda: zerocap(captions.embeddings(4)).scores, lambda: sentence.encode(texts),
    ]  # fmt: skip


def _weigh(tell: Callable[[int], None], count: Callable[..., int], call: Any, *given: Any, **named: Any) -> Any:
    tell(count(*given, **named))
    return call(*given, **named)
