"""Section 3.1: how well clusters of dense features can carry the true classes, and the card of the embedded DINO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastcluster
import numpy as np
from PIL import Image
from scipy.cluster.hierarchy import fcluster

from bench.models.dino import Dino
from data_prep import checkpoints

SIZE, CLUSTERS = 96, 20


def ceiling(features: np.ndarray, grid: tuple[int, int], truth: np.ndarray, clusters: int = CLUSTERS) -> float:
    """Mean IoU over the true classes of one picture when each Ward cluster takes its most frequent true class."""
    labels = fcluster(fastcluster.linkage_vector(features.astype(np.float64), "ward"), clusters, "maxclust")
    rows, columns = ((np.arange(side) * cells // side) for side, cells in zip(truth.shape, grid, strict=True))
    large = labels.reshape(grid)[rows[:, None], columns]
    classes = np.unique(truth[truth >= 0])
    told = np.full(truth.shape, -1)
    for label in np.unique(large):
        inside = truth[(large == label) & (truth >= 0)]
        if inside.size:
            told[large == label] = np.bincount(inside).argmax()
    known = truth >= 0
    ious = [((told == c) & (truth == c)).sum() / (((told == c) & known) | (truth == c)).sum() for c in classes]
    return float(np.mean(ious))


def colours(image: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Mean colour of each cell of the grid, float64 [cells, 3]."""
    return np.asarray(Image.fromarray(image).resize(grid[::-1], Image.Resampling.BOX), np.float64).reshape(-1, 3)


def summary(values: list[float]) -> dict[str, float]:
    """Mean with the standard error over pictures."""
    return {"mean": float(np.mean(values)), "error": float(np.std(values, ddof=1) / np.sqrt(len(values)))}


def measure(folder: str, n: int, stride: int = 4) -> dict[str, Any]:
    """Ceilings on the first ``n`` validation scenes, for keys and for colours at the same grid."""
    from bench.data.toyworld.scene import draw

    dino = Dino(folder, size=SIZE, stride=stride)
    ours, plain = [], []
    for index in range(n):
        scene = draw("val", index)
        features, grid, _ = dino.features(scene.image)
        ours.append(ceiling(features, grid, scene.truth))
        plain.append(ceiling(colours(scene.image, grid), grid, scene.truth))
    return {"keys": summary(ours), "colours": summary(plain), "n": n, "stride": stride}


CARD = """---
library_name: transformers
license: mit
---
# Embedded DINO

A small vision transformer (patch 8, 6 layers, width 96, 3 heads, {parameters:,} parameters, {size:.1f} MB as float16)
trained on drawn scenes of this package's toy world, without labels. It knows nothing of photographs.

- Trained on the pictures of the first {pictures} train scenes (no labels, no captions), {batch} pictures a step, one
  core, seed {seed}. This is the snapshot {best} of a run planned for {steps} steps, the best on validation so far.
- Method: self-distillation with no labels (student, averaged teacher, crops, centering), with a second term in which
  the key of a patch predicts the teacher's output for the same place in another view.
- Make again: `python -m data_prep.train_dino` (about 30 minutes; resumes). Measure again: add `--card`.
- Use: `Dino("embedded:dino", size=96)`; input of 96 pixels, stride 4 or 2.

Ceiling of over-segments: keys at {size_in} pixels and stride {stride}, Ward cut to {clusters} clusters, each
cluster takes its most frequent true class; mean IoU over the true classes of a picture, mean over {validation}
validation scenes (standard error over scenes).

| features | mean IoU |
|---|---|
{rows}

Limits: the snapshot was chosen on the same {validation} scenes, so its figure is slightly hopeful. Thin things (poles,
fence slats) are lost at this resolution. Segments made with these weights cannot be compared with published numbers.
"""


def write_card(target: Path, picked: dict[str, Any], facts: dict[str, Any]) -> None:
    """Write README.md into the folder."""
    everything = picked["all"]
    rows = [
        f"| {name.replace('step_', 'after step ')}{' (shipped)' if name == picked['best'] else ''} "
        f"| {of['keys']['mean']:.3f} ± {of['keys']['error']:.3f} |"
        for name, of in everything.items()
    ]
    rows[0] = rows[0].replace("after step 00000", "untrained")
    plain = everything[picked["best"]]["colours"]
    rows.append(f"| mean colour of the cell | {plain['mean']:.3f} ± {plain['error']:.3f} |")
    model = Dino(str(target), size=SIZE).model
    (target / "README.md").write_text(
        CARD.format(
            parameters=checkpoints.count_parameters(model),
            size=checkpoints.folder_size(target) / 1e6,
            rows="\n".join(rows),
            best=picked["best"],
            size_in=SIZE,
            clusters=CLUSTERS,
            stride=everything[picked["best"]]["stride"],
            **facts,
        )
    )
