"""Every aim of speed, with what was measured and the command that measured it: results/speed/aims.md.

    python scripts/speed_aims.py [FOLDER, by default results]

It measures nothing: it reads what `zgs speed`, scripts/compare_stages.py and scripts/compare_speed.py left in results/,
and judges all by one rule. What is not there is an error that names the command; what was never measured says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from compare_speed import AGAIN, FOREIGN, FULL_STORE, GOALS, NOW, NUMPY, NUMPY_START, START, leave_start_out
from compare_stages import CASES
from paper_seconds import list_extrapolated
from processes import ROOT
from script_words import PHOTOGRAPH, SEGMENTS, run
from speed_words import write_words

from bench.csv_files import read_csv
from bench.errors import UserError
from bench.speed.aims import PEAK, Aim, count_met, judge_aims, write_table
from bench.speed.growth import STEEP, Growth, read_growth
from bench.speed.rows import DEFAULT, UNTOLD, list_judged, update_row
from bench.speed.weights import NO_MODEL, find_smaller
from bench.store.files import write_atomically

Judged = list[tuple[Aim, float | None]]
PAPER = "zgs speed scale=paper weights=FOLDER to=results/speed"
STAGES = "python scripts/compare_stages.py FOLDER --to results/speed/before.csv"
WHOLE = "python scripts/compare_speed.py --to results/speed.csv"
GROWTH = "zgs speed growth=yes to=results/speed"
MEMORY = "python scripts/caption_memory.py FOLDER to=results/speed/memory.csv"
IMAGE = "python scripts/whole_image.py FOLDER to=results/speed/image.csv"
META = "zgs speed device=meta scale=paper to=results/speed"
CUDA = "zgs speed device=cuda scale=paper to=results/speed"
HOUR, GPU_SECONDS, GPU_BYTES = 3600.0, 10.0, 16e9
BEFORE = {"texts": 4.0, "language": 2.0, "features": 1.1, "clustering": 1.8, "masked": 3.0, "loading": 5.0}
"""Times as fast as the first release, by case of compare_stages.py."""
SIDES = (NOW, START, NUMPY, NUMPY_START)
"""Of the case score."""
NONE = "0 runs of the default settings and the paper's sizes"


@dataclass(frozen=True)
class Section:
    """Aims that are judged from one file of results; in words, how often each was measured and with which weights."""

    title: str
    file: str
    command: str
    judged: Judged
    n: str
    weights: str


def main(words: Sequence[str]) -> int:
    """Write the page of a folder of results."""
    results = Path(words[0]) if words else ROOT / "results"
    page = results / "speed" / "aims.md"
    write_atomically(page, make_page(results).encode())
    print(page)
    return 0


def make_page(results: Path) -> str:
    """Make the page from the files of a folder. Raises SystemExit for one that is missing."""
    sections = [judge_paper(results), judge_image(results), judge_stages(results), judge_processes(results),
                judge_growth(results), judge_memory(results), judge_counted(results), judge_gpu(results)]  # fmt: skip
    measured = [(aim, value) for section in sections for aim, value in section.judged if value is not None]
    lines = [
        "# The aims of speed", "",
        f"{count_met(measured)} Made by `python scripts/speed_aims.py`, which measures nothing itself: over each table "
        "stands what left its numbers (all: `sh scripts/speed.sh FOLDER`), which may be of another state of the code "
        "than those of the next one.",
    ]  # fmt: skip
    for section in sections:
        lines += ["", f"## {section.title}", "", _write_source(results, section), "", *write_table(section.judged)]
    lines += ["", "## What is no number", "", *write_words()]
    return "\n".join(lines) + "\n"


def judge_paper(results: Path) -> Section:
    """Judge the paper's scale, and the hours of a whole image of 20 segments."""
    file = "speed/paper.json"
    rows = list_judged(map(update_row, _read_json(results / file, PAPER)))
    try:
        hours = sum(line[2] for line in list_extrapolated(rows)) / HOUR
    except UserError as error:
        raise SystemExit(str(error)) from error
    image = _limit("whole image", "hours, captions extrapolated", 1.0), hours
    count, weights = _write_range("calls", [row["n"] for row in rows]), _join_weights(map(_name_weights, rows))
    judged: Judged = [*judge_aims(rows), image]
    return Section("At the paper's sizes, beside the plain form", file, PAPER, judged, count, weights)


