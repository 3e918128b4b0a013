"""`zgs doctor`: everything that a run needs, looked at one after the other; nothing is loaded and nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.doctor import machine
from bench.doctor.verify import silence_libraries


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what it is, and where it is wrong the command that fixes it."""

    name: str
    state: str
    fix: str = ""


def examine(settings: dict[str, Any], words: list[str], compose: machine.Compose) -> Iterator[Finding]:
    """Examine every part and yield a finding of each; a part that fails in a way nobody foresaw is one too."""
    parts: list[tuple[str, Callable[[], tuple[str, str]]]] = [
        ("versions", machine.examine_versions),
        ("device", partial(machine.examine_device, settings)),
        *((kind, partial(_examine_weights, kind, settings, words, compose)) for kind in machine.list_kinds(settings)),
        ("memory", partial(machine.examine_memory, settings)),
        ("store", partial(machine.examine_store, settings["store"])),
        ("out", partial(machine.examine_disk, "out", Path(settings["out"]))),
        ("crf", partial(machine.examine_crf, settings)),
        ("tracking", partial(machine.examine_tracking, settings)),
    ]
    for name, part in parts:
        try:
            with silence_libraries():
                finding = Finding(name, *part())
        except Exception as error:  # a doctor must not die of what it looks for
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            finding = Finding(name, f"cannot be examined: {reason}", machine.REINSTALL)
        yield finding


def _examine_weights(
    kind: str, settings: dict[str, Any], words: list[str], compose: machine.Compose
) -> tuple[str, str]:
    from bench.doctor.weights import examine_weights  # loads libraries, which may be what is broken

    return examine_weights(kind, settings, words, compose)
