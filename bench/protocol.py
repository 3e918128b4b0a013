"""Section 4 as a whole: a protocol (`Protocol`), the presets of that name, and `evaluate`, from tables to numbers.

paper         what the paper's text says; where the text is silent, what the reference does
reference     what the published implementation computes: raw similarities, recall over 101 IoU thresholds and
              over true and predicted classes, TGQ image by image with >=, images without prediction left out
dataset_miou  intersections and unions summed over the data set, no threshold, background never scored
soft          what texts are worth to true segments without any threshold: soft, hard, overlap and nearest Jaccard
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, TypeVar

import numpy as np
import pandas as pd
from annotated_types import Interval as Between
from jaxtyping import Float32

from bench.errors import UsageError, UserError
from bench.mapping.base import Strategy
from bench.mapping.choose import KNOWN, make_strategy
from bench.mapping.no_class import WORDS as NO_CLASS
from bench.mapping.no_class import join_words
from bench.mapping.similarity import count_empty
from bench.metric_name import Naming, number
from bench.metrics import tgq
from bench.metrics.registry import FAMILIES
from bench.metrics.rows import all_rows
from bench.overlap import table as overlap_table
from bench.records import ClassList, Oracle, Overlap
from bench.score.intervals import Interval, MetricCounts, compute_intervals
from bench.score.per_image import make_per_image

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "reference": {"rounding": None, "recall": "reference", "tgq": "macro", "empty": "skip", "no_class": ()},
    "dataset_miou": {"aggregation": ("dataset",), "background": "ignore", "tau_sbert": None, "tau_clip": None},
    "soft": {
        "metrics": ("soft", "hard", "overlap", "nearest"),
        "void": "count",
        "tau_sbert": None,
        "tau_clip": None,
        "no_class": (),
    },
}
METRICS = ("iou", "recall", "precision", "tgq", "panoptic", *FAMILIES)
CHOICES = {
    "representative": ("union", "argmax"),
    "recall": ("paper", "reference"),
    "tgq": ("micro", "macro"),
    "background": ("context", "voc", "ignore", "class"),
    "void": ("ignore", "count"),
    "unmapped": ("none", "error"),
    "verify": ("threshold", "human"),
    "overlap": ("all", "highest_score"),
    "proportions": ("same", "any"),
    "unlabelled": ("count", "ignore"),
    "below": ("count", "ignore"),
    "absent": ("zero", "ignore"),
    "empty": ("zero", "skip"),
}
BREAKDOWNS = ("class", "size", "kind")
COLUMNS = ("run", "variant", "metric", "value", "low", "high", "n", "unit_of_n", "expected", "found", "skipped")
_IN_NAME = ("background", "void", "unlabelled", "below", "absent", "empty", "rounding", "overlap", "no_class")
Cosine = Annotated[float, Between(ge=-1, le=1)]
Record = TypeVar("Record", Overlap, Oracle)
OwnText = Mapping[str, Float32[np.ndarray, " n"]]
"""By image: the cosine of each segment's embedding with CLIP's embedding of its own text in the prompt."""


@dataclass(frozen=True)
class Protocol:
    """Everything that changes a number. The defaults are ``paper``.

    tau_sbert, tau_clip: a segment is unlabelled below this similarity (TT, ST); None: never
    tau_iou:        a true segment is found above this IoU
    metrics:        any of `METRICS`: section 4.3's (iou, recall, tgq), precision, panoptic, and the `families`
    breakdown:      any of class, size, kind: every metric again for these groups (`units`)
    mapping:        any of `mapping.choose.KNOWN`; behind the door, the strategies themselves
    table, unmapped: the file of mapping "table"; a word it lacks is no class (none), or an error
    no_class:       texts that mean no class; records are scored as `no_class.silence_texts` gives them
    proportions:    masks of other proportions than the image's are a fault (same), or stretched to fit (any)
    verify, ratings: thresholds decide which labels stand, or people do (human: the csv of `verification`)
    overlap:        where segments overlap: all of them stand, or at each pixel the one of highest_score
    aggregation:    any of image, dataset (`iou`)
    representative: of a class: the union of its segments, or the most similar one (argmax)
    rounding:       decimals of similarities before any comparison; None compares raw values
    recall, tgq:    which of the definitions in `recall` and `tgq`
    background, void: how pixels outside the classes count (`iou`)
    unlabelled, below, absent: how pixels without an answer and classes that the image does not have count (`iou`)
    empty:          an image without any predicted segment scores 0, or is left out; either way it is counted
    resamples, level, seed: of the bootstrap
    """

    name: str = "paper"
    tau_sbert: Cosine | None = 0.5
    tau_clip: Cosine | None = 0.1
    tau_iou: Annotated[float, Between(ge=0, le=1)] = 0.5
    metrics: tuple[str, ...] = ("iou", "recall", "tgq")
    breakdown: tuple[str, ...] = ()
    mapping: tuple[str | Strategy, ...] = ("tt", "st")
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
    empty: str = "zero"
    resamples: Annotated[int, Between(ge=0, le=10**9)] = 10_000
    level: Annotated[float, Between(gt=0, lt=1)] = 0.95
    seed: Annotated[int, Between(ge=0, le=2**32 - 1)] = 0

    def __post_init__(self) -> None:
        lists: dict[str, tuple[str, ...]] = {
            "mapping": KNOWN, "aggregation": ("image", "dataset"), "metrics": METRICS, "breakdown": BREAKDOWNS,
        }  # fmt: skip
        for key, known in lists.items():
            given = getattr(self, key)
            values = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
            object.__setattr__(self, key, values)
            for value in values:
                if not hasattr(value, "assign"):
                    _choose(key, value, known)
        words = (self.no_class,) if isinstance(self.no_class, str) else tuple(dict.fromkeys(self.no_class))
        object.__setattr__(self, "no_class", words)
        if not all(isinstance(word, str) and word.strip() for word in words):
            raise UsageError(f"score.no_class={list(words)}: needs a list of texts, or [] for none")
        for key, known in CHOICES.items():
            _choose(key, getattr(self, key), known)
        if not 0 <= self.tau_iou <= 1 or not 0 < self.level < 1 or self.resamples < 0:
            raise UsageError("score: tau_iou lies in 0..1, level between 0 and 1, resamples is 0 or more")

    def tau(self, mapping: str | Strategy) -> float | None:
        """The threshold of a mapping; None where it has none."""
        setting = make_strategy(mapping, self.rounding).threshold
        return None if setting is None else getattr(self, setting)

    def settings(self) -> dict[str, Any]:
        """Every setting as plain values, strategies by their names."""
        plain = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return plain | {"mapping": [m if isinstance(m, str) else m.name for m in self.mapping]}

    @property
    def title(self) -> str:
        """The name, and in braces what differs from the preset of that name and stands nowhere else in a full name."""
        usual = preset(self.name if self.name in PRESETS else "paper")
        changed = [key for key in _IN_NAME if _word(getattr(self, key)) != _word(getattr(usual, key))]
        options = [f"{key}={_word(getattr(self, key))}" for key in changed]
        return self.name + ("{" + ",".join(options) + "}" if options else "")


def preset(name: str, **changes: Any) -> Protocol:
    """A protocol by name, with changes. Raises UsageError for an unknown one."""
    _choose("name", name, tuple(PRESETS))
    return Protocol(**{"name": name, **PRESETS[name], **changes})


@dataclass(frozen=True, eq=False)
class Scores:
    """The numbers of one variant.

    ``table`` has the columns `COLUMNS`, ``per_image`` has image_id and a column for each metric, sorted by image_id.
    A value is NaN only where nothing was measurable (no image with labels, a metric over 0 segments), the ends of an
    interval also where fewer than two images were. ``rows`` are the counts behind every metric, for
    `intervals.compare_paired`. ``counted`` says what was counted in spite of being empty (or left out, by
    ``Protocol.empty``).
    """

    table: pd.DataFrame
    per_image: pd.DataFrame
    rows: Mapping[str, MetricCounts]
    counted: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    overlaps: Sequence[Overlap],
    oracles: Sequence[Oracle],
    classes: ClassList,
    score: Protocol,
    naming: Naming,
    *,
    run: str = "",
    variant: str = "",
    expected: int | None = None,
    found: int | None = None,
    skipped: int = 0,
    own_text: OwnText | None = None,
) -> Scores:
    """Every metric of a protocol with its interval; the order of images changes nothing.

    TGQ and its companions are there where oracle records have similarities (none for a variant without captions).
    ``own_text`` has for each image the cosines of `clipscore.own_text`; without it that metric is left out.
    Raises UserError for records that contradict themselves or the class list, that repeat an image, or that lack
    the similarity a mapping needs.
    """
    images, truths = _ordered(overlaps), _ordered(oracles)
    for item in images:
        overlap_table.validate(item, len(classes))
    for oracle in truths:
        tgq.validate(oracle, len(classes))
    rows = {
        naming(score.title, metric, mapping, tau): row
        for (metric, mapping, tau), row in all_rows(images, truths, classes, score, own_text).items()
    }
    spans = _spans(rows, score)
    found = len(images) if found is None else found
    rest = (found + skipped if expected is None else expected, found, skipped)
    lines = [
        (run, variant, name, spans[name].value, spans[name].low, spans[name].high, row.n, row.unit, *rest)
        for name, row in rows.items()
    ]
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    ids = sorted({item.image_id for item in images} | {item.image_id for item in truths})
    return Scores(table, make_per_image(rows, ids), rows, _counted(images, truths))


def _spans(rows: Mapping[str, MetricCounts], score: Protocol) -> dict[str, Interval]:
    """Intervals, with the same resamples for all metrics over the same images."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, row in rows.items():
        groups.setdefault(row.image_ids, []).append(name)
    spans: dict[str, Interval] = {}
    for names in groups.values():
        found = compute_intervals([rows[name] for name in names], score.resamples, score.seed, score.level)
        spans |= dict(zip(names, found, strict=True))
    return spans


def _counted(images: list[Overlap], truths: list[Oracle]) -> dict[str, int]:
    return {
        "empty_predictions": sum(not len(item.areas) for item in images),
        "empty_texts": sum(count_empty(item.texts) for item in images),
        "true_segments_without_a_text": sum(count_empty(item.texts) for item in truths),
        "images_without_classes": sum(not len(item.truth_classes) for item in images),
    }


def _ordered(records: Sequence[Record]) -> list[Record]:
    ids = sorted(record.image_id for record in records)
    twice = [a for a, b in zip(ids, ids[1:], strict=False) if a == b]
    if twice:
        raise UserError(f"image {twice[0]} is there twice; give each image once")
    return sorted(records, key=lambda record: record.image_id)


def _choose(key: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"score.{key}={value}: known are {', '.join(known)}{hint}")


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return join_words(value)
    return "none" if value is None else value if isinstance(value, str) else number(value)
