"""The configuration as Hydra composes it: its groups, their options, and the settings that some words choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.settings.decimals import shorten_decimals
from bench.system.resources import find_conf_dir


def list_groups() -> list[str]:
    """List the names of the configuration groups."""
    return sorted(folder.name for folder in find_conf_dir().iterdir() if folder.is_dir())


def list_options(group: str, config_dir: str | None = None) -> dict[str, Path]:
    """Find the yaml of each option of a group, by name: the package's, and those of the user's folder."""
    folders = [*([Path(config_dir)] if config_dir else []), find_conf_dir()]  # where both have it, the package's counts
    return {file.stem: file for folder in folders for file in sorted((folder / group).glob("*.yaml"))}


def compose_config(words: Iterable[str], config_dir: str | None = None, name: str = "config") -> Any:
    """Compose the configuration of `zgs run` with these words, and Hydra's own part of it, as a job does.

    Raises HydraException or OmegaConfBaseException for words that fit nothing.
    """
    from hydra import compose, initialize_config_dir

    words = list(words)
    if config_dir and not any(word.startswith("hydra.searchpath=") for word in words):
        path = str(Path(config_dir).absolute()).replace("'", "\\'")
        words = [f"hydra.searchpath=['file://{path}']", *words]
    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        return compose(name, words, return_hydra_config=True)


def read_choices(hydra: Any) -> dict[str, str]:
    """Read the option of each group of ours that was chosen, by Hydra's own part of the configuration."""
    chosen: Mapping[str, Any] = hydra.runtime.choices
    return {group: str(chosen[group]) for group in sorted(chosen) if chosen[group] and not group.startswith("hydra/")}


def resolve_config(config: Any, complete: bool = True) -> dict[str, Any]:
    """Turn a configuration into a plain dict, without Hydra's part.

    Raises OmegaConfBaseException for what has to be given and is not; if it need not be ``complete``, that stays
    ``???``.
    """
    from omegaconf import OmegaConf

    from bench.settings.saved import update_targets

    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    settings: Any = OmegaConf.to_container(own, resolve=True, throw_on_missing=complete)
    return dict(shorten_decimals(update_targets(settings)))
