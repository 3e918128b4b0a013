"""Tables and figures of the paper as files: markdown, csv, LaTeX, HTML; of figures png, svg, csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import UserError, writing
from bench.paper.cells import make_table
from bench.paper.definition import TABLE, Item, Row
from bench.paper.empty import Lack, explain_ratings, explain_run
from bench.paper.figures import find_renderer
from bench.paper.figures.data_names import name_all_data
from bench.paper.formats.latex import write_latex
from bench.paper.formats.markdown import write_markdown
from bench.paper.formats.page import Part, write_page
from bench.paper.formats.table_csv import write_table_csv
from bench.paper.grid import lay_out
from bench.paper.plan import Need, Plan
from bench.paper.sources import Sources
from bench.run.writing import read_while_whole

INDEX = "index.html"


@read_while_whole
def write_items(folders: Sequence[Path], plan: Plan, sources: Sources, to: Path) -> list[Path]:
    """Write every item of a plan to a folder, and a page over all where there are several; return what was written.

    ``folders`` are all runs that are read.
    """
    written: list[Path] = []
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        parts = []
        for item in plan.items:
            part, files = _write_item(item, plan, sources, to)
            (to / f"{item.name}.html").write_text(write_page([part], to), encoding="utf-8")
            parts.append(part)
            written += [*files, to / f"{item.name}.html"]
        if len(parts) > 1:
            (to / INDEX).write_text(write_page(parts, to), encoding="utf-8")
            written.append(to / INDEX)
    return written


def _write_item(item: Item, plan: Plan, sources: Sources, to: Path) -> tuple[Part, list[Path]]:
    if item.kind == TABLE:
        return _write_table(item, plan, sources, to)
    return _draw_figure(item, plan, sources, to)


def _write_table(item: Item, plan: Plan, sources: Sources, to: Path) -> tuple[Part, list[Path]]:
    table = make_table(item, plan, sources)
    grid = lay_out(table)
    texts = {".md": write_markdown(item, grid), ".tex": write_latex(item, grid)}
    for ending, text in texts.items():
        (to / f"{item.name}{ending}").write_text(text, encoding="utf-8")
    files = [to / f"{item.name}{ending}" for ending in texts]
    return Part(item, grid, (), ()), [*files, write_table_csv(table, to / f"{item.name}.csv")]


def _draw_figure(item: Item, plan: Plan, sources: Sources, to: Path) -> tuple[Part, list[Path]]:
    """Draw a figure of the runs that are finished; what is missing is said with the command that makes it."""
    runs: dict[str, Path] = {}
    lacks: list[str] = []
    asked = [place for place in plan.places[item.name] if place.asked]
    for place in asked:
        for row in item.rows:
            if (need := plan.find(item, row, place)) is None:
                continue
            name = row.name if len(asked) == 1 else f"{row.name}, {place.name}"
            folder = sources.verified.get(need.key) if item.needs_ratings else sources.folders.get(need.key)
            if folder is not None:
                runs[name] = folder
            else:
                lacks.append(f"{name}: {_explain_lack(item, sources, row, need)}")
    files = _draw_known(item, runs, to, lacks) if runs else []
    pictures = [file for file in files if file.suffix == ".png"]
    return Part(item, None, pictures, lacks, name_all_data(runs.values())), files


def _draw_known(item: Item, runs: Mapping[str, Path], to: Path, lacks: list[str]) -> list[Path]:
    """Draw the runs that are there; where others lack and these few make no picture, that is a line in ``lacks``."""
    try:
        return find_renderer(item.kind)(item, runs, to)
    except UserError as error:
        if not lacks and not item.needs_ratings:  # where ratings of other labels do not fit, the tables still do
            raise
        lacks.insert(0, f"Not drawn: {error}")
        return []


def _explain_lack(item: Item, sources: Sources, row: Row, need: Need) -> Lack:
    if need.key in sources.folders:
        return explain_ratings(item, sources, need.key)
    return explain_run(item, row, need, sources)
