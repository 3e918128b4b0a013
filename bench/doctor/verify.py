"""`zgs verify`: the checks of `bench.doctor.checks` on the models of a run, each of which is one line."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from typing import Any

from bench.doctor.machine import list_kinds
from bench.errors import UserError

NOTE = (
    "tested on the real architectures with random weights and on golden vectors, never here with the published weights"
)
"""What a reader of `zgs verify` and `zgs doctor` must know of the code that they trust."""

Check = tuple[str, Callable[[], str]]


def run_check(check: Callable[[], str]) -> tuple[bool, str]:
    """Run a check: whether it passed, and its one line; whatever goes wrong in it is a failure and no traceback."""
    try:
        with silence_libraries():
            return True, check()
    except (UserError, AssertionError) as error:
        return False, " ".join(str(error).split())
    except Exception as error:  # a library may raise anything over weights that nobody foresaw
        return False, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def silence_libraries() -> Iterator[None]:
    """Silence what libraries print and log while they load: a check has one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def list_checks(context: Any) -> Iterator[Check]:
    """Yield all checks in order; those of a model that does not load are left out, its loading being the failure."""
    for kind in list_kinds(context.settings):
        loaded: list[Any] = []
        yield f"{kind}: loads, guards pass", partial(_load, context, kind, loaded)
        if loaded:
            from bench.doctor.checks import PARTS

            for name, check in PARTS[kind]:
                yield f"{kind}: {name}", partial(check, loaded[0])


def _load(context: Any, kind: str, loaded: list[Any]) -> str:
    loaded.append(context.load_model(kind))
    return str(context.settings["models"][kind]["source"])
