"""Real writers: other libraries write drawn predictions in a folder, and say what they score themselves.

    python -m tests.e2e.exchange.writers NAME FOLDER

Run in a process of its own where the library is installed; nothing of this project is imported. FOLDER holds img/,
ann/ (label maps of 0 to 3, 255 void) and said/ (the predicted maps). What is printed is json.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

MISSING = 3
"""The exit code where a library is not here."""
NAMES = ("sky", "vegetation", "car", "road")
CITY_IDS = (23, 21, 26, 7)
"""The same four as Cityscapes numbers them."""


def pairs(folder: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, truth and prediction of each image."""
    return [
        (path.stem, *(np.asarray(Image.open(folder / part / path.name)) for part in ("ann", "said")))
        for path in sorted((folder / "ann").glob("*.png"))
    ]  # type: ignore[misc]


def write_mmseg(folder: Path, reduced: bool) -> dict[str, Any]:
    """mmsegmentation's `IoUMetric` with ``output_dir``, which is what ``--out`` of its test script sets."""
    import torch
    from mmseg.evaluation.metrics.iou_metric import IoUMetric

    metric = IoUMetric(iou_metrics=["mIoU"], output_dir=str(folder / f"mmseg{int(reduced)}"))
    metric.dataset_meta = {"classes": list(NAMES)}
    for name, truth, said in pairs(folder):
        sample = {
            "pred_sem_seg": {"data": torch.from_numpy(said.astype(np.int64))[None]},
            "gt_sem_seg": {"data": torch.from_numpy(truth.astype(np.int64))[None]},
            "img_path": f"/data/{name}_leftImg8bit.png", "reduce_zero_label": reduced,
        }  # fmt: skip
        metric.process({}, [sample])
    with contextlib.redirect_stdout(io.StringIO()):
        found = metric.compute_metrics(metric.results)
    return {"iou.dataset.union": float(found["mIoU"]) / 100, "pixel_accuracy": float(found["aAcc"]) / 100}


def write_cityscapes(folder: Path) -> dict[str, Any]:
    """cityscapesscripts' own evaluation of ``*_labelIds.png``."""
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as evaluation

    truths, saids = [], []
    numbers = np.zeros(256, np.uint8)
    numbers[: len(CITY_IDS)] = CITY_IDS
    for place, (_, truth, said) in enumerate(pairs(folder)):
        stem = f"town_{place:06d}_000019"
        for part, labels, into in (("gtFine", truth, truths), ("pred", said, saids)):
            (folder / "city" / part).mkdir(parents=True, exist_ok=True)
            into.append(str(folder / "city" / part / f"{stem}_{part}_labelIds.png"))
            Image.fromarray(numbers[labels]).save(into[-1])
    evaluation.args.quiet = True
    evaluation.args.JSONOutput = False
    evaluation.args.evalInstLevelScore = False
    with contextlib.redirect_stdout(io.StringIO()):
        found = evaluation.evaluateImgLists(saids, truths, evaluation.args)
    return {"iou.dataset.union": float(found["averageScoreClasses"])}


def write_hotcoco(folder: Path) -> dict[str, Any]:
    """COCO panoptic files, and hotcoco's quality of them."""
    from hotcoco.panoptic import pq_compute

    categories = [{"id": n + 1, "name": name, "isthing": int(name == "car")} for n, name in enumerate(NAMES)]
    for part in ("ann", "said"):
        content: dict[str, Any] = {"images": [], "annotations": [], "categories": categories}
        (folder / f"panoptic_{part}").mkdir(exist_ok=True)
        for place, (name, truth, said) in enumerate(pairs(folder), 1):
            labels = truth if part == "ann" else said
            ids = np.where(labels == 255, 0, labels.astype(np.int64) * 300 + 1)
            ids[labels == 255] = 0
            colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=2).astype(np.uint8)
            Image.fromarray(colours).save(folder / f"panoptic_{part}" / f"{name}.png")
            infos = [
                {"id": int(n) * 300 + 1, "category_id": int(n) + 1, "iscrowd": 0, "area": int((labels == n).sum()),
                 "bbox": [0, 0, 1, 1]}
                for n in np.unique(labels) if n != 255
            ]  # fmt: skip
            size = {"height": labels.shape[0], "width": labels.shape[1]}
            content["images"].append({"id": place, "file_name": f"{name}.jpg", **size})
            content["annotations"].append({"image_id": place, "file_name": f"{name}.png", "segments_info": infos})
        (folder / f"panoptic_{part}.json").write_text(json.dumps(content))
    with contextlib.redirect_stdout(io.StringIO()):
        found = pq_compute(str(folder / "panoptic_ann.json"), str(folder / "panoptic_said.json"))["All"]
    return {name: found[name] for name in ("pq", "sq", "rq")}


