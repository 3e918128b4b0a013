"""`zgs agree`: do all metrics rank a set of finished runs alike?"""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError, UserError, writing

USAGE = """zgs agree RUN … [to=FOLDER] [resamples=N] [seed=N]

RUN …        folders of at least three finished runs or scored predictions, or one that holds them
to=FOLDER    where agreement.csv, .md, .png and .svg go (agreement)
resamples=N  of the bootstrap over images (10000)
seed=N       of the bootstrap (0)"""


def main(arguments: list[str]) -> int:
    """Kendall's tau-b between all metrics over the runs, with intervals: one table, one picture."""
    places, options = read_arguments("agree", arguments, {"to": "agreement", "resamples": "10000", "seed": "0"})
    resamples, seed = (read_count("agree", options, key) for key in ("resamples", "seed"))
    if not places:
        raise UsageError("agree: give at least three finished runs, or a folder of them; `zgs agree --help` shows how")
    from bench.report.figures.agreement import write_agreement, write_markdown_agreement
    from bench.report.out_of_domain import uses_embedded_models
    from bench.report.runs import find_runs, merge_scores, name_data
    from bench.run.run_folder import has_rows, read_rows
    from bench.score.rank_agreement import compute_agreement
    from bench.score.score_table import describe_name
    from bench.settings.room import Need, check_need
    from bench.store.sealed import check_whole, explain_damage, print_unsealed

    runs = find_runs(list(map(Path, places)))
    for run in runs:
        check_whole(run)
    lacking = [str(folder) for folder in runs if not has_rows(folder)]
    if lacking:
        raise UserError(f"{lacking[0]}: rows of each image are missing; run the same command again")
    with explain_damage(runs):
        rows = [{name: row for name, row in read_rows(run).items() if not describe_name(name).group} for run in runs]
        each = 8 * len({name for row in rows for name in row}) * len(rows)
        check_need(Need("resamples", resamples, each, "resamples of every metric of every run"))
        table = compute_agreement(rows, resamples, seed)
        title, small = name_data(merge_scores(runs)), uses_embedded_models(runs)
        with writing(Path(options["to"]), "to=FOLDER"):
            written = write_agreement(table, Path(options["to"]), title=title, embedded=small)
    print(write_markdown_agreement(table, title=title, embedded=small))
    print_unsealed(runs)
    print("agreement:", *written, sep="\n  ")
    return DONE
