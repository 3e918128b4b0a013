"""`zgs demo`: the full method, its ablations and two floors on drawn scenes, with one report."""

from __future__ import annotations

import shlex
from pathlib import Path

from bench.commands.run import close_sweep, list_folders, run_jobs

VARIANTS = ("full", "crop_and_mask", "no_subtraction", "paper_sigma2", "no_merge", "unmasked", "one_label")
"""Experiments of conf/experiment, in the order of the table."""
ISOLATING = (("no_subtraction", "unmasked"), ("no_subtraction", "crop_and_mask"), ("paper_sigma2", "no_subtraction"))
"""What masks inside the attention are worth by themselves, and what the paper's subtraction is worth beside them; the
full method is compared with each variant anyway."""
IMAGES = 40
SHOWN = 12
"""Images in the gallery: what a reader looks through, at half a megabyte each."""
REPORT = Path("results/demo")
USAGE = """zgs demo [to=FOLDER] [KEY=VALUE …]

to=FOLDER    where the report goes (results/demo)
KEY=VALUE    any key of `zgs run --help`, e.g. executor.workers=1"""


def main(arguments: list[str]) -> int:
    """Sweep over the variants, print one table, write the report to results/demo (or to=FOLDER)."""
    to = [word.partition("=")[2] for word in arguments if word.startswith("to=")]
    overrides = [word for word in arguments if not word.startswith("to=")]
    choices = ["-m", f"experiment={','.join(VARIANTS)}", f"data.subset=first:{IMAGES}", "pictures=0"]
    outcomes = run_jobs([*choices, *overrides], shlex.join(["zgs", "demo", *arguments]))
    if folders := list_folders(outcomes):
        from bench.report.printed import print_runs
        from bench.report.report import write_report

        whole = len(folders) == len(VARIANTS)
        pairs = ",".join(f"{VARIANTS.index(a) + 1}-{VARIANTS.index(b) + 1}" for a, b in ISOLATING) if whole else ""
        written = write_report(folders, Path(to[-1]) if to else REPORT, SHOWN, pairs)
        print_runs(folders)
        print("\nreport:", *written, sep="\n  ")
    return close_sweep(outcomes, [*choices, *overrides])
