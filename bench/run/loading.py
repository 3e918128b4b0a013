"""Models that stay loaded from one run of a sweep to the next, and which of them a stage needs."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from hydra.utils import get_object

from bench.interfaces import ClipModel, DinoModel, GroupVitModel, LanguageModel, SamModel, SentenceModel
from bench.settings.instantiate import HANDED_OVER, make_object
from bench.system.libraries import import_library

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
        import_library(_find_module(wanted))
        model: Model = make_object(wanted, device=device, dtype=dtype)
        if compiled and hasattr(model, "compile_blocks"):
            model.compile_blocks()
        return model
    finally:
        LOADING.append(time.perf_counter() - begin)


def list_needs(options: Mapping[str, Any]) -> tuple[str, ...]:
    """List the models that the constructor of a stage names among its parameters."""
    parameters = inspect.signature(get_object(options["_target_"])).parameters
    return tuple(name for name in MODELS if name in parameters)


def list_modules(settings: Mapping[str, Any]) -> list[str]:
    """List the modules of the models that a run may load: those its stages name, and those that it scores by.

    Those of other packages are left out: what they do at their import, threads for one, nobody here knows. Without
    labels there are no scores, and the libraries of the sentence encoder would be 86 MB of each worker.
    """
    stages = ("baseline",) if settings.get("baseline") else ("segment", "encode", "caption", "merge")
    named = {name for stage in stages if stage in settings for name in list_needs(settings[stage])}
    named |= {"clip"} if _is_unlabelled(settings.get("data") or {}) else {"clip", "sentence"}
    models = [node for name, node in settings["models"].items() if name in named and node]
    return [module for node in models if (module := _find_module(node)).startswith("bench.")]


def _is_unlabelled(data: Mapping[str, Any]) -> bool:
    """Whether a set is a folder of photographs without a layout that says where its labels lie."""
    return "layout" in data and data["layout"] is None


def _find_module(options: Mapping[str, Any]) -> str:
    return str(options["_target_"]).rpartition(".")[0]