def judge_image(results: Path) -> Section:
    """Judge a whole image that was really run, by default settings: processor hours, and memory of its worker."""
    file, count, name = "speed/image.csv", NONE, "a whole image, really run"
    table = _read_told(results / file) if (results / file).is_file() else pd.DataFrame({"settings": [], "weights": []})
    values: dict[str, float | None] = {"hours": None, "peak_mb": None}
    found, weights = _list_large(table[table["settings"] == DEFAULT]), _join_weights(table["weights"])
    if len(found) and (row := found.iloc[0])["image"] == PHOTOGRAPH:  # earlier rows did not name their picture
        values, weights = {key: float(row[key]) for key in values}, _join_weights([row["weights"]])
        count = (
            f"{row['n']} run of {row['image']} pixels, {row['segments']} segments described, {row['texts_read']} of "
            f"{row['texts_asked']} texts read, {row['clock_hours']} h by the clock, commit {row['commit']}"
        )
    judged: Judged = [(_limit(name, "processor hours", 1.0), values["hours"]),
                      (_limit(name, "peak of its worker, MB", PEAK), values["peak_mb"])]  # fmt: skip
    return Section("A whole image at the paper's sizes", file, IMAGE, judged, count, weights)


def judge_stages(results: Path) -> Section:
    """Judge each stage beside the first release, and whether it makes the same."""
    file = "speed/before.csv"
    table = _read_told(_find(results / file, STAGES)).set_index("case")
    for case in set(BEFORE) & (set(table.index) - set(_list_large(table).index)):
        told = f"{case} is of models smaller than the paper's ({table['weights'][case]})"
        raise SystemExit(f"{results / file}: {told}; `{STAGES} --only {case}` measures it anew")
    found = [_read(table, case, ("ratio", "difference", "runs"), STAGES, case) for case in BEFORE]
    judged: Judged = [(Aim(case, f"times as fast ({CASES[case]})", (), bound), values[0])
                      for (case, bound), values in zip(BEFORE.items(), found, strict=True)]  # fmt: skip
    worst = _limit("all of them", "largest difference beside the largest number", 1e-5)
    judged.append((worst, max(values[1] for values in found)))
    return Section("At the paper's sizes, beside the first release", file, STAGES, judged,
                   _write_range("runs", [values[2] for values in found]), _join_weights(table["weights"]))  # fmt: skip


def judge_processes(results: Path) -> Section:
    """Judge `zgs demo` beside the first release, a foreign file, `--help` and a run on a full store."""
    file = "speed.csv"
    table = read_csv(_find(results / file, WHOLE))
    asked = {"demo": (NOW, "ratio"), "help": ("zgs --help", "ratio"), "again": (AGAIN, "seconds")}
    found = [_read(_choose(table, case), side, (column, "runs"), WHOLE, case)
             for case, (side, column) in asked.items()]  # fmt: skip
    (demo, _), (start, _), (again, _) = found
    score = {side: _read(_choose(table, "score"), side, ("seconds",), WHOLE, "score")[0] for side in SIDES}
    judged: Judged = [
        (_limit("zgs demo", "seconds beside the first release's", GOALS["demo"]), demo),
        (_limit("zgs score", "a foreign file beside a NumPy loop, without start", FOREIGN), leave_start_out(score)),
        (_limit("zgs --help", "beside a bare interpreter", GOALS["help"]), start),
        (_limit("zgs run", "on a full store, seconds", FULL_STORE), again),
    ]
    runs = _write_range("runs", [values[1] for values in found])
    return Section("Whole processes", file, WHOLE, judged, runs, "those of zgs itself")


def judge_growth(results: Path) -> Section:
    """Judge every fitted exponent, and the steepest between two sizes side by side by the low end of its interval."""
    file = "speed/growth.csv"
    path = _find(results / file, GROWTH)
    table = _read_told(path)
    if "settings" in table:
        raise SystemExit(f"{path}: not of the default settings; `{GROWTH}` makes it")
    found = read_growth(path)
    judged = [pair for one in found for pair in _judge_exponents(one)]
    count = _write_range("measurements", [one.seconds.size for one in found])
    return Section("Growth", file, GROWTH, judged, count, _join_weights(table["weights"]))


def _judge_exponents(one: Growth) -> Judged:
    name = f"{one.cost} against {one.size}"
    step = f"exponent between two sizes side by side, low end of 95 % interval (steepest: {one.steepest:.2f})"
    return [(_limit(name, "exponent", STEEP), one.exponent), (_limit(name, step, STEEP), one.steepest_low)]


