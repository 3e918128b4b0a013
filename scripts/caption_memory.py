"""Peak memory of a worker that describes segments at the paper's sizes: one line. No part of the paper.

    python scripts/caption_memory.py WEIGHTS [segments=16] [KEY=VALUE …]

WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes; KEY=VALUE are settings of a run, such as
``caption.rows=20``. By default the paper's beams and tokens with 8 candidates and one iteration: these change only how
much is held of remembered texts (``caption.store_mb``), which may come to less than they are allowed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.commands.settings import compose_settings
from bench.records import Embeddings
from bench.run.context import RunContext
from bench.system.pages import give_back
from bench.system.resources import read_own_memory

MODELS = ("clip", "dino", "language", "sentence")
CUT = ("caption.candidates=8", "caption.iterations=1")


def main(weights: str, *words: str) -> None:
    """Describe random directions of CLIP's space and print what the process held at its most, in MiB."""
    torch.set_num_threads(1)
    segments = next((int(word.partition("=")[2]) for word in words if word.startswith("segments=")), 16)
    own = [word for word in words if not word.startswith("segments=")]
    sources = [f"models.{name}.source={Path(weights).resolve()}/{name}" for name in MODELS]
    context = RunContext(compose_settings(["device=cpu", "models=paper", *sources, *CUT, *own]))
    for name in ("dino", "clip"):  # what earlier stages of the same worker have loaded and read
        model: Any = context.load_model(name)
        sum(float(one.sum()) for one in model.model.parameters())
    captioner: Any = context.make_stage("caption")
    vectors = np.random.default_rng(0).normal(size=(segments, captioner.search.features.clip.dim)).astype(np.float32)
    none = np.zeros((segments, 0), np.float32)
    give_back()
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew
    captioner(Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), none, none))
    peak, files = (round((read_own_memory(name) or 0) / (1 << 20)) for name in ("VmHWM", "RssFile"))
    held = sum(entry.bytes for _, entry in captioner.search.features.contexts.items()) >> 20
    told = f"{segments} segments, {' '.join(own) or 'as by default'}"
    print(f"{told}: peak {peak:,} MiB, of it files {files:,}; texts {held:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
