"""Peak memory of a worker that describes segments at the paper's sizes: one line. No part of the paper.

    python scripts/caption_memory.py WEIGHTS [segments=8] [to=FILE.csv] [KEY=VALUE …]

WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes; KEY=VALUE are settings of a run, such as
``caption.rows=20``. The last three tokens of the paper's search, over keys and values as long as theirs, with all
candidates of one iteration. Its beams are drawn at random, for those of random weights all say the same: as many
different contexts as there can be. That fills what is remembered of texts up to its bound.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from script_words import SEGMENTS, run, split_words

from bench.caption.beams import Beams
from bench.caption.search import Search
from bench.commands.settings import compose_settings
from bench.commands.speed_inputs import check_place
from bench.errors import DONE, UsageError, UserError
from bench.records import Embeddings
from bench.run.context import RunContext
from bench.speed.inputs import MODELS, PAPER, list_weights
from bench.speed.weights import describe_weights
from bench.system.libraries import import_library
from bench.system.pages import give_back
from bench.system.resources import read_own_memory
from bench.system.start import bound_kernels, keep_freed_memory

OWN = ("to", "segments")
"""Words of this script itself."""
LOADED = ("dino", "clip", "language")
"""Models of the worker, those of earlier stages first."""
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


def main(words: Sequence[str]) -> int:
    """Measure in a copy of this process, as a worker is one of a server that has imported the libraries."""
    weights, given, settings = split_words(words, OWN, __doc__)
    segments = given.get("segments", str(SEGMENTS))
    if not re.fullmatch("[1-9][0-9]{0,3}", segments, re.ASCII):
        raise UsageError(f"segments={segments}: needs a whole number from 1 to 9999")
    if "to" in given:
        check_place(Path(given["to"]), "to=FILE")
    sources = list_weights(PAPER, weights)
    for name in MODELS:
        import_library(f"bench.models.{name}")
    worker = get_context("fork").Process(target=measure, args=(sources, int(segments), settings, given.get("to")))
    worker.start()
    worker.join()
    return worker.exitcode or DONE


def measure(sources: Sequence[str], segments: int, settings: Sequence[str], to: str | None) -> None:
    """Describe random directions of CLIP's space and print what the process held at its most, in MiB."""
    torch.set_num_threads(1)
    keep_freed_memory()  # as a worker does, which bounds kernels as well
    bound_kernels()
    try:
        chosen = compose_settings(["device=cpu", *sources, *CUT, *settings])
        peak, files, held = describe(RunContext(chosen), segments)
        weights = describe_weights(chosen, LOADED)  # only now: what is read for it is none of what was measured
    except UserError as error:
        sys.exit(str(error))
    told = write_choices(segments, settings)
    print(f"{segments} segments, {told}: peak {peak:,} MiB, of it files {files:,}; texts {held:,}; {weights}")
    if to:
        row = {"segments": segments, "settings": told, "peak_mb": peak, "files_mb": files, "texts_mb": held}
        row |= {"weights": weights}
        write_row(row, Path(to))


def describe(context: RunContext, segments: int) -> tuple[int, int, int]:
    """Describe them: the process's peak, files at its end and remembered texts, in MiB."""
    for name in LOADED[:2]:  # what earlier stages of the same worker have loaded and read
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
    return peak, files, sum(entry.bytes for _, entry in captioner.search.features.contexts.items()) >> 20


def write_choices(segments: int, settings: Sequence[str]) -> str:
    """Write what is not as by default, another number of segments as well: no aim is judged by such a row."""
    counted = [f"segments={segments}"] if segments != SEGMENTS else []
    return " ".join([*counted, *settings]) or "as by default"


def write_row(row: dict[str, Any], path: Path) -> None:
    """Write a csv of one row."""
    import pandas as pd  # whose memory is none of what was measured

    from bench.csv_files import write_csv

    print(write_csv(pd.DataFrame([row]), path, decimals=0))


if __name__ == "__main__":
    run(main, __doc__, sys.argv[1:])
