"""Section 4, what changes a number: the frozen `Protocol`. Read this second, after `bench.records`.

Its defaults are the paper's protocol. The protocols of ``conf/score`` (`bench.score.presets`) say what differs from it:

paper         what the paper's text says; where the text is silent, what the reference does
reference     what the published implementation computes: raw similarities, recall over 101 IoU thresholds and
              over true and predicted classes, TGQ image by image with >=, images without prediction left out
dataset_miou  intersections and unions summed over the data set, no threshold, background never scored
soft          what texts are worth to true segments without any threshold: soft, hard, overlap and nearest Jaccard

The others say what other libraries would (SCORES.md, "Your number differs because …"); their ``library`` says which.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Annotated, Any

from annotated_types import Interval as Between

from bench.errors import UsageError

NO_CLASS = ("background", "unlabelled", "unlabeled", "void", "nothing", "none", "unknown", "other", "n/a")
"""Texts that mean no class (`bench.mapping.no_class`)."""
CHOICES = {
    "representative": ("union", "argmax"),
    "recall": ("paper", "reference"),
    "tgq": ("micro", "macro"),
    "background": ("context", "voc", "ignore", "class", "class_if_any"),
    "void": ("ignore", "count", "first"),
    "unmapped": ("none", "error"),
    "verify": ("threshold", "human"),
    "overlap": ("all", "highest_score"),
    "proportions": ("same", "any"),
    "unlabelled": ("count", "ignore"),
    "below": ("count", "ignore"),
    "absent": ("zero", "ignore"),
    "unseen": ("ignore", "one", "zero"),
    "unmatched": ("ignore", "zero"),
    "empty": ("zero", "skip"),
}
AGGREGATIONS = ("image", "pair", "dataset")
BREAKDOWNS = ("class", "size", "kind")
UNTIL_KNOWN = {"auto": "context"}
"""The word of ``score.background`` that the data set decides (`run.score`), and what stands for it before it has."""
Cosine = Annotated[float, Between(ge=-1, le=1)]


@dataclass(frozen=True)
class Protocol:
    """Everything that changes a number. The defaults are ``paper``.

    tau_sbert, tau_clip: a segment is unlabelled below this similarity (TT, ST); None: never
    tau_iou:        a true segment is found above this IoU
    metrics:        words of `metrics.registry`: section 4.3's (iou, recall, tgq), precision, panoptic, and others
    breakdown:      any of class, size, kind: every metric again for these groups (`score.counts`)
    mapping:        any of `mapping.choose.KNOWN`; behind the door, the strategies themselves
    table, unmapped: the file of mapping "table"; a word it lacks is no class (none), or an error
    no_class:       texts that mean no class; records are scored as `mapping.no_class.silence_texts` gives them
    proportions:    masks of other proportions than the image's are a fault (same), or stretched to fit (any)
    verify, ratings: thresholds decide which labels stand, or people do (human: the csv of `score.human_ratings`)
    overlap:        where segments overlap: all of them stand, or at each pixel the one of highest_score
    aggregation:    any of image, pair, dataset (`iou`)
    representative: of a class: the union of its segments, or the most similar one (argmax)
    rounding:       decimals of similarities before any comparison; None compares raw values
    recall, tgq:    which of the definitions in `recall` and `tgq`
    background, void: how pixels outside the classes count (`overlap.arithmetic`; void "first": as the first label;
                    background "class_if_any": the truth of the whole set decides, `score.counts.settle_background`)
    unlabelled, below: how pixels without an answer count
    absent:         predicted classes that the image (or the set) does not have score 0, or are left out (`iou`)
    unseen:         classes that neither truth nor prediction has are left out, or score 1 or 0 (`iou`)
    unmatched:      classes without any match are left out of SQ, or score 0 there (`panoptic`)
    empty:          an image without any predicted segment scores 0, or is left out; either way it is counted
    resamples, level, seed: of the bootstrap
    library:        the package and version whose rule a protocol is; it changes no number
    """

    name: str = "paper"
    tau_sbert: Cosine | None = 0.5
    tau_clip: Cosine | None = 0.1
    tau_iou: Annotated[float, Between(ge=0, le=1)] = 0.5
    metrics: tuple[str, ...] = ("iou", "recall", "tgq")
    breakdown: tuple[str, ...] = ()
    mapping: tuple[Any, ...] = ("tt", "st")
    table: str | None = None
    unmapped: str = "none"
    no_class: tuple[str, ...] = NO_CLASS
    proportions: str = "same"
    verify: str = "threshold"
    ratings: str | None = None
    overlap: str = "all"
    aggregation: tuple[str, ...] = ("image",)
    representative: str = "union"
    rounding: Annotated[int, Between(ge=0, le=15)] | None = 6
    recall: str = "paper"
    tgq: str = "micro"
    background: str = "context"
    void: str = "ignore"
    unlabelled: str = "count"
    below: str = "count"
    absent: str = "zero"
    unseen: str = "ignore"
    unmatched: str = "ignore"
    empty: str = "zero"
    resamples: Annotated[int, Between(ge=0, le=10**9)] = 10_000
    level: Annotated[float, Between(gt=0, lt=1)] = 0.95
    seed: Annotated[int, Between(ge=0, le=2**32 - 1)] = 0
    library: str | None = None

    def __post_init__(self) -> None:
        for key in ("mapping", "aggregation", "metrics", "breakdown", "no_class"):
            values = getattr(self, key)
            object.__setattr__(self, key, (values,) if isinstance(values, str) else tuple(dict.fromkeys(values)))
        for key, known in {"aggregation": AGGREGATIONS, "breakdown": BREAKDOWNS}.items():
            for value in getattr(self, key):
                choose(key, value, known)
        if not all(isinstance(word, str) and word.strip() for word in self.no_class):
            raise UsageError(f"score.no_class={list(self.no_class)}: needs a list of texts, or [] for none")
        for key, words in CHOICES.items():
            choose(key, getattr(self, key), words)
        if not 0 <= self.tau_iou <= 1 or not 0 < self.level < 1 or self.resamples < 0:
            raise UsageError("score: tau_iou lies in 0..1, level between 0 and 1, resamples is 0 or more")

    def list_settings(self) -> dict[str, Any]:
        """List every setting as plain values, strategies by their names."""
        plain = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return plain | {"mapping": [m if isinstance(m, str) else m.name for m in self.mapping]}


def choose(key: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise UsageError with the nearest right word where ``score.KEY=VALUE`` is none of those known."""
    if value not in known:
        near = difflib.get_close_matches(str(value), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"score.{key}={value}: known are {', '.join(known)}{hint}")
