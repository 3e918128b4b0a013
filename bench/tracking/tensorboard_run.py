"""Section 5's runs in TensorBoard: event files in each run's folder; `tensorboard --logdir outputs` shows all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from bench.tracking.content import summarise
from bench.tracking.plain import flatten_config
from bench.tracking.told import Chart, TrackedRun, TrackedSweep

FOLDER = "tensorboard"
STEPS = 10_000
"""Steps of an axis of 1: TensorBoard's are whole numbers, so that tau 0.05 is step 500."""
SHOWN = 200
"""Rows of a table as text: TensorBoard has no tables."""


class TensorBoard:
    """TensorBoard: scores, curves with their intervals as margin charts, pictures, and tables as text.

    It has no artefacts: text says where the run's files lie. A run made again replaces its events.
    """

    def log(self, run: TrackedRun) -> None:
        """Write the events of a run."""
        from torch.utils.tensorboard import SummaryWriter  # here, since it is an extra
        from torch.utils.tensorboard.summary import hparams

        values, details = summarise(run.scores)
        with _replace(run.folder) as folder, SummaryWriter(str(folder)) as writer:
            for key, value in {**values, **details}.items():
                writer.add_scalar(f"scores/{key}", value, 0)
            _write_charts(writer, run.charts)
            for row in run.list_images():
                for name, picture in row.pictures.items():
                    _write_picture(writer, f"images/{row.image_id}/{name}", picture)
            _write_texts(writer, run)
            settings = {key: _keep_plain(value) for key, value in flatten_config(run.config).items()}
            for summary in hparams(settings, {f"scores/{key}": value for key, value in values.items()}):
                writer.file_writer.add_summary(summary)

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Write the summary of a sweep: its table as text, and the pictures of the report."""
        from torch.utils.tensorboard import SummaryWriter

        with _replace(sweep.folder) as folder, SummaryWriter(str(folder)) as writer:
            writer.add_text("scores", _write_table(sweep.table))
            writer.add_text("sweep", _write_yaml(sweep.config))
            for name, path in sweep.report.files.items():
                if name.endswith(".png") and "/" not in name:
                    _write_picture(writer, f"report/{name}", Image.open(path))


@contextmanager
def _replace(folder: Path) -> Iterator[Path]:
    """Give a new folder, which takes the place of the earlier events when all is written."""
    new, place = folder / f".{FOLDER}-new", folder / FOLDER
    shutil.rmtree(new, ignore_errors=True)
    yield new
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)


def _write_charts(writer: Any, charts: Sequence[Chart]) -> None:
    """Write each curve over the steps of its axis, and a layout that draws it with its interval."""
    layout = {}
    for chart in charts:
        tags = [f"{chart.key}/{part}" for part in ("value", "low", "high")]
        for row in chart.rows.to_dict("records"):
            for part, tag in zip(("value", "low", "high"), tags, strict=True):
                writer.add_scalar(tag, row[part], round(row["x"] * STEPS))
        layout[f"{chart.title} x {STEPS}"] = ["Margin", tags]
    if layout:
        writer.add_custom_scalars({"curves": layout})


def _write_picture(writer: Any, tag: str, picture: Image.Image) -> None:
    writer.add_image(tag, np.asarray(picture.convert("RGB")), 0, dataformats="HWC")


def _write_texts(writer: Any, run: TrackedRun) -> None:
    """Write as text what has no other place: settings, tables, files."""
    writer.add_text("config", _write_yaml(run.config))
    writer.add_text("scores", _write_table(run.scores))
    if len(run.confusion):
        writer.add_text("confusion", _write_table(run.confusion.sort_values("pixels", ascending=False)))
    told = (run.predictions, *run.outputs)
    files = {each.name: {name: str(path) for name, path in each.files.items()} for each in told}
    writer.add_text("files", _write_yaml(files))


def _write_table(table: pd.DataFrame) -> str:
    """Write the first rows of a table as markdown, and how many there are."""
    head, bar = "| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)
    shown = table.head(SHOWN).astype(object).where(table.head(SHOWN).notna(), "")
    rows = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in shown.to_numpy()]
    return "\n".join([head, bar, *rows, "", f"{len(shown)} of {len(table)} rows"])


def _write_yaml(node: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(dict(node), sort_keys=False, allow_unicode=True)
    return "\n".join(f"    {line}" for line in text.splitlines())  # markdown's code


def _keep_plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
