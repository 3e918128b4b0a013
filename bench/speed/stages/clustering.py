"""Section 3.1 and appendix B: from features to labelled pixels, against SciPy's Ward and distances by broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.resize import resize_nearest
from bench.segment.crf import compute_centroid_energy
from bench.segment.dino_ward import DinoWard
from bench.segment.nearest import BLOCK, Clusters
from bench.segment.prune import prune
from bench.segment.ward import build_ward_tree, find_first_equal, list_unions
from bench.speed.inputs import Inputs, require
from bench.speed.plain import clustering as plain
from bench.speed.products import Product
from bench.speed.trial import Trial


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial: Ward tree, second stage, CRF. The labels of all pixels have to be the same."""
    segmenter: Any = inputs.context.make_stage("segment")
    require(isinstance(segmenter, DinoWard), "this segment=", "segment=dino_ward")
    features, grid, loaded = inputs.features or segmenter.dino.compute_features(inputs.image)
    count, dim = features.shape

    def cluster(build: Any, energy: Any) -> np.ndarray:
        leaves = prune(features, build(features), segmenter.n, segmenter.prune_threshold, segmenter.splits)
        if segmenter.crf is None or len(leaves.heap_ids) == 1:
            return resize_nearest(leaves.labels.reshape(grid), loaded.shape[:2])
        unary = energy(features, leaves.centroids).astype(np.float32).reshape(*grid, -1)
        labels: np.ndarray = segmenter.crf.choose_labels(resize_nearest(unary, loaded.shape[:2]), loaded)
        return labels

    return Trial(
        stage="clustering",
        inputs=f"{count:,} features of {dim} numbers",
        plain=lambda: cluster(plain.build_ward_tree, plain.compute_centroid_energy),
        fast=lambda: cluster(build_ward_tree, compute_centroid_energy),
        compare=lambda one, other: float((one != other).mean()),
        tolerance=0.0,
        products=lambda: list_products(features),
    )


def list_products(features: np.ndarray) -> list[Product]:
    """List the products that bound the distances of the pairs that were compared: short ones where these are made."""
    count, columns = Clusters.begin(features, find_first_equal(features)).factors.shape
    pairs = sum(unions.compared for unions in list_unions(features))
    return [Product(count, columns, BLOCK, pairs / (count * BLOCK))]
