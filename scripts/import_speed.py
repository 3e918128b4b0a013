"""How fast results of COCO are read, beside the libraries that score them: loading and decoding of one drawn file.

    python scripts/import_speed.py [--images 125,500] [--forms compressed,plain,polygons] [--segments 100] [--times 3]
                                   [--sides zgs,hotcoco]… [--to results/import_speed.csv]

Each side is a process of its own, in alternation: it reads the file and decodes every mask to pixels, [480, 640] bytes
each, and all have to count the same pixels. What Python and the imports take is not counted, but for the whole command.
``hotcoco`` decodes all masks of an image in one call, its fastest way (polygons one by one, it has no other);
``hotcoco alone`` by ``annToMask``, as faster-coco-eval. ``zgs`` reads as `zgs import` does, checked and image by
image; ``zgs import`` is the whole command, which checks run lengths without making pixels of them, and writes
predictions. The medians of wall and processor seconds, the largest memory of a process, and megabytes a second of wall
time. Libraries that are not installed are left out, and said: pip install hotcoco==1.3.0 faster-coco-eval==1.8.0.
Goals: 0.8 of the faster library's speed, and a gigabyte of memory at any size of the file: it should not grow with it.
5,000 images are a file of a gigabyte. With --to the medians are written to a csv; those of other sides, forms and sizes
that stand there stay.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import pandas as pd
from import_speed_files import FORMS, draw_file

from bench.csv_files import read_csv, write_csv

ROOT = Path(__file__).resolve().parents[1]
BEGIN = """
import sys, time
import numpy as np

file, lists = sys.argv[1:3]
total = 0


def start():
    global begin, used
    begin, used = time.perf_counter(), time.process_time()


def count(mask):
    return int(np.count_nonzero(np.ravel(mask, order="K").view(bool)))
"""
END = """
wall, processor = time.perf_counter() - begin, time.process_time() - used
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(total, wall, processor, int(peak.split()[1]) / 1024)
"""
ONE_BY_ONE = """
import contextlib, io
from {module} import COCO
start()
with contextlib.redirect_stdout(io.StringIO()):
    found = COCO(lists).loadRes(file)
for image_id in found.getImgIds():
    for one in found.loadAnns(found.getAnnIds(imgIds=[image_id])):
        total += count(found.annToMask(one))
"""
"""What libraries with the names of pycocotools run."""
SIDES = {
    "zgs": """
from pathlib import Path
from bench.exchange.choices import make_source
from bench.exchange.registry import load_kind
kind = load_kind("coco")
start()
for image in kind.read(make_source(Path(file), "coco", kind, {"images": lists})):
    assert not image.faults
    for one in image.segments:
        total += count(one.decode(image.size))
""",
    "zgs import": """
import os
from bench.commands.import_ import main
start()
assert main(["coco", file, f"images={lists}", f"to={file}.jsonl"]) == 0
os.unlink(f"{file}.jsonl")
""",
    "hotcoco": """
from hotcoco import COCO, mask
start()
found = COCO(lists).load_res(file)
for image_id in found.get_img_ids():
    listed = found.load_anns(found.get_ann_ids(img_ids=[image_id]))
    if listed and isinstance(listed[0]["segmentation"], dict):
        total += count(mask.decode([one["segmentation"] for one in listed]))
    else:
        total += sum(count(found.ann_to_mask(one)) for one in listed)
