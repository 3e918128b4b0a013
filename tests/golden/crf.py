"""Appendix B on golden features and pixels: unary, marginals, label map, and the whole segmenter end to end."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from bench.records import Sample
from bench.resize import resize_nearest
from bench.segment.crf import DenseCrf, compute_centroid_energy, compute_squared_distance
from bench.segment.prune import prune
from bench.segment.ward import build_ward_tree
from tests.golden import configured
from tests.golden.golden import Family, Found, Vectors
from tests.unit.segment.test_crf import exact

THRESHOLD = 0.9
"""The pruning threshold of this family (data/README.md)."""


def produce(vectors: Vectors) -> dict[str, Found]:
    features, image, grid = vectors["features"], vectors["image"], tuple(vectors["json/grid"])
    leaves = prune(features, build_ward_tree(features), threshold=THRESHOLD, splits="first_half")
    energy = compute_centroid_energy(features, leaves.centroids).astype(np.float32)
    unary = resize_nearest(energy.reshape(*grid, -1), image.shape[:2])
    marginals = {n: DenseCrf(iterations=n).compute_marginals(unary, image) for n in (1, 3, DenseCrf().iterations)}
    own = marginals[DenseCrf().iterations]
    labels, alone = segmented(vectors), unary.argmin(axis=-1)
    margin = np.diff(np.sort(own, axis=0)[-2:], axis=0)[0]
    slow = exact(unary, image, DenseCrf())
    agreement = float((labels == slow.argmax(axis=0)).mean())
    return {
        "centroids": Found(leaves.centroids, 1e-6),
        "squared_distance": Found(compute_squared_distance(features, leaves.centroids), 1e-6),
        "unary": Found(unary, 1e-6),
        "Q": Found(own.reshape(len(own), -1), 1e-5),
        "Q_1_iterations": Found(marginals[1].reshape(len(own), -1), 1e-5),
        "Q_3_iterations": Found(marginals[3].reshape(len(own), -1), 1e-5),
        "label_map": Found(labels),
        "label_unary_only": Found(alone),
        "decision_margin": Found(margin, 1e-5),
        "leaf_tree_ids": Found(np.array(leaves.heap_ids)),
        # Production has the lattice only, so the independent marginals are those of our own exact mean field.
        "independent_exact_label_map": Found(slow.argmax(axis=0)),
        "independent_exact_Q": Found(slow.reshape(len(own), -1), 1e-5),
        "json/K": Found(len(leaves.heap_ids)),
        "json/size": Found(list(image.shape[:2])),
        "json/labels_present_after_crf": Found(len(np.unique(labels))),
        "json/fraction_changed_by_crf": Found(float((labels != alone).mean()), 1e-12),
        "json/fraction_of_pixels_with_margin_below_0.05": Found(float((margin < 0.05).mean()), 1e-12),
        "json/agreement_of_exact_mean_field_with_reference": Found(agreement, 1e-12),
        "json/iterations": Found(DenseCrf().iterations),
        "json/gaussian": Found({"sxy": int(DenseCrf().gaussian_sxy), "compat": int(DenseCrf().gaussian_compat)}),
        "json/bilateral": Found(
            {"sxy": int(DenseCrf().bilateral_sxy), "srgb": int(DenseCrf().bilateral_srgb)}
            | {"compat": int(DenseCrf().bilateral_compat)}
        ),
    }


def segmented(vectors: Vectors) -> np.ndarray:
    """The label map of the configured segmenter, in one call: only the backbone is replaced by the given features."""
    features, image, grid = vectors["features"], vectors["image"], tuple(vectors["json/grid"])
    backbone = SimpleNamespace(compute_features=lambda _: (features, grid, image))
    words = ("method=reference", "segment.n=20", f"segment.prune_threshold={THRESHOLD}")
    return configured.stage("segment", *words, dino=backbone)(Sample("golden", image)).leaves


FAMILY = Family(
    "densecrf",
    produce,
    given=("features", "image", "json/grid"),
    not_results={
        "json/kernel": "the name of a constant of the library",
        "json/normalization": "the name of a constant of the library",
        "json/compat_model": "the name of a model",
        "json/library": "a version",
    },
)
