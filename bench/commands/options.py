"""Hydra's flags among the words of a command, and what a chosen option of a group lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.settings.compose import compose_config, list_options, read_choices

CONFIG_DIR, CONFIG_NAME, CONFIG_PATH = ("-cd", "--config-dir"), ("-cn", "--config-name"), ("-cp", "--config-path")
LIBRARIES = "libraries"
"""A word of `score=` of `zgs score`, for the protocols of all other libraries."""


def find_flag(arguments: Sequence[str], names: Sequence[str]) -> str | None:
    """Find the value of a flag of Hydra's, written ``-cd DIR`` or ``-cd=DIR``; the last one counts."""
    found, words = None, iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else next(words, None)
    return found


def check_folder(place: str) -> None:
    """Raise UsageError where the folder that ``--config-dir`` names is not there."""
    if not Path(place).is_dir():
        raise UsageError(f"-cd {place}: no such folder")


def describe_lack(key: str, arguments: Sequence[str]) -> str | None:
    """Say ``encode=half has no sigma2`` where another option of the group has that key; None where none has."""
    group, _, rest = key.lstrip("+~").partition(".")
    config_dir, chosen = find_flag(arguments, CONFIG_DIR), _find_choice(group, key, arguments)
    files = list_options(group, config_dir)
    if not rest or chosen is None or not any(_has_key(file, rest) for name, file in files.items() if name != chosen[0]):
        return None
    name, known = chosen
    return f"{group}={name} has no {rest} (its keys: {', '.join(known) or 'none'})"


def _find_choice(group: str, key: str, arguments: Sequence[str]) -> tuple[str, list[str]] | None:
    """Find the option that the words choose of a group, and its keys."""
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    words = [word for word in arguments if _is_word(word) and word.partition("=")[0].partition(".")[0] != group]
    words += [word for word in arguments if word.partition("=")[0] == group]
    try:
        config = compose_config(words, find_flag(arguments, CONFIG_DIR))
        name, node = read_choices(config.hydra).get(group), config[group]
    except (HydraException, OmegaConfBaseException):
        return None
    keys = [str(known) for known in node if known != "_target_"] if OmegaConf.is_dict(node) else []
    return (name, keys) if name and key else None


def _is_word(argument: str) -> bool:
    return "=" in argument and not argument.startswith("-") and "," not in argument.partition("=")[2]


def _has_key(file: Path, key: str) -> bool:
    """Whether an option states a key, itself or by a yaml of its own group that it builds upon."""
    import yaml

    from bench.system.conf_yaml import read_conf_yaml

    try:
        node = read_conf_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return False
    if not isinstance(node, dict):
        return False
    below = [file.with_name(f"{name}.yaml") for name in node.get("defaults", []) if isinstance(name, str)]
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            return any(_has_key(other, key) for other in below if other != file and other.is_file())
        node = node[part]
    return True
