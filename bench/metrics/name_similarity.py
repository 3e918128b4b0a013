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

from bench.metrics.mask_quality import compute_iou_matrix
from bench.metrics.terms import Found, make_terms
from bench.records import Oracle, Overlap


def given(oracle: Oracle, names: tuple[str, ...], pixels: float = np.nan) -> Found:
    """Of the texts for true masks; nothing where there are none. ``pixels`` is the size of the image, for sizes."""
    if oracle.tt is None:
        return {}
    texts = oracle.texts or ("",) * len(oracle.classes)
    share = oracle.areas / pixels
    return _found(oracle.classes, share, oracle.tt, range(len(texts)), texts, names, "given")


def matched(item: Overlap, names: tuple[str, ...], background: str = "context", void: str = "ignore") -> Found:
    """Of the texts of the predicted segments that fit best."""
    iou = compute_iou_matrix(item, background, void)
    best = [int(column.argmax()) if column.any() else -1 for column in iou.T]
    share = item.counts[:, :-2].sum(axis=0) / max(1, item.counts.sum())
    similarity = np.zeros((0, len(names))) if item.tt is None else item.tt
    texts = item.texts or ("",) * len(item.areas)
    return _found(item.truth_classes, share, similarity, best, texts, names, "matched")


def word_iou(text: str, name: str) -> float:
    """Words of both over words of either; 0 where neither has any."""
    one, other = _words(text), _words(name)
    return len(one & other) / len(one | other) if one | other else 0.0


def _words(text: str) -> set[str]:
    """Whatever its alphabet: combining marks are joined to their letters first, punctuation and symbols go."""
    letters = unicodedata.normalize("NFKC", text.lower())
    return set("".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in letters).split())


def _found(
    classes: np.ndarray,
    share: np.ndarray,
    similarity: np.ndarray,
    which: Sequence[int],
    texts: Sequence[str],
    names: tuple[str, ...],
    kind: str,
) -> Found:
    pairs = list(zip(which, classes.tolist(), strict=True))
    near = np.array([float(similarity[at, own]) if at >= 0 else 0.0 for at, own in pairs])
    shared = np.array([word_iou(texts[at], names[own]) if at >= 0 else 0.0 for at, own in pairs])
    return {
        f"names.similarity.{kind}": ("segments", make_terms(classes, share, near)),
        f"names.siou.{kind}": ("segments", make_terms(classes, share, shared)),
    }
