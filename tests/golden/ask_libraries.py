"""What other libraries say of the label maps of `library_maps`: asked as a user would, and frozen in libraries.csv.

    python -m tests.golden.ask_libraries FILE [NAME …]

writes a column for each number of each library (all that can be imported, or those named), a row for each set of maps.
A cell is empty where a library takes no such maps: no label for "no answer" (holes), or nothing but void. Libraries
that count in float32 are asked in double precision: their own code, with ``float`` made ``double``; with
ZGS_AS_SHIPPED=1 they are asked as they are. Nothing of this project is imported but the maps.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.golden import ask_panoptic
from tests.golden.library_maps import LABELS, MapSet, draw_sets
from tests.golden.library_sides import IGNORED, N, Numbers, Refused, each, hide, one_hot, refuse_holes

MISSING = 3
"""The exit code where a library is not here; Python's own, for whatever else goes wrong, is 1."""


def ask_mmseg(maps: MapSet) -> Numbers:
    """Ask `IoUMetric`: areas of each image added up, then its own means (before it rounds them to two decimals)."""
    import torch
    from mmseg.evaluation.metrics.iou_metric import IoUMetric

    areas = [
        IoUMetric.intersect_and_union(torch.tensor(hide(pair.said, IGNORED)), torch.tensor(truth), N, IGNORED)
        for pair, truth in each(maps)
    ]
    found = IoUMetric.total_area_to_metrics(*(sum(part) for part in zip(*areas, strict=True)))
    return {
        "iou.dataset.union": np.nanmean(found["IoU"]),
        "pixel_accuracy": found["aAcc"],
        "mean_accuracy": np.nanmean(found["Acc"]),
    }


def ask_torchmetrics_jaccard(maps: MapSet) -> Numbers:
    """Ask `MulticlassJaccardIndex`, macro."""
    import torch
    from torchmetrics.classification import MulticlassJaccardIndex

    refuse_holes(maps)
    metric = MulticlassJaccardIndex(N, average="macro", ignore_index=IGNORED)
    for pair, truth in each(maps):
        metric.update(torch.tensor(pair.said), torch.tensor(truth))
    return {"iou.dataset.union": metric.compute()}


def ask_torchmetrics_miou(maps: MapSet) -> Numbers:
    """Ask `segmentation.MeanIoU` with one-hot maps, void among them as label 0: it knows no void."""
    import torch
    from torchmetrics.segmentation import MeanIoU

    metric = MeanIoU(num_classes=N)
    for pair, truth in each(maps, void=0):
        metric.update(torch.tensor(one_hot(pair.said)), torch.tensor(one_hot(truth)))
    return {"iou.pair.union": metric.compute()}


def ask_smp(maps: MapSet) -> Numbers:
    """Ask `iou_score` with its defaults, macro."""
    return {"iou.dataset.union": _score_smp(maps, "macro")}


def ask_smp_imagewise(maps: MapSet) -> Numbers:
    """Ask `iou_score` with its defaults, macro-imagewise."""
    return {"iou.image.union": _score_smp(maps, "macro-imagewise")}


def _score_smp(maps: MapSet, reduction: str) -> float:
    import torch
    from segmentation_models_pytorch.metrics import get_stats, iou_score

    stats = [
        get_stats(
            torch.tensor(pair.said)[None],
            torch.tensor(truth)[None],
            mode="multiclass",
            ignore_index=IGNORED,
            num_classes=N,
        )
        for pair, truth in each(maps)
    ]
    return float(iou_score(*(torch.cat(part) for part in zip(*stats, strict=True)), reduction=reduction))


def ask_monai(maps: MapSet) -> Numbers:
    """Ask `MeanIoU` with its defaults, void among the one-hot maps as label 0: it knows no void."""
    import torch
    from monai.metrics import MeanIoU

    metric = MeanIoU()
    for pair, truth in each(maps, void=0):
        metric(*(torch.tensor(one_hot(part), dtype=torch.float64) for part in (pair.said, truth)))
    return {"iou.image.union": metric.aggregate()}


def ask_sklearn(maps: MapSet) -> Numbers:
    """Ask `jaccard_score`, macro, of the pixels that are not void."""
    from sklearn.metrics import jaccard_score

    refuse_holes(maps)
    truth = np.concatenate([part.ravel() for _, part in each(maps)])
    said = np.concatenate([pair.said.ravel() for pair in maps.pairs])
    if (truth == IGNORED).all():
        raise Refused  # "Found empty input array"
    return {"iou.dataset.union": jaccard_score(truth[truth != IGNORED], said[truth != IGNORED], average="macro")}


