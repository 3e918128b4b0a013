"""`zgs board`: all variants of some finished runs by every metric, with ranks, groups and cost, on one page."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.commands.finished import find_several
from bench.errors import DONE, UsageError

USAGE = """zgs board RUN|FOLDER … [to=FOLDER] [costs=FILE] [tuning=FILE] [resamples=N]
          [note=TEXT] [trust=PACKAGE]

RUN …        folders of finished runs or scored predictions, or one that holds them (zgs run -m encode='glob(*)'
             merge=none merge.oracle=true; without the last there is no TGQ)
to=FOLDER    where board.html, board.md, board.csv, the picture and agreement.csv go (board)
costs=FILE   milliseconds an image, as `python scripts/masking_cost.py to=FILE` measures them
tuning=FILE  how the runs' settings were chosen: the page links to it
note=TEXT    a remark of your own below the table, such as how the settings were chosen
resamples=N  of the bootstrap over images (10000, or as many as it takes to tell the pairs of runs apart)
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run"""


def main(arguments: list[str]) -> int:
    """Rank the runs given, or all in a folder given; prints the table and what was written."""
    from bench.settings.trust import take_trusted

    arguments, trusted = take_trusted(arguments)
    known = {"to": "board", "costs": "", "tuning": "", "resamples": "", "note": ""}
    places, options = read_arguments("board", arguments, known)
    resamples = read_count("board", options, "resamples") if options["resamples"] else None
    if resamples == 0:
        raise UsageError("board: resamples=0: ranks have no interval without any; give at least 1, or leave it out")
    if not options["to"] or not places:
        raise UsageError("board: name runs or a folder of them, and to=FOLDER; `zgs board --help` shows how")
    tuning = Path(options["tuning"]) if options["tuning"] else None
    if tuning and not tuning.is_file():
        raise UsageError(f"board: tuning={tuning}: no such file; name the table that says how settings were chosen")
    folders = find_several("board", list(map(Path, places)), trusted)
    from bench.report.board import write_board
    from bench.store.sealed import explain_damage, print_unsealed

    with explain_damage(folders):
        costs = Path(options["costs"]) if options["costs"] else None
        written = write_board(folders, Path(options["to"]), costs, resamples, tuning, options["note"])
    print((Path(options["to"]) / "board.md").read_text(encoding="utf-8").split("\n## ")[0])
    print_unsealed(folders)
    print("board:", *written, sep="\n  ")
    return DONE
