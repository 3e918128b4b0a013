"""The configuration behind a finished run's settings, composed again: what further words change, is told from it.

A run's config.yaml holds values, not choices: `method=reference` would change nothing but a name there. So the run's
choices are composed twice, without further words and with them, and what differs is changed in the run's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.settings.compose import STORED, compose_config, list_options, read_choices, resolve_config
from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

NAMED = ("models", "method", "score")
"""Groups whose settings tell which option they came from: earlier versions wrote no choices."""
ONCE = ("experiment", "protocol")
"""Groups that only choose options of others."""


@dataclass(frozen=True)
class Base:
    """A run that is repeated: its settings, and what its choices compose to before any word changes them."""

    settings: dict[str, Any]
    composed: dict[str, Any]
    chosen: dict[str, str]


def make_base(settings: dict[str, Any], parts: bool) -> Base:
    """Make the primary configuration `STORED` known to Hydra, and compose it; ``parts`` chooses models/clip and so on.

    It lies in Hydra's ConfigStore, which launchers hand on to their jobs, wherever they are.
    """
    from hydra.core.config_store import ConfigStore

    primary = read_conf_yaml(find_conf_dir() / "config.yaml")
    chosen = _read_choices(settings)
    primary["defaults"] = [_make_default(item, chosen, settings) for item in primary["defaults"]]
    if parts:
        primary["defaults"] += [
            {f"override {group}": option}
            for group, option in chosen.items()
            if "/" in group and option in list_options(group)
        ]
    ConfigStore.instance().store(STORED, primary)
    config = compose_config([], name=STORED)
    return Base(settings, resolve_config(config, complete=False), read_choices(config.hydra))


def _read_choices(settings: Mapping[str, Any]) -> dict[str, str]:
    """Read the options that a run chose, as far as the package has them."""
    chosen = dict(settings.get("choices") or {group: settings[group].get("name") for group in NAMED})
    return {group: str(option) for group, option in chosen.items() if option in list_options(group)}


def _make_default(item: Any, chosen: Mapping[str, str], settings: Mapping[str, Any]) -> Any:
    """Make one entry of the defaults list from the package's, with the run's own choice."""
    if not isinstance(item, dict):
        return item
    ((group, option),) = item.items()
    if group in ONCE:
        return {group: None}
    if group.startswith("override "):
        return item
    if group not in chosen:
        _store_option(group, settings.get(group))
        return {group: STORED}
    # ``zerocap_${models}`` goes on following the models.
    follows = str(option).replace("${models}", chosen.get("models", "")) == chosen[group]
    return {group: option if follows else chosen[group]}


def _store_option(group: str, node: Any) -> None:
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(STORED, node if isinstance(node, dict) else {}, group=group)
