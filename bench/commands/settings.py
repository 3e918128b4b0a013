"""Settings from the words of a command that is no Hydra job, and how one is taken over; no part of the paper."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from bench.commands.options import CONFIG_DIR
from bench.commands.overrides import explain_error
from bench.commands.words import prepare_words
from bench.errors import UsageError
from bench.settings.compose import compose_config, resolve_config


def compose_settings(words: Sequence[str], config_dir: str | None = None) -> dict[str, Any]:
    """Compose the resolved configuration with some choices; UsageError names what is wrong with them.

    ``config_dir`` is a folder of the user's own with further options, as `zgs run --config-dir` takes it.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        return resolve_config(compose_config(prepare_words(words, sweep=False), config_dir))
    except (HydraException, OmegaConfBaseException) as error:
        place = [CONFIG_DIR[0], config_dir] if config_dir else []
        raise UsageError(explain_error(error, [*place, *words])) from error


def take_over(source: Any, target: Any, path: Sequence[str]) -> None:
    """Take over one setting, a whole group or a key of it."""
    for name in path[:-1]:
        if not isinstance(source, Mapping) or name not in source or not isinstance(target, dict):
            return
        source, target = source[name], target.setdefault(name, {})
    if isinstance(source, Mapping) and path[-1] in source and isinstance(target, dict):
        target[path[-1]] = copy.deepcopy(source[path[-1]])
