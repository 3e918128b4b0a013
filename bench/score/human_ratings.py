"""Section 4.2, verification by people (Tables 1, 2 and 4): a reassigned label stands if a rater finds it good enough.

A csv holds one rating a line: image, segment (its position in the prediction), label, rater, batch, rating, with 0
incorrect, 1 partially correct, 2 correct but too general or specific, 3 correct. Each batch holds one rating for each
question; each batch is scored at h >= 1, >= 2 and = 3, and the scores are averaged over batches (appendix F). The label
is a class name where the reassigned label was shown (Table 1), or the predicted text itself (Table 2).

A label that nobody rated in a batch counts as not verified there, and is counted.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from bench.data.base import suggest_nearest
from bench.data.files import compose
from bench.errors import UserError
from bench.mapping.base import Assigned, Strategy
from bench.metric_name import Naming
from bench.metrics.registry import select_metrics
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.score.counts import count_at_thresholds, gather
from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import combine
from bench.score.intervals import Interval, MetricCounts, estimate_all
from bench.score.presets import make_title

COLUMNS = ("image", "segment", "label", "rater", "batch", "rating")
LEVELS = (1.0, 2.0, 3.0)
"""h >= 1, h >= 2, h = 3."""
_DIGITS = 20
Question = tuple[str, int, str]
"""Image, segment, label."""


@dataclass(frozen=True)
class Ratings:
    """By batch, the rating of each question; ``lines`` says where in the file it stands."""

    path: str
    digest: str
    batches: Mapping[str, Mapping[Question, int]]
    lines: Mapping[Question, int]
    raters: int


@dataclass(frozen=True)
class Human:
    """A mapping whose labels are as sure as one batch of raters found them, 0 where it did not say."""

    base: Strategy
    digest: str
    names: tuple[str, ...]
    ratings: Mapping[Question, int] = field(compare=False, repr=False)
    threshold: None = None

    @property
    def name(self) -> str:
        word, _, model = self.base.name.partition("(")
        return f"{word}+human({model.removesuffix(')') + ',' if model else ''}ratings={self.digest})"

    def assign(self, item: Overlap) -> Assigned:
        label = self.base.assign(item)[0]
        return label, np.array(
            [self.ratings.get(q, 0) if q else 0 for q in self.list_questions(item, label)], np.float64
        )

    def list_questions(self, item: Overlap, label: np.ndarray) -> list[Question | None]:
        """List what a rater of each segment was asked; None where it has no label."""
        return [(item.image_id, i, self.names[c]) if c >= 0 else None for i, c in enumerate(label)]


@dataclass(frozen=True, eq=False)
class Verified:
    """One metric at one level: its value and interval, and each batch's rows."""

    name: str
    interval: Interval
    batches: tuple[MetricCounts, ...]

    @property
    def n(self) -> int:
        """Units of a batch, of the smallest where they differ (precision counts the labels that stand)."""
        return min(rows.n for rows in self.batches)

    @property
    def unit(self) -> str:
        """What is counted."""
        return self.batches[0].unit

    def average_batches(self) -> MetricCounts:
        """Average over batches, image by image, as rows of one column."""
        values = np.array([rows.each() for rows in self.batches])
        known = ~np.isnan(values).any(axis=0)
        total = self.batches[0].denominator
        n = total[:, 0] if total.shape[1] == 1 else np.ones(len(known))
        n = np.where(known, n, 0.0)
        mean = np.where(known, np.where(known, values, 0.0).mean(axis=0), 0.0)
        return MetricCounts(self.batches[0].image_ids, (mean * n)[:, None], n[:, None], self.batches[0].unit)


def read_ratings(path: Path | str) -> Ratings:
    """Read the csv. Raises UserError that names the line for whatever is missing, wrong or there twice."""
    batches: dict[str, dict[Question, int]] = {}
    lines: dict[Question, int] = {}
    raters = set()
    try:
        raw = Path(path).read_bytes()
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise UserError(f"{path}: column {missing[0]!r} is missing; the columns are {', '.join(COLUMNS)}")
        for row in reader:
            question, rating = _parse_row(f"{path}: line {reader.line_num}", row)
            batch = batches.setdefault(row["batch"], {})
            if question in batch:
                raise UserError(f"{path}: line {reader.line_num}: batch {row['batch']} has rated {question} before")
            batch[question] = rating
            lines.setdefault(question, reader.line_num)
            raters.add(row["rater"])
    except OSError as error:
        told = f"score.ratings={path}: cannot be read ({error.strerror})"
        hint = "; `zgs study report FOLDER` writes such a file" if isinstance(error, FileNotFoundError) else ""
        raise UserError(told + hint) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a csv file in UTF-8 ({error})") from error
    if not batches:
        raise UserError(f"{path}: holds no rating; the columns are {', '.join(COLUMNS)}")
    return Ratings(str(path), hashlib.sha256(raw).hexdigest()[:8], dict(sorted(batches.items())), lines, len(raters))


