"""`zgs compare`: where one of some finished runs is better than another, and what changed, on one page."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.commands.finished import find_several
from bench.errors import DONE, UsageError
from bench.text.escape import escape_for_terminal

USAGE = """zgs compare RUN RUN … [to=FOLDER] [pictures=N] [pairs=3-2] [report.blocklist=FILE]
            [trust=PACKAGE]

RUN …       folders of finished runs or scored predictions, or one that holds them; the first is compared with others
to=FOLDER   where compare.html, compare.md and their tables go (compare)
pictures=N  images shown each way: that gained most and that lost most (3)
pairs=3-2   compare the third with the second, too
report.blocklist=FILE  words, one a line, that no picture shows; scores count them as ever
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run"""

_OPTIONS = {"to": "compare", "pictures": "3", "pairs": "", "report.blocklist": ""}
_LEAST = 1e-6
"""Of p: the csv has six decimals."""


def main(arguments: list[str]) -> int:
    """Compare the runs given, or all in a folder given; prints the paired differences and what was written."""
    from bench.settings.trust import take_trusted

    arguments, trusted = take_trusted(arguments)
    places, options = read_arguments("compare", arguments, _OPTIONS)
    to, pictures = Path(options["to"]), read_count("compare", options, "pictures")
    if not options["to"]:
        raise UsageError("compare: to=: name a folder")
    folders = find_several("compare", list(map(Path, places)), trusted)
    from bench.report.blocklist import read_blocklist
    from bench.report.comparison.page import write_comparison
    from bench.store.sealed import explain_damage, print_unsealed

    hide = read_blocklist(options["report.blocklist"])
    with explain_damage(folders):
        written = write_comparison(folders, to, pictures, options["pairs"], hide)
    _print_differences(to)
    print_unsealed(folders)
    print("\ncompare:", *written, sep="\n  ")
    if hide:
        print(hide.describe())
    return DONE


def _print_differences(to: Path) -> None:
    """Print the differences of the metrics of all units, one a line."""
    from bench.csv_files import read_csv
    from bench.report.tables.cells import find_unit_of
    from bench.report.tables.differences import write_signed
    from bench.score.score_table import describe_name

    table = read_csv(to / "differences.csv")
    for (variant, against), part in table.groupby(["variant", "against"], sort=False):
        print(f"\n{escape_for_terminal(f'{variant} − {against}')}")
        for line in part.to_dict("records"):
            if not describe_name(line["metric"]).group:
                ends = [write_signed(line[key], find_unit_of(line["metric"])) for key in ("value", "low", "high")]
                numbers = f"{ends[0]:>7} [{ends[1]}, {ends[2]}]"
                p, holm = (f"<{_LEAST:g}" if line[key] < _LEAST else f"{line[key]:.2g}" for key in ("p", "p_holm"))
                print(f"  {numbers:28} p={p:8} Holm {holm:8} n={line['n']:<5} {line['metric']}")
