"""Appendix H, people in pictures: words that no picture and no page shall show; scores never look at this list.

Free labels say of people what a model takes from its training texts. A list of words (a file, one a line; a line may be
several words; ``#`` begins a remark) hides them where people look, in any case and as whole words, and counts what it
hid.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.errors import UserError

HIDDEN = "[hidden]"
_LARGEST = 1 << 20
"""Bytes of a list; one of ten thousand words has a tenth of it."""


class Blocklist:
    """Words to hide; ``hidden`` counts how often each, in small letters, was taken out of a text."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = tuple(dict.fromkeys(" ".join(word.split()).casefold() for word in words if word.strip()))
        self.hidden: Counter[str] = Counter()
        listed = sorted(self.words, key=len, reverse=True)  # of two that begin alike the longer one is meant
        alternatives = "|".join(r"\s+".join(map(re.escape, word.split())) for word in listed)
        self._pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if listed else None

    def __bool__(self) -> bool:
        return bool(self.words)

    def hide(self, text: str) -> str:
        """Return ``text`` with `HIDDEN` in place of every word of the list."""
        return self._pattern.sub(self._count, text) if self._pattern else text

    def mask(self, text: str) -> str:
        """Return what `hide` returns, and count nothing: of a text that is shown again."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def state(self) -> str:
        """State on a page that words are hidden; empty where there is no list."""
        return f"the words of a list of {len(self.words)} ({HIDDEN}); scores count them as ever" if self.words else ""

    def hide_all(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return each of some texts as `hide` does."""
        return tuple(map(self.hide, texts))

    def describe(self) -> str:
        """Describe in a line how much was hidden; empty where there is no list."""
        if not self.words:
            return ""
        return f"{self.hidden.total()} words hidden, of a list of {len(self.words)} (scores count them as ever)"

    def _count(self, found: re.Match[str]) -> str:
        self.hidden[" ".join(found[0].split()).casefold()] += 1
        return HIDDEN


NOTHING = Blocklist()
"""No list, which hides and counts nothing."""


def read_run_blocklist(settings: Mapping[str, Any]) -> Blocklist:
    """Read the list that the settings of a run name (``report.blocklist``); earlier versions named none.

    What is no text is none: the settings' check says so, and a number would be a file that is open already.
    """
    node = settings.get("report")
    path = node.get("blocklist") if isinstance(node, Mapping) else None
    return read_blocklist(path if isinstance(path, str) else None)


def read_blocklist(path: str | Path | None) -> Blocklist:
    """Read a list of words, UTF-8, one a line; None or an empty name is no list. UserError for what is no such file."""
    if not path:
        return Blocklist()
    try:
        with open(path, "rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes are no list of words")
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"report.blocklist={path}: {reason}; give a text file, UTF-8, one word a line") from error
    words = [line.partition("#")[0] for line in lines]
    if not any(word.strip() for word in words):
        raise UserError(f"report.blocklist={path}: holds no word; give one a line, or leave report.blocklist out")
    return Blocklist(words)
