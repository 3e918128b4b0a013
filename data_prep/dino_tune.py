"""Section 3.1: a table of segmenter settings for the embedded DINO, measured on tune scenes.

    python -m data_prep.dino_tune --stride 2 4 --n 20 30 --threshold 0.9 2 --crf none 25:100:10 3:10:5

Every combination is a row: settings, over-segments with true classes (mean IoU), segments of an image. A CRF is written
gaussian_compat:bilateral_compat:iterations. The clustering is made once for all rows that share it.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator

import numpy as np
import torch

from bench.models.dino import Dino
from bench.records import Sample
from bench.resize import resize_nearest
from bench.segment.crf import DenseCrf, compute_centroid_energy
from bench.segment.prune import Leaves, prune
from bench.segment.ward import build_ward_tree
from data_prep.dino_quality import Quality, measure_quality
from data_prep.dino_report import draw_scenes


def parse_crf(text: str, srgb: float = 13.0, sxy: float = 5.0) -> DenseCrf | None:
    """The CRF of a word on the command line: none, or gaussian:bilateral:iterations[:srgb[:sxy]]."""
    if text == "none":
        return None
    gaussian, bilateral, iterations, *widths = text.split(":")
    srgb, sxy = [*map(float, widths), *(srgb, sxy)[len(widths) :]]
    return DenseCrf(
        gaussian_compat=float(gaussian),
        bilateral_compat=float(bilateral),
        iterations=int(iterations),
        bilateral_srgb=srgb,
        bilateral_sxy=sxy,
    )


def segment_leaves(
    features: np.ndarray, grid: tuple[int, int], leaves: Leaves, sample: Sample, crf: DenseCrf | None
) -> np.ndarray:
    """What `DinoWard` gives for leaves that are there already, at the image's size."""
    if crf is None or len(leaves.heap_ids) == 1:
        return resize_nearest(leaves.labels.reshape(grid), sample.size)
    energy = compute_centroid_energy(features, leaves.centroids).astype(np.float32)
    return crf.choose_labels(resize_nearest(energy.reshape(*grid, -1), sample.size), sample.image)


def measure_settings(args: argparse.Namespace, samples: list[Sample]) -> Iterator[tuple[str, Quality]]:
    """Settings and their figures."""
    for size, stride, layer, facet in itertools.product(args.size, args.stride, args.layer, args.facet):
        dino = Dino(args.source, size, stride, layer, facet)
        made = [dino.compute_features(sample.image) for sample in samples]
        trees = [build_ward_tree(features) for features, _, _ in made]
        for n, threshold in itertools.product(args.n, args.threshold):
            cut = [prune(features, tree, n, threshold) for (features, _, _), tree in zip(made, trees, strict=True)]
            for word in args.crf:
                crf = parse_crf(word)
                done = [
                    segment_leaves(features, grid, leaves, sample, crf)
                    for (features, grid, _), leaves, sample in zip(made, cut, samples, strict=True)
                ]
                name = f"{size} | {stride} | {layer} {facet} | {n} | {threshold} | {word}"
                yield name, measure_quality(done, samples)


def main() -> None:
    """Print the table as it is made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="embedded:dino")
    parser.add_argument("--split", default="tune", choices=("tune", "val"))
    parser.add_argument("--scenes", type=int, default=100)
    for name, kind, values in (("size", int, [128]), ("stride", int, [4]), ("layer", int, [-1]), ("n", int, [20])):
        parser.add_argument(f"--{name}", type=kind, nargs="+", default=values)
    parser.add_argument("--threshold", type=float, nargs="+", default=[0.9])
    parser.add_argument("--facet", nargs="+", default=["key"])
    parser.add_argument("--crf", nargs="+", default=["none", "25:100:10"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| size | stride | layer facet | n | threshold | crf | all classes | large | segments |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, figures in measure_settings(args, draw_scenes(args.split, args.scenes)):
        print(f"| {name} | {figures.row()} |", flush=True)


if __name__ == "__main__":
    main()