def write_panopticapi(folder: Path) -> dict[str, Any]:
    """The same files, and what panopticapi itself says of them."""
    from panopticapi.evaluation import pq_compute_single_core

    with contextlib.suppress(ImportError):
        write_hotcoco(folder)
    true, said = (json.loads((folder / f"panoptic_{part}.json").read_text()) for part in ("ann", "said"))
    categories = {category["id"]: category for category in true["categories"]}
    places = str(folder / "panoptic_ann"), str(folder / "panoptic_said")
    with contextlib.redirect_stdout(io.StringIO()):
        pairs_of = list(zip(true["annotations"], said["annotations"], strict=True))
        found = pq_compute_single_core(0, pairs_of, *places, categories).pq_average(categories, isthing=None)[0]
    return {name: found[name] for name in ("pq", "sq", "rq")}


def write_detectron2(folder: Path) -> dict[str, Any]:
    """detectron2's `SemSegEvaluator` with ``output_dir``, which leaves ``sem_seg_predictions.json``."""
    import torch
    from detectron2.data import DatasetCatalog, MetadataCatalog
    from detectron2.evaluation.sem_seg_evaluation import SemSegEvaluator

    listed = pairs(folder)
    files = {f"/data/val/{name}_leftImg8bit.png": truth for name, truth, _ in listed}
    DatasetCatalog.register("maps", lambda: [{"file_name": name, "sem_seg_file_name": name} for name in files])
    MetadataCatalog.get("maps").set(
        stuff_classes=list(NAMES), ignore_label=255,
        stuff_dataset_id_to_contiguous_id={number: place for place, number in enumerate(CITY_IDS)},
    )  # fmt: skip
    evaluator = SemSegEvaluator(
        "maps", False, str(folder / "detectron2"), sem_seg_loading_fn=lambda name, dtype: files[name].astype(dtype)
    )
    evaluator.reset()
    for name, (_, _, said) in zip(files, listed, strict=True):
        scores = np.stack([said == number for number in range(len(NAMES))]).astype(np.float32)
        evaluator.process([{"file_name": name}], [{"sem_seg": torch.from_numpy(scores)}])
    with contextlib.redirect_stdout(io.StringIO()):
        found = evaluator.evaluate()["sem_seg"]
    return {"iou.dataset.union": float(found["mIoU"]) / 100, "pixel_accuracy": float(found["pACC"]) / 100}


def write_label_studio(folder: Path) -> dict[str, Any]:
    """Label Studio's own brush encoder, and what its decoder makes of it."""
    from label_studio_converter import brush

    tasks = []
    for name, _, said in pairs(folder):
        found = [
            {"type": "brushlabels", "original_width": said.shape[1], "original_height": said.shape[0],
             "image_rotation": 0, "value": {"format": "rle", "rle": brush.mask2rle((said == n).astype(np.uint8) * 255),
             "brushlabels": [NAMES[n]]}}
            for n in np.unique(said).tolist() if n < len(NAMES)
        ]  # fmt: skip
        for one in found:
            again = np.asarray(brush.decode_rle(one["value"]["rle"])).reshape(*said.shape, 4)[:, :, 3]
            assert ((again > 0) == (said == NAMES.index(one["value"]["brushlabels"][0]))).all()
        tasks.append({"id": len(tasks), "data": {"image": f"/data/upload/1/0f3a9c1b-{name}.jpg"},
                      "annotations": [{"result": found, "was_cancelled": False}]})  # fmt: skip
    (folder / "studio.json").write_text(json.dumps(tasks))
    return {}


