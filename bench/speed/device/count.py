"""Sections 3.1 to 3.3 and 4.2: what every model stage needs of a GPU, from shapes alone where none is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from bench.caption.zerocap import STORE_MB
from bench.errors import UserError
from bench.settings.instantiate import make_object
from bench.speed.device import steps
from bench.speed.device.counting import count
from bench.speed.device.shapes import Shapes, build_shapes, describe_shapes
from bench.speed.inputs import Inputs

STAGES = ("features", "embeddings", "language", "texts", "similarities")
"""Of the model stages; clustering and scoring are a processor's. Captions are the language model and texts."""
OWN_MB = 1024
"""What CUDA and its libraries take for themselves, in MiB: not counted but assumed."""
CARD = 16e9
"""Bytes of the smallest GPU that is asked about."""
TEXTS, TOKENS = 32, 16
"""Of a batch of the sentence encoder."""
MIB = 2**20


def count_stages(inputs: Inputs, dtypes: Sequence[str], stages: Sequence[str] = STAGES) -> Iterator[dict[str, Any]]:
    """Count every stage in every number type: a row each, see `describe_row` for what is in it."""
    for dtype in dtypes:
        shapes = build_shapes(inputs.settings["models"], dtype)
        calls = {name: call for name, call in list_calls(inputs, shapes).items() if name in stages}
        for name, (told, call) in calls.items():
            yield count_stage(name, told, call, shapes, dtype, inputs.settings["caption"])


def list_calls(inputs: Inputs, shapes: Shapes) -> dict[str, tuple[str, Callable[[], Any]]]:
    """List what each stage computes, in words and as a call."""
    options, (height, width) = inputs.settings["caption"], inputs.image.shape[:2]
    encoder = make_object(inputs.settings["encode"], clip=shapes.clip)
    rows, candidates = steps.count_rows(options), options["candidates"] or shapes.step.vocabulary
    batch = min(rows, options["rows"])
    calls: dict[str, tuple[str, Callable[[], Any]]] = {
        "features": (inputs.size, partial(steps.run_features, shapes.dino, height, width)),
        "embeddings": (
            f"{inputs.size}, {len(inputs.masks)} segments, {encoder.micro_batch} at once",
            partial(steps.run_embeddings, encoder, inputs.sample, inputs.masks),
        ),
        "language": (
            f"token step of {rows} rows, {batch} at once, {options['iterations']} iterations",
            partial(steps.run_language, shapes.step, options),
        ),
        "texts": (
            f"{batch} contexts of {steps.CONTEXT} tokens with {candidates} new tokens each",
            partial(steps.run_texts, shapes.clip.text, batch, candidates),
        ),
    }
    if shapes.sentence is not None:
        told = f"{TEXTS} texts of {TOKENS} tokens"
        calls["similarities"] = told, partial(steps.run_sentences, shapes.sentence, TEXTS, TOKENS)
    return calls


def count_stage(
    name: str, told: str, call: Callable[[], Any], shapes: Shapes, dtype: str, caption: Mapping[str, Any]
) -> dict[str, Any]:
    """Count one stage: operations, and bytes of all models' parameters, its tensors, and features that are kept."""
    try:
        counted = count(call, shapes.models)
    except (NotImplementedError, RuntimeError) as error:
        raise UserError(
            f"{name}: looks at numbers, which device=meta has not ({' '.join(str(error).split())[:100]}): choose "
            "encode=global_subtraction and caption=zerocap_paper, or leave it out (stages=…)"
        ) from error
    parameters, kept = shapes.parameter_bytes, int(caption.get("store_mb") or STORE_MB) * MIB
    needs = parameters + counted.peak_bytes + kept + OWN_MB * MIB
    return {
        "stage": name,
        "inputs": told,
        "dtype": dtype,
        "flops": counted.flops,
        "launches": counted.launches,
        "parameters_mb": parameters / MIB,
        "tensors_mb": counted.peak_bytes / MIB,
        "kept_mb": kept / MIB,
        "assumed_mb": OWN_MB,
        "needs_mb": needs / MIB,
        "fits_16_gb": needs <= CARD,
        "measured": False,
        "weights": describe_shapes(shapes),
    }


def describe_row(row: Mapping[str, Any]) -> str:
    """Describe a row in one line."""
    fits = "fits" if row["fits_16_gb"] else "does NOT fit"
    return (
        f"{row['stage']:12} {row['dtype']:8} {row['flops'] / 1e12:9.3f} TFLOP in {row['launches']:,} launches, "
        f"tensors {row['tensors_mb']:,.0f} MB, with all models {row['needs_mb']:,.0f} MB: {fits} 16 GB: {row['inputs']}"
    )