def ask_cityscapes(maps: MapSet) -> Numbers:
    """Ask `evaluateImgLists` of files; the labels are the first evaluated ones of Cityscapes, void and holes id 0."""
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as script

    ids = np.array([label.id for label in script.labels if not label.ignoreInEval][:N], np.uint8)
    script.args.evalInstLevelScore, script.args.JSONOutput, script.args.quiet = False, False, True
    with tempfile.TemporaryDirectory() as folder:
        files = [[str(Path(folder, f"{at}_{side}.png")) for at in range(len(maps.pairs))] for side in ("said", "true")]
        for at, pair in enumerate(maps.pairs):
            for side, part in enumerate((pair.said, pair.truth)):
                Image.fromarray(np.where(part >= 0, ids[part.clip(0)], np.uint8(0))).save(files[side][at])
        found = script.evaluateImgLists(*files, script.args)
    return {"iou.dataset.union": found["averageScoreClasses"]}


def ask_detectron2_semseg(maps: MapSet) -> Numbers:
    """Ask `SemSegEvaluator` with scores whose largest is the label.

    Of a set of nothing but void its fwIoU is 0, as a sum of nothing, where its other numbers are NaN: NaN here.
    """
    import torch
    from detectron2.data import DatasetCatalog, MetadataCatalog
    from detectron2.evaluation.sem_seg_evaluation import SemSegEvaluator

    refuse_holes(maps)
    truths = {f"{at}.png": truth for at, (_, truth) in enumerate(each(maps))}
    for catalog in (DatasetCatalog, MetadataCatalog):
        if "maps" in catalog.list():
            catalog.remove("maps")
    DatasetCatalog.register("maps", lambda: [{"file_name": name, "sem_seg_file_name": name} for name in truths])
    MetadataCatalog.get("maps").set(stuff_classes=list(LABELS), ignore_label=IGNORED)
    evaluator = SemSegEvaluator("maps", False, sem_seg_loading_fn=lambda name, dtype: truths[name].astype(dtype))
    evaluator.reset()
    for name, pair in zip(truths, maps.pairs, strict=True):
        evaluator.process([{"file_name": name}], [{"sem_seg": torch.tensor(one_hot(pair.said)[0] * 1.0)}])
    found = evaluator.evaluate()["sem_seg"]
    names = {"iou.dataset.union": "mIoU", "pixel_accuracy": "pACC", "mean_accuracy": "mACC", "fwiou": "fwIoU"}
    nothing = np.isnan(found["mIoU"])
    return {own: np.nan if nothing else found[theirs] / 100 for own, theirs in names.items()}


def ask_hotcoco_semantic(maps: MapSet) -> Numbers:
    """Ask `SemanticEval`, which says -1 where nothing is scored."""
    from hotcoco.semantic import SemanticEval

    refuse_holes(maps)
    evaluation = SemanticEval(N, ignore_index=IGNORED)
    for pair, truth in each(maps):
        evaluation.update(truth, pair.said)
    found = evaluation.report()["metrics"]
    names = {"iou.dataset.union": "mIoU", "pixel_accuracy": "aAcc", "mean_accuracy": "mAcc", "fwiou": "fwIoU"}
    return {own: np.nan if found[theirs] == -1 else found[theirs] for own, theirs in names.items()}


LIBRARIES: dict[str, Callable[[MapSet], Numbers]] = {
    name.removeprefix("ask_"): ask
    for room in (dict(globals()), vars(ask_panoptic))
    for name, ask in room.items()
    if name.startswith("ask_") and callable(ask)
}


def ask(name: str, sets: Sequence[MapSet]) -> list[Numbers | None]:
    """The numbers of one library for each set; None where it takes no such maps. ImportError where it is not here."""
    found: list[Numbers | None] = []
    for maps in sets:
        try:
            numbers = LIBRARIES[name](maps)
            found.append({metric: float(value) for metric, value in numbers.items()})
        except Refused:
            found.append(None)
    return found


def count_in_double() -> None:
    """Make the libraries' own code count in double precision."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.Tensor.float, torch.float = torch.Tensor.double, torch.float64


def main(arguments: Sequence[str]) -> int:
    """Write the table; the exit code is `MISSING` where a library that was named cannot be imported."""
    warnings.simplefilter("ignore")
    if os.environ.get("ZGS_AS_SHIPPED") != "1":
        count_in_double()
    file, *names = arguments
    sets, columns, code = draw_sets(), {}, 0
    for name in names or LIBRARIES:
        try:
            found = ask(name, sets)
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)
            code = MISSING if names else code
            continue
        metrics = next(numbers for numbers in found if numbers)
        for metric in metrics:
            cells = ["" if numbers is None else f"{numbers[metric]:.10f}" for numbers in found]
            columns[f"{name}:{metric}"] = cells
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
