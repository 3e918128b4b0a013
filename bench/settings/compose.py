"""The configuration as Hydra composes it: its groups, their options, and the settings that some words choose."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from bench.settings.decimals import shorten_decimals
from bench.settings.ranges import RUN
from bench.system.resources import find_conf_dir

STORED = "zgs_as_in_run"
"""The primary configuration of a repeated run, and the option of a group whose yaml the package does not have."""
HYDRAS = "hydra"
"""A folder of options for Hydra itself, such as launchers: none of a run's groups."""
_MANY = 1000
"""Files and folders, of which a folder of configs of one's own holds fewer."""
_VALUE = re.compile(rf"(?!hydra[./])(\w+(\.\w+)+|{'|'.join(RUN)})")
"""Keys of values. Whatever else stands before a "=" may choose an option: of a group, with its place or of Hydra's."""


def list_groups() -> list[str]:
    """List the names of the configuration groups."""
    return sorted(folder.name for folder in find_conf_dir().iterdir() if folder.is_dir() and folder.name != HYDRAS)


def list_options(group: str, config_dir: str | None = None) -> dict[str, Path]:
    """Find the yaml of each option of a group, by name: the package's, and those of the user's folder."""
    folders = [*([Path(config_dir)] if config_dir else []), find_conf_dir()]  # where both have it, the package's counts
    return {file.stem: file for folder in folders for file in sorted((folder / group).glob("*.yaml"))}


def compose_config(words: Iterable[str], config_dir: str | None = None, name: str = "config") -> Any:
    """Compose the configuration of `zgs run` with these words, and Hydra's own part of it, as a job does.

    Options are chosen first, which takes Hydra a fifth of a second, and values set in what that gives: a process that
    composes the same choice of this package's options again finds it made. Raises HydraException or
    OmegaConfBaseException for words that fit nothing.
    """
    words, place = list(words), None
    if config_dir and not any(word.startswith("hydra.searchpath=") for word in words):
        path = str(Path(config_dir).absolute()).replace("'", "\\'")
        words = [place := f"hydra.searchpath=['file://{path}']", *words]
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides(words)
    unknown = any(override.is_hydra_override() and override.input_line != place for override in parsed)
    files = None if name != "config" or unknown else _describe_conf(config_dir if place else None)
    if files is None:  # who knows what else it reads
        return _compose(name, words)
    values = [override for override in parsed if _sets_value(override)]
    config = pickle.loads(_compose_once(tuple(o.input_line for o in parsed if o not in values), *files))
    for override in values:
        _set_value(config, override)
    _tell_words(config.hydra, [override for override in parsed if not override.is_hydra_override()])
    return config


def _compose(name: str, words: Sequence[str]) -> Any:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        return compose(name, list(words), return_hydra_config=True)


@lru_cache(maxsize=64)
def _compose_once(words: tuple[str, ...], *files: tuple[str, int, int]) -> bytes:
    """Compose a choice of options; ``files`` belong to the cache's key only, so that an edited yaml is read again."""
    return pickle.dumps(_compose("config", words))


def _describe_conf(config_dir: str | None) -> list[tuple[str, int, int]] | None:
    """Describe every yaml of the package, and of the user's folder, by place, time and size.

    None where that folder holds more than a folder of configs does, such as data: it would take longer than composing.
    """
    paths = list(_list_below(find_conf_dir()))
    if config_dir:
        paths += (own := list(islice(_list_below(Path(config_dir).absolute()), _MANY + 1)))
        if len(own) > _MANY:
            return None
    yamls = sorted(path for path in paths if path.endswith(".yaml"))
    return [(path, (status := os.stat(path)).st_mtime_ns, status.st_size) for path in yamls]  # noqa: PTH116


def _list_below(folder: Path) -> Iterator[str]:
    """List all files and folders below a folder, as texts: paths take three times as long."""
    for place, folders, files in os.walk(folder):
        yield from (os.path.join(place, name) for name in (*folders, *files))  # noqa: PTH118


def _sets_value(override: Any) -> bool:
    """Whether a parsed word only sets a value that is there: KEY=VALUE, nothing added, taken away or swept."""
    plain = override.type.name == "CHANGE" and override.package is None and not override.is_sweep_override()
    return plain and bool(_VALUE.fullmatch(override.key_or_group))


def _set_value(config: Any, override: Any) -> None:
    """Set a value as Hydra does, with its errors; a field of a stage's class is a key though its yaml has it not."""
    from hydra.errors import ConfigCompositionException
    from omegaconf import OmegaConf
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

    key, line = override.key_or_group, override.input_line
    try:
        OmegaConf.update(config, key, override.value(), merge=True, force_add=_is_field(config, key))
    except (ConfigAttributeError, ConfigKeyError) as error:
        told = f"Could not override '{key}'.\nTo append to your config use +{line}"
        raise ConfigCompositionException(told) from error
    except OmegaConfBaseException as error:
        raise ConfigCompositionException(f"Error merging override {line}") from error
    except ValueError as error:  # below a list, what is no position in it
        raise ConfigCompositionException(f"Could not override '{key}'.") from error


def _is_field(config: Any, key: str) -> bool:
    """Whether a key that is not there is a field of the class that its group names (`bench.settings.fields`)."""
    from omegaconf import OmegaConf

    from bench.settings.fields import list_fields

    group, _, name = key.partition(".")
    known = OmegaConf.to_container(config[group]) if OmegaConf.is_dict(config.get(group)) else {}
    target = known.get("_target_") if isinstance(known, dict) and name not in known else None
    return isinstance(target, str) and "." not in name and name in list_fields(target)


def _tell_words(hydra: Any, parsed: Sequence[Any]) -> None:
    """Tell Hydra's own part of a configuration of all words that are not for that part, and where it was composed."""
    hydra.overrides.task, hydra.runtime.cwd = [override.input_line for override in parsed], str(Path.cwd())
    by = hydra.job.config.override_dirname
    lines = sorted(o.input_line for o in parsed if o.key_or_group not in by.exclude_keys)
    hydra.job.override_dirname = by.item_sep.join(lines).replace("=", by.kv_sep)


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

    settings = {}
    for key in (key for key in config if key != "hydra"):
        value = "???" if OmegaConf.is_missing(config, key) and not complete else config[key]
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True, throw_on_missing=complete)
        settings[key] = value
    return dict(shorten_decimals(update_targets(settings)))