def check_ratings(ratings: Ratings, images: Mapping[str, Overlap], known: Iterable[str], names: Sequence[str]) -> None:
    """Raise UserError naming the line of a rating of what nobody predicted; images of ``known`` may be unscored."""
    known = set(known)
    for (image, segment, label), line in ratings.lines.items():
        where = f"{ratings.path}: line {line}"
        if image not in known:
            raise UserError(
                f"{where}: image {image!r} is not in the predictions{suggest_nearest(image, sorted(known)[:2000])}"
            )
        if image not in images:
            continue
        n = len(images[image].areas)
        if not 0 <= segment < n:
            raise UserError(f"{where}: image {image!r} has {n} segments, counted from 0, and none is {segment}")
        if label not in names and label != images[image].texts[segment]:
            near = suggest_nearest(label, (images[image].texts[segment], *names))
            raise UserError(f"{where}: label {label!r} is neither the text of segment {segment} nor a class name{near}")


def score_verified(
    images: Sequence[Overlap], ratings: Ratings, base: Strategy, score: Protocol, classes: ClassList, naming: Naming
) -> list[Verified]:
    """Score every metric of a mapping at each level, scored batch by batch and averaged; intervals resample images."""
    humans = make_human_mappings(ratings, base, classes)
    scored = gather(images, [], classes, score)
    metrics = [metric for metric in select_metrics(score.metrics) if metric.mapping == "labels"]
    batches = [count_at_thresholds(scored, human, LEVELS, metrics) for human in humans]
    found = []
    for metric in batches[0]:
        for at, level in enumerate(LEVELS):
            rows = tuple(batch[metric][at] for batch in batches)
            name = naming(make_title(score), metric, humans[0], level)
            found.append(Verified(name, _compute_interval(rows, score), rows))
    return found


def make_human_mappings(ratings: Ratings, base: Strategy, classes: ClassList) -> list[Human]:
    """Make one mapping for each batch."""
    return [Human(base, ratings.digest, classes.names, batch) for batch in ratings.batches.values()]


def count_unrated(images: Sequence[Overlap], ratings: Ratings, base: Strategy, classes: ClassList) -> tuple[int, int]:
    """Count labels that nobody rated, over all batches, and all labels times batches."""
    without = total = 0
    for human in make_human_mappings(ratings, base, classes):
        for item in images:
            asked = [q for q in human.list_questions(item, base.assign(item)[0]) if q]
            without += sum(question not in human.ratings for question in asked)
            total += len(asked)
    return without, total


def count_ratings(
    images: Mapping[str, Overlap], ratings: Ratings, bases: Mapping[str, Strategy], classes: ClassList
) -> pd.DataFrame:
    """Count table 2: how often each rating was given to predicted texts, and to the labels of each mapping.

    Columns what ("text" or the mapping), rating, count, share, at_least (share of this rating or a better one), n.
    """
    asked: dict[str, set[Question]] = {
        "text": {(i, s, text) for i, item in images.items() for s, text in enumerate(item.texts)}
    }
    for what, base in bases.items():
        human = make_human_mappings(ratings, base, classes)[0]
        asked[what] = {q for item in images.values() for q in human.list_questions(item, base.assign(item)[0]) if q}
    lines = []
    for what, questions in asked.items():
        given = Counter(r for batch in ratings.batches.values() for q, r in batch.items() if q in questions)
        n = given.total()
        for rating in range(4) if n else ():
            better = sum(given[r] for r in range(rating, 4))
            lines.append((what, rating, given[rating], given[rating] / n, better / n, n))
    return pd.DataFrame(lines, columns=["what", "rating", "count", "share", "at_least", "n"])


def _parse_row(where: str, row: Mapping[str, str]) -> tuple[Question, int]:
    if None in row or any(row[column] is None for column in COLUMNS):
        raise UserError(f"{where}: not {len(COLUMNS)} fields; the columns are {', '.join(COLUMNS)}")
    if not row["segment"].strip().isdecimal() or len(row["segment"]) > _DIGITS:
        raise UserError(f"{where}: segment {row['segment']!r:.40} should be its position in the prediction, from 0")
    if row["rating"].strip() not in ("0", "1", "2", "3"):
        raise UserError(f"{where}: rating {row['rating']!r} should be 0, 1, 2 or 3")
    return (compose(row["image"]), int(row["segment"]), row["label"]), int(row["rating"])


def _compute_interval(rows: Sequence[MetricCounts], score: Protocol) -> Interval:
    """Compute the mean over batches with its interval."""
    found = combine(estimate_all(rows, score.resamples, score.seed), [1 / len(rows)] * len(rows))
    (ends,) = compute_ends([found], score.level)
    return Interval(found.value, *ends, describe_doubt(found, *ends))
