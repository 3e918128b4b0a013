"""Figures 8, 9 and 17: kinds of failure, each found by a rule in the stored results of a finished run.

A true segment is all pixels of a class in an image. A segment *lies in* the true one that holds at least half of its
pixels; its *class* is what segment-text reassignment gives it above the threshold (text-text where a system has no
embeddings). All is read from the tables that scoring left in the store: where they are there, no model is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int32, Int64
from scipy import ndimage

from bench.mapping.assign import assign
from bench.overlap.table import merge_objects
from bench.paper.figures.pictures import load_sample
from bench.predictions.source import PredictionFile
from bench.records import Overlap
from bench.resize import resize_nearest
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD, check_intact, read_record

COLUMNS = ("rule", "group", "image_id", "segments", "text", "assigned", "true", "share")
"""One failure a row: what it is counted under, positions of its segments (``3+5``), what they say, the class they were
given, the true one, and a share from 0 to 1 by which examples are chosen, the largest first."""
MOST = 200
"""Images of a run that are looked through, its first: a large data set would take minutes and show nothing else."""
HALF, PIECE, BORDER = 0.5, 0.05, 0.05
"""Shares: of a segment that lies in a true one; of a true segment that is a piece; of a border that is shared."""
Found = tuple[str, list[int], str, str, str, float]
"""Group, segments, text, assigned class, true class, share."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """One image's n segments with their classes (-1: none), and the k true segments under them.

    ``inside[i, j]`` are pixels of segment i in true segment j; its last two columns are background and void.
    ``areas`` are the pixels of the true segments, ``covered`` those of any segment, by the columns of ``inside``;
    ``bare`` of all ``pixels`` have no label.
    """

    folder: Path
    image_id: str
    texts: tuple[str, ...]
    classes: Int32[np.ndarray, " n"]
    true: Int32[np.ndarray, " k"]
    inside: Int64[np.ndarray, "n k+2"]
    areas: Int64[np.ndarray, " k"]
    covered: Int64[np.ndarray, " k+2"]
    names: tuple[str, ...]
    file: PredictionFile
    bare: int = 0
    pixels: int = 0

    def name(self, index: int) -> str:
        """Name a class; a segment without one is "(none)"."""
        return self.names[index] if index >= 0 else "(none)"

    def find_home(self, segment: int) -> int | None:
        """Find the true segment in which a segment lies; None where none holds half of it."""
        row, total = self.inside[segment, :-2], self.inside[segment].sum()
        return int(row.argmax()) if row.size and total and row.max() >= HALF * total else None

    def list_pieces(self, home: int) -> list[int]:
        """List the segments that lie in a true segment and are at least a twentieth of it, if they cover half of it."""
        pieces = [
            at for at in range(len(self.texts))
            if self.inside[at, home] >= PIECE * self.areas[home] and self.find_home(at) == home
        ]  # fmt: skip
        return pieces if self.measure_cover(pieces, home) >= HALF else []

    def measure_cover(self, segments: list[int], home: int) -> float:
        """Measure which share of a true segment some segments cover; at most 1, for they may overlap."""
        return min(1.0, float(self.inside[segments, home].sum() / self.areas[home]))

    def mask(self, segments: list[int], shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
        """Mark the union of some segments, at another size."""
        union = np.asarray(self.file[self.image_id].masks[segments].any(axis=0))
        return resize_nearest(union, shape)


def find_reassigned(image: Labelled) -> Iterator[Found]:
    """Find segments that were given another class than that of the true segment in which they lie."""
    for at, index in enumerate(image.classes.tolist()):
        home = image.find_home(at)
        if index >= 0 and home is not None and index != image.true[home]:
            assigned, true = image.name(index), image.name(int(image.true[home]))
            group = f"“{image.texts[at]}” → {assigned}, not {true}"
            yield group, [at], image.texts[at], assigned, true, image.measure_cover([at], home)


def find_parts(image: Labelled) -> Iterator[Found]:
    """Find true segments in two pieces or more, none of which was given the class of the whole."""
    for home, index in enumerate(image.true.tolist()):
        pieces = image.list_pieces(home)
        if len(pieces) > 1 and index not in image.classes[pieces]:
            yield _describe_pieces(image, pieces, home)


def find_pieces(image: Labelled) -> Iterator[Found]:
    """Find true segments whose class two pieces or more were given, which say different things and were not merged."""
    for home, index in enumerate(image.true.tolist()):
        pieces = [at for at in image.list_pieces(home) if image.classes[at] == index]
        if len({image.texts[at] for at in pieces}) > 1:
            yield _describe_pieces(image, pieces, home)


def find_leaks(image: Labelled) -> Iterator[Found]:
    """Find segments that were given the class of the largest other true segment at their border."""
    for at, index in enumerate(image.classes.tolist()):
        home = image.find_home(at)
        if home is None or index == image.true[home] or index not in image.true:
            continue
        neighbour = _find_largest_neighbour(image, at, home)
        if neighbour is not None and image.true[neighbour] == index:
            assigned, true = image.name(index), image.name(int(image.true[home]))
            share = image.measure_cover([at], home)
            yield f"{true} called {assigned}", [at], image.texts[at], assigned, true, share


def find_unlabelled(image: Labelled) -> Iterator[Found]:
    """Find segments that lie on pixels without a label, for at least half."""
    for at, row in enumerate(image.inside):
        share = float(row[-2:].sum() / max(row.sum(), 1))
        if share >= HALF:
            text = image.texts[at]
            yield (
                f"“{text}”",
                [at],
                text,
                image.name(int(image.classes[at])),
                "(no label)",
                share * row.sum() / max(image.covered.sum(), 1),
            )


def find_absent(image: Labelled) -> Iterator[Found]:
    """Find segments that were given a class of which the truth of the image has no pixel."""
    for at, index in enumerate(image.classes.tolist()):
        if index < 0 or index in image.true:
            continue
        home, text, assigned = image.find_home(at), image.texts[at], image.name(index)
        bare = image.inside[at, -2:].sum() >= HALF * image.inside[at].sum()
        true = image.name(int(image.true[home])) if home is not None else "(no label)" if bare else "(several)"
        share = float(image.inside[at].sum() / max(image.covered.sum(), 1))
        yield f"“{text}” → {assigned}", [at], text, assigned, true, share


RULES: dict[str, tuple[str, Callable[[Labelled], Iterator[Found]]]] = {
    "reassigned": ("Given another class than the true one", find_reassigned),
    "parts": ("In parts, none of which was given the class of the whole", find_parts),
    "leaks": ("Given the class of the largest true neighbour", find_leaks),
    "pieces": ("Left in pieces of the right class, which say different things", find_pieces),
    "unlabelled": ("On pixels that nobody labelled", find_unlabelled),
    "absent": ("Given a class that the truth of the image does not have", find_absent),
}
"""By name, what it is called and what finds it in an image."""


def mine(folder: Path, rule: str, most: int = MOST) -> tuple[pd.DataFrame, list[Labelled]]:
    """Mine a rule's failures in the first images of a finished run: a table of `COLUMNS`, and the images."""
    images = read_labelled(folder)[:most]
    rows = [
        (rule, group, image.image_id, "+".join(map(str, segments)), *rest)
        for image in images for group, segments, *rest in RULES[rule][1](image)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)), images


