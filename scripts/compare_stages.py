"""What each stage costs at the paper's sizes beside an earlier commit: processor seconds of one thread, in alternation.

    python scripts/compare_stages.py WEIGHTS [--before 95689e9] [--only CASE]… [--times 1] [--to FILE]

WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes. The same lines run in a process of either tree,
with what is the same in both: the photograph of `zgs speed`, features and targets drawn from a fixed seed. Each prints
its seconds and leaves what it made, so that a faster form that gives something else is seen: merges and texts have to
be equal, of other numbers the largest difference is told, beside the largest of them. What `zgs speed` shows beside the
plain form is shown here beside what was there before: results/speed/before.csv.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from processes import ROOT, make_environment, open_earlier_tree

from bench.csv_files import read_csv, write_csv
from bench.speed.inputs import PAPER, open_image
from bench.speed.rows import UNTOLD
from bench.speed.weights import NO_MODEL, describe_source

CASES = {
    "loading": "CLIP from its file",
    "features": "DINO, 640 x 427 pixels, 17,876 places",
    "clustering": "Ward, 17,876 features of 384 numbers",
    "global_subtraction": "20 segments, trunk included",
    "masked": "20 segments of a real shape, the trunk given",
    "language": "GPT-2, 5 iterations, 80 rows: 16 segments of 5 beams",
    "texts": "a search: 2 segments, 3 tokens, 2 iterations, 5 beams, 128 candidates",
}
"""Each case with what it does."""
CLIP, ZEROCAP = ("clip",), ("clip", "language")
LOADED = {"loading": CLIP, "features": ("dino",), "clustering": (), "global_subtraction": CLIP, "masked": CLIP,
          "language": ZEROCAP, "texts": ZEROCAP}  # fmt: skip
"""The models that each case loads."""
CHILD = """
import sys, time
import numpy as np
import torch

torch.set_num_threads(1)
case, weights, image, to = sys.argv[1:]
from bench.records import Embeddings, Sample
sample = Sample("picture", np.load(image))
draw = np.random.default_rng(0)

def load_clip():
    from bench.models.clip import Clip
    return Clip(f"{weights}/clip")

def make_captioner():
    from bench.caption.zerocap import ZeroCap
    from bench.models.language import Language
    return ZeroCap(Language(f"{weights}/language"), load_clip(), beams=5, tokens=3, iterations=2, candidates=128)

def draw_masks(count):
    height, width = sample.image.shape[:2]
    points = draw.uniform(0, 1, (count, 2)) * (height, width)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    nearest = np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in points], axis=0)
    return nearest[None] == np.arange(count)[:, None, None]

if case == "loading":
    import bench.models.clip
    call = lambda: np.zeros(0) if load_clip() else None
elif case == "features":
    from bench.models.dino import Dino
    dino = Dino(f"{weights}/dino")
    compute = getattr(dino, "compute_features", None) or dino.features
    call = lambda: compute(sample.image)[0]
elif case == "clustering":
    import bench.segment.ward as ward
    coarse = draw.normal(size=(28, 41, 384)).repeat(4, axis=0).repeat(4, axis=1).reshape(-1, 384)[:17876]
    features = coarse + 0.7 * draw.normal(size=coarse.shape)
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    build = getattr(ward, "build_ward_tree", None) or ward.ward_tree
    call = lambda: build(features)
elif case in ("masked", "global_subtraction"):
    from bench.encode.global_subtraction import GlobalSubtraction
    from bench.encode.masked import Masked
    encoder = (Masked if case == "masked" else GlobalSubtraction)(load_clip(), 21)
    masks = draw_masks(20)
    trunk = (getattr(encoder, "compute_trunk", None) or encoder.trunk)(sample) if case == "masked" else None
    call = lambda: encoder(sample, masks, trunk).vectors
elif case == "language":
    from bench.caption.guidance import Guidance, guide
    search = make_captioner().search
    cache = search.model.read(search.prompt[:1] * 10).expand(-1, -1, 80, -1, -1, -1).contiguous()
    last = torch.randint(0, search.model.vocabulary, (80,), generator=torch.Generator().manual_seed(0))
    similar = lambda tokens: torch.zeros(tokens.shape)
    def call():
        parts = [slice(at, at + search.rows) for at in range(0, 80, search.rows)]
        made = [guide(search.model, cache[:, :, part], last[part], similar, Guidance()) for part in parts]
        return torch.cat([part.logits.detach() for part in made]).numpy()
