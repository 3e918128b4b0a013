"""Models that stay loaded from one run of a sweep to the next, and which of them a stage needs."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeAlias

from hydra.utils import get_object

from bench.interfaces import ClipModel, DinoModel, GroupVitModel, LanguageModel, SamModel, SentenceModel
from bench.settings.instantiate import HANDED_OVER, make_object
from bench.system.start import pause_collection

MODELS = HANDED_OVER

LOADING: list[float] = []
"""Seconds that each loading of a model took in this process, the import of its library included."""

Model: TypeAlias = ClipModel | DinoModel | LanguageModel | SentenceModel | GroupVitModel | SamModel


@lru_cache(maxsize=2 * len(MODELS))
def load_once(options: str, device: str, dtype: str, threads: int, facts: str, compiled: bool = False) -> Model:
    """Load a model, which stays for the next run of a sweep; ``facts`` are what is in its files.

    ``compiled`` ones that have blocks to compile do so when these are first run (`bench.models.compiled`).
    """
    import torch

    begin = time.perf_counter()
    torch.set_num_threads(threads)  # here too, where no worker has: keys say with how many a result was made
    try:
        wanted = json.loads(options)
        import_library(str(wanted["_target_"]))
        model: Model = make_object(wanted, device=device, dtype=dtype)
        if compiled and hasattr(model, "compile_blocks"):
            model.compile_blocks()
        return model
    finally:
        LOADING.append(time.perf_counter() - begin)


def import_library(target: str) -> None:
    """Import the module of a model's class, and its library with it; what goes wrong is told by who makes the model."""
    with pause_collection(), suppress(Exception):
        import_module(target.rpartition(".")[0])


def list_needs(options: Mapping[str, Any]) -> tuple[str, ...]:
    """List the models that the constructor of a stage names among its parameters."""
    parameters = inspect.signature(get_object(options["_target_"])).parameters
    return tuple(name for name in MODELS if name in parameters)
