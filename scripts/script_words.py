"""What scripts that are given WEIGHTS and KEY=VALUE share: usage, their own words, one line for a fault. No paper's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from bench.errors import DONE, FAILED, USAGE, UsageError, UserError

SEGMENTS, PHOTOGRAPH = 8, "640 x 427"
"""By default: segments that caption_memory.py describes, and the size of whole_image.py's picture."""


def run(main: Callable[[Sequence[str]], int], page: str, words: Sequence[str]) -> NoReturn:
    """Run a script's ``main`` and exit as a command does; ``page`` is what ``--help`` prints in its place."""
    if {"-h", "--help"} & set(words):
        print(page.strip())
        raise SystemExit(DONE)
    try:
        code = main(words)
    except UserError as error:
        print(" ".join(str(error).split("\n")), file=sys.stderr)
        code = USAGE if isinstance(error, UsageError) else FAILED
    raise SystemExit(code)


def split_words(words: Sequence[str], own: Sequence[str], page: str) -> tuple[str, dict[str, str], list[str]]:
    """Split words into the folder, which is the first, options of the script itself, and settings of a run.

    Raises UsageError, with the line of ``page`` that is indented, where there is no folder.
    """
    if not words or "=" in words[0] or words[0].startswith("-"):
        usage = next(line.strip() for line in page.splitlines() if line.startswith("    "))
        raise UsageError(f"usage: {usage}")
    pairs = [word.partition("=") for word in words[1:]]
    given = {key: value for key, mark, value in pairs if mark and key in own}
    return words[0], given, ["".join(pair) for pair in pairs if not (pair[1] and pair[0] in own)]
