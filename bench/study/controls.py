"""Appendix F, controls: true segments under their own name, and under that of a class which the image does not have.

They look like every other question, and their answers are known: 2 or 3 of a right name, 0 or 1 of a wrong one. A wrong
name is drawn among the third of the absent classes whose names are least like the true one, so that nobody fails for
calling a cloud sky. Data without labels take them from the drawn scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bench.data.base import Dataset
from bench.records import ClassList, Sample
from bench.study.questions import RIGHT, WRONG, Question

SMALLEST, LARGEST = 1 / 50, 0.6
"""Shares of the image between which a true segment is asked about: what nobody can miss, and is not all."""
Similarity = Callable[[Sequence[str]], Float[np.ndarray, "c c"]]


@dataclass(frozen=True, eq=False)
class Control:
    """A question whose answer is known, with what its picture is drawn from."""

    question: Question
    sample: Sample
    mask: Bool[np.ndarray, "h w"]


def make_controls(
    dataset: Dataset, images: Sequence[str], count: int, seed: int, compare: Similarity,
    digest: Callable[[np.ndarray], str], taken: Collection[str] = (),
) -> list[Control]:  # fmt: skip
    """Make up to ``count`` controls of labelled images, right and wrong in turn, each of a segment of its own.

    ``compare`` gives the similarity of class names to each other, ``digest`` names a mask, ``taken`` are names of
    questions that are asked anyway. Images are visited in random order, and again only when all have been.
    """
    classes, made = dataset.classes, list[Control]()
    assert classes is not None, "controls are of labelled data"
    draw = np.random.default_rng([seed, 1])
    near = compare(classes.names)
    rounds = [_list_segments(dataset, images[at], draw) for at in draw.permutation(len(images)).tolist()]
    while rounds and len(made) < count:
        left = []
        for own in rounds:
            found = next(own, None)
            if found is None:
                continue
            left.append(own)
            sample, mask, index, present = found
            right = len(made) % 2 == 0
            label = index if right else _choose_wrong(index, present, classes, near, draw)
            if label is None:
                continue
            question = Question(sample.image_id, digest(mask), classes.names[label], RIGHT if right else WRONG)
            if question.name not in taken:
                made.append(Control(question, sample, mask))
            if len(made) == count:
                break
        rounds = left
    return made


def passes(known: str, rating: int) -> bool:
    """Whether a rating of a control is the known answer: at least 2 of a right name, at most 1 of a wrong one."""
    return rating >= 2 if known == RIGHT else rating <= 1


def _list_segments(
    dataset: Dataset, image: str, draw: np.random.Generator
) -> Iterator[tuple[Sample, np.ndarray, int, frozenset[int]]]:
    """List the true segments of an image that can be asked about, in random order: sample, mask, class, all classes."""
    sample = dataset.load(image)
    if sample.truth is None:
        return
    present, pixels = np.unique(sample.truth[sample.truth >= 0], return_counts=True)
    every = frozenset(present.tolist())
    for at in draw.permutation(len(present)).tolist():
        if SMALLEST <= pixels[at] / sample.truth.size <= LARGEST:
            yield sample, sample.truth == present[at], int(present[at]), every


def _choose_wrong(
    index: int, present: frozenset[int], classes: ClassList, near: np.ndarray, draw: np.random.Generator
) -> int | None:
    """Choose a class that the image does not have, among the third least like the true one; None where it has all."""
    absent = sorted((c for c in range(len(classes)) if c not in present), key=lambda c: (near[index, c], c))
    least = absent[: max(1, len(absent) // 3)]
    return int(draw.choice(least)) if least else None
