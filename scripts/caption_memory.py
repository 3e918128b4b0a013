"""Peak memory of a worker that describes segments at the paper's sizes: one line. No part of the paper.

    python scripts/caption_memory.py WEIGHTS [segments=8] [to=FILE.csv] [KEY=VALUE …]

WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes; KEY=VALUE are settings of a run, such as
``caption.rows=20``. The last three tokens of the paper's search, over keys and values as long as theirs, with all
candidates of one iteration. Its beams are drawn at random, for those of random weights all say the same: as many
different contexts as there can be. That fills what is remembered of texts up to its bound.
"""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.caption.beams import Beams
from bench.caption.search import Search
from bench.commands.settings import compose_settings
from bench.records import Embeddings
from bench.run.context import RunContext
from bench.system.libraries import import_library
from bench.system.pages import give_back
from bench.system.resources import read_own_memory
from bench.system.start import bound_kernels, keep_freed_memory

MODELS = ("clip", "dino", "language", "sentence")
TOKENS, OTHERS = 3, 12
"""Tokens of the search, and those that the prompt is longer by: as many as are left out."""
CUT = (f"caption.tokens={TOKENS}", "caption.iterations=1", f"caption.prompt=Image of a{' house' * OTHERS}")


class Scattered(Search):
    """A search whose beams go on with tokens drawn at random, from a fixed seed; none ends."""

    draws = torch.Generator().manual_seed(0)

    def _choose(self, *arguments: Any) -> Beams:
        beams = super()._choose(*arguments)
        drawn = torch.randint(self.model.vocabulary, (len(beams.tokens),), generator=self.draws)
        tokens = torch.cat([beams.tokens[:, :-1], drawn[:, None]], dim=1)
        return replace(beams, tokens=tokens, ended=torch.zeros_like(beams.ended))


def main(weights: str, *words: str) -> None:
    """Measure in a copy of this process, as a worker is one of a server that has imported the libraries."""
    for name in MODELS:
        import_library(f"bench.models.{name}")
    worker = get_context("fork").Process(target=measure, args=(weights, *words))
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)


def measure(weights: str, *words: str) -> None:
    """Describe random directions of CLIP's space and print what the process held at its most, in MiB."""
    torch.set_num_threads(1)
    keep_freed_memory()  # as a worker does, which bounds kernels as well
    bound_kernels()
    given = dict(word.split("=", 1) for word in words if word.startswith(("segments=", "to=")))
    segments, own = int(given.get("segments", 8)), [word for word in words if word.split("=")[0] not in given]
    sources = [f"models.{name}.source={Path(weights).resolve()}/{name}" for name in MODELS]
    context = RunContext(compose_settings(["device=cpu", "models=paper", *sources, *CUT, *own]))
    for name in ("dino", "clip"):  # what earlier stages of the same worker have loaded and read
        model: Any = context.load_model(name)
        sum(float(one.sum()) for one in model.model.parameters())
    captioner: Any = context.make_stage("caption")
    captioner.search = Scattered(**{one.name: getattr(captioner.search, one.name) for one in fields(Search)})
    vectors = np.random.default_rng(0).normal(size=(segments, captioner.search.features.clip.dim)).astype(np.float32)
    none = np.zeros((segments, 0), np.float32)
    give_back()  # as a run does before each stage
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew
    captioner(Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), none, none))
    peak, files = (round((read_own_memory(name) or 0) / (1 << 20)) for name in ("VmHWM", "RssFile"))
    held = sum(entry.bytes for _, entry in captioner.search.features.contexts.items()) >> 20
    settings = " ".join(own) or "as by default"
    print(f"{segments} segments, {settings}: peak {peak:,} MiB, of it files {files:,}; texts {held:,}")
    if "to" in given:
        row = {"segments": segments, "settings": settings, "peak_mb": peak, "files_mb": files, "texts_mb": held}
        write_row(row, Path(given["to"]))


def write_row(row: dict[str, Any], path: Path) -> None:
    """Write a csv of one row."""
    import pandas as pd  # whose memory is none of what was measured

    from bench.csv_files import write_csv

    print(write_csv(pd.DataFrame([row]), path, decimals=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
