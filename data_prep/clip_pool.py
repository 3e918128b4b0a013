"""Section 3.2 (training the embedded CLIP): train scenes drawn ahead of their use, kept outside the repository.

    python -m data_prep.clip_pool --folder FOLDER --scenes 96000 --workers 2

The folder holds for N scenes of version V of the world images-vV-N.npy, uint8 [N, 128, 128, 3], and for each worker W
of K captions-vV-N-W-of-K.jsonl, a line of five texts for each scene that it has drawn. Run again, it goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from bench.toyworld.classes import SIDE, VERSION
from bench.toyworld.scene import draw


@dataclass(frozen=True)
class Pool:
    """Scenes 0 .. n-1 of the train split: pictures uint8 [n, 128, 128, 3] as a memory map, and their captions."""

    images: np.ndarray
    captions: list[list[str]]


def _open_images(folder: Path, scenes: int, mode: Literal["r", "r+", "w+"]) -> np.memmap:
    shape = (scenes, SIDE, SIDE, 3)
    file = folder / f"images-v{VERSION}-{scenes}.npy"
    if mode == "w+" and file.exists():
        mode = "r+"
    return np.lib.format.open_memmap(file, mode=mode, dtype=np.uint8, shape=shape)


def _find_share(scenes: int, worker: int, workers: int) -> range:
    return range(scenes * worker // workers, scenes * (worker + 1) // workers)


def _draw(folder: Path, scenes: int, worker: int, workers: int) -> None:
    images, share = _open_images(folder, scenes, "r+"), _find_share(scenes, worker, workers)
    texts = folder / f"captions-v{VERSION}-{scenes}-{worker}-of-{workers}.jsonl"
    lines = texts.read_text().splitlines() if texts.exists() else []
    # The last line may be half written.
    begun = max(0, len(lines) - 1)
    texts.write_text("".join(line + "\n" for line in lines[:begun]))
    with texts.open("a") as file:
        for index in tqdm(share[begun:], initial=begun, total=len(share), desc=f"drawing {worker}", mininterval=10):
            scene = draw("train", index)
            images[index] = scene.image
            file.write(json.dumps(scene.captions) + "\n")


def fill(folder: Path, scenes: int, workers: int) -> Pool:
    """Draws what is missing, side by side, and opens the pool."""
    folder.mkdir(parents=True, exist_ok=True)
    _open_images(folder, scenes, "w+").flush()
    jobs = [multiprocessing.Process(target=_draw, args=(folder, scenes, w, workers)) for w in range(workers)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if any(job.exitcode for job in jobs):
        raise SystemExit("a drawing process failed; run the command again, it goes on where it stopped")
    return open_pool(folder, scenes)


def open_pool(folder: Path, scenes: int) -> Pool:
    """The finished pool in a folder."""
    most = 0
    for first in sorted(folder.glob(f"captions-v{VERSION}-{scenes}-0-of-*.jsonl")):
        workers = int(first.stem.rpartition("-")[2])
        files = [first.with_name(first.name.replace("-0-of-", f"-{worker}-of-")) for worker in range(workers)]
        texts = [file.read_text().splitlines() if file.exists() else [] for file in files]
        whole = all(len(lines) == len(_find_share(scenes, w, workers)) for w, lines in enumerate(texts))
        if whole and texts[-1][-1].endswith("]"):
            return Pool(_open_images(folder, scenes, "r"), [json.loads(line) for lines in texts for line in lines])
        most = max(most, sum(map(len, texts)))
    raise SystemExit(f"{folder} holds {most} of {scenes} scenes; run python -m data_prep.clip_pool first")


def main() -> None:
    """Draws the pool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=96_000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    fill(args.folder, args.scenes, args.workers)


if __name__ == "__main__":
    main()
