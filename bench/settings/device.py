"""Where models run (sections 3.1 to 3.3): the device that a name means here, and whether a precision suits it."""

from __future__ import annotations

from bench.errors import UsageError
from bench.settings.ranges import RunSettings

WORKER = 7 << 30
"""Bytes that a process takes of a GPU at the paper's sizes in float32, by `zgs speed device=meta`, and some room."""


def find_device(wanted: str, run: RunSettings | None = None) -> str:
    """Find the device of a configured name; ``auto`` is the GPU where there is one. Loads torch.

    Raises `UsageError` for a device that torch does not find here, and for what a ``run`` cannot have on it.
    """
    import torch

    kind, _, index = wanted.partition(":")
    there = {"cpu": lambda: 1, "cuda": _count_gpus, "mps": lambda: int(torch.backends.mps.is_available())}
    there["xpu"] = lambda: torch.xpu.device_count() if torch.xpu.is_available() else 0
    if wanted == "auto":
        wanted = "cuda" if _count_gpus() else "cpu"
    elif kind not in there:
        raise UsageError(f"device={wanted}: known are auto, {', '.join(there)}, and cuda:1 for the second GPU")
    elif not (count := there[kind]()):
        raise UsageError(f"device={wanted}: no GPU that torch can use; use device=cpu or another torch build")
    elif int(index or 0) >= count:
        raise UsageError(f"device={wanted}: torch finds {count} here, the last is {kind}:{count - 1}")
    if run is not None:
        _check_run(wanted, run)
    return wanted


def _check_run(device: str, run: RunSettings) -> None:
    """Raise UsageError for float16 on a processor, and for compiled blocks or graphs on what is no CUDA device."""
    if device == "cpu" and "float16" in run.dtypes:
        key = "dtype" if run.dtype == "float16" else _find_half(run)
        raise UsageError(
            f"{key}=float16 on a processor: takes some 200 times as long as float32 there (0.4 against 77 GFLOP/s "
            f"where it was measured); use {key}=float32, or a GPU"
        )
    for key in ("compile", "graphs"):
        if getattr(run, key) and not device.startswith("cuda"):
            raise UsageError(f"{key}=true on device={device}: needs a CUDA device; leave {key}=false, or device=cuda")


def limit_workers(device: str, most: int) -> int:
    """Limit processes, each with models of its own, to those that a GPU holds; on a processor it is ``most``."""
    if device == "cpu" or not _count_gpus():
        return most
    import torch

    index = int(device.partition(":")[2] or 0)
    held = torch.cuda.get_device_properties(index).total_memory // WORKER
    return max(1, min(most, int(held)))


def _count_gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _find_half(run: RunSettings) -> str:
    return next(f"precision.{stage}" for stage, dtype in run.precision.items() if dtype == "float16")
