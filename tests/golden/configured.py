"""Stages as a run makes them: from the configuration and overrides of it, with the vectors' small models put in."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bench.settings.instantiate import make_object
from bench.system.resources import find_conf_dir


def stage(name: str, *words: str, **models: Any) -> Any:
    """The stage of a configuration group under some overrides."""
    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        settings: Any = OmegaConf.to_container(compose("config", list(words)), resolve=True)
    return make_object(settings[name], **models)
