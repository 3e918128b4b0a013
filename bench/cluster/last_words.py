"""What a job that left no result has last said, from its log; no part of the paper."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.cluster.witness import NOTE
from bench.system.exits import describe_exit

LINE = 200
"""Characters of the last line of a job's log that are told."""
_SLURMS = re.compile(r"slurmstepd\S*: error: ")
_NOTE = re.compile(rf"{NOTE}(\d+)")
_BAR = re.compile(r"\d+%\|.*\|")
_WARNING = re.compile(r"^\S*:\d+: \w*Warning: .*(\n[ \t]+.*)?$", re.MULTILINE)
"""What Python prints of a warning: where and what, and below it the line of code."""


@dataclass(frozen=True)
class Lost:
    """What stands in place of the result of a job that left none: why, as far as anybody says, and its log."""

    reason: str
    log: str = ""


def read_last_words(log: Path) -> Lost:
    """Read the last line that a job has written, such as Slurm's that its time was over; progress bars say nothing."""
    with suppress(OSError):
        text = _WARNING.sub("", log.read_text(errors="replace"))
        lines = [line.strip() for line in re.split("[\r\n]", text)]
        ends = [describe_exit(-int(found[1])) for line in lines if (found := _NOTE.fullmatch(line))]
        said = [line for line in lines if line and not _BAR.search(line) and not _NOTE.fullmatch(line)]
        said = [line for line in said if _SLURMS.match(line)] or said  # what others say of the end comes behind it
        words = [*ends[-1:], *(f"its last words: {line[:LINE]}" for line in said[-1:])]
        return Lost("; ".join(words) or "killed without a word", str(log))
    return Lost("it has left no log")
