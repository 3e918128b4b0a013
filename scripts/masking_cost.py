"""Section 3.2: what each masking variant costs an image, and all attention maskings together, on one thread.

    python scripts/masking_cost.py [FOLDER] [segments=20] [repeats=3] [only=attention] [to=FILE.csv] [KEY=VALUE …]

FOLDER holds random weights at the paper's scale (`python -m data_prep.random_models --to FOLDER`); without it the
embedded models are measured. Every variant runs on the same image (noise) and segments (rectangles), the trunk stored,
as a second variant of a sweep finds it. Prints processor seconds, the smallest of the repeats. KEY=VALUE is a setting
of `zgs run`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.commands.settings import compose_settings
from bench.errors import UsageError, UserError
from bench.records import Sample
from bench.settings.compose import list_options

SIZE = (427, 640)
MODELS = ("clip", "dino", "language", "sentence")
OPTIONS = {"segments": "20", "repeats": "3", "only": "", "to": ""}


def make_scene(segments: int) -> tuple[Sample, np.ndarray]:
    """Make an image of noise and `segments` rectangles that cover it."""
    rows = max(row for row in range(1, segments + 1) if segments % row == 0 and row * row <= segments)
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    row, column = (np.arange(side) * parts // side for side, parts in zip(SIZE, (rows, segments // rows), strict=True))
    labels = row[:, None] * (segments // rows) + column
    return Sample("noise", image), labels[None] == np.arange(segments)[:, None, None]


def measure(repeats: int, segments: int, only: str, words: list[str]) -> Iterator[dict[str, Any]]:
    """Measure the trunk, then every encoder, in milliseconds of processor time an image."""
    import torch

    from bench.encode.trunk import TrunkEncoder
    from bench.run.context import RunContext

    torch.set_num_threads(1)
    (sample, masks), trunks, encoders = make_scene(segments), dict[int, Any](), dict[str, Any]()
    for name in list_options("encode"):
        encoders[name] = RunContext(compose_settings([*words, f"encode={name}"])).make_stage("encode")
    for name, encoder in sorted(encoders.items(), key=lambda pair: getattr(pair[1], "start_layer", 0)):
        shares = isinstance(encoder, TrunkEncoder)
        kind = "attention" if shares and "dino" not in vars(encoder) else "other"
        given: tuple[Any, ...] = ()
        if only not in ("", kind):
            continue
        if shares:
            if encoder.start_layer not in trunks:
                began = time.process_time()
                before = max(trunks, default=None)  # as the store does: from the last layer that is kept
                kept = None if before is None else (before, trunks[before])
                trunks[encoder.start_layer] = encoder.compute_trunk(sample, kept)
                spent, reached = 1000 * (time.process_time() - began), encoder.start_layer - 1
                yield {
                    "variant": f"trunk, layers {before or 1} to {reached}", "kind": "trunk",
                    "start": encoder.start_layer, "ms": spent,
                }  # fmt: skip
            given = (trunks[encoder.start_layer],)
        spent = min(_time(lambda run=encoder, more=given: run(sample, masks, *more)) for _ in range(repeats))
        yield {"variant": name, "kind": kind, "start": getattr(encoder, "start_layer", 0), "ms": spent}


def _time(call: Any) -> float:
    began = time.process_time()
    call()
    return 1000 * (time.process_time() - began)


def main(arguments: list[str]) -> None:
    """Measure, print the table and the ratio."""
    given = dict(word.split("=", 1) for word in arguments if word.partition("=")[0] in OPTIONS)
    options = OPTIONS | given
    words = [word for word in arguments if "=" in word and word.partition("=")[0] not in OPTIONS]
    folders = [word for word in arguments if "=" not in word]
    if len(folders) > 1 or not (options["segments"] + options["repeats"]).isdigit():
        raise UsageError(f"masking_cost: {' '.join(arguments)}: give one folder of weights, segments=N and repeats=N")
    if folders:
        weights = Path(folders[0]).resolve()
        words = ["models=paper", *(f"models.{name}.source='{weights}/{name}'" for name in MODELS), *words]
    rows = list(measure(int(options["repeats"]), int(options["segments"]), options["only"], words))
    table = pd.DataFrame(rows).sort_values("ms", ascending=False)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.1f}"))
    trunk, attention = (table[table["kind"] == kind] for kind in ("trunk", "attention"))
    together = trunk["ms"].sum() + attention["ms"].sum()
    dearest = max(row["ms"] + trunk[trunk["start"] <= row["start"]]["ms"].sum() for _, row in attention.iterrows())
    print(
        f"{len(attention)} attention maskings together: {together:.0f} ms with the trunks, the dearest alone "
        f"{dearest:.0f} ms: {together / dearest:.2f}x"
    )
    if options["to"]:
        table.to_csv(options["to"], index=False)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"masking_cost: {error}")
