"""The folder of a finished run may come from somebody else: which code its config.yaml may name; no part of the paper.

Hydra makes whatever a ``_target_`` names, at any depth of an option. What a user composes is the user's own code; of a
run's folder only the targets of the installed configuration groups are made, and those of packages that the user
trusts by name (``trust=PACKAGE``). No name is imported before it was looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from bench.errors import UsageError, UserError
from bench.settings.compose import HYDRAS
from bench.settings.saved import read_run_settings, read_settings
from bench.store.sealed import RECORD
from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

SCORING = ("data", "models")
"""Groups that `zgs score RUN` makes of a run's settings; its protocols are composed anew."""
REPORTING = ("data", "models")
"""Groups that `zgs report` makes or reads; it segments nothing."""
_TARGET, _MOST = "_target_", 100_000
_FOLDER_FLAGS = ("--config-dir", "-cd", "--config-path", "-cp")
_HYDRAS = ("defaults", "hydra")
"""Keys that tell Hydra where else to look; the settings of a run are resolved and have none."""


@cache
def list_installed() -> frozenset[str]:
    """List every target in the configuration groups that are installed; those of Hydra's own options are in no run."""
    conf = find_conf_dir()
    paths = [path for path in sorted(conf.rglob("*.yaml")) if path.relative_to(conf).parts[0] != HYDRAS]
    files = (read_conf_yaml(path) for path in paths)
    return frozenset(str(value) for content in files for key, value in _walk_entries(content, "") if _is_target(key))


def take_trusted(words: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split words into those without ``trust=…`` and the packages that it names. UsageError for what is no package."""
    rest = [word for word in words if not word.startswith("trust=")]
    told = [word.partition("=")[2].strip("[]") for word in words if word.startswith("trust=")]
    packages = tuple(name.strip() for text in told for name in text.split(","))
    for name in packages:
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name):
            raise UsageError(f"trust={name}: name a Python package whose code may run, e.g. trust=mypackage")
    return rest, packages


def check_run(folder: Path, trusted: Sequence[str], groups: Sequence[str]) -> None:
    """Look through the settings of a run before anything is made of them.

    Raises UserError, one line, for a target in ``groups`` that is neither installed nor of a ``trusted`` package, and
    for what no finished run leaves in its settings.
    """
    settings, path = read_run_settings(folder), folder / "config.yaml"
    for group in groups:
        if not isinstance(settings.get(group), Mapping):
            raise UserError(f"{path}: {group!r} is missing; run the same command again")
    check_made({group: settings[group] for group in groups}, path, trusted)


def check_config_folders(words: Sequence[str], trusted: Sequence[str]) -> None:
    """Check every yaml in a folder that ``--config-dir`` gives to `zgs run`, where that is a run's folder."""
    for folder in (place for place in map(Path, _find_config_folders(words)) if (place / RECORD).exists()):
        for key in set(_HYDRAS) & set(read_run_settings(folder)):
            raise UserError(f"{folder / 'config.yaml'}: {key}: no finished run leaves it; run the same command again")
        for path in sorted(folder.rglob("*.yaml")):
            if "wandb" not in path.relative_to(folder).parts:  # a tracker's own files
                check_made(read_settings(path), path, trusted)


def check_targets_below(folder: Path, trusted: Sequence[str]) -> None:
    """Check the targets in the yaml files of a folder that a run's record names as its user's own; else UserError."""
    for path in sorted(folder.rglob("*.yaml")):
        for key, value in islice(_walk_entries(read_settings(path), ""), _MOST):
            if _is_target(key):
                _check_target(key, value, path, trusted)


def _find_config_folders(words: Sequence[str]) -> Iterator[str]:
    for at, word in enumerate(words):
        if word in _FOLDER_FLAGS:
            yield from words[at + 1 : at + 2]
        for flag in _FOLDER_FLAGS:
            if word.startswith(f"{flag}="):
                yield word.partition("=")[2]


def check_made(settings: Mapping[str, Any], path: Path, trusted: Sequence[str]) -> None:
    """Check ``settings`` read from ``path``: UserError for what no finished run leaves or nobody trusts."""
    for at, (key, value) in enumerate(_walk_entries(settings, "")):
        if at > _MOST:
            raise UserError(f"{path}: holds more than {_MOST} settings, which no run has; run the same command again")
        if isinstance(value, str) and "${" in value:  # resolved late, it could become anything
            raise UserError(f"{path}: {key}={value:.60}: no finished run leaves ${{…}}; run the same command again")
        if _is_target(key):
            _check_target(key, value, path, trusted)


def _check_target(key: str, value: object, path: Path, trusted: Sequence[str]) -> None:
    if str(value) not in list_installed() and not _is_trusted(value, trusted):
        package = re.sub(r"\W.*", "", str(value)) or "PACKAGE"
        raise UserError(
            f"{path}: {key}={value!s:.100} is none of the targets that zgs brings, so it is not run; whoever knows "
            f"that code and wants it to run adds trust={package}"
        )


def list_foreign_packages(settings: Mapping[str, Any]) -> list[str]:
    """List packages of targets in settings that zgs does not bring, and that so have to be trusted by name."""
    named = {str(value) for key, value in _walk_entries(settings, "") if _is_target(key)}
    return sorted({name.partition(".")[0] for name in named - list_installed()})


def _is_target(key: str) -> bool:
    return key.rpartition(".")[2] == _TARGET


def _is_trusted(target: object, trusted: Sequence[str]) -> bool:
    """Whether a target is of a trusted package, and not only reached through it: ``mine.os.system`` is not mine."""
    if not isinstance(target, str) or not _is_within(target, trusted):
        return False
    from hydra.utils import get_object  # imports the module: what is trusted may run

    try:
        found: Any = get_object(target)
    except Exception:  # whoever makes it says why it cannot be made
        return True
    return _is_within(str(getattr(found, "__module__", None)), trusted)


def _is_within(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _walk_entries(node: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Walk over every leaf, and every ``_target_`` whatever it is, with its dotted key; lists count their places."""
    waiting = [(prefix, node)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping | list) and not _is_target(key):
            inner = value.items() if isinstance(value, Mapping) else enumerate(value)
            waiting += [(f"{key}.{name}".lstrip("."), each) for name, each in inner]
            yield key, None  # counted, so that a file that repeats itself without end ends
        else:
            yield key, value
