"""Figure 10 (appendix A): what tokens of CLIP's image tower attend to, layer by layer.

The one figure that asks a model: attention is stored nowhere. It is the mean over heads of softmax(QK/sqrt(d)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32
from matplotlib import colormaps
from PIL import Image, ImageDraw
from scipy import ndimage

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.pictures import Shown, draw_pictures, load_sample, open_dataset
from bench.records import Sample
from bench.report.figures.style import save, write_note
from bench.report.out_of_domain import uses_embedded_models
from bench.settings.saved import read_run_settings

COLUMNS = ("image_id", "token", "layer", "y", "x", "weight")
GLOBAL = "global token"
LAYERS, POINTS, SIDE = 6, 3, 384
PINK = (255, 64, 160)
Maps = Float32[np.ndarray, "l p gy gx"]


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw a row for each asking patch and the global token, a column for each of ``options.layers`` layers.

    The image is drawn with ``options.seed`` (or is ``options.image``); the patches are the middles of its largest true
    segments.
    """
    run = next(iter(runs.values()))
    ids = open_dataset(run).list_ids()
    drawn = int(np.random.default_rng(item.options.get("seed", 0)).integers(len(ids)))
    image_id = str(item.options.get("image", ids[drawn]))
    if image_id not in ids:
        raise UserError(f"{item.name}: options: image: {image_id} is not in the data set")
    sample = load_sample(run, image_id)
    from bench.run.context import RunContext  # this figure alone loads a model

    clip: Any = RunContext(read_run_settings(run)).load_model("clip")
    points = choose_points(sample, clip.grid)
    layers = choose_layers(clip.depth, int(item.options.get("layers", LAYERS)))
    maps = compute_maps(clip, sample, layers, points)
    names = [f"patch {at + 1}" for at in range(len(points))] + [GLOBAL]
    rows = [
        [_show_point(sample, name, clip.grid, [*points, None][at]), *_show_maps(maps[:, at], layers, sample)]
        for at, name in enumerate(names)
    ]
    note = write_note(
        f"Image {image_id}. Brighter: more attention, each map by its own largest weight, which stands below it.",
        uses_embedded_models([run]),
    )
    lines = [
        (image_id, names[p], layer, y, x, weight)
        for at, layer in enumerate(layers) for (p, y, x), weight in np.ndenumerate(maps[at])
    ]  # fmt: skip
    table = write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), folder / f"{item.name}.csv", decimals=8)
    return [*save(draw_pictures(rows, note), folder / item.name), table]


def choose_layers(depth: int, count: int) -> list[int]:
    """Choose ``count`` layers from the first to the last, evenly, counted from 1."""
    return sorted({round(number) for number in np.linspace(1, depth, min(count, depth))})


def choose_points(sample: Sample, grid: tuple[int, int], count: int = POINTS) -> list[tuple[int, int]]:
    """Choose patches (row, column): the deepest point of each of the largest true segments; one patch only once.

    Without a truth they lie on the diagonal.
    """
    if sample.truth is None:
        return [(grid[0] * at // (count + 1), grid[1] * at // (count + 1)) for at in range(1, count + 1)]
    classes, areas = np.unique(sample.truth[sample.truth >= 0], return_counts=True)
    found: dict[tuple[int, int], None] = {}
    for index in classes[np.argsort(-areas, kind="stable")]:
        depth = ndimage.distance_transform_edt(np.pad(sample.truth == index, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        found[int(y) * grid[0] // depth.shape[0], int(x) * grid[1] // depth.shape[1]] = None
    return list(found)[:count]


def compute_maps(clip: Any, sample: Sample, layers: Sequence[int], points: Sequence[tuple[int, int]]) -> Maps:
    """Compute the attention of some patches, and last of the global token, to all patches at some layers.

    Weights of a row add up to 1 with that of the global token, which is not shown.
    """
    import torch

    from bench.encode.layers import Layer, PlainLayers, Tower

    rows = [1 + y * clip.grid[1] + x for y, x in points] + [0]
    maps = []
    with torch.inference_mode():
        plain = PlainLayers(Layer(Tower(clip.visual), 1, clip.visual._embeds(clip.preprocess(sample.image))))
        for number in layers:
            exponential = plain[number].exponential[0, :, rows]  # H p T
            weights = (exponential / exponential.sum(-1, keepdim=True)).mean(0)  # p T
            maps.append(weights[:, 1:].reshape(len(rows), *clip.grid).float().cpu().numpy())
    return np.stack(maps)


def _show_point(sample: Sample, name: str, grid: tuple[int, int], point: tuple[int, int] | None) -> Shown:
    """Draw the image with the asking patch in pink."""
    height, width = sample.size
    scale = SIDE / max(height, width)
    size = round(width * scale), round(height * scale)
    picture = Image.fromarray(sample.image).resize(size, Image.Resampling.LANCZOS)
    if point is not None:
        cell = size[0] / grid[1], size[1] / grid[0]
        left, top = point[1] * cell[0], point[0] * cell[1]
        box = (left, top, left + cell[0], top + cell[1])
        ImageDraw.Draw(picture).rectangle(box, fill=PINK, outline="white", width=3)
    return Shown(picture, "asking token", name)


def _show_maps(maps: Float32[np.ndarray, "l gy gx"], layers: Sequence[int], sample: Sample) -> list[Shown]:
    """Draw the maps of one token, at the proportions of the image."""
    height, width = sample.size
    scale = SIDE / max(height, width)
    size = round(width * scale), round(height * scale)
    shown = []
    for layer, weights in zip(layers, maps, strict=True):
        top = float(weights.max())
        pixels = (255 * colormaps["viridis"](weights / max(top, 1e-12))[..., :3]).round().astype(np.uint8)
        picture = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
        shown.append(Shown(picture, f"layer {layer}", f"up to {100 * top:.1f} %"))
    return shown
