"""`zgs board`: finished runs in order, with ranks, and who cannot be told apart, on one page."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.commands.finished import find_finished
from bench.errors import DONE, UsageError

USAGE = """zgs board RUN|FOLDER … [to=FOLDER] [costs=FILE] [resamples=N] [seed=N] [trust=PACKAGE]

RUN …        folders of finished runs or scored predictions on the same images, or one that holds them
to=FOLDER    where board.html, .md, .csv, .png and .svg go (board)
costs=FILE   a table variant,ms of milliseconds an image, as scripts/masking_cost.py writes it; else what the runs took
resamples=N  of the bootstrap over images (10000, or as many as it takes to tell all pairs of runs apart)
seed=N       of the bootstrap (0)
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run

`zgs run -m encode='glob(*)'` makes a run of every masking variant."""


def main(arguments: list[str]) -> int:
    """Write the board of the runs given, or of all in a folder given; prints what it says and what was written."""
    from bench.settings.trust import REPORTING, check_run, take_trusted

    arguments, trusted = take_trusted(arguments)
    known = {"to": "board", "costs": "", "resamples": "", "seed": "0"}
    places, options = read_arguments("board", arguments, known)
    seed = read_count("board", options, "seed")
    resamples = read_count("board", options, "resamples") if options["resamples"] else None
    if not options["to"]:
        raise UsageError("board: to=: name a folder")
    folders = find_finished("board", list(map(Path, places)), trusted)
    from bench.report.board.page import write_page
    from bench.store.sealed import check_whole, explain_damage, print_unsealed

    for folder in folders:
        check_whole(folder)
        check_run(folder, trusted, REPORTING)
    with explain_damage(folders):
        written = write_page(folders, Path(options["to"]), options["costs"], resamples, seed)
    print_unsealed(folders)
    print("board:", *written, sep="\n  ")
    return DONE
