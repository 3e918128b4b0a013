"""Semantic similarity and semantic IoU of names: how a text compares with the name of the true segment it is given to.

similarity  mean cosine of text and true name, the sentence encoder's (SS of the Osprey line)
siou        words shared / words of both together, in lower case and without punctuation; mean over true segments

Both are made twice. "given": the text that the method has for the mask of the true segment (from `Oracle`; so
`names.similarity.given` is `tgq.micro.cosine` under its other name). "matched": the text of the predicted segment that
fits the true one best by IoU, for systems that only predict; a true segment that no prediction touches has 0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.arithmetic import compute_iou_matrix


def compute_given_names(image: ImageTables) -> dict[str, Terms]:
    """Compare the texts for true masks with the true names; nothing where there are none."""
    truth = image.truth
    if truth is None or truth.tt is None:
        return {}
    texts = truth.texts or ("",) * len(truth.classes)
    return _compare(image, "given", truth.classes, image.true_shares, truth.tt, range(len(texts)), texts)


def compute_matched_names(image: ImageTables) -> dict[str, Terms]:
    """Compare the texts of the predicted segments that fit best with the true names."""
    image = image.told_apart
    item, by = image.overlap, image.protocol
    iou = compute_iou_matrix(item, by.background, by.void)  # n k
    best = [int(column.argmax()) if column.any() else -1 for column in iou.T]
    similarity = np.zeros((0, len(image.classes))) if item.tt is None else item.tt
    texts = item.texts or ("",) * len(item.areas)
    return _compare(image, "matched", item.truth_classes, image.segment_shares, similarity, best, texts)


def compute_word_iou(text: str, name: str) -> float:
    """Words of both over words of either; 0 where neither has any."""
    one, other = _split_words(text), _split_words(name)
    return len(one & other) / len(one | other) if one | other else 0.0


def _split_words(text: str) -> set[str]:
    """Whatever its alphabet: combining marks are joined to their letters first, punctuation and symbols go."""
    letters = unicodedata.normalize("NFKC", text.lower())
    return set("".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in letters).split())


def _compare(
    image: ImageTables,
    kind: str,
    classes: np.ndarray,
    share: np.ndarray,
    similarity: np.ndarray,
    which: Sequence[int],
    texts: Sequence[str],
) -> dict[str, Terms]:
    """Compare text ``which[i]`` with the name of true segment i (-1: no text, so 0)."""
    names, pairs = image.classes.names, list(zip(which, classes.tolist(), strict=True))
    near = np.array([float(similarity[row, true]) if row >= 0 else 0.0 for row, true in pairs])
    shared = np.array([compute_word_iou(texts[row], names[true]) if row >= 0 else 0.0 for row, true in pairs])
    return {
        f"names.similarity.{kind}": make_terms("segments", classes, share, near),
        f"names.siou.{kind}": make_terms("segments", classes, share, shared),
    }
