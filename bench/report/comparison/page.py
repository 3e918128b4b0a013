"""`zgs compare`: finished runs against each other on one page, markdown and HTML that needs no other file, and csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.csv_files import write_csv
from bench.errors import BadSample, UserError, writing
from bench.report.blocklist import Blocklist
from bench.report.comparison.alike import check_alike
from bench.report.comparison.changes import compute_changes
from bench.report.comparison.classes import compute_classes, write_markdown_classes
from bench.report.comparison.pictures import write_changed
from bench.report.comparison_files import write_comparisons
from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain, uses_embedded_models
from bench.report.pages import write_pages
from bench.report.pictures.disagreements import select_extremes, write_disagreements
from bench.report.pictures.side_by_side import hide_texts, read_shown_run
from bench.report.printed import describe_protocols
from bench.report.runs import label_runs, merge_scores, name_data
from bench.report.tables.comparisons import Pair, list_pairs, read_pairs
from bench.run.run_folder import find_role, read_image_scores, read_segments
from bench.run.writing import read_while_whole
from bench.score.score_table import EMBEDDED_NOTE, FLOOR
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record
from bench.text.escape import escape_markdown, join_cells

PAGE, IMAGES = "compare", "images.csv"
Figure = tuple[str, Path]
"""A heading and a PNG beside the page."""


@read_while_whole
def write_comparison(
    folders: Sequence[Path], to: Path, pictures: int, pairs: str = "", blocklist: Blocklist | None = None
) -> list[Path]:  # fmt: skip
    """Write compare.md, compare.html and what they show into ``to``; returns what was written, the pages first.

    The first run is compared with each other one that is no floor, and with those that ``pairs`` names by position;
    ``pictures`` is how many images are shown each way, without the words of ``blocklist``. Raises UserError for runs
    that cannot be compared.
    """
    names, hide = label_runs(folders), blocklist or Blocklist()
    remarks = [*check_alike(names), *([f"Hidden in pictures: {hide.state()}"] if hide else [])]
    labels, small = [names[folder] for folder in folders], uses_embedded_models(folders)
    floors = {names[folder] for folder in folders[1:] if find_role(read_run_settings(folder)) == FLOOR}
    compared = list_pairs(labels, floors, read_pairs(pairs, labels) if pairs else [])
    if not compared:
        raise UserError(f"{folders[1]}: a floor, which is compared where pairs=1-2 asks for it")
    title = name_data(merge_scores(folders[:1]))
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        runs = [(names[folder], folder) for folder in folders]
        texts, files = write_comparisons(runs, to, compared, title=title, embedded=small, floors=floors)
        more, tables = _write_classes(runs, to, compared)
        shown, told = _draw_pictures(names, to, compared, pictures, small, hide)
        parts = [
            _write_head(names, title, small, remarks), "## Every metric\n", *texts[:1], *_link(files, "differences"),
            "## Sizes, things and stuff\n", *texts[1:], *_link(files, "breakdown"), "## Classes\n", *more,
            *(["## Images that changed most\n", told] if told else []), *(_write_figure(*figure) for figure in shown),
            "## Protocol\n", *(f"```\n{block}\n```\n" for block in describe_protocols(folders)),
        ]  # fmt: skip
        pages = write_pages("\n".join(parts), to / PAGE)
    return [*pages, *files, *tables, to / IMAGES, *(path for _, path in shown)]


def _write_head(names: Mapping[Path, str], title: str, small: bool, remarks: Sequence[str]) -> str:
    """Write the title, the runs with their n, and what must be known of them."""
    lines = [f"# {' against '.join(map(escape_markdown, names.values()))}\n", f"{escape_markdown(title)}\n"]
    lines += [join_cells(["run", "images", "skipped", "folder"]), "|---|---:|---:|---|"]
    for folder, name in names.items():
        record = read_record(folder)
        skipped = len(record.get("skipped", ()))
        counts = [str(len(record["ids"]) - skipped) if "ids" in record else "?", str(skipped)]
        lines.append(join_cells([escape_markdown(name), *counts, escape_markdown(folder.name)]))
    notes = [*([EMBEDDED_NOTE] if small else []), *([OUT_OF_DOMAIN] if any(map(is_out_of_domain, names)) else [])]
    return "\n".join([*lines, "", *(f"- {escape_markdown(note)}" for note in (*notes, *remarks)), ""])


def _write_classes(runs: Sequence[tuple[str, Path]], to: Path, pairs: Sequence[Pair]) -> tuple[list[str], list[Path]]:
    """Write classes.csv; of variants that say nothing of true segments there is none."""
    found = [(name, read_segments(folder)) for name, folder in runs]
    table = compute_classes([(name, rows) for name, rows in found if rows is not None], pairs)
    (to / "classes.csv").unlink(missing_ok=True)
    if table.empty:
        return [
            "Fewer than two of these runs say anything of true segments (without merging nothing is said, nor by other "
            "systems): there are no classes to compare.\n"
        ], []
    return [write_markdown_classes(table)], [write_csv(table, to / "classes.csv", decimals=6)]


def _draw_pictures(
    names: Mapping[Path, str], to: Path, pairs: Sequence[Pair], pictures: int, small: bool, hide: Blocklist
) -> tuple[list[Figure], str]:
    """Write images.csv and the pictures, and say which they are; nothing is said where none are asked for.

    Where data or predictions are gone the page says so in their place.
    """
    tables = {name: read_image_scores(folder) for folder, name in names.items()}
    changes = compute_changes(tables, pairs)
    write_csv(changes, to / IMAGES, decimals=6)
    (to / "where.png").unlink(missing_ok=True)
    if not pictures:
        return [], ""
    told = (
        "An image has changed by the mean of its differences of "
        + (" and ".join(f"`{metric}`" for metric in dict.fromkeys(changes["metric"])) or "no metric")
        + f"; at most {pictures} images each way are shown, all are in {IMAGES}.\n"
    )
    try:
        dataset = make_object(read_run_settings(next(iter(names)))["data"])
        runs = {name: read_shown_run(folder, name) for folder, name in names.items()}
        shown = write_changed(
            changes, runs, pairs, dataset, to / "changed", count=pictures, embedded=small, blocklist=hide
        )
        found = ((name, read_segments(folder)) for folder, name in names.items())
        segments = {name: hide_texts(table, hide) for name, table in found if table is not None}
        if extremes := select_extremes(segments, pairs):
            path = write_disagreements(extremes, dataset, to / "where.png", embedded=small)
            shown.append(("True segments on which they disagree most", path))
    except (UserError, BadSample, OSError) as error:
        return [], f"{told}\n- No pictures: {escape_markdown(' '.join(str(error).split()))}\n"
    return shown, told


def _link(files: Sequence[Path], stem: str) -> list[str]:
    return [_write_figure("", path) for path in files if path.name == f"{stem}.png"]


def _write_figure(heading: str, path: Path) -> str:
    title = f"### {escape_markdown(heading)}\n\n" if heading else ""
    return f"{title}![{escape_markdown(heading or path.stem)}]({path.name})\n"
