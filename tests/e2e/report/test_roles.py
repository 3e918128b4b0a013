"""No report reads a title or searches in a name: other titles, other words for people and nothing else."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.cli import main
from bench.csv_files import read_csv, write_csv
from bench.run.run_folder import find_role, read_run_scores
from bench.score.score_table import OF_CURVES, add_columns
from tests.unit.report.fabricated import fabricate

pytestmark = pytest.mark.usefixtures("blank_figures")

BENCH = Path(__file__).parents[3] / "bench"
TITLES = ["full", "crop", "floor: one label"]
NONSENSE = ["ceiling of floors", "floor: lava", "plain"]
ROLES = ["own", "own", "floor"]


def controlled(folder: Path, title: str) -> None:
    """Give a fabricated run the lines of a floor and a ceiling."""
    own = read_csv(folder / "scores.csv")
    lines = [own.assign(variant=title.format(kind), role=kind, value=value) for kind, value in BOUNDS.items()]
    write_csv(pd.concat([own, *lines]), folder / "scores.csv", decimals=6)


BOUNDS = {"floor": 0.1, "ceiling": 0.9}


def report(to: Path, titles: list[str], control: str, roles: list[str], capsys: Any) -> tuple[str, dict[str, Any]]:
    runs = fabricate(to / "runs", titles, [{"role": role} for role in roles])
    controlled(runs[0], control)
    assert main(["report", *map(str, runs), f"to={to / 'report'}", "pictures=0"]) == 0
    capsys.readouterr()
    return (to / "report/table.md").read_text(), {
        name: read_csv(to / f"report/{name}.csv") for name in ("scores", "differences", "breakdown", "curves")
    }


@pytest.mark.slow
def test_nonsense_titles_give_the_same_cells(tmp_path: Path, capsys: Any) -> None:
    text, files = report(tmp_path / "a", TITLES, "{}: some control (full)", ROLES, capsys)
    other, others = report(tmp_path / "b", NONSENSE, "x{} y", ROLES, capsys)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    changed = [line for line in other.splitlines() if line.startswith("|")]
    cells = [[line.split(" | ")[1:] for line in table] for table in (lines, changed)]
    assert cells[0] == cells[1] and len(lines) > 12
    where = next(at for at, line in enumerate(lines) if line.startswith("| floors and ceilings"))
    assert [line.split(" | ")[0] for line in changed[where + 2 : where + 5]] == [
        "| xfloor y",
        "| xceiling y",
        "| plain",
    ]
    for name, table in files.items():
        columns = [column for column in table.columns if column not in ("variant", "against", "run")]
        pd.testing.assert_frame_equal(table[columns], others[name][columns])
    assert set(files["differences"]["against"]) == {"crop"} and set(others["differences"]["against"]) == {"floor: lava"}
    assert set(files["curves"]["variant"]) == {"full", "crop"}


@pytest.mark.slow
def test_folders_of_earlier_versions_say_it_in_their_titles(tmp_path: Path, capsys: Any) -> None:
    text, files = report(tmp_path / "new", TITLES, "{}: some control (full)", ROLES, capsys)
    added = [*files["scores"].columns[files["scores"].columns.get_loc("role") :]]
    runs = fabricate(tmp_path / "runs", TITLES)
    controlled(runs[0], "{}: some control (full)")
    for run, name in product(runs, ("scores.csv", "curves.csv", "areas.csv")):
        table = read_csv(run / name)
        gone = added if name == "scores.csv" else list(OF_CURVES)
        write_csv(table.drop(columns=gone), run / name, decimals=6 if name == "scores.csv" else None)
    assert main(["report", *map(str, runs), f"to={tmp_path / 'old'}", "pictures=0"]) == 0
    capsys.readouterr()
    assert (tmp_path / "old/table.md").read_text() == text
    assert (tmp_path / "old/scores.csv").read_bytes() == (tmp_path / "new/report/scores.csv").read_bytes()
    assert list(dict.fromkeys(read_run_scores(runs[0])["role"])) == ["own", "floor", "ceiling"]


@pytest.mark.parametrize(
    ("settings", "role"),
    [
        ({"role": "own", "variant": "floor: x"}, "own"),
        ({"variant": "floor: x"}, "floor"),
        ({"variant": "floorboards"}, "own"),
        ({"variant": None}, "own"),
    ],
)
def test_the_role_of_a_run(settings: dict[str, Any], role: str) -> None:
    assert find_role(settings) == role


@pytest.mark.slow
def test_twins_have_controls_of_their_own_whatever_these_are_called(tmp_path: Path, capsys: Any) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "full"], [{"segment": {"n": n}} for n in (10, 20)])
    for run in runs:
        controlled(run, "{} lava")
    assert main(["report", *map(str, runs), f"to={tmp_path / 'to'}", "pictures=0"]) == 0
    capsys.readouterr()
    table = read_csv(tmp_path / "to/scores.csv")
    assert not table.duplicated(["variant", "metric"]).any() and table["role"].value_counts()["floor"] == 12


def test_columns_are_added_once() -> None:
    table = add_columns(pd.DataFrame({"metric": ["a:b/c/d/none/e"]}), "own")
    pd.testing.assert_frame_equal(add_columns(table, "floor"), table)


def test_the_source_matches_neither_titles_nor_names() -> None:
    """Outside the reader of old folders nothing asks a text whether it begins or goes on like a floor or a metric."""
    title = re.compile(
        r"""(startswith|endswith|contains|match|search|find)\(\s*\(?[rf]*["'](floor|ceiling|tgq|iou|recall|precision|/)"""
    )
    faults = []
    files = [path for room in ("report", "run", "score", "commands") for path in (BENCH / room).rglob("*.py")]
    for path in files:
        for at, line in enumerate(path.read_text().splitlines(), 1):
            if title.search(line) and path.name != "run_folder.py":
                faults.append(f"{path.relative_to(BENCH)}:{at}: {line.strip()}")
    assert len(files) > 50 and not faults, faults
