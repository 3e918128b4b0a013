"""Section 3.2: what each masking variant costs an image, and all attention maskings together, on one thread.

    python scripts/masking_cost.py [FOLDER] [segments=20] [repeats=3] [only=attention] [tuned=FILE] [to=FILE.csv]
        [KEY=VALUE …]

FOLDER holds random weights at the paper's scale (`python -m data_prep.random_models --to FOLDER`); without it the
embedded models are measured. Every variant runs on the same image (noise) and segments (rectangles), the trunk stored,
as a second variant of a sweep finds it. Processor seconds, the smallest of the repeats; `share` is what is left of the
rate of one float32 product of 1024 x 1024 matrices, by torch's library or by oneDNN, whichever is faster: the
operations of a variant's own products, counted by torch, over its time. to=FILE.csv is the table, and a page beside it
(FILE.md) says what all attention maskings of an image cost together, and what each of them costs then. KEY=VALUE is a
setting of `zgs run`.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from masking_cost_page import describe_parts, describe_together, write_page

from bench.commands.settings import compose_settings
from bench.csv_files import read_csv, write_csv
from bench.errors import UsageError, UserError
from bench.records import Sample
from bench.report.board_costs import write_measured
from bench.settings.compose import list_options
from bench.speed.weights import describe_weights

SIZE = (427, 640)
MODELS = ("clip", "dino", "language", "sentence")
OPTIONS = {"segments": "20", "repeats": "3", "only": "", "to": "", "tuned": ""}
SIDE = 1024
TOGETHER = "all attention maskings together"
OPENING = "patches"
"""What all attention maskings share before the first of them."""


def make_scene(segments: int) -> tuple[Sample, np.ndarray]:
    """Make an image of noise and `segments` rectangles that cover it."""
    rows = max(row for row in range(1, segments + 1) if segments % row == 0 and row * row <= segments)
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    row, column = (np.arange(side) * parts // side for side, parts in zip(SIZE, (rows, segments // rows), strict=True))
    labels = row[:, None] * (segments // rows) + column
    return Sample("noise", image), labels[None] == np.arange(segments)[:, None, None]


def read_tuned(path: str) -> dict[str, list[str]]:
    """Read what scripts/board.py has chosen of each variant, as settings; nothing for no path."""
    chosen: dict[str, list[str]] = {}
    for line in read_csv(Path(path)).to_dict("records") if path else ():
        chosen.setdefault(str(line["variant"]), []).append(f"++{line['key']}={line['chosen']}")
    return chosen


def make_encoders(words: Sequence[str], only: str, tuned: str) -> dict[str, tuple[str, Any, str]]:
    """Make every encoder, the earliest start layer first, with its kind: attention or other; of one kind where asked.

    The third is its settings as `bench.report.board_costs` compares them. ``tuned`` is the table of `read_tuned`.
    Raises SystemExit where none of them can be made.
    """
    from bench.encode.trunk import TrunkEncoder
    from bench.run.context import RunContext

    made, chosen = dict[str, tuple[str, Any, str]](), read_tuned(tuned)
    for name in list_options("encode"):
        try:
            settings = compose_settings([*words, f"encode={name}", *chosen.get(name, ())])
            encoder = RunContext(settings).make_stage("encode")
        except UserError as error:
            print(f"{name} left out: {error}", file=sys.stderr)
            continue
        kind = "attention" if isinstance(encoder, TrunkEncoder) and "dino" not in vars(encoder) else "other"
        if only in ("", kind):
            made[name] = kind, encoder, write_measured(settings)
    if not made:
        kinds = f"of kind {only!r} (there are attention and other)" if only else "could be made: see above"
        raise SystemExit(f"masking_cost: no variant {kinds}")
    return dict(sorted(made.items(), key=lambda pair: getattr(pair[1][1], "start_layer", 0)))


def measure(repeats: int, segments: int, only: str, tuned: str, words: list[str]) -> Iterator[dict[str, Any]]:
    """Measure the trunks, every encoder, all together: milliseconds of processor time an image; a line each.

    ``share`` is of the rate of a product, of what is measured alone with its trunk stored.
    """
    import torch

    torch.set_num_threads(1)
    (sample, masks), trunks = make_scene(segments), dict[int, Any]()
    encoders, rate = make_encoders(words, only, tuned), measure_product_rate()

    def measure_call(call: Callable[[], Any], times: int = repeats) -> dict[str, float]:
        spent = min(time_call(call)[0] for _ in range(times))
        gflop = count_operations(call) / 1e9
        return {"ms": spent, "gflop": gflop, "share": gflop / (spent / 1000) / rate, "segments": segments}

    alone = dict[str, float]()
    for name, (kind, encoder, settings) in encoders.items():
        start, given = getattr(encoder, "start_layer", 0), tuple[Any, ...]()
        if start:
            if start not in trunks:
                before = max(trunks, default=None)  # as the store does: from the last layer that is kept
                call = partial(encoder.compute_trunk, sample, None if before is None else (before, trunks[before]))
                trunks[start], told = call(), f"trunk, layers {before or 1} to {start - 1}"
                told = told if start > 1 else "trunk, patches alone"
                yield {"variant": told, "kind": "trunk", "start": start, **measure_call(call), "segments": math.nan}
            given = (trunks[start],)
        spent = measure_call(partial(encoder, sample, masks, *given))
        yield {"variant": name, "kind": kind, "start": start, **spent, "settings": settings}
        if kind == "attention":
            alone[name] = spent["ms"]
    if alone:
        attention = {name: encoders[name][1] for name in alone}
        yield from measure_together(attention, max(alone, key=lambda name: alone[name]), sample, masks, repeats)


def measure_together(
    encoders: Mapping[str, Any], dearest: str, sample: Sample, masks: np.ndarray, repeats: int
) -> Iterator[dict[str, Any]]:
    """Measure all attention maskings together and the dearest of them from the image on, in turn; a line each.

    In turn, for what else the machine does moves both; a line more for the part of each in all together.
    """
    together, own = partial(embed_together, encoders, sample, masks), partial(encoders[dearest], sample, masks)
    spent, alone = zip(*((together(), time_call(own)[0]) for _ in range(repeats)), strict=True)
    for name, kind, ms, call in (
        (TOGETHER, "together", min(sum(times.values()) for times in spent), together),
        (f"{dearest}, from the image on", "dearest", min(alone), own),
    ):
        yield {"variant": name, "kind": kind, "ms": ms, "gflop": count_operations(call) / 1e9, "segments": len(masks)}
    work = count_parts(encoders, sample, masks)
    for name in spent[0]:
        yield {"variant": name, "kind": "part", "ms": min(times[name] for times in spent), "gflop": work[name] / 1e9}


def embed_together(encoders: Mapping[str, Any], sample: Sample, masks: np.ndarray) -> dict[str, float]:
    """Embed the segments by every encoder, that with the earliest start layer first, over layers opened once.

    Returns milliseconds of each, which opens what none before it has opened, and of the patches (`OPENING`).
    """
    first = next(iter(encoders.values()))
    spent, opened = time_call(lambda: first.open_layers(sample))
    return {OPENING: spent} | {
        name: time_call(partial(encoder, sample, masks, opened))[0] for name, encoder in encoders.items()
    }


def count_parts(encoders: Mapping[str, Any], sample: Sample, masks: np.ndarray) -> dict[str, int]:
    """Count the operations of each part of `embed_together`, by the same names."""
    opened: list[Any] = []
    first = next(iter(encoders.values()))
    counted = {OPENING: count_operations(lambda: opened.append(first.open_layers(sample)))}
    return counted | {
        name: count_operations(partial(encoder, sample, masks, *opened)) for name, encoder in encoders.items()
    }


def time_call(call: Callable[[], Any]) -> tuple[float, Any]:
    """Time a call in milliseconds of processor time; returns what it gave, too."""
    began = time.process_time()
    found = call()
    return 1000 * (time.process_time() - began), found


def measure_product_rate() -> float:
    """Measure the rate of one product of square matrices, in 10^9 operations a second: made in the fastest way."""
    from bench.speed.rates import measure_shape

    return measure_shape(SIDE, SIDE, SIDE) / 1e9


def count_operations(call: Callable[[], Any]) -> int:
    """Count the operations of all matrix products and convolutions of a call, as torch itself would compute them."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

    from bench.system.products import leave_to_torch

    def count_attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        return sdpa_flop_count(query, key, value)

    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # not among those that torch counts
    with leave_to_torch(), FlopCounterMode(display=False, custom_mapping={fused: count_attention}) as counter:
        call()
    return int(counter.get_total_flops())


