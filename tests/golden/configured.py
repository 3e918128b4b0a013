"""Stages as a run makes them: from the configuration and overrides of it, with the vectors' small models put in."""

from __future__ import annotations

from typing import Any

from bench.settings.compose import compose_config, resolve_config
from bench.settings.instantiate import make_object


def stage(name: str, *words: str, **models: Any) -> Any:
    """The stage of a configuration group under some overrides."""
    return make_object(resolve_config(compose_config(words))[name], **models)
