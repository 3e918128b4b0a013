"""No part of the paper: numba's options, which decide what compiled loops compute, told without loading numba.

numba reads them from variables and from a file of the working folder, whose values stand where there is no variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from bench.errors import UserError

FILE = ".numba_config.yaml"
BEGINNING = "NUMBA_"
NO_NUMBER = (
    "NUMBA_CACHE_", "NUMBA_COLOR_SCHEME", "NUMBA_CUDA_", "NUMBA_DEBUG_CACHE", "NUMBA_DISABLE_PERFORMANCE_WARNINGS",
    "NUMBA_DUMP_", "NUMBA_FULL_TRACEBACKS", "NUMBA_NUM_THREADS", "NUMBA_SHOW_HELP", "NUMBA_THREADING_LAYER",
)  # fmt: skip
"""Of these, the ones that say where code is kept, what is printed, and what loops of one thread on a processor lack."""


def read_loop_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Read the options that may change a bit of what a loop computes, by variable; unknown ones count too.

    Raises UserError where the file is none that numba can read.
    """
    given = dict(_read_file(Path(FILE))) | {k: v for k, v in environment.items() if k.startswith(BEGINNING)}
    return {name: given[name] for name in sorted(given) if not name.startswith(NO_NUMBER)}


def _read_file(path: Path) -> Iterator[tuple[str, str]]:
    """Read the file as numba does. A value that is no text is told with its type: numba takes OPT: '0', not OPT: 0."""
    if not path.is_file():
        return
    try:
        given = yaml.safe_load(path.read_text()) or {}
        named = {BEGINNING + name.upper(): value for name, value in given.items() if value is not None}
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise UserError(
            f"{path.absolute()}: numba, which compiles loops, reads its options from this file, and cannot ({line}); "
            "write one NAME: value a line, or remove the file"
        ) from error
    for name, value in named.items():
        yield name, value if isinstance(value, str) else f"{value!r} ({type(value).__name__})"
