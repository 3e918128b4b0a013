"""Memory that settings ask for (sections 3 and 4), estimated before anything is tried: an absurd size is one line.

Every estimate is a lower bound, and linear in one key: bytes = value of the key x `Need.each`. It is compared with all
the memory that there is, not with what is free at the moment, so that what is refused can never fit.

encode.micro_batch   4 (8 T w + H T T) for T tokens of width w, H heads: activations, and attention of masked variants
caption.beams        4 x 16 (2 L d t + 3 V): keys and values of 4 segments' beams, t tokens long, and probabilities
caption.rows         4 (6 L d t + 4 V): the shifted keys and values, their gradients and copies, and logits
                     (L layers of width d, V tokens in the vocabulary)
caption.store_mb     2^20, as it says
segment.n            (28 with a CRF, else 5) s s: seven arrays of float32 over s x s pixels and all parts; else masks
models.dino.size     512 f for f features of a square picture: a block's distances to all (a size is not linear)
score.resamples      8 x 101: every resample of every point of one curve
executor.workers     96 MiB: a process with torch, before it has loaded a model
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UsageError, UserError
from bench.system.resources import measure_memory

GIB, MIB = 2**30, 2**20
BLOCK = 128
"""Features whose distances to all others are held at once (`bench.segment.nearest`)."""
SMALL = 256 * MIB
"""Needs below this are not looked into."""
SEGMENTS, CURVE, WORKER = 4, 101, 96 * MIB
CLIP = {"width": 768, "image_size": 224, "patch_size": 32}
LANGUAGE = {"n_layer": 12, "n_embd": 768, "vocab_size": 50257}
"""The smallest published models that have an option, where weights are no folder whose config could be read."""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """A key, its value, what one more of it takes in bytes, for what, and whether that lies on the device."""

    key: str
    value: int
    each: float
    what: str
    on_device: bool = False

    @property
    def total(self) -> float:
        """Bytes."""
        return self.value * self.each


def check_room(settings: Settings, groups: Sequence[str]) -> None:
    """Raise UsageError for the first setting that needs more memory than there is."""
    for group in groups:
        for need in NEEDS.get(group, lambda _: iter(()))(settings):
            check_need(need, str(settings["device"]))


def check_need(need: Need, device: str = "cpu") -> None:
    """Raise UsageError if a need is more than the memory of this machine, or of the GPU that it lies on."""
    if need.total <= SMALL:
        return
    name, there = _measure_memory(device if need.on_device else "cpu")
    if there is None or need.total <= there:
        return
    most = int(there // need.each)
    mend = f"at most {need.key}={most} fits" if most else f"not even {need.key}=1 fits"
    raise UsageError(
        f"{need.key}={need.value}: {need.what} need at least {need.total / GIB:,.1f} GiB, {name} has "
        f"{there / GIB:,.1f} GiB; {mend}"
    )


def _measure_memory(device: str) -> tuple[str, float | None]:
    if device != "cpu":
        import torch  # a need this large is rare

        if torch.cuda.is_available():
            index = int(device.partition(":")[2] or 0)
            if index < torch.cuda.device_count():
                return "the GPU", float(torch.cuda.get_device_properties(index).total_memory)
    return "this machine", measure_memory()


def _estimate_encode(settings: Settings) -> Iterator[Need]:
    options = settings["encode"]
    vision = CLIP | _read_config(settings["models"]["clip"], "open_clip_config.json", "model_cfg", "vision_cfg")
    grid = settings["models"]["clip"].get("grid") or vision["image_size"] // vision["patch_size"]
    tokens, width = 1 + grid**2, vision["width"]
    heads = width // vision.get("head_width", 64) if "start_layer" in options else 0
    each = 4 * (8 * tokens * width + heads * tokens**2)
    yield from _estimate_need("encode", options, "micro_batch", each, "activations of that many segments at once", True)


def _estimate_caption(settings: Settings) -> Iterator[Need]:
    options = settings["caption"]
    language = LANGUAGE | _read_config(settings["models"].get("language", {}), "config.json")
    context = 2 * language["n_layer"] * language["n_embd"] * _read_number(options.get("tokens"), 15)
    beam, row = context + 3 * language["vocab_size"], 3 * context + 4 * language["vocab_size"]
    yield from _estimate_need(
        "caption", options, "beams", 4 * SEGMENTS * beam, "keys and values of that many beams", True
    )
    yield from _estimate_need("caption", options, "rows", 4 * row, "that many rows of the language model", True)
    yield from _estimate_need("caption", options, "store_mb", MIB, "that many remembered features")


def _estimate_segment(settings: Settings) -> Iterator[Need]:
    options, dino = settings["segment"], settings["models"].get("dino", {})
    if "n" not in options or "stride" not in dino or "size" not in dino:
        return
    patch = dino.get("patch") or _read_config(dino, "config.json").get("patch_size", 16)
    size, edge = dino["size"], 1 + max(0, dino["size"] - patch) // dino["stride"]
    most = min(options.get("max_features", 32768), dino.get("max_tokens", 32768))
    if edge**2 > most:
        told = f"{edge}x{edge} features even of a square picture, and {most} can be clustered"
        raise UsageError(
            f"models.dino.size={size} models.dino.stride={dino['stride']}: {told}; lower the size or raise the stride"
        )
    yield Need("models.dino.size", size, 4 * BLOCK * edge**2 / size, f"distances to {edge**2} features")
    crf = options.get("crf") not in (None, False, "none")
    what = "the CRF's tables of that many parts" if crf else "masks of that many parts"
    each = (28 if crf else 5) * size**2
    if options["n"] * each > SMALL:  # a picture has no more parts than features
        yield Need("segment.n", min(options["n"], edge**2), each, what)


def _estimate_score(settings: Settings) -> Iterator[Need]:
    what = "resamples of one curve"
    yield from _estimate_need("score", settings["score"], "resamples", 8 * CURVE, what)


def _estimate_executor(settings: Settings) -> Iterator[Need]:
    yield from _estimate_need("executor", settings["executor"], "workers", WORKER, "that many processes with torch")


NEEDS: dict[str, Callable[[Settings], Iterator[Need]]] = {
    "segment": _estimate_segment, "encode": _estimate_encode, "caption": _estimate_caption, "score": _estimate_score,
    "executor": _estimate_executor,
}  # fmt: skip


def _estimate_need(
    group: str, options: Settings, key: str, each: float, what: str, on_device: bool = False
) -> Iterator[Need]:
    """Estimate the need of a key that is there with a number; another variant may name something else so."""
    if (value := _read_number(options.get(key), 0)) > 0:
        yield Need(f"{group}.{key}", value, each, what, on_device)


def _read_number(value: Any, instead: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else instead


def _read_config(options: Settings, file: str, *path: str) -> dict[str, Any]:
    """Read a part of the config beside some weights; empty where it cannot be read, which others tell."""
    from bench.models.sources import resolve

    try:
        found = json.loads(Path(resolve(str(options.get("source", ""))), file).read_text(encoding="utf-8"))
        for name in path:
            found = found[name]
        return {key: value for key, value in found.items() if type(value) is int}
    except (UserError, OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