def read_labelled(folder: Path) -> list[Labelled]:
    """Read the segments of a finished run with their classes, once for all figures."""
    return _read_labelled(folder, (folder / RECORD).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_labelled(folder: Path, _: int) -> list[Labelled]:
    # Which know of every stage, though none is made where the store has what is asked for.
    from bench.run.context import RunContext
    from bench.run.similarities import SimilarityModels, add_similarities
    from bench.run.tables import make_tables

    settings = read_run_settings(folder)
    path = Path(settings["predictions"]) if "predictions" in settings else check_intact(folder, "predictions.json")
    context, file = RunContext(settings), PredictionFile(path)
    skipped = read_record(folder).get("skipped", ())
    ids = [i for i in context.dataset.list_ids() if i in file and i not in skipped][:MOST]
    tables = make_tables(file, ids, settings["data"], context.identity, context.store, settings["score"]["overlap"])
    by = "st" if all(file.has_embeddings(i) for i in ids) else "tt"
    items = add_similarities(SimilarityModels(context, file), tables, [by])
    tau = settings["score"]["tau_clip" if by == "st" else "tau_sbert"]
    names, rounding = context.classes.names, settings["score"]["rounding"]
    return [_label(folder, merge_objects(item), by, tau, rounding, names, file) for item in items]


def _label(
    folder: Path, item: Overlap, by: str, tau: float | None, rounding: int | None, names: tuple[str, ...],
    file: PredictionFile,
) -> Labelled:  # fmt: skip
    rows = item.st if by == "st" else item.tt
    classes = np.zeros(0, np.int32) if rows is None or not len(rows) else assign(rows, tau, rounding)
    inside = item.membership.astype(np.int64).T @ item.counts  # [n, r] @ [r, k+2]
    covered = item.counts[item.membership.any(axis=1)].sum(axis=0)
    areas = item.counts[:, :-2].sum(axis=0)
    pixels = int(item.counts[:, -2:].sum()), int(item.counts.sum())
    true = item.truth_classes
    return Labelled(folder, item.image_id, item.texts, classes, true, inside, areas, covered, names, file, *pixels)


def _describe_pieces(image: Labelled, pieces: list[int], home: int) -> Found:
    """Describe a true segment in pieces; it counts under its class."""
    texts = " + ".join(dict.fromkeys(image.texts[at] for at in pieces))
    classes = " + ".join(dict.fromkeys(image.name(int(image.classes[at])) for at in pieces))
    true = image.name(int(image.true[home]))
    return true, pieces, texts, classes, true, image.measure_cover(pieces, home)


def _find_largest_neighbour(image: Labelled, segment: int, home: int) -> int | None:
    """Find the largest true segment, but for the own one, that has a twentieth of a segment's border or more."""
    truth = load_sample(image.folder, image.image_id).truth
    assert truth is not None, "what was scored has a truth"
    mask = image.mask([segment], (truth.shape[0], truth.shape[1]))
    border = truth[ndimage.binary_dilation(mask, iterations=2) & ~mask]
    shared = [at for at, index in enumerate(image.true) if at != home and (border == index).mean() >= BORDER]
    return max(shared, key=lambda at: (image.areas[at], -at), default=None) if border.size else None
