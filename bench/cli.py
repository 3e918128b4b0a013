"""The command `zgs`, one module a subcommand. Exit codes: 0 done, 1 failed, 2 usage, 3 done with skips."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from bench import __version__
from bench.errors import UsageError, UserError
from bench.escape import visible

DONE, FAILED, USAGE, SKIPS = 0, 1, 2, 3
COMMANDS = {
    "run": "run [KEY=VALUE …]       run the method; -m sweeps: zgs run -m encode=crop,masked",
    "demo": "demo [KEY=VALUE …]      the method, its ablations and floors on drawn scenes, with a report",
    "report": "report RUN … [to=DIR]   table, threshold curves and gallery of finished runs, or of a folder of them",
    "score": "score PREDICTIONS …     published protocols on stored predictions of any system",
    "vocabulary": "vocabulary FILE         the words that a mapping table has to answer",
    "agree": "agree RUN … [to=DIR]    do all metrics rank these runs alike? Kendall's tau between each two of them",
    "prepare": "prepare [DATASET] …     a publisher's files as a checked data set; alone: which, and where to get them",
    "doctor": "doctor [models=paper …] what is here of what a run needs, and the command that mends what is not",
    "verify": "verify [models=paper …] do the weights do what they should? one line a check",
}
"""Each command is the module of that name in `bench.commands`."""
HELP = f"""zgs {__version__}: zero-guidance segmentation, from images to named segments and to trustworthy numbers

{chr(10).join(f"  zgs {line}" for line in COMMANDS.values())}

  zgs run --help               every configuration group and key
  zgs --version

exit codes: 0 done, 1 failed, 2 usage, 3 done with images skipped"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error a user can mend is one line on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _command(words)(words[1:])
    except UsageError as error:
        return _fail(error, USAGE)
    except UserError as error:
        return _fail(error, FAILED)
    except BrokenPipeError:  # `zgs … | head`: whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _fail("stopped; what is finished is kept, the same command continues", FAILED)


def _command(words: list[str]) -> Callable[[list[str]], int]:
    if not words or words[0] in ("-h", "--help", "help"):
        return lambda _: _say(HELP)
    if words[0] == "--version":
        return lambda _: _say(f"zgs {__version__}")
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{words[0]}: no such command{hint} (known: {', '.join(COMMANDS)})")
    module = import_module(f"bench.commands.{words[0]}")
    usage = getattr(module, "USAGE", None)  # zgs run has Hydra's help
    if isinstance(usage, str) and {"-h", "--help"} & set(words[1:]):
        return lambda _: _say(usage)
    return module.main


def _say(text: str) -> int:
    print(text)
    return DONE


def _fail(error: object, code: int) -> int:
    print(f"zgs: {visible(' '.join(str(error).split()))}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
