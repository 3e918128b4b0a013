"""The command `zgs`, one module a subcommand. Exit codes: 0 done, 1 failed, 2 usage, 3 done with skips.

Nothing is imported here before it is known that more than help is asked for.
"""

from __future__ import annotations

import sys

from bench import __version__

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
HELPS = ("-h", "--help", "help")
"""First words that ask for it; no word does, too."""


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error a user can fix is one line on standard error.

    Without ``arguments`` the process is ours: its signals and its streams are taken over.
    """
    if arguments is None and (sys.argv[1:2] or HELPS)[0] in HELPS and _print_help():
        return 0
    from bench.commands.dispatch import run_command, run_process

    told = {**dict.fromkeys(HELPS, HELP), "--version": f"zgs {__version__}"}
    if arguments is None:
        return run_process(sys.argv[1:] or HELPS[:1], COMMANDS, told)
    return run_command(arguments or HELPS[:1], COMMANDS, told)


def _print_help() -> bool:
    """Print the help; False where it cannot be, for want of room or letters: it is then printed as any command's."""
    try:
        print(HELP, flush=True)
    except (OSError, UnicodeError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
