"""A small store of made-up results, as runs leave one: for tests of what is listed, removed, checked and copied."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.store.files import Namespace, Store
from bench.store.keys import make_stage_key

NOW = 1_700_000_000.0
DAY = 86400.0


def fill_store(root: Path, stage: str = "encode", images: int = 2, **options: Any) -> Namespace:
    """A namespace with an entry of each image."""
    inputs: Mapping[str, Any] = {"options": {"_target_": "mine.Encoder", **options}, "device": "cpu"}
    store = Store(root)
    namespace = store.open_namespace(stage, make_stage_key(stage, inputs), inputs)
    for at in range(images):
        store.add(namespace, f"image-{at}", {"a": ({"vectors": np.arange(3) + at}, {"n": at})})
    return namespace


def set_age(namespace: Namespace, seconds: float) -> None:
    """Let a namespace be as if nobody had used it for that long before `NOW`."""
    for path in namespace.folder.iterdir():
        os.utime(path, (NOW - seconds, NOW - seconds))
