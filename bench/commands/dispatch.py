"""A command of `zgs` from its words to its exit code, its errors answered in one line; no part of the paper."""

from __future__ import annotations

import errno
import keyword
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module

from bench.errors import DONE, FAILED, USAGE, UsageError, UserError
from bench.system import signals, streams
from bench.system.memory import lacks_memory, make_memory_error
from bench.system.start import keep_blas_alone, put_off_collection
from bench.text.escape import escape_for_terminal

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to a full disk, past a quota or to a terminal that is gone ends with."""


def run_process(words: Sequence[str], commands: Mapping[str, str], told: Mapping[str, str]) -> int:
    """Run a command in a process of its own: signals, streams and the processes that it started are taken care of."""
    put_off_collection()
    keep_blas_alone()
    signals.listen()
    streams.prepare()
    code = run_command(words, commands, told)
    if "bench.system.crew" in sys.modules:
        sys.modules["bench.system.crew"].end_all()
    signals.mark_over(code)
    return code


def run_command(words: Sequence[str], commands: Mapping[str, str], told: Mapping[str, str]) -> int:
    """Run one of the ``commands``, or print what is ``told`` for the first word; return the exit code."""
    signals.tell_at_stop(signals.STOPPED)
    try:
        code = _find_command(words, commands, told)(list(words[1:]))
        if sys.stdout is not None:
            sys.stdout.flush()  # what cannot be written is told here and not at the exit
        return code
    except BaseException as error:
        return _answer(error)


def _answer(error: BaseException) -> int:
    """Answer an error that is one line by its exit code; any other is raised again."""
    if signals.is_stopping():  # libraries turn an interrupt into errors of their own
        signals.print_stop_line()
        return FAILED
    if isinstance(error, KeyboardInterrupt):
        return _fail(signals.make_stop_line(), FAILED)
    if isinstance(error, UserError):
        return _fail(error, USAGE if isinstance(error, UsageError) else FAILED)
    if isinstance(error, BrokenPipeError):  # `zgs … | head`: whoever read us has enough
        streams.silence("stdout", "stderr")
        return DONE
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        streams.silence("stdout")
        return _fail(f"cannot write {error.filename or 'standard output'}: {error.strerror}; free some space", FAILED)
    if isinstance(error, Exception) and lacks_memory(error):
        return _fail(make_memory_error("", "less at once, e.g. executor.workers=1", error), FAILED)
    raise error


def _find_command(
    words: Sequence[str], commands: Mapping[str, str], told: Mapping[str, str]
) -> Callable[[list[str]], int]:
    name = words[0]
    if name in told:
        return lambda _: _say(told[name])
    if name not in commands:
        import difflib

        near = difflib.get_close_matches(name, commands, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{name}: no such command{hint} (known: {', '.join(commands)})")
    module = import_module(f"bench.commands.{name}" + "_" * keyword.iskeyword(name))
    usage = getattr(module, "USAGE", None)  # zgs run has Hydra's help
    if isinstance(usage, str) and {"-h", "--help"} & set(words[1:]):
        return lambda _: _say(usage)
    return module.main


def _say(text: str) -> int:
    print(text)
    return DONE


def _fail(error: object, code: int) -> int:
    with suppress(OSError):  # nobody may be left to read it
        print(f"zgs: {escape_for_terminal(' '.join(str(error).split()))}", file=sys.stderr)
    return code
