"""What is wrong with the words of `zgs run`, in one line with the nearest right name."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable
from typing import Any

from bench.commands.options import CONFIG_DIR, LIBRARIES, describe_lack, find_flag
from bench.settings.check import GROUPS
from bench.settings.compose import compose_config, list_groups, list_options
from bench.system.resources import find_conf_dir

PARTS_OF = {"models/groupvit": "experiment=groupvit", "models/sam": "segment=sam"}
"""What brings a part of the models, where the paper's models do not."""


def explain_error(error: Exception, arguments: list[str]) -> str:
    """Turn Hydra's error into one line: what is wrong, where, and the nearest names that exist."""
    text = " ".join(filter(None, (str(error), str(error.__cause__ or ""))))
    if option := re.search(r"Could not find '([^']+)/([^/']+)'", text):
        group, name = option.groups()
        if (group, name) == ("score", LIBRARIES):
            return f"score={LIBRARIES}: `zgs score` takes it: zgs score PREDICTIONS|RUN score={LIBRARIES} …"
        known = sorted(getattr(error, "options", None) or list_options(group, find_flag(arguments, CONFIG_DIR)))
        return f"{group}={name}: no such option; {_suggest_nearest(name, known)}"
    if key := re.search(r"Could not override '([^']+/[^']+)'", text):
        above = key[1].rpartition("/")[0]
        if (find_conf_dir() / key[1]).is_dir():
            whole = PARTS_OF.get(key[1], f"{above}=paper")
            return f"{key[1]}: chooses a part of {whole}; write {whole} {_find_word(key[1], arguments)}"
    if key := re.search(r"Could not override '([^']+)'", text):
        if told := _describe_value_above(key[1], arguments):
            return f"{key[1]}: {told}"
        if lacks := describe_lack(key[1], arguments):
            return f"{key[1]}: no such key; {lacks}"
        if optional := _find_optional(key[1], arguments):
            return f"{key[1]}: has a default and stands in no file; write +{optional}"
        known = list(dict.fromkeys([*list_keys(arguments), *list_groups()]))
        return f"{key[1]}: no such key; {_suggest_nearest(key[1], known)}"
    if "Missing mandatory value" in text:
        key_name = getattr(error, "full_key", None) or "a value marked ??? in the configuration"
        return f"{key_name} has to be given: {key_name}=…"
    if word := re.search(r"LexerNoViableAltException: (\S+)|missing EQUAL at '(?:<EOF>|.*)'|mismatched input", text):
        bare = next((a for a in arguments if "=" not in a and not a.startswith("-")), word[1] or "")
        return f"{bare}: a setting is written KEY=VALUE; `zgs run --help` lists all keys"
    if missing := re.search(r"full_key: (\S+)", text):
        return f"{missing[1]}: {text.splitlines()[0]}"
    return " ".join(text.split())[:300]


def find_unknown_key(error: Exception) -> str:
    """Find the key, or group, that a configuration does not have; nothing where it is something else that is wrong."""
    text = " ".join(filter(None, (str(error), str(error.__cause__ or ""))))
    match = re.search(r"Could not override '([^']+)'", text)
    return match[1] if match else ""


def _find_optional(key: str, arguments: list[str]) -> str:
    """Find the word of a key that no file has but the signature of the class that its group names; else nothing."""
    from hydra.utils import get_object

    group, _, name = key.partition(".")
    node = _compose(arguments).get(group) if group in GROUPS and name and "." not in name else None
    if not isinstance(node, dict) or "_target_" not in node:
        return ""
    try:
        parameter = inspect.signature(get_object(node["_target_"])).parameters.get(name)
    except (ImportError, AttributeError, ValueError, TypeError):  # a class of the user's own, which composing tells of
        return ""
    return _find_word(key, arguments) if parameter and parameter.default is not parameter.empty else ""


def _describe_value_above(key: str, arguments: list[str]) -> str:
    """Say which key above this one holds a value, below which nothing can stand, and how to write it; else ``""``."""
    node, above = _compose(arguments), ""
    for name in key.split("."):
        if isinstance(node, list):
            return f"{above} is a list, not a group; write {above}=[A,B]"
        if not isinstance(node, dict):
            return f"{above} is a value, not a group; write {above}={_find_word(key, arguments).partition('=')[2]}"
        if name not in node:
            return ""
        node, above = node[name], f"{above}.{name}" if above else name
    return ""


def _find_word(key: str, arguments: Iterable[str]) -> str:
    return next((word for word in arguments if word.partition("=")[0] == key), key)


def list_keys(arguments: Iterable[str] = ()) -> list[str]:
    """List all keys of the configuration with the choices among the arguments, or the default where those are wrong."""
    return [key for key in _flatten(_compose(arguments)) if key.partition(".")[0] != "hydra"]


def _compose(arguments: Iterable[str]) -> Any:
    from hydra.errors import HydraException
    from omegaconf import OmegaConf

    chosen = [word for word in arguments if word.partition("=")[0] in list_groups() and "," not in word]
    try:
        config = compose_config(chosen, find_flag(list(arguments), CONFIG_DIR))
    except HydraException:
        config = compose_config([])
    return OmegaConf.to_container(config)


def _flatten(node: Any, prefix: str = "") -> list[str]:
    if not isinstance(node, dict):
        return [prefix]
    return ([prefix] if prefix else []) + [
        key
        for name, value in node.items()
        if name != "_target_"
        for key in _flatten(value, f"{prefix}.{name}" if prefix else str(name))
    ]


def _suggest_nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if not near:  # the last part may be right where the first is not
        last = name.rpartition(".")[2]
        near = [k for k in known if k.rpartition(".")[2] == last][:3]
    if not near and len(known) > 20:
        return "`zgs run --help` lists all keys"
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
