"""What was said of what was there: every predicted segment with its text, its class at any tau, and the pixels below.

Free texts are more than a class list has, so the table of confusions is made in the page, of these columns: a segment
says its text of every true class whose pixels it covers, as long as its similarity reaches tau.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64

from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.records import Overlap
from bench.report.site.pack import narrow, narrow_places
from bench.text.escape import escape_for_terminal

NEAREST = 3
"""Classes that are told of a segment, the most similar ones."""


class Texts:
    """All texts of a site, each once, by number: class names first; ``listed`` as they can be shown on one line."""

    def __init__(self, first: Sequence[str]) -> None:
        self._numbers: dict[str, int] = {text: at for at, text in enumerate(first)}
        self.listed = list(map(escape_for_terminal, first))

    def number(self, text: str) -> int:
        """Return the number of a text, a new one where it was not seen before."""
        if text not in self._numbers:
            self._numbers[text] = len(self.listed)
            self.listed.append(escape_for_terminal(text))
        return self._numbers[text]


def count_cover(item: Overlap, width: int) -> Int64[np.ndarray, "n+1 c+1"]:
    """Count pixels of each true class under each of n segments; the last row is of pixels under none.

    Columns are the ``width`` classes and background; void is left out. A pixel under two segments counts for both.
    """
    inside = np.vstack([item.membership.T, ~item.membership.any(axis=1)]).astype(np.int64)  # n+1 r
    by_segment = inside @ item.counts[:, :-1]  # n+1 k+1: true segments, then background
    cover = np.zeros((len(inside), width + 1), np.int64)
    np.add.at(cover.T, np.append(item.truth_classes, width), by_segment.T)
    return cover


def pack_segments(
    items: Mapping[str, Overlap], ids: Sequence[str], width: int, mappings: Mapping[str, str | Strategy],
    rounding: int | None, number: Callable[[str], int],
) -> dict[str, Any]:  # fmt: skip
    """Pack the segments of a run, in the order of ``ids``: image, text, label and similarity by mapping, pixels.

    ``starts`` says where each segment's entries of ``class`` and ``pixels`` begin, ``uncovered`` are the pixels of each
    class under no segment, ``truth`` all of it.
    """
    image, text, starts, classes, pixels = [], [], [0], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    labels: dict[str, list[np.ndarray]] = {key: [] for key in mappings}
    best: dict[str, list[np.ndarray]] = {key: [] for key in mappings}
    uncovered, truth = np.zeros(width + 1, np.int64), np.zeros(width + 1, np.int64)
    for at, item in ((at, items[image_id]) for at, image_id in enumerate(ids) if image_id in items):
        cover = count_cover(item, width)
        uncovered += cover[-1]
        truth += np.bincount(np.append(item.truth_classes, width), item.counts[:, :-1].sum(axis=0), width + 1).astype(
            np.int64
        )
        rows, columns = np.nonzero(cover[:-1])
        classes.append(columns)
        pixels.append(cover[rows, columns])
        starts += (starts[-1] + np.cumsum(np.bincount(rows, minlength=len(cover) - 1))).tolist()
        image += [at] * (len(cover) - 1)
        text += [number(each) for each in item.texts]
        for key, mapping in mappings.items():
            label, near = make_strategy(mapping, rounding).assign(item)
            labels[key].append(label)
            best[key].append(np.asarray(near, np.float64))
    return {
        "image": narrow(image), "text": narrow(text), "starts": narrow(starts),
        "class": narrow(np.concatenate(classes)), "pixels": narrow(np.concatenate(pixels)),
        "uncovered": uncovered.tolist(), "truth": truth.tolist(),
        "label": {key: narrow(_join(parts) + 1) for key, parts in labels.items()},
        "best": {key: narrow_places(_join(parts), rounding) for key, parts in best.items()},
    }  # fmt: skip


def list_nearest(rows: np.ndarray | None) -> dict[str, Any] | None:
    """List the `NEAREST` classes of each segment, best first, and their similarities in ten-thousandths.

    ``classes`` and ``near`` have ``each`` entries a segment. None without similarities.
    """
    if rows is None:
        return None
    order = np.argsort(-rows, axis=1, kind="stable")[:, :NEAREST]
    near = np.rint(1e4 * np.take_along_axis(rows, order, axis=1).astype(np.float64))
    return {"classes": narrow(order.ravel()), "near": narrow(near.ravel()), "each": order.shape[1]}


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