def main(arguments: list[str]) -> None:
    """Measure, print the table and the ratio."""
    given = dict(word.split("=", 1) for word in arguments if word.partition("=")[0] in OPTIONS)
    options = OPTIONS | given
    words = [word for word in arguments if "=" in word and word.partition("=")[0] not in OPTIONS]
    folders = [word for word in arguments if "=" not in word]
    numbers = options["segments"], options["repeats"]
    if len(folders) > 1 or not all(number.isdigit() and int(number) for number in numbers):
        raise UsageError(f"{' '.join(arguments)}: give one folder of weights, segments=N and repeats=N from 1")
    if folders:
        weights = Path(folders[0]).resolve()
        words = ["models=paper", *(f"models.{name}.source='{weights}/{name}'" for name in MODELS), *words]
    asked = int(options["repeats"]), int(options["segments"]), options["only"], options["tuned"]
    rows = list(measure(*asked, words))
    table = pd.DataFrame(rows).sort_values("ms", ascending=False)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.2f}"))
    told = f"{describe_together(table)} {describe_parts(table)}" if (table["kind"] == "together").any() else ""
    print(told, end="\n" * bool(told))
    if options["to"]:
        models = describe_weights(compose_settings(words), MODELS[:2])
        what = f"One image of {SIZE[1]} x {SIZE[0]} pixels with {options['segments']} segments, one thread."
        what += f" Weights: {models}."
        if tuned := Path(options["tuned"]).name:
            what += f" Every variant as it was tuned ([{tuned}]({tuned}))."
        write_csv(table[table["kind"] != "part"], Path(options["to"]), decimals=4)
        Path(options["to"]).with_suffix(".md").write_text(write_page(table, what, told), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"masking_cost: {error}")
