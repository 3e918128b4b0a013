"""What another type of numbers does to segments, texts and embeddings, image by image (sections 3.1 to 3.4).

    python scripts/precision_changes.py float32=RUN/predictions.json bfloat16=RUN/predictions.json… --to FOLDER

The first file is compared with each other one, over the same images. Segments are matched one to one in each image so
that matched ones share the most pixels (Hungarian method). Writes changes.csv and changes.md, and into compare.md, if
that lies there, what its numbers are not of. `scripts/precision.sh` calls it at its end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.predictions.source import PredictionFile
from bench.records import LabelMap, Prediction
from bench.score.intervals import MetricCounts, bootstrap, compute_intervals
from bench.score.resampling import compute_percentile_interval

Ratio = tuple[float, float]
"""Numerator and denominator of one image."""
WORDS = {
    "pixels": ("pixels whose segment is another one", "images", 100),
    "equal_maps": ("images whose segments are exactly equal", "images", 100),
    "rand": ("adjusted Rand index of the two segmentations", "images", 1),
    "segments": ("segments an image, {first}", "images", 1),
    "segments_other": ("segments an image, {other}", "images", 1),
    "more_segments": ("segments an image, {other} − {first}", "images", 1),
    "equal_segments": ("segments of {first} that are exactly equal in {other}", "segments", 100),
    "texts": ("matched segments with the same text", "segments", 100),
    "texts_equal": ("exactly equal segments with the same text", "segments", 100),
    "cosine": ("cosine of the embeddings of exactly equal segments", "segments", 1),
}
"""Each number: in words, what its n counts, and 100 where it is written in percent."""
HEADS = (
    "- Heads of the embedded models have 32 dimensions. Those of `models=paper` have 64, whose attention in bfloat16 "
    "some processors make by tiles of our own (`bench/system/attention_tiles.py`): that is in none of these numbers."
)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two segmentations of an image: the p pairs of segments that are matched, and which of them are exactly equal."""

    first: np.ndarray
    second: np.ndarray
    shared: np.ndarray
    equal: np.ndarray


def main(words: Sequence[str]) -> int:
    """Compare the files that the words name; 1 with a line on standard error where that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args(words)
    try:
        print(*write_changes(read_files(options.files), options.to), sep="\n")
    except UserError as error:
        print(f"precision_changes: {error}", file=sys.stderr)
        return 1
    return 0


def read_files(words: Sequence[str]) -> dict[str, PredictionFile]:
    """Read the predictions that NAME=FILE words name. Raises UserError for fewer than two, and for other words."""
    named = dict(word.split("=", 1) for word in words if "=" in word)
    if len(named) != len(words) or len(words) < 2:
        raise UserError("give two or more of NAME=FILE, each name once")
    return {name: PredictionFile(path) for name, path in named.items()}


def write_changes(files: dict[str, PredictionFile], to: Path) -> list[Path]:
    """Write changes.csv and changes.md of the first file against each other one; return their paths."""
    (first, known), *others = files.items()
    table = pd.concat([compute_changes((first, known), other) for other in others], ignore_index=True)
    to.mkdir(parents=True, exist_ok=True)
    page = to / "changes.md"
    page.write_text(make_page(table, first, len(known)), encoding="utf-8")
    add_heads(to / "compare.md")
    return [write_csv(table, to / "changes.csv", decimals=6), page]


def add_heads(page: Path) -> None:
    """Add the line about heads above the first section of a page of `zgs compare`, if there is one without it."""
    text = page.read_text(encoding="utf-8") if page.exists() else HEADS
    if HEADS not in text:
        above, section, below = text.partition("\n## ")
        page.write_text(f"{above.rstrip()}\n{HEADS}\n{section}{below}", encoding="utf-8")


def compute_changes(first: tuple[str, PredictionFile], other: tuple[str, PredictionFile]) -> pd.DataFrame:
    """Compute every number of `WORDS` with its 95 % interval over images.

    Raises UserError where the files are not of the same images.
    """
    ids = tuple(first[1])
    if set(ids) != set(other[1]):
        raise UserError(f"{other[1].path}: not the same images as {first[1].path}: run both with the same data.subset")
    ratios = [compare_image(*(unpack(file, image) for file in (first[1], other[1]))) for image in ids]
    rows = []
    for name, (words, unit, factor) in WORDS.items():
        numerator, denominator = np.array([ratio[name] for ratio in ratios], float).T[..., None]  # i 1
        counts = MetricCounts(ids, numerator, denominator, unit)
        low, high, note = compute_ends(counts, factor == 100)
        said = words.format(first=first[0], other=other[0])
        rows.append({"against": other[0], "name": name, "what": said, "value": counts.value(), "low": low,
                     "high": high, "n": counts.n, "of": unit, "note": note})  # fmt: skip
    return pd.DataFrame(rows)


def compute_ends(counts: MetricCounts, is_share: bool) -> tuple[float, float, str]:
    """Compute both ends of a number's 95 % interval over images, and why they may be too near.

    Shares have those of every score; means the percentiles of 10,000 resamples, for what lies at 0 or 1 as cosines do
    is no share of something that may happen or not.
    """
    if is_share:
        interval = compute_intervals([counts])[0]
        return interval.low, interval.high, interval.note
    measured = int((counts.denominator > 0).sum())
    return *compute_percentile_interval(bootstrap([counts], 10_000, 0)[0], measured, 0.95), ""


def unpack(file: PredictionFile, image: str) -> Prediction:
    """Read an image's segments. Raises UserError where they do not part its pixels: then no pixel has one segment."""
    read = file[image]
    prediction = read.unpack() if isinstance(read, LabelMap) else read
    if not len(prediction) or (prediction.masks.sum(0) != 1).any():
        raise UserError(f"{file.describe_place(image)}: its segments overlap or leave pixels out: cannot be compared")
    return prediction


