"""How many images a second `zgs prepare ade20k` makes ready on one core: `python scripts/prepare_speed.py --to FILE`.

2,000 files of 41 drawn pictures (the others are links to these) of ADE20K's middle size with masks, and with objects,
in the publisher's layout in a temporary folder; the whole command on one process, in seconds of the processor, so that
what else the machine does costs little.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIZE, PICTURES = (512, 683), 41
"""Height and width, and how many different pictures there are: the others are copies, which cost as much to read."""
COLUMNS = ("set", "images", "pictures", "pixels", "seconds", "images_a_second", "processor")


def main(arguments: list[str]) -> int:
    """Draw, prepare, print, and write a line for each kind of set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--to", type=Path, help="a csv to write")
    options = parser.parse_args(arguments)
    rows = [measure(options.images, objects) for objects in (False, True)]
    for row in rows:
        print(
            f"{row['set']}: {row['images']} images in {row['seconds']} s of one core, {row['images_a_second']} a second"
        )
    if options.to:
        with options.to.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return 0


def measure(images: int, objects: bool) -> dict[str, object]:
    """Measure the command on so many images, with or without objects."""
    from bench.cli import main as zgs

    with tempfile.TemporaryDirectory() as folder:
        draw_set(Path(folder) / "from", images, objects)
        words = ["prepare", "ade20k", "--from", f"{folder}/from", "--to", f"{folder}/to", "--partial", "--jobs", "1"]
        began = time.process_time()
        code = zgs(words)
        seconds = time.process_time() - began
    if code:
        raise SystemExit(f"zgs {' '.join(words)} ended with {code}")
    name = "ade20k with objects" if objects else "ade20k"
    values = (
        name,
        images,
        min(images, PICTURES),
        SIZE[0] * SIZE[1],
        f"{seconds:.1f}",
        f"{images / seconds:.0f}",
        describe(),
    )
    return dict(zip(COLUMNS, values, strict=True))


def draw_set(root: Path, images: int, objects: bool) -> None:
    """Draw the pictures, and link the others to them."""
    folders = {kind: root / "ADEChallengeData2016" / kind / "validation" for kind in ("images", "annotations")}
    folders["annotations_instance"] = root / "annotations_instance/validation"
    for folder in folders.values():
        folder.mkdir(parents=True)
    for number in range(images):
        name, first = f"ADE_val_{number + 1:08d}", f"ADE_val_{number % PICTURES + 1:08d}"
        kinds = [("images", "jpg"), ("annotations", "png"), *([("annotations_instance", "png")] if objects else [])]
        if number < PICTURES:
            picture, classes, instances = draw_one(number)
            Image.fromarray(picture).save(folders["images"] / f"{name}.jpg", quality=90)
            Image.fromarray(classes).save(folders["annotations"] / f"{name}.png")
            if objects:
                Image.fromarray(instances).save(folders["annotations_instance"] / f"{name}.png")
            continue
        for kind, ending in kinds:
            os.link(folders[kind] / f"{first}.{ending}", folders[kind] / f"{name}.{ending}")


def draw_one(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a picture uint8 [h, w, 3] of soft blobs with grain, 40 regions of the 150 classes, colours of objects."""
    draw = np.random.default_rng(seed)
    soft = Image.fromarray(draw.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(
        SIZE[::-1], Image.Resampling.BICUBIC
    )
    picture = np.clip(np.asarray(soft) + draw.normal(0, 6, (*SIZE, 3)), 0, 255).astype(np.uint8)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    centres, classes = draw.random((40, 2)) * SIZE, draw.integers(0, 151, 40).astype(np.uint8)
    region = ((y[..., None] - centres[:, 0]) ** 2 + (x[..., None] - centres[:, 1]) ** 2).argmin(axis=2)
    ranks = rank_things()[classes][region]
    instances = np.zeros((*SIZE, 3), np.uint8)
    instances[..., 0], instances[..., 1] = ranks, (region + 1) * (ranks > 0)
    return picture, classes[region], instances


def rank_things() -> np.ndarray:
    """Number the things among 0 to 150 from 1 on, as the red of the publisher's objects does; 0 for the others."""
    from bench.data.class_tables import load_class_table

    ranks = np.zeros(151, np.uint8)
    things = [row.id for row in load_class_table("ade150").rows if row.thing]
    ranks[things] = np.arange(1, len(things) + 1)
    return ranks


def describe() -> str:
    """Describe the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
