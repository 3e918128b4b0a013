"""Appendix E: a search over some settings, as the best value so far over its trials, and values over each setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from bench.metric_name import parse, write_number
from bench.report.figures.style import PALETTE, draw_headline, draw_key, draw_plain_axes, make_figure, save
from bench.report.tables.cells import find_unit_of, scale
from bench.score.score_table import EMBEDDED_NOTE
from bench.text.escape import escape_for_figure as figure_text
from bench.text.escape import shorten_middle

_HIGH, _COLUMNS, _LONG = 2.5, 3, 18
"""Inches of a row of panels, panels beside each other, letters of a choice below its axis."""
_LABELLED = (1.0, 2.0, 5.0)
"""Multiples of powers of ten that a logarithmic axis names."""
_FINISHED, _BEST, _SO_FAR = PALETTE[0], PALETTE[1], PALETTE[2]


def write_study(
    trials: pd.DataFrame,
    settings: Sequence[str],
    stem: Path,
    name: str,
    *,
    lower_is_better: bool = False,
    embedded: bool = False,
) -> tuple[Path, Path]:
    """Write the figure of a study as .png and .svg; returns the two.

    ``trials`` has a row a trial in their order: value (NaN: none), low, high, n, unit_of_n, metric, and each of
    ``settings``. Raises ValueError where no trial has a value.
    """
    return save(draw_study(trials, settings, name, lower_is_better=lower_is_better, embedded=embedded), stem)


def draw_study(
    trials: pd.DataFrame, settings: Sequence[str], name: str, *, lower_is_better: bool = False, embedded: bool = False
) -> Figure:
    """Draw values over the trials on top, and below a panel a setting: each trial's value over what was chosen."""
    done = trials[trials["value"].notna()]
    if done.empty:
        raise ValueError("no trial has a value")
    metric = next((str(each) for each in done["metric"] if each), "")
    by = scale(metric) if metric else 1.0
    values = by * done["value"].to_numpy(float)
    best = int(values.argmin() if lower_is_better else values.argmax())
    rows = -(-len(settings) // _COLUMNS)
    figure = make_figure(_HIGH * (1 + rows) + 1.1)
    grid = figure.add_gridspec(1 + rows, min(_COLUMNS, max(len(settings), 1)))
    label = _describe_values(metric)
    marks = _draw_trials(figure.add_subplot(grid[0, :]), done, values, best, label, lower_is_better)
    for at, setting in enumerate(settings):
        axes = figure.add_subplot(grid[1 + at // _COLUMNS, at % _COLUMNS])
        _draw_setting(axes, done[setting], values, best, setting, label if at % _COLUMNS == 0 else "")
    draw_headline(figure, (name, _shorten(metric), _describe_counts(trials, done)))
    draw_key(figure, marks, ["a trial", "the best trial", "the best so far"], _note(metric, embedded), lined=False)
    return figure


def _draw_trials(
    axes: Axes, done: pd.DataFrame, values: np.ndarray, best: int, label: str, lower_is_better: bool
) -> list[object]:
    numbers = done["trial"].astype(int).to_numpy()
    so_far = np.minimum.accumulate(values) if lower_is_better else np.maximum.accumulate(values)
    (line,) = axes.step(numbers, so_far, where="post", color=_SO_FAR, linewidth=1.8, linestyle="--")
    dots = axes.scatter(numbers, values, s=26, color=_FINISHED, zorder=3)
    star = axes.scatter(numbers[best], values[best], s=120, color=_BEST, marker="*", zorder=4)
    axes.set_xlabel("trial", fontsize=10.5)
    axes.set_ylabel(label, fontsize=10.5)
    axes.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    draw_plain_axes(axes, "both")
    return [dots, star, line]


def _draw_setting(axes: Axes, chosen: pd.Series, values: np.ndarray, best: int, setting: str, label: str) -> None:
    """Draw values over what was chosen of one setting: over numbers as they are, over words side by side."""
    numbers = pd.to_numeric(chosen, errors="coerce")
    if numbers.notna().all():
        places = numbers.to_numpy(float)
        if places.min() > 0 and places.max() >= 10 * places.min():
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=_LABELLED))
            axes.xaxis.set_major_formatter(lambda value, _: write_number(float(f"{value:.6g}")))
            axes.xaxis.set_minor_locator(NullLocator())
        elif (places == places.round()).all():  # there is nothing to choose between two layers
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        words = sorted(set(map(str, chosen)))
        places = np.array([words.index(str(each)) for each in chosen], float)
        axes.set_xticks(range(len(words)), [figure_text(shorten_middle(word, _LONG)) for word in words])
        axes.tick_params(axis="x", rotation=20 if len(words) > 2 else 0)
        axes.set_xlim(-0.5, len(words) - 0.5)
    axes.scatter(places, values, s=26, color=_FINISHED, zorder=3)
    axes.scatter(places[best], values[best], s=120, color=_BEST, marker="*", zorder=4)
    axes.set_xlabel(figure_text(shorten_middle(setting, 34)), fontsize=10.5)
    axes.set_ylabel(label, fontsize=10.5)
    draw_plain_axes(axes, "both")


def _describe_values(metric: str) -> str:
    if not metric:
        return "value"
    return "%" if find_unit_of(metric) == "share" else find_unit_of(metric)


def _describe_counts(trials: pd.DataFrame, done: pd.DataFrame) -> str:
    counts = sorted({f"n = {n} {unit}" for n, unit in zip(done["n"], done["unit_of_n"], strict=True) if pd.notna(n)})
    without = len(trials) - len(done)
    return ", ".join([f"{len(done)} trials" + (f", {without} without a value" if without else ""), *counts])


def _shorten(metric: str) -> str:
    """Shorten a full name to mapping and metric."""
    return f"{parse(metric).mapping}/{metric.rpartition('/')[2]}" if metric else ""


def _note(metric: str, embedded: bool) -> str:
    where = f"{parse(metric).dataset}:{parse(metric).split}: " if metric else ""
    told = f"{where}chosen by these images, on which the best looks better than on others"
    return f"{told}\n{EMBEDDED_NOTE}" if embedded else told