else:
    captioner = make_captioner()
    vectors = draw.normal(size=(2, 768)).astype(np.float32)
    none = np.zeros((2, 0), np.float32)
    call = lambda: captioner(Embeddings(vectors, none, none)).texts
begin = time.process_time()
made = call()
spent = time.process_time() - begin
np.save(to, np.asarray(made))
print(spent)
"""
"""Run in either tree, whose functions may have other names."""


def main(words: Sequence[str] | None = None) -> None:
    """Measure the cases asked for, a line each, and write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--before", default="95689e9", help="the earlier commit")
    parser.add_argument("--only", action="append", choices=CASES, help="a case; may be given several times")
    parser.add_argument("--times", type=int, default=1, help="runs of each side")
    parser.add_argument("--to", type=Path, help="a csv; other cases that stand there are kept")
    given = parser.parse_args(words)
    if not (given.weights / "clip").is_dir():
        raise SystemExit(f"{given.weights}: no folder clip there; `python -m data_prep.random_models --to …` makes it")
    rows = []
    with open_earlier_tree(given.before) as before:
        for case in given.only or CASES:
            rows.append(compare(case, {given.before: before, "now": ROOT}, given.weights.resolve(), given.times))
            print(
                "{case:18} {before:8.2f} s {now:8.2f} s  {ratio:5.2f} x  differs by {difference:.1e}  {of}".format(
                    **rows[-1]
                ),
                flush=True,
            )
            if given.to:
                write_rows(rows, given.to)


def compare(case: str, trees: dict[str, Path], weights: Path, times: int) -> dict[str, Any]:
    """Compare both trees: medians of processor seconds, their ratio, and whether both made the same."""
    with tempfile.TemporaryDirectory(prefix="zgs-stages-") as temporary:
        folder = Path(temporary)
        np.save(folder / "image.npy", open_image(None, PAPER))
        seconds: dict[str, list[float]] = {name: [] for name in trees}
        for _ in range(times):
            for name, tree in trees.items():
                seconds[name].append(run_child(case, tree, weights, folder, name))
        before, now = (statistics.median(seconds[name]) for name in trees)
        difference = compute_difference(*(np.load(folder / f"{name}.npy") for name in trees))
    return {"case": case, "of": CASES[case], "before": before, "now": now, "ratio": before / now,
            "difference": difference, "runs": times, "weights": describe_models(case, weights)}  # fmt: skip


def describe_models(case: str, weights: Path) -> str:
    """Describe the weights of the models that a case loads."""
    return "; ".join(f"{name} {describe_source(str(weights / name))}" for name in LOADED[case]) or NO_MODEL


def compute_difference(before: np.ndarray, now: np.ndarray) -> float:
    """Compute the largest difference beside the largest number; of words and whole numbers 0 or infinite."""
    if before.dtype.kind != "f":
        return 0.0 if np.array_equal(before, now) else np.inf
    return float(np.abs(before - now).max() / np.abs(before).max()) if before.size else 0.0


def run_child(case: str, tree: Path, weights: Path, folder: Path, name: str) -> float:
    """Run a case in a tree, which leaves NAME.npy in the folder: its processor seconds; ends the script if it fails."""
    environment = make_environment(tree) | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-c", CHILD, case, str(weights), str(folder / "image.npy"), str(folder / f"{name}.npy")]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{case} in {tree}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])


def write_rows(rows: Sequence[dict[str, Any]], to: Path) -> Path:
    """Write rows in place of those of the same cases, in the order of `CASES`."""
    new = pd.DataFrame(rows)
    old = read_csv(to) if to.is_file() else new[:0]
    old = (old if "weights" in old else old.assign(weights=UNTOLD)).astype(new.dtypes)
    table = pd.concat([old[~old["case"].isin(new["case"])], new]) if len(old) else new
    return write_csv(table.sort_values("case", key=lambda names: names.map(list(CASES).index), kind="stable"), to, 8)


if __name__ == "__main__":
    main()
