"""What other libraries say of the panoptic quality of the label maps of `library_maps`: asked as a user would."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np

from tests.golden.library_maps import THINGS, MapSet, write_panoptic
from tests.golden.library_sides import N, Numbers, Refused


def ask_panopticapi(maps: MapSet) -> Numbers:
    """Ask `pq_compute_single_core` and `pq_average` of files."""
    from panopticapi.evaluation import pq_compute_single_core

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        true, said = write_panoptic(maps, Path(folder))
        categories = {category["id"]: category for category in true["categories"]}
        pairs = list(zip(true["annotations"], said["annotations"], strict=True))
        stat = pq_compute_single_core(0, pairs, f"{folder}/true", f"{folder}/said", categories)
        try:
            found = stat.pq_average(categories, isthing=None)[0]
        except ZeroDivisionError as error:  # nothing but void, and nothing said
            raise Refused from error
    return {name: found[name] for name in ("pq", "sq", "rq")}


def ask_hotcoco(maps: MapSet) -> Numbers:
    """Ask `pq_compute` of files."""
    from hotcoco.panoptic import pq_compute

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        write_panoptic(maps, Path(folder))
        found = pq_compute(f"{folder}/true.json", f"{folder}/said.json")["All"]
    if not found["n"]:
        raise Refused
    return {name: found[name] for name in ("pq", "sq", "rq")}


def ask_torchmetrics_pq(maps: MapSet) -> Numbers:
    """Ask `PanopticQuality`; what is no label, in truth or prediction, is void to it."""
    import torch
    from torchmetrics.detection import PanopticQuality

    stuff = set(range(int(maps.background), N)) - set(THINGS)
    metric = PanopticQuality(set(THINGS), stuff, allow_unknown_preds_category=True, return_sq_and_rq=True)
    for pair in maps.pairs:
        sides = (pair.said, pair.said_objects), (pair.truth, pair.true_objects)
        metric.update(*(torch.tensor(np.stack(side, axis=-1))[None] for side in sides))
    return dict(zip(("pq", "sq", "rq"), metric.compute(), strict=True))
