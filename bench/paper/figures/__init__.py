"""The figures of the paper: one file a kind, with a function ``draw``.

    draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]

``runs`` maps the name of each row to the folder of its finished run; where an item is made on several data sets, the
name is "ROW, DATA SET". It writes ``folder / item.name`` with the endings .png, .svg and .csv, and returns what it
wrote.
Rows whose run is missing are not in ``runs``; with none at all it is not called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from bench.paper.definition import Item

Draw = Callable[[Item, Mapping[str, Path], Path], list[Path]]
RENDERERS = {
    "attention": "bench.paper.figures.attention",
    "curves": "bench.paper.figures.curves",
    "failures": "bench.paper.figures.failures",
    "histograms": "bench.paper.figures.histograms",
    "panels": "bench.paper.figures.panels",
    "ratings": "bench.paper.figures.ratings",
    "sweep": "bench.paper.figures.sweep",
}
"""By kind, the module whose ``draw`` it is: one line registers a kind."""


def find_renderer(kind: str) -> Draw:
    """Find what draws a kind of figure."""
    draw: Draw = import_module(RENDERERS[kind]).draw
    return draw