def judge_memory(results: Path) -> Section:
    """Judge what a worker holds at its most in a whole search of the paper's sizes, by default settings."""
    file = "speed/memory.csv"
    columns = ["settings", "segments", "peak_mb", "weights"]
    table = _read_told(results / file) if (results / file).is_file() else pd.DataFrame(columns=columns)
    asked = _list_large(table[table["settings"] == "as by default"])
    found = asked[asked["segments"].astype(int) == SEGMENTS]  # earlier rows did not name their segments
    peaks: list[float | None] = [*found["peak_mb"].astype(float)]
    judged: Judged = [(_limit("a whole search", "peak, MB", PEAK), peak) for peak in peaks or [None]]
    count = _write_range("runs", [len(peaks)]) if peaks else NONE
    weights = _join_weights((found if peaks else table)["weights"])
    return Section("Memory of a worker", file, MEMORY, judged, count, weights)


def judge_counted(results: Path) -> Section:
    """Judge what the largest stage needs of a GPU with 16 GB."""
    file = "speed/meta_paper.json"
    rows = list_judged(_read_json(results / file, META))
    if not rows:
        raise SystemExit(f"{results / file}: no row of the default settings and the paper's sizes; `{META}` makes them")
    most = max(row["needs_mb"] for row in rows)
    judged: Judged = [(_limit("largest stage", "MB", GPU_BYTES // (1 << 20)), most)]
    title = "A GPU: what it has to hold, counted from shapes"
    count, weights = f"{len(rows)} stages and types", _join_weights(map(_name_weights, rows))
    return Section(title, file, META, judged, count, weights)


def judge_gpu(results: Path) -> Section:
    """Judge the fastest image on a GPU; not measured where nobody has had one."""
    file = "speed/cuda_paper.json"
    rows = list_judged(_read_json(results / file, CUDA)) if (results / file).is_file() else []
    images = [row for row in rows if row["stage"] == "image"]
    fastest = min((row["seconds"] for row in images), default=None)
    judged: Judged = [(_limit("whole image", "seconds", GPU_SECONDS), fastest)]
    count, weights = f"1 call of {len(images)} variants", _join_weights(map(_name_weights, images))
    return Section("A GPU: seconds", file, CUDA, judged, count, weights)


def _limit(stage: str, what: str, bound: float | None) -> Aim:
    assert bound is not None
    return Aim(stage, what, (), bound, at_most=True)


def _write_source(results: Path, section: Section) -> str:
    if not (results / section.file).is_file():
        return f"Not measured; `{section.command}` would do so."
    link = section.file.removeprefix("speed/") if section.file.startswith("speed/") else f"../{section.file}"
    return f"[{section.file}]({link}), made by `{section.command}`; n: {section.n}. Weights: {section.weights}."


def _write_range(what: str, counts: Sequence[float]) -> str:
    least, most = round(min(counts)), round(max(counts))
    if least == most:
        return f"{least} {what.removesuffix('s') if most == 1 else what}"
    return f"{least} to {most} {what}"


def _find(path: Path, command: str) -> Path:
    if not path.is_file():
        raise SystemExit(f"{path}: is missing; `{command}` makes it")
    return path


def _read_told(path: Path) -> pd.DataFrame:
    """Read a table; its weights are not told where an earlier script left it."""
    table = read_csv(path)
    return table if "weights" in table else table.assign(weights=UNTOLD)


def _list_large(table: pd.DataFrame) -> pd.DataFrame:
    """List the rows of no model that is smaller than the paper's."""
    return table[np.array([not find_smaller(str(told)) for told in table["weights"]], bool)]


def _name_weights(row: Mapping[str, Any]) -> str:
    return str(row.get("weights", UNTOLD))


def _join_weights(told: Iterable[str]) -> str:
    """Join what rows tell of their weights, each model once; what loads none is named where nothing else is."""
    models = dict.fromkeys(model for one in told for model in str(one).split("; "))
    return "; ".join([model for model in models if model != NO_MODEL] or models) or UNTOLD


def _read_json(path: Path, command: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_find(path, command).read_text(encoding="utf-8"))
    return rows


def _choose(table: pd.DataFrame, case: str) -> pd.DataFrame:
    return table[table["case"] == case].set_index("side")


def _read(table: pd.DataFrame, row: str, columns: tuple[str, ...], command: str, case: str) -> tuple[float, ...]:
    if row not in table.index:
        raise SystemExit(f"no numbers of {case}; `{command} --only {case}` measures them")
    return tuple(table.loc[[row], column].astype(float).item() for column in columns)


if __name__ == "__main__":
    run(main, __doc__, sys.argv[1:])
