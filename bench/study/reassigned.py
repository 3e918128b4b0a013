"""Section 4.1 for the study: which class each stored segment is given by TT and ST, as `zgs score` gives it.

No threshold drops a label: people decide which stand. Overlap tables and vectors of texts come from the store, so no
model is loaded where the run left them there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.mapping.base import count_shared_pixels
from bench.mapping.choose import make_strategy
from bench.mapping.no_class import list_silent_words, silence_texts
from bench.predictions.source import PredictionFile
from bench.records import Overlap
from bench.run.context import RunContext
from bench.run.score import resolve_protocol
from bench.run.similarities import SimilarityModels, add_similarities
from bench.run.tables import make_tables
from bench.score.counts import SIZES
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD, check_intact, read_record

BACKGROUND = "(background)"
UNKNOWN = "(no truth)"


@dataclass(frozen=True)
class Label:
    """A label of a segment: what it is (`questions.KINDS`), its text, and the cosine of the reassignment."""

    kind: str
    text: str
    cosine: float | None = None


@dataclass(frozen=True)
class Labelled:
    """One stored run: its data, its predictions, and by image and position all labels and the stratum of a segment.

    A stratum is the class that most of the segment's pixels truly have, and its size in words. ``empty`` counts
    segments whose text says nothing.
    """

    name: str
    folder: Path
    context: RunContext
    file: PredictionFile
    labels: Mapping[tuple[str, int], tuple[Label, ...]]
    strata: Mapping[tuple[str, int], tuple[str, str]]
    empty: int


def open_predictions(folder: Path) -> PredictionFile:
    """Open the predictions of a finished run, or those that `zgs score` scored into a folder."""
    path = Path(read_run_settings(folder).get("predictions") or folder / "predictions.json")
    if (path.parent / RECORD).exists():
        path = check_intact(path.parent, path.name)
    return PredictionFile(path)


def label_run(folder: Path, name: str, kinds: Sequence[str]) -> Labelled:
    """Read every segment of a finished run with the labels of each kind that it can have.

    Of data without labels there are texts alone; a run without embeddings has no ST. Images that the run left out are
    left out.
    """
    settings = read_run_settings(folder)
    context, file = RunContext(settings), open_predictions(folder)
    skipped = read_record(folder).get("skipped", {})
    ids = [image for image in context.dataset.list_ids() if image in file and image not in skipped]
    texts = {image: file.read_texts(image) for image in ids}
    labels: dict[tuple[str, int], list[Label]] = {
        (image, at): [Label("text", text)] if text.strip() and "text" in kinds else []
        for image in ids
        for at, text in enumerate(texts[image])
    }
    strata = dict.fromkeys(labels, (UNKNOWN, UNKNOWN))
    if context.dataset.classes is not None:
        images = _measure(context, file, ids, settings, kinds)
        for item in images:
            strata |= {(item.image_id, at): each for at, each in enumerate(_find_strata(item, context.classes.names))}
        for kind in [kind for kind in kinds if kind != "text"]:
            for place, label in _assign(images, context, settings, kind):
                labels[place].append(label)
    kept = {place: tuple(each) for place, each in labels.items() if each}
    empty = sum(not text.strip() for said in texts.values() for text in said)
    return Labelled(name, folder, context, file, kept, {place: strata[place] for place in kept}, empty)


def _measure(
    context: RunContext, file: PredictionFile, ids: Sequence[str], settings: Mapping[str, Any], kinds: Sequence[str]
) -> list[Overlap]:
    """Measure overlaps and similarities as one protocol of `zgs score` does."""
    protocol = resolve_protocol(context, settings["score"])
    data = settings["data"], context.identity, context.store
    tables = make_tables(file, ids, *data, protocol.overlap)
    models = SimilarityModels(context, file).round_by(protocol.rounding)
    filled = [image for image, item in tables.tables.items() if len(item.areas)]
    embedded = all(map(file.has_embeddings, filled))
    rows = [kind for kind in ("st", "tt") if kind in kinds and (kind == "tt" or embedded)]
    images = add_similarities(models, tables, rows)
    return silence_texts(images, list_silent_words(protocol.no_class, context.classes))


def _assign(
    images: Sequence[Overlap], context: RunContext, settings: Mapping[str, Any], kind: str
) -> list[tuple[tuple[str, int], Label]]:
    """Assign the nearest class to each segment by one similarity; nothing where the run has none."""
    protocol = resolve_protocol(context, settings["score"])
    strategy, names, found = make_strategy(kind, protocol.rounding), context.classes.names, []
    for item in images:
        if getattr(item, kind) is None:
            continue
        for at, (label, cosine) in enumerate(zip(*strategy.assign(item), strict=True)):
            if label >= 0:
                found.append(((item.image_id, at), Label(kind, names[label], float(cosine))))
    return found


def _find_strata(item: Overlap, names: Sequence[str]) -> list[tuple[str, str]]:
    """Find class and size of each segment: most of its true pixels, and its share of the predicted picture."""
    present = np.unique(item.truth_classes)
    shared = count_shared_pixels(item, present)
    pixels = max(int(item.counts.sum()), 1)
    covered = item.membership.T.astype(np.float64) @ item.counts.sum(axis=1)  # pixels of the truth under each segment
    strata = []
    for at in range(len(item.areas)):
        outside = covered[at] - shared[at].sum()  # background and void
        best = int(shared[at].argmax()) if shared.shape[1] else -1
        name = names[present[best]] if best >= 0 and shared[at, best] > outside else BACKGROUND
        share = covered[at] / pixels
        strata.append((name, next(word for word, (low, high) in SIZES.items() if low <= share < high)))
    return strata