SHAPES: list[dict[str, Any]] = [
    {"label": "sky", "points": [[1.5, 2.25], [20.75, 3.5], [11, 17.6]], "shape_type": "polygon"},
    {"label": "tree", "points": [[19, 2], [3.2, 11.7]], "shape_type": "rectangle"},
    {"label": "car", "points": [[10, 9], [13.5, 11]], "shape_type": "circle"},
    {"label": "boat", "points": [[14, 3], [25.5, 9.5], [22, 16], [10.5, 9.5]], "shape_type": "oriented_rectangle"},
]


def write_labelme(folder: Path) -> dict[str, Any]:
    """labelme's own masks of shapes."""
    import importlib.util
    import types

    place = importlib.util.find_spec("labelme")
    assert place is not None and place.origin is not None
    spec = importlib.util.spec_from_file_location("shape", Path(place.origin).parent / "utils/shape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)  # labelme itself wants a screen
    types_of_shapes = types.ModuleType("labelme._label_file")
    types_of_shapes.ShapeDict = dict  # type: ignore[attr-defined]
    sys.modules["labelme._label_file"] = types_of_shapes  # which it would load for a type alone
    spec.loader.exec_module(module)
    masks = {
        s["label"]: module.shape_to_mask((24, 32), s["points"], s["shape_type"]).astype(int).tolist() for s in SHAPES
    }
    content = {"shapes": [s | {"group_id": None, "flags": {}} for s in SHAPES], "imagePath": "a.jpg",
               "imageHeight": 24, "imageWidth": 32}  # fmt: skip
    (folder / "labelme.json").write_text(json.dumps(content))
    return masks


def write_lvis(folder: Path) -> dict[str, Any]:
    """Which results of an image LVIS itself keeps, of 305 with scores that are equal here and there."""
    from lvis import LVIS, LVISResults
    from pycocotools import mask as coco

    lists: dict[str, Any] = {
        "images": [{"id": 5, "coco_url": "http://x/val2017/000000000005.jpg", "height": 4, "width": 5,
                    "neg_category_ids": [], "not_exhaustive_category_ids": []}],
        "categories": [{"id": n, "name": f"thing_{n}"} for n in range(1, 306)], "annotations": [],
    }  # fmt: skip
    one = coco.encode(np.asfortranarray(np.eye(4, 5, dtype=np.uint8)))
    code = {"size": one["size"], "counts": one["counts"].decode()}
    scores = np.random.default_rng(0).integers(0, 50, 305) / 50
    results = [
        {"image_id": 5, "category_id": n + 1, "segmentation": code, "score": float(score)}
        for n, score in enumerate(scores)
    ]
    (folder / "lvis.json").write_text(json.dumps(lists))
    (folder / "lvis_results.json").write_text(json.dumps(results))
    kept = LVISResults(LVIS(str(folder / "lvis.json")), str(folder / "lvis_results.json"), max_dets=300)
    return {"kept": sorted(one["category_id"] for one in kept.dataset["annotations"])}


def ask_masks(folder: Path) -> dict[str, Any]:
    """What readers make of one polygon, of a mask that holds 1 and 2, and of smaller copies of one label map."""
    import cv2
    import h5py
    from faster_coco_eval import mask as faster
    from hotcoco import mask as hot
    from PIL import ImageDraw
    from pycocotools import mask as coco
    from skimage.draw import polygon

    square = np.array([[1, 1], [3, 1], [3, 3], [1, 3]])
    opencv, skimage, pillow = np.zeros((6, 6), np.uint8), np.zeros((6, 6), np.uint8), Image.new("1", (6, 6))
    cv2.fillPoly(opencv, [square], 1)
    skimage[polygon(square[:, 1], square[:, 0], (6, 6))] = 1
    ImageDraw.Draw(pillow).polygon([tuple(point) for point in square.tolist()], fill=1, outline=1)
    pixels = {"opencv": int(opencv.sum()), "skimage": int(skimage.sum()), "pillow": int(np.asarray(pillow).sum())}
    several = np.asfortranarray(np.array([[1, 1, 2, 2, 2]], np.uint8))
    areas = {}
    for name, module in (("pycocotools", coco), ("faster_coco_eval", faster), ("hotcoco", hot)):
        pixels[name] = int(module.area(module.merge(module.frPyObjects([square.ravel().astype(float).tolist()], 6, 6))))
        areas[name] = int(module.area(module.encode(several)))
    row = np.arange(4, dtype=np.uint8)[None]
    nearest = {
        "opencv": cv2.resize(row, (2, 1), interpolation=cv2.INTER_NEAREST).tolist(),
        "opencv exact": cv2.resize(row, (2, 1), interpolation=cv2.INTER_NEAREST_EXACT).tolist(),
        "pillow": np.asarray(Image.fromarray(row).resize((2, 1), Image.Resampling.NEAREST)).tolist(),
    }
    with h5py.File(folder / "m.mat", "w") as file:  # MATLAB writes [h, w] with its first dimension running fastest
        file["LabelMap"] = np.arange(6, dtype=np.uint16).reshape(2, 3).T
    with h5py.File(folder / "m.mat") as file:
        return {"square": pixels, "several": areas, "nearest": nearest, "matlab": list(file["LabelMap"].shape)}


def write_datumaro(folder: Path) -> dict[str, Any]:
    """A picture of VOC, border and all, through datumaro into COCO's instances."""
    import datumaro

    labels, objects = np.zeros((12, 16), np.uint8), np.zeros((12, 16), np.uint8)
    labels[2:8, 2:8], labels[2:8, 8], labels[8:] = 1, 255, 15
    objects[2:8, 2:8], objects[2:8, 8], objects[8:] = 1, 255, 2
    colours = np.zeros((256, 3), np.uint8)  # VOC's palette: three bits of the number to each channel
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((np.arange(256) >> min(3 * bit + channel, 8) & 1) << (7 - bit)).astype(np.uint8)
    root = folder / "voc"
    for name, content in (("SegmentationClass", labels), ("SegmentationObject", objects), ("JPEGImages", None)):
        (root / name).mkdir(parents=True)
        picture = Image.new("RGB", (16, 12)) if content is None else Image.fromarray(content)
        if content is not None:
            picture.putpalette(colours.ravel().tolist())
        picture.save(root / name / ("a.jpg" if content is None else "a.png"))
    (root / "ImageSets/Segmentation").mkdir(parents=True)
    (root / "ImageSets/Segmentation/train.txt").write_text("a\n")
    found = datumaro.Dataset.import_from(str(root), "voc_segmentation")
    found.export(str(folder / "coco"), "coco_instances", save_media=False)
    return {"area": {str(n): int((labels == n).sum()) for n in (1, 15, 255)}}


WRITERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "mmseg": lambda folder: write_mmseg(folder, False),
    "mmseg reduced": lambda folder: write_mmseg(folder, True),
    "cityscapes": write_cityscapes,
    "hotcoco": write_hotcoco,
    "panopticapi": write_panopticapi,
    "detectron2": write_detectron2,
    "label-studio": write_label_studio,
    "labelme": write_labelme,
    "lvis": write_lvis,
    "datumaro": write_datumaro,
    "masks": ask_masks,
}

if __name__ == "__main__":
    try:
        print(json.dumps(WRITERS[sys.argv[1]](Path(sys.argv[2]))))
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        sys.exit(MISSING)
