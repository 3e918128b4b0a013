"""Predictions on disk: what is no fault, but means nothing (keys that are not read, embeddings of zeros), counted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.data.base import suggest_nearest
from bench.predictions.source import PredictionFile

KEYS = {"": ("format", "about", "embeddings", "images"), "embeddings": ("file", "sha256", "model", "inline")}
"""What the head of a file may say; `about` may say anything."""
ROW = "variant"
"""The key of `about` that names the row."""


def list_prediction_remarks(file: PredictionFile, ids: Iterable[str]) -> list[str]:
    """List a line for each key of the head that is not read, and one for all embeddings that are zero among ``ids``."""
    return [*list_head_remarks(file), *list_zero_remarks(file, ids)]


def list_head_remarks(file: PredictionFile) -> list[str]:
    """List keys of the head that the format does not know; of ``about``, which may say anything, a misspelt `ROW`."""
    remarks = []
    for where, known in KEYS.items():
        section = file.head.get(where) if where else file.head
        for key in section if isinstance(section, dict) else ():
            if key not in known:
                remarks.append(
                    _describe_unread(file, where, key, suggest_nearest(key, known) or f" (known: {', '.join(known)})")
                )
    about: Any = file.head.get("about")
    close = (
        difflib.get_close_matches(ROW, about, n=1, cutoff=0.8) if isinstance(about, dict) and ROW not in about else []
    )
    return remarks + [_describe_unread(file, "about", key, f" (did you mean {ROW!r}?)") for key in close]


def _describe_unread(file: PredictionFile, where: str, key: str, hint: str) -> str:
    return f"{file.path}: head: {where + '.' * bool(where)}{key!r:.40} is not read{hint}"


def list_zero_remarks(file: PredictionFile, ids: Iterable[str]) -> list[str]:
    """List how many embeddings have no direction, and where the first is: ST finds no class near them."""
    total, images, first = 0, 0, ""
    for image_id in ids:
        if image_id not in file or not file.has_embeddings(image_id):
            continue
        rows = file.read_embeddings(image_id)
        zero = [] if rows is None or rows.ndim != 2 else np.flatnonzero(~rows.any(axis=1)).tolist()
        if zero:
            first = first or f"{file.describe_place(image_id)}, segment {zero[0]}"
            total, images = total + len(zero), images + 1
    remark = f"{file.path}: {total} embeddings in {images} images are all zeros, the first: {first}"
    return [f"{remark}; under ST they are as near to one class as to another"] if total else []
