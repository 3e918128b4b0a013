"""Settings from the words of a command that is no Hydra job (`zgs verify`); no part of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.commands.overrides import explained
from bench.commands.words import prepared
from bench.errors import UsageError
from bench.resources import conf_dir
from bench.run.decimals import shortest


def composed(words: Sequence[str]) -> dict[str, Any]:
    """The resolved configuration with some choices; UsageError names what is wrong with them."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config = compose("config", prepared(words, sweep=False))
        settings: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        return dict(shortest(settings))
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(explained(error, list(words))) from error
