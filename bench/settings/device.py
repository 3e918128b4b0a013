"""Where models run (sections 3.1 to 3.3): the device that a name means here, and whether a precision suits it."""

from __future__ import annotations

from bench.errors import UsageError


def find_device(wanted: str, dtype: str = "float32") -> str:
    """Find the device of a configured name; ``auto`` is the GPU where there is one. Loads torch.

    Raises `UsageError` for a device that torch does not find here, and for float16 on a processor.
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
    if dtype == "float16" and wanted == "cpu":
        raise UsageError(
            "dtype=float16 on a processor: takes some 200 times as long as float32 there (0.4 against 77 GFLOP/s "
            "where it was measured); use dtype=float32, or a GPU"
        )
    return wanted


def _count_gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
