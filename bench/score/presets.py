"""Section 4, protocols by name: the yaml files of ``conf/score``, each of which says what differs from another.

Hydra reads the same files for `zgs run` and `zgs score`; here they are read for what a full name says of a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from bench.mapping.no_class import join_words
from bench.metric_name import write_number
from bench.protocol import UNTIL_KNOWN, Protocol, choose
from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

_IN_NAME = (
    "background", "void", "unlabelled", "below", "absent", "unseen", "unmatched", "empty", "rounding", "overlap",
    "no_class",
)  # fmt: skip
"""Settings that a full name states where they differ from the protocol of that name; the others stand in it anyway."""
_SET_LATER: Mapping[str, Mapping[Any, Any]] = {"background": UNTIL_KNOWN, "seed": {"${seed}": Protocol.seed}}
"""What the yaml leaves to the data set and to the run, and what stands for it here."""


@lru_cache(maxsize=1)
def list_presets() -> tuple[str, ...]:
    """List the names of the protocols that the package brings."""
    return tuple(sorted(path.stem for path in (find_conf_dir() / "score").glob("*.yaml")))


@cache
def _read_settings(name: str) -> Mapping[str, Any]:
    """Read the settings of a protocol's yaml over those of the one that it inherits from."""
    own: dict[str, Any] = read_conf_yaml(find_conf_dir() / "score" / f"{name}.yaml")
    settings: dict[str, Any] = {}
    for parent in own.pop("defaults", ["_self_"]):
        settings |= own if parent == "_self_" else _read_settings(parent)
    return {key: value for key, value in settings.items() if key != "_target_"}


def make_protocol(name: str = "paper", **changes: Any) -> Protocol:
    """Make a protocol by name, with changes. Raises UsageError for an unknown one."""
    choose("name", name, list_presets())
    settings = dict(_read_settings(name))
    for key, known in _SET_LATER.items():
        settings[key] = known.get(settings[key], settings[key])
    return Protocol(**{**settings, **changes})


@lru_cache(maxsize=1)
def list_libraries() -> tuple[str, ...]:
    """List the protocols that say what another library would: those of the whole set of labels, then of PQ."""
    protocols = [make_protocol(name) for name in list_presets()]
    known = [protocol for protocol in protocols if protocol.library]
    return tuple(protocol.name for protocol in sorted(known, key=lambda each: "iou" not in each.metrics))


def make_title(protocol: Protocol) -> str:
    """Make the name, and in braces what differs from the protocol of that name and stands nowhere else."""
    usual = make_protocol(protocol.name if protocol.name in list_presets() else "paper")
    changed = [key for key in _IN_NAME if _write_word(getattr(protocol, key)) != _write_word(getattr(usual, key))]
    options = [f"{key}={_write_word(getattr(protocol, key))}" for key in changed]
    return protocol.name + ("{" + ",".join(options) + "}" if options else "")


def _write_word(value: Any) -> str:
    if isinstance(value, tuple):
        return join_words(value)
    return "none" if value is None else value if isinstance(value, str) else write_number(value)
