"""The words of a command before Hydra's parser sees them: paths are quoted for it, and what a run cannot do is refused.

A path may hold every character that means something to Hydra (= # ( [ { , blanks, letters of other scripts) or look
like a number. A sweep (`-m data.root=a,b`), what is quoted already and interpolations (`${…}`) stay as they are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.system.resources import find_conf_dir

PATHS = re.compile(
    r"store|out|tuned_on|data\.(root|layout)|caption\.words|score\.(table|ratings)|models\.(\w+\.source|clip\.pretrained)"
)
"""Keys whose value is a path, or may be one."""
SUBSET, FILE = "data.subset", "file:"
FUNCTION = re.compile(r"(choice|range|interval|glob|sort|shuffle|tag|str|int|float|bool|json_str|extend_list)\(.*\)")
OURS = re.compile(r"hydra(\.(run|sweep|job|output_subdir)(\..*)?)?")
MULTIRUN = {"-m", "--multirun"}


def prepare_words(arguments: Sequence[str], sweep: bool | None = None) -> list[str]:
    """Write the words as Hydra is to see them; flags stay. Raises UsageError for what is no setting of a run.

    ``sweep`` says whether commas separate values; None looks for the flag among the words.
    """
    several = bool(MULTIRUN & set(arguments)) if sweep is None else sweep
    return [
        word if word.startswith("-") or "=" not in word else _prepare_word(word, several)
        for word in _check_allowed(arguments)
    ]


def is_setting(word: str, known: Iterable[str]) -> bool:
    """Whether a word of a command is KEY=VALUE with a key of a run, or of nothing that exists."""
    first = re.split(r"[./@]", _read_key(word).lstrip("+~"), maxsplit=1)[0]
    return ("=" in word or word.startswith("~")) and (first in set(known) or not is_there(word))


def _check_allowed(arguments: Sequence[str]) -> Sequence[str]:
    for word in arguments:
        key = _read_key(word).lstrip("+")
        if word.startswith("~"):
            raise UsageError(
                f"{word}: nothing can be taken away from a run; choose another option (encode=crop, merge=none, "
                "segment.crf=none) or value (null, [])"
            )
        if "=" in word and OURS.fullmatch(key):
            raise UsageError(f"{key}: where a run works and writes is not Hydra's to say; write out=FOLDER")
    return arguments


def _prepare_word(word: str, sweep: bool) -> str:
    key, value = _read_key(word), word.partition("=")[2]
    bare = key.lstrip("+")
    if PATHS.fullmatch(bare) or (bare == SUBSET and value.startswith(FILE)):
        return f"{key}={_quote_path(bare, value, sweep)}"
    parsed = _parse_word(word)
    if parsed is None:
        if is_there(value):
            return f"{key}={quote_text(value)}"
        if value and re.fullmatch(r"[\w.@/$-]+", bare):
            told = shlex.quote(f"{key}={quote_text(value)}")
            raise UsageError(f"{word}: some of these signs mean something to Hydra; as a text it is {told}")
    elif (
        (find_conf_dir() / bare).is_dir()
        and not parsed.is_sweep_override()
        and (not value or not isinstance(parsed.value(), str))
    ):
        known = sorted(file.stem for file in (find_conf_dir() / bare).glob("*.yaml"))
        raise UsageError(f"{word}: choose one option of {', '.join(known)}; a sweep is -m {bare}=A,B")
    return word


def _quote_path(key: str, value: str, sweep: bool) -> str:
    """Write a value that is a path as Hydra reads it: quoted, unless it is something else by its form."""
    if is_there(value):
        return quote_text(value)
    if value in ("", "null") or "${" in value or FUNCTION.fullmatch(value):
        return value
    if key == "caption.words" and value[0] == "[":
        return value
    if value[0] in "'\"" and _parse_word(f"{key}={value}") is not None:
        return value
    parts = value.split(",")
    if len(parts) > 1 and not sweep and all(map(is_there, parts)):
        raise UsageError(f"{key}={value}: several places are a sweep: zgs run -m {key}={value}")
    return ",".join(part if part == "null" else quote_text(part) for part in (parts if sweep else [value]))


def quote_text(text: str) -> str:
    """Quote a text for Hydra's grammar, which then reads exactly this text."""
    from hydra.core.override_parser.types import Quote, QuotedString

    return QuotedString(text.replace("${", r"\${"), Quote.single).with_quotes()


def _parse_word(word: str) -> Any:
    """Parse a word as Hydra does; None where it cannot."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None


def _read_key(word: str) -> str:
    return word.partition("=")[0]


def is_there(text: str) -> bool:
    """Whether a path is there, also behind ``file:``; a text that no file can have is none."""
    try:
        return text not in ("", ".") and Path(text.removeprefix(FILE)).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False
