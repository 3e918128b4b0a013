"""Section 4.3, input from memory: what `bench.Scorer` is given is checked as files are, with one clear line a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from bench.booleans import describe_odd_bytes
from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.predictions.proportions import describe_misfit
from bench.protocol import Protocol
from bench.records import BACKGROUND, UNTOLD, VOID, ClassList, Prediction
from bench.score.presets import make_protocol

_KEYS = tuple(each.name for each in fields(Protocol))
_MOST = int(np.iinfo(np.int16).max)
_THRESHOLDS = {"tau_sbert": -1, "tau_clip": -1, "tau_iou": 0}
"""Keys of thresholds and the lowest value of each."""


def make_class_list(
    names: Sequence[str], things: Sequence[bool] | None, aliases: Sequence[Sequence[str]] | None = None
) -> ClassList:
    """Make the class list of some names. Raises UsageError for a text in place of a list, or names that repeat."""
    if isinstance(names, str | bytes):
        raise UsageError(f"names: needs a list of class names, not the text {names!r}; write [{names!r}]")
    listed = list(names)
    if wrong := next((name for name in listed if not isinstance(name, str) or not name.strip()), None):
        raise UsageError(f"names: {wrong!r} is no class name; give a text for each class")
    if not listed or not all(listed) or len(set(listed)) < len(listed):
        twice = next((name for at, name in enumerate(listed) if name in listed[:at]), None)
        raise UsageError(f"names: {'an empty name or none' if not twice else f'{twice!r} is there twice'}; "
                         "give each class a name of its own")  # fmt: skip
    flags = [True] * len(listed) if things is None else list(map(bool, things))
    if len(flags) != len(listed):
        raise UsageError(f"things: {len(flags)} flags for {len(listed)} classes; give one a class, True for things")
    if aliases is not None and (len(aliases) != len(listed) or any(isinstance(more, str) for more in aliases)):
        raise UsageError(f"aliases: {aliases!r:.60}; give a list of further texts for each of {len(listed)} classes")
    return ClassList("own", tuple(listed), tuple(flags), tuple(map(tuple, aliases or ())))


def make_changed_protocol(name: str, changes: Mapping[str, Any]) -> Protocol:
    """Make a protocol with some keys changed.

    Raises UsageError for a wrong value, for a key that is none, with the nearest, and for what Scorer is not given:
    people's ratings, and texts of true segments.
    """
    for key in changes:
        if key not in _KEYS:
            raise UsageError(f"{key}={changes[key]}: no key of a protocol{suggest_nearest(key, _KEYS)}; "
                             "SCORES.md lists them")  # fmt: skip
    _check_thresholds(changes)
    try:
        protocol = make_protocol(name, **changes)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{key}={value!r}" for key, value in changes.items())
        raise UsageError(f"Scorer({given}): a value has the wrong type ({' '.join(str(error).split())})") from error
    if protocol.verify == "human":
        raise UsageError("verify='human': ratings are of a predictions file; use `zgs score FILE score.verify=human`")
    if "tgq" in changes.get("metrics", ()):
        raise UsageError("metrics: tgq needs texts of the true segments, which Scorer is not given; use `zgs score`")
    return protocol


def _check_thresholds(changes: Mapping[str, Any]) -> None:
    for key, low in _THRESHOLDS.items():
        value = changes.get(key, 0.5)
        real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not (real and low <= value <= 1) and not (value is None and low):
            more = ", or None for no threshold" if low else ""
            raise UsageError(f"{key}={value!r}: needs a number from {low} to 1{more}")


def check_truth(truth: Any, named: str, classes: int) -> np.ndarray:
    """Check a map of classes [h, w] of whole numbers; returns it as int16. Raises UserError that names the image."""
    found = np.asarray(truth)
    if found.ndim != 2 or not found.size or found.dtype.kind not in "iu":
        raise UserError(
            f"{named}: truth is {found.dtype} {list(found.shape)}; give whole numbers [height, width]: a class's "
            f"position, {BACKGROUND} background, {VOID} not labelled (`truth.astype(int)` if that is what it holds)"
        )
    low, high = int(found.min()), int(found.max())
    if low < VOID or high >= classes:
        wrong = high if high >= classes else low
        raise UserError(
            f"{named}: truth holds {wrong}; classes are 0 to {classes - 1}, {BACKGROUND} background, {VOID} not "
            "labelled: put these in its place"
        )
    return found.astype(np.int16)


def check_instances(instances: Any, named: str, size: tuple[int, int]) -> np.ndarray | None:
    """Check the map that tells objects of a class apart; returns it as int16. Raises UserError that names the image."""
    if instances is None:
        return None
    found = np.asarray(instances)
    if found.shape != size or found.dtype.kind not in "iu" or int(found.min()) < UNTOLD or int(found.max()) > _MOST:
        raise UserError(
            f"{named}: instances are {found.dtype} {list(found.shape)}; give whole numbers {list(size)}: an object's "
            f"number up to {_MOST}, -1 none, {UNTOLD} several objects that nobody told apart"
        )
    return found.astype(np.int16)


def check_prediction(prediction: Prediction, named: str, size: tuple[int, int], proportions: str) -> None:
    """Check what a prediction holds, and its masks beside a truth of ``size``. Raises UserError for what does not fit.

    As in `zgs score`, masks of another size have its proportions, unless the protocol stretches them (any).
    """
    masks, texts, vectors, scores = prediction.masks, prediction.texts, prediction.embeddings, prediction.scores
    if not isinstance(masks, np.ndarray) or masks.ndim != 3 or masks.dtype != np.bool_:
        kind = f"{masks.dtype} {list(masks.shape)}" if isinstance(masks, np.ndarray) else type(masks).__name__
        raise UserError(f"{named}: masks are {kind}; give bool [segments, height, width] (`masks > 0.5`)")
    if odd := describe_odd_bytes(masks):
        raise UserError(f"{named}: masks are {odd}")
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise UserError(f"{named}: texts is {texts!r:.60}; give a list with a text for each segment")
    counts = {"texts": len(texts), "embeddings": len(masks) if vectors is None else len(vectors),
              "scores": len(masks) if scores is None else len(scores)}  # fmt: skip
    if wrong := next((key for key, count in counts.items() if count != len(masks)), None):
        raise UserError(f"{named}: {len(masks)} masks but {counts[wrong]} {wrong}; give one for each segment")
    if vectors is not None and np.ndim(vectors) != 2:
        raise UserError(f"{named}: embeddings are {list(np.shape(vectors))}; give [segments, dimension]")
    if len(masks) and proportions == "same" and (fault := describe_misfit(masks.shape[1:], size)):
        raise UserError(f"{named}: " + fault.replace("score.proportions=any", "proportions='any'"))


def check_embeddings(vectors: np.ndarray | None, dimension: int, named: str) -> None:
    """Check the embeddings of an image. Raises UserError where there are none, or they are of another CLIP."""
    instead = "mapping=('tt',) and metrics without clipscore"
    if vectors is None:
        raise UserError(f"{named}: no embeddings, which ST and clipscore need; choose {instead}")
    if vectors.shape[1] != dimension:
        raise UserError(
            f"{named}: embeddings have {vectors.shape[1]} numbers, those of the CLIP that scores {dimension}; choose "
            f"the CLIP that made them (words=['models=…']), or {instead}"
        )
