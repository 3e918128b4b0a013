"""What Weights & Biases shows of section 5's runs, in its own kinds: tables, charts, pictures, artefacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.tracking.told import PICTURES, Artefact, Chart, ImageRow, TrackedRun

LIMIT = 10_000
"""Rows of a table: what is above, wandb 0.31 leaves out of the table's file and says nothing."""
HELD = 64
"""Images whose pictures are in memory at once."""
_COLOURS = 4096
"""Colours above which a picture is a photograph, which as PNG takes five times the space."""


def make_image_tables(run: TrackedRun) -> Iterator[tuple[str, Any]]:
    """Make tables of all images, one after the other: id, pictures where there are any, scores by full names."""
    import wandb

    columns = ["image_id", *PICTURES, *run.image_metrics]
    for number, rows in enumerate(_split_images(run.list_images()), 1):
        data = [_list_cells(row, run.image_metrics) for row in rows]
        yield f"images/{number}" if number > 1 else "images", wandb.Table(columns=columns, data=data)


def _list_cells(row: ImageRow, metrics: Sequence[str]) -> list[Any]:
    return [row.image_id, *(_show(row.pictures.get(name)) for name in PICTURES), *map(row.scores.get, metrics)]


def _split_images(rows: Iterator[ImageRow]) -> Iterator[list[ImageRow]]:
    """Split images into parts of at most `LIMIT` rows and `HELD` with pictures."""
    part: list[ImageRow] = []
    for row in rows:
        if len(part) == LIMIT or (row.pictures and len(part) == HELD):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _show(picture: Any) -> Any:
    import wandb

    if picture is None:
        return None
    return wandb.Image(picture, file_type="jpg" if picture.getcolors(_COLOURS) is None else "png")


def read_picture(path: Path) -> Any:
    import wandb

    return wandb.Image(str(path))


def make_score_tables(scores: pd.DataFrame) -> dict[str, Any]:
    """Make a table of the lines of scores.csv, in parts where there are many; none where nothing was labelled."""
    return {f"scores{part}": table for part, table in _make_tables(scores)} if len(scores) else {}


def make_charts(charts: Sequence[Chart]) -> dict[str, Any]:
    """Make W&B's own line charts, each with its interval as two more lines."""
    import wandb

    made: dict[str, Any] = {}
    for chart in charts:
        lines = chart.rows.melt(["x", "n"], ["value", "low", "high"], "line", "y").dropna(subset=["y"])
        lines = lines.rename(columns={"x": chart.x, "y": chart.y})[[chart.x, chart.y, "line", "n"]]
        (table,) = (table for _, table in _make_tables(lines))
        made[chart.key] = wandb.plot.line(table, chart.x, chart.y, stroke="line", title=chart.title)
    return made


def make_confusions(confusion: pd.DataFrame) -> dict[str, Any]:
    """Make W&B's own confusion matrix of each mapping, of pixels; a table in parts where it is too large for one."""
    import wandb

    if confusion.empty:
        return {}
    made, several = dict[str, Any](), confusion["protocol"].nunique() > 1
    for (protocol, mapping), rows in confusion.groupby(["protocol", "mapping"], sort=False):
        key = f"confusion/{protocol}/{mapping}" if several else f"confusion/{mapping}"
        names = {"true": "Actual", "said": "Predicted", "pixels": "nPredictions"}
        tables = list(_make_tables(rows.rename(columns=names)[[*names.values(), "images"]]))
        made |= {f"{key}{part}": table for part, table in tables}
        if len(tables) == 1:
            fields, title = {name: name for name in names.values()}, f"pixels of true classes by label ({mapping})"
            made[key] = wandb.plot_table("wandb/confusion_matrix/v1", tables[0][1], fields, {"title": title})
    return made


def _make_tables(table: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Make W&B tables of at most `LIMIT` rows, with what their names end in; an empty cell is none."""
    import wandb

    plain = table.astype(object).where(table.notna(), None)
    for number, start in enumerate(range(0, max(1, len(plain)), LIMIT), 1):
        rows = plain.iloc[start : start + LIMIT].to_numpy().tolist()
        yield f"/{number}" if number > 1 else "", wandb.Table(columns=list(map(str, plain.columns)), data=rows)


def make_artifact(artefact: Artefact) -> Any:
    """Make a W&B artefact of files where they lie: a copy of each would fill the home folder until it is uploaded."""
    import wandb

    made = wandb.Artifact(artefact.name, artefact.kind, metadata=dict(artefact.facts))
    for name, path in artefact.files.items():
        made.add_file(str(path.absolute()), name=name, policy="immutable", skip_cache=True)
    return made


def use_artefact(opened: Any, artefact: Artefact) -> None:
    """Log an artefact as one that this run has used; W&B keeps one of the same content, whoever made it first.

    `use_artifact` itself refuses that offline, although `wandb sync` follows the record; online it waits for an answer.
    """
    if artefact.files:
        opened._log_artifact(make_artifact(artefact), is_user_created=True, use_after_commit=True)