def compare_image(first: Prediction, other: Prediction) -> dict[str, Ratio]:
    """Compare two predictions of an image: numerator and denominator of each number."""
    if first.size != other.size:
        raise UserError(f"{first.image_id}: masks of {first.size} and {other.size} pixels cannot be compared")
    labels = [part.masks.argmax(0).ravel() for part in (first, other)]  # each p
    pairs = match_segments(*labels)
    alike = np.array([first.texts[i] == other.texts[j] for i, j in zip(pairs.first, pairs.second, strict=True)])
    equal, pixels = int(pairs.equal.sum()), len(labels[0])
    return {
        "pixels": (pixels - pairs.shared.sum(), pixels),
        "equal_maps": (equal == len(first) == len(other), 1),
        "rand": (adjusted_rand_score(*labels), 1),
        "segments": (len(first), 1),
        "segments_other": (len(other), 1),
        "more_segments": (len(other) - len(first), 1),
        "equal_segments": (equal, len(first)),
        "texts": (alike.sum(), len(alike)),
        "texts_equal": (alike[pairs.equal].sum(), equal),
        "cosine": (sum(compute_cosines(first, other, pairs)), equal),
    }


def match_segments(first: np.ndarray, other: np.ndarray) -> Pairs:
    """Match the segments of two label maps [p] one to one, the most shared pixels in all; none that share no pixel."""
    table = contingency_matrix(first, other)  # n m: labels are 0 … n - 1, and none is empty
    rows, columns = linear_sum_assignment(table, maximize=True)
    shared = table[rows, columns]
    rows, columns, shared = (part[shared > 0] for part in (rows, columns, shared))
    equal = (shared == table.sum(1)[rows]) & (shared == table.sum(0)[columns])
    return Pairs(rows, columns, shared, equal)


def compute_cosines(first: Prediction, other: Prediction, pairs: Pairs) -> Iterator[float]:
    """Compute the cosine of the two embeddings of each exactly equal segment, in float64."""
    if first.embeddings is None or other.embeddings is None:
        raise UserError(f"{first.image_id}: has no embeddings, which both files need")
    for i, j in zip(pairs.first[pairs.equal], pairs.second[pairs.equal], strict=True):
        one, two = first.embeddings[i].astype(float), other.embeddings[j].astype(float)
        yield min(float(one @ two / np.linalg.norm(one) / np.linalg.norm(two)), 1.0)


def make_page(table: pd.DataFrame, first: str, images: int) -> str:
    """Make the page: a table for each type, with intervals and n."""
    lines = [f"# What becomes of segments and texts: {first} against {', '.join(table['against'].unique())}", ""]
    for other, part in table.groupby("against", sort=False):
        lines += [f"| {other} against {first} | value | 95 % interval | n |", "|---|---:|---:|---:|"]
        lines += [write_line(row) for row in part.to_dict("records")] + [""]
    lines += [
        f"- The same {images} images by the embedded models; segments are matched one to one in each image, the most "
        "shared pixels in all. Intervals are over images: of shares those of every score, of means percentiles of "
        "10,000 resamples.",
        HEADS,
        "- A text depends on its segment, its embedding and the language model: of equal segments, on the last two.",
        *(f"- * This interval may be too narrow: {note}." for note in table["note"].unique() if note),
        "- Made by `sh scripts/precision.sh`; what it does to scores: [compare.md](compare.md).",
    ]
    return "\n".join(lines) + "\n"


def write_line(row: Mapping[Any, Any]) -> str:
    """Write a row of the table: percent with one decimal, means with two, Rand indices with three, cosines with six."""
    factor, name = WORDS[row["name"]][2], row["name"]
    digits = 1 if factor == 100 else {"rand": 3, "cosine": 6}.get(name, 2)
    numbers = (f"{factor * row[key]:.{digits}f}" for key in ("value", "low", "high"))
    value, low, high = (number.replace("-", "−") for number in numbers)
    unit = " %" if factor == 100 else ""
    mark = "*" if row["note"] else ""
    return f"| {row['what']} | {value}{unit} | [{low}, {high}]{mark} | {row['n']} {row['of']} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
