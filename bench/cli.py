"""The command `zgs`, one module a subcommand. Exit codes: 0 done, 1 failed, 2 usage, 3 done with skips."""

from __future__ import annotations

import errno
import keyword
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module

from bench import __version__
from bench.errors import DONE, FAILED, USAGE, UsageError, UserError
from bench.system import signals, streams
from bench.system.memory import lacks_memory, make_memory_error
from bench.system.start import keep_blas_alone, put_off_collection
from bench.text.escape import escape_for_terminal

COMMANDS = {
    "run": "run [KEY=VALUE …]       run the method; -m sweeps: zgs run -m encode=crop,masked",
    "demo": "demo [KEY=VALUE …]      the method, its ablations and floors on drawn scenes, with a report",
    "report": "report RUN … [to=DIR]   table, threshold curves and gallery of finished runs, or of a folder of them",
    "show": "show IMAGE [to=STEM]    the whole method on one image as one picture: attention, merging, words",
    "paper": "paper [NAME] …         the paper's tables and figures with your numbers; alone: which, and how long",
    "compare": "compare RUN RUN …       where is one run better than another, and what changed? one page",
    "board": "board RUN|FOLDER …      all variants by every metric: ranks with intervals, groups, cost; one page",
    "score": "score PREDICTIONS …     published protocols on stored predictions of any system",
    "import": "import [KIND] PATH …    what another tool wrote, as predictions: COCO, label maps, labelme … to=FILE",
    "export": "export KIND FILE …      predictions as another tool reads them: COCO, panoptic, label maps; to=PLACE",
    "convert": "convert FILE table=…    predictions of one class list by the names of another; to=FILE",
    "variants": "variants [GROUP …]      every segmenter, encoder, captioner and merger: source, cost, what it loads",
    "vocabulary": "vocabulary FILE         the words that a mapping table has to answer",
    "agree": "agree RUN … [to=DIR]    do all metrics rank these runs alike? Kendall's tau between each two of them",
    "status": "status FOLDER          how far a sweep or a run has come: jobs, images, what is left to wait",
    "store": "store [ACTION …]       what the store holds: show, prune, check, copy TO",
    "prepare": "prepare [DATASET] …     a publisher's files as a checked data set; alone: which, and where to get them",
    "doctor": "doctor [models=paper …] what is installed of what a run needs, and the command that fixes what is not",
    "study": "study make RUN …       people rate stored predictions: questions, pages, agreement, Tables 1 and 2",
    "speed": "speed [scale=paper …]   how fast every stage is: plain and fast form side by side, share of the limit",
    "verify": "verify [models=paper …] do the weights do what they should? one line a check",
}
"""Each command is the module of that name in `bench.commands`."""
HELP = f"""zgs {__version__}: zero-guidance segmentation, from images to named segments and to trustworthy numbers

{chr(10).join(f"  zgs {line}" for line in COMMANDS.values())}

  zgs run --help               every configuration group and key
  zgs --version

exit codes: 0 done, 1 failed, 2 usage, 3 done with images skipped"""


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to a full disk, past a quota or to a terminal that is gone ends with."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error a user can fix is one line on standard error.

    Without ``arguments`` the process is ours: its signals and its streams are taken over.
    """
    if arguments is not None:
        return _run(list(arguments))
    put_off_collection()
    keep_blas_alone()
    signals.listen()
    streams.prepare()
    code = _run(sys.argv[1:])
    if "bench.system.crew" in sys.modules:
        sys.modules["bench.system.crew"].end_all()
    signals.mark_over(code)
    return code


def _run(words: list[str]) -> int:
    try:
        code = _find_command(words)(words[1:])
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
        return _fail(signals.STOPPED, FAILED)
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


def _find_command(words: list[str]) -> Callable[[list[str]], int]:
    if not words or words[0] in ("-h", "--help", "help"):
        return lambda _: _say(HELP)
    if words[0] == "--version":
        return lambda _: _say(f"zgs {__version__}")
    if words[0] not in COMMANDS:
        import difflib

        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{words[0]}: no such command{hint} (known: {', '.join(COMMANDS)})")
    module = import_module(f"bench.commands.{words[0]}" + "_" * keyword.iskeyword(words[0]))
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


if __name__ == "__main__":
    sys.exit(main())