""",
    "hotcoco alone": ONE_BY_ONE.format(module="hotcoco"),
    "faster_coco_eval": ONE_BY_ONE.format(module="faster_coco_eval"),
    "pycocotools": ONE_BY_ONE.format(module="pycocotools.coco"),
}
"""What each side runs; ``zgs import`` counts no pixels."""


@dataclass(frozen=True)
class Cost:
    """One process: pixels counted, wall and processor seconds, and the largest memory in MiB."""

    pixels: int
    wall: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Side:
    """The medians of ``runs`` processes of a side over ``images`` of a file of ``megabytes`` with masks of a form."""

    side: str
    form: str
    images: int
    megabytes: float
    wall: float
    processor: float
    memory: float
    speed: float
    runs: int


def main(words: Sequence[str] | None = None) -> None:
    """Measure all sizes and print every run and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", default="125,500", help="images of each file")
    parser.add_argument("--forms", default=",".join(FORMS), help="how masks are written")
    parser.add_argument("--segments", type=int, default=100, help="segments of each image")
    parser.add_argument("--times", type=int, default=3, help="runs of each side")
    parser.add_argument("--sides", default=",".join(SIDES), help="which sides")
    parser.add_argument("--to", type=Path, help="a csv for the medians")
    given = parser.parse_args(words)
    sides = [side for side in given.sides.split(",") if is_installed(side)]
    with tempfile.TemporaryDirectory(prefix="zgs-import-") as folder:
        for images, form in product(map(int, given.images.split(",")), given.forms.split(",")):
            file, lists = draw_file(Path(folder), images, given.segments, form)
            found = compare(sides, file, lists, images, form, given.times)
            file.unlink()
            if given.to:  # now, for a longer file may take hours
                print(write_sides(found, given.to))


def write_sides(sides: Sequence[Side], to: Path) -> Path:
    """Write medians in place of those of the same side and size; what was not measured now stays."""
    new = pd.DataFrame([asdict(side) for side in sides])
    old = read_csv(to) if to.is_file() else new[:0]
    floats = new.select_dtypes("float").columns
    old = old.assign(**{name: pd.to_numeric(old[name]) for name in floats})
    table = pd.concat([old, new]) if len(old) else new
    table = table.drop_duplicates(["side", "form", "images"], keep="last")
    order = table["side"].map(list(SIDES).index)
    return write_csv(table.assign(order=order).sort_values(["form", "images", "order"]).drop(columns="order"), to, 2)


def is_installed(side: str) -> bool:
    """Whether the library of a side is here; says where it is not."""
    here = side.startswith("zgs") or importlib.util.find_spec(side.split()[0]) is not None
    if not here:
        print(f"{side}: not installed, left out")
    return here


def compare(sides: Sequence[str], file: Path, lists: Path, images: int, form: str, times: int) -> list[Side]:
    """Run all sides in alternation, print what each took, and return the medians."""
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for _ in range(times):
        for side in sides:
            costs[side].append(measure(side, file, lists))
    megabytes = file.stat().st_size / 1e6
    made = [make_side(side, form, own, images, megabytes) for side, own in costs.items()]
    counted = {cost.pixels for side, own in costs.items() for cost in own if side != "zgs import"}
    assert len(counted) <= 1, f"sides disagree on the pixels: {counted}"
    for one in made:
        print(
            f"{one.images:6} images {one.megabytes:7.1f} MB  {one.form:10} {one.side:17} {one.wall:7.2f} s wall "
            f"{one.processor:7.2f} s processor {one.memory:7.0f} MiB {one.speed:7.1f} MB/s", flush=True,
        )  # fmt: skip
    return made


def make_side(side: str, form: str, costs: Sequence[Cost], images: int, megabytes: float) -> Side:
    """Make the medians of one side's runs."""
    wall, processor, memory = (
        statistics.median(getattr(cost, key) for cost in costs) for key in ("wall", "processor", "memory")
    )
    return Side(side, form, images, megabytes, wall, processor, memory, megabytes / wall, len(costs))


def measure(side: str, file: Path, lists: Path) -> Cost:
    """Run one side in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", BEGIN + SIDES[side] + END, str(file), str(lists)]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)
    assert told.returncode == 0, told.stderr
    pixels, wall, processor, memory = told.stdout.split("\n")[-2].split()
    return Cost(int(pixels), float(wall), float(processor), float(memory))


if __name__ == "__main__":
    main()
