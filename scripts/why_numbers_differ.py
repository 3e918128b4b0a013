"""Section 4, how much a number moves by what no protocol says: size of the maps, label 0, rounding; results/differ.md.

    python scripts/why_numbers_differ.py [--to results] [--images 100]

The maps are those of scripts/made_predictions.py (59 classes, 375 x 500 pixels), the rule is that of `score=mmseg`, of
PQ `score=panopticapi`. They are made up: what is shown is that these causes are larger or smaller than people think,
not how large they are on a set of photographs. Seeded; a minute of one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from made_predictions import CLASSES, draw_maps

from bench.csv_files import write_csv
from bench.mapping.choose import make_strategies
from bench.overlap.table import make_overlap
from bench.records import VOID, ClassList, LabelMap, Overlap, Sample
from bench.resize import resize_nearest
from bench.score.counts import count_metrics, gather
from bench.score.presets import make_protocol

NAMES = tuple(f"class {number}" for number in range(CLASSES))
LIST = ClassList("made", NAMES, (True,) * CLASSES)
SEEDS, FEW = 5, 10
Maps = tuple[np.ndarray, np.ndarray]
"""Truth and prediction of an image: class + 1 at each pixel, 0 where there is none."""
Change = Callable[[np.ndarray, np.ndarray], Maps]
HEAD = """# How much a number moves by what no protocol says

Mean IoU in percent by the rule of mmsegmentation, of {images} made label maps of {classes} classes; SQ by the rule of
panopticapi, of the first {few} of them. Made by `python scripts/why_numbers_differ.py`. The maps are made up
(`scripts/made_predictions.py`): no photograph, and no number of a paper, is behind these.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Score the made maps in every way, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results"), help="the folder for differ.csv and differ.md")
    parser.add_argument("--images", type=int, default=100, help="made label maps, a multiple of 5")
    given = parser.parse_args(words)
    table = measure_causes([draw_maps(np.random.default_rng([11, at])) for at in range(given.images)])
    given.to.mkdir(parents=True, exist_ok=True)
    print(write_csv(table, given.to / "differ.csv", decimals=4))
    head = HEAD.format(images=given.images, classes=CLASSES, few=FEW)
    rows = [
        f"| {row['cause']} | {row['value']:.2f} | {row['change']:+.4f} | {row['n']} |"
        for row in table.to_dict("records")
    ]
    lines = ["| number | percent | change, in points | n images |", "| --- | ---: | ---: | ---: |", *rows]
    (given.to / "differ.md").write_text(head + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(given.to / "differ.md")


def measure_causes(maps: Sequence[Maps]) -> pd.DataFrame:
    """Take made maps, return a row for each cause: the number with it, and what it changes, in percent."""
    usual = score_maps(maps)
    resized, gridded = ({k: score_maps(maps, coarsen(k, both)) for k in (8, 16)} for both in (False, True))
    causes = {
        "at the size of the picture": usual,
        **{f"an answer on a grid of 1/{k}, resized to the picture": value for k, value in resized.items()},
        **{f"the same, the truth brought to that grid of 1/{k}": value for k, value in gridded.items()},
        "label 0 of the truth taken for void (reduce_zero_label where no such label is)": score_maps(maps, drop_first),
    }
    rows = [(cause, value, value - usual, len(maps)) for cause, value in causes.items()]
    parts = [score_maps(maps[at::SEEDS]) for at in range(SEEDS)]
    exact, rounded = (float(np.mean(values)) for values in (parts, np.round(parts, 2)))
    rows += [
        (f"mean of {SEEDS} parts", exact, 0.0, len(maps)),
        (f"mean of {SEEDS} parts, each rounded to two decimals first", rounded, rounded - exact, len(maps)),
    ]
    counted, left_out = (score_maps(maps[:FEW], preset="panopticapi", unmatched=word) for word in ("zero", "ignore"))
    rows += [
        ("SQ, classes without a match count 0 (panopticapi)", counted, 0.0, FEW),
        ("SQ, these left out", left_out, left_out - counted, FEW),
    ]
    return pd.DataFrame(rows, columns=["cause", "value", "change", "n"])


def score_maps(maps: Sequence[Maps], change: Change | None = None, preset: str = "mmseg", **settings: str) -> float:
    """Score maps after a change of each pair: mean IoU of the set, or SQ, in percent."""
    protocol = make_protocol(preset, **settings)
    metric = "iou.dataset.union" if "iou" in protocol.metrics else "sq"
    protocol = make_protocol(preset, **settings, mapping=make_strategies(protocol.mapping, LIST.texts, None))
    tables = [_make_table(f"{at:05}", *(change(*pair) if change else pair)) for at, pair in enumerate(maps)]
    counts = {name: found for (name, *_), found in count_metrics(gather(tables, [], LIST, protocol)).items()}
    return 100 * counts[metric].value()


def _make_table(name: str, truth: np.ndarray, said: np.ndarray) -> Overlap:
    known = [int(number) for number in np.unique(said) if number]
    segments = np.searchsorted([0, *known], said)  # 0: no segment
    labels = np.where(truth == 0, VOID, truth.astype(int) - 1).astype(np.int16)
    sample = Sample(name, np.zeros((*truth.shape, 3), np.uint8), labels)
    return make_overlap(LabelMap(name, segments, tuple(NAMES[number - 1] for number in known)), sample)


def coarsen(k: int, both: bool) -> Change:
    """Bring the answer, or both maps, to a grid of 1/k of the picture, by nearest neighbour."""

    def change(truth: np.ndarray, said: np.ndarray) -> Maps:
        size = truth.shape[0] // k, truth.shape[1] // k
        small = resize_nearest(said, size)
        return (resize_nearest(truth, size), small) if both else (truth, resize_nearest(small, truth.shape))

    return change


def drop_first(truth: np.ndarray, said: np.ndarray) -> Maps:
    """Take the first class of the truth for void."""
    return np.where(truth == 1, 0, truth), said


if __name__ == "__main__":
    main()
