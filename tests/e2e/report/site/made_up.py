"""Predictions of made-up systems on drawn scenes, scored: what a site is made of, in seconds and without the method."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pycocotools import mask as coco

from bench.cli import main
from bench.data.toyscenes import ToyScenes
from bench.records import Sample

HOSTILE = (
    "<img src=x onerror=\"window.harmed=1\">", "</script><script>window.harmed=2</script>", "'\"&amp; quoted", "猫と木",
    "كلب أسود", "पीला फूल", "a\nb\u202ec", "",
)  # fmt: skip
"""Texts that a page may take for something else, or have no letters for."""


def write_system(path: Path, images: int, quality: float, seed: int, hostile: bool = False, left_out: int = 0) -> Path:
    """Predictions whose segments are the true ones, moved a little; each says its class by chance ``quality``."""
    data, draw = ToyScenes(subset=f"first:{images}"), np.random.default_rng(seed)
    head = {"format": "zgs-predictions/1", "about": {"variant": path.stem}, "embeddings": None}
    ids = data.list_ids()[left_out:]
    lines = [json.dumps(head), *(_predict(data.load(each), data.classes.names, quality, draw, hostile) for each in ids)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _predict(sample: Sample, names: tuple[str, ...], quality: float, draw: np.random.Generator, hostile: bool) -> str:
    assert sample.truth is not None
    segments = []
    for label in np.unique(sample.truth[sample.truth >= 0]):
        mask = np.roll(sample.truth == label, draw.integers(-6, 7), axis=int(draw.integers(2)))
        text = names[label] if draw.random() < quality else f"{draw.choice(['old', 'small'])} {draw.choice(names)}"
        text = HOSTILE[draw.integers(len(HOSTILE))] if hostile and draw.random() < 0.4 else text
        coded = coco.encode(np.asfortranarray(mask, np.uint8))
        segments.append({"text": text, "segmentation": {"size": coded["size"], "counts": coded["counts"].decode()}})
    height, width = sample.size
    return json.dumps({"image_id": sample.image_id, "height": height, "width": width, "segments": segments})


def score_systems(folder: Path, images: int, *words: str) -> list[Path]:
    """Three systems, the last of which says anything and lacks an image; the folders of their scores."""
    made = []
    for at, (name, quality) in enumerate((("sure", 0.9), ("unsure", 0.4), ("anything", 0.3))):
        file = write_system(folder / f"{name}.jsonl", images, quality, at, name == "anything", int(name == "anything"))
        score(folder, file, images, f"out={folder / name}", *words)
        made += [path.parent for path in (folder / name).glob("*/run.json")]
    return made


def score(folder: Path, file: Path, images: int, *words: str) -> None:
    """Score a file by TT, with its curve; exit code 3 says that a prediction was missing."""
    given = (f"store={folder / 'store'}", f"data.subset=first:{images}", "data=toyscenes", "score.resamples=50")
    assert main(["score", str(file), *given, *words]) in (0, 3)
