"""`zgs verify`: do these weights do what the libraries that publish them do (sections 3.1 to 3.3)? One line a check."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from typing import Any

from bench.errors import DONE, FAILED, UserError

USAGE = """zgs verify [models=paper] [KEY=VALUE …]

Loads the weights and compares them with the libraries that publish them, one line a check."""
NOTE = (
    "tested on the real architectures with random weights and on golden vectors, never here with the published weights"
)
"""What a reader of `zgs verify` and `zgs doctor` must know of the code that they trust."""

Check = tuple[str, Callable[[], str]]


def main(arguments: list[str]) -> int:
    """``zgs verify models=paper [KEY=VALUE …]``; every check is one line, the exit code is 1 where one failed."""
    from bench.commands.settings import composed
    from bench.run.context import Builder

    builder = Builder(composed(arguments))
    print(f"models={builder.settings['models']['name']} on {builder.device} in {builder.settings['dtype']}")
    done, failed = 0, 0
    for name, check in checks(builder):
        print(f"{name:28}", end=" ", flush=True)
        passed, told = outcome(check)
        print(f"{'ok' if passed else 'FAILED':7} {told}")
        done, failed = done + 1, failed + (not passed)
    print(f"{failed} of {done} checks failed" if failed else f"all {done} checks passed", f"({NOTE})")
    if failed:
        print(f"next: {' '.join(['zgs doctor', *arguments])} names the command that mends what is missing or misstated")
    return FAILED if failed else DONE


def outcome(check: Callable[[], str]) -> tuple[bool, str]:
    """Whether a check passed, and its one line; whatever goes wrong in it is a failure and no traceback."""
    try:
        with quiet():
            return True, check()
    except (UserError, AssertionError) as error:
        return False, " ".join(str(error).split())
    except Exception as error:  # a library may raise anything over weights that nobody foresaw
        return False, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def quiet() -> Iterator[None]:
    """Libraries print and log while they load; a check has one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def checks(builder: Any) -> Iterator[Check]:
    """All checks in order; those of a model that does not load are left out, its loading being the failure."""
    for kind in ("clip", "dino", "language", "sentence"):
        loaded: list[Any] = []
        yield f"{kind}: loads, guards pass", partial(_load, builder, kind, loaded)
        if loaded:
            from bench.doctor.checks import PARTS

            for name, check in PARTS[kind]:
                yield f"{kind}: {name}", partial(check, loaded[0])


def _load(builder: Any, kind: str, loaded: list[Any]) -> str:
    loaded.append(builder.model(kind))
    return str(builder.settings["models"][kind]["source"])
