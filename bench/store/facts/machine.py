"""What of this machine and process may change a bit of a result, told without loading torch (KEYS.md)."""

from __future__ import annotations

import ast
import importlib.util
import os
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.system.loop_options import read_loop_options

ON_PROCESSORS = ("ATEN_", "DNNL_", "MKL_", "NPY_", "ONEDNN_", "OPENBLAS_", "PYTORCH_", "TORCH_")
ON_GPUS = ("CUBLAS_", "CUDA_", "CUDNN_", "HIP_", "MIOPEN_", "NVIDIA_TF32_", "ROCBLAS_")
"""Beginnings of environment variables by which the libraries choose kernels and precision: unknown ones count too."""
NO_NUMBER = (
    "CUDA_CACHE", "CUDA_DEVICE_MAX_CONNECTIONS", "CUDA_HOME", "CUDA_LAUNCH_BLOCKING", "CUDA_PATH", "CUDA_ROOT",
    "CUDA_VERSION", "MKL_VERBOSE", "ONEDNN_VERBOSE", "DNNL_VERBOSE", "OPENBLAS_VERBOSE", "OPENBLAS_MAIN_FREE",
    "ONEDNN_PRIMITIVE_CACHE", "DNNL_PRIMITIVE_CACHE", "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_NO_CUDA_MEMORY_CACHING", "PYTORCH_NVML",
    "PYTORCH_KERNEL_CACHE_PATH", "PYTORCH_VERSION", "TORCH_CPP_LOG_LEVEL", "TORCH_EXTENSIONS_DIR", "TORCH_HOME",
    "TORCH_INDEX", "TORCH_LOGS", "TORCH_SHOW_", "TORCH_TRACE", "TORCH_CUDA_ARCH_LIST", "TORCH_VERSION",
)  # fmt: skip
"""Of these, the ones that say where things lie, how much memory is kept and what is printed."""
NUMBERS_OF_THREADS = "_NUM_THREADS"
"""executor.threads sets torch's, and the products of NumPy's own are in float64: neither reads these."""
BFLOAT16 = ("avx512_bf16", "amx_bf16")
"""Instructions of which one decides how attention in bfloat16 is made."""
_PROCESSORS = Path("/proc/cpuinfo")
_GPUS = Path("/proc/driver/nvidia/gpus")


def describe_machine(device: str) -> dict[str, Any]:
    """Describe this machine in JSON facts, for results of a device as configured: auto | cpu | cuda | cuda:1."""
    facts = {
        **_describe_processor(),
        "torch": read_torch_build(),
        "variables": select_variables(os.environ, device != "cpu"),
        "loops": read_loop_options(os.environ),
    }
    return facts if device == "cpu" else facts | {"gpu": _list_gpus(device, os.environ)}


def select_variables(environment: Mapping[str, str], gpu: bool) -> dict[str, str]:
    """Select the environment variables that may change a number, with their values."""
    beginnings = ON_PROCESSORS + ON_GPUS if gpu else ON_PROCESSORS
    return {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith(beginnings)
        and not name.startswith(NO_NUMBER)
        and not name.endswith(NUMBERS_OF_THREADS)
        and name not in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")  # which GPU that is, is what counts
    }


def read_switches() -> dict[str, Any]:
    """Read what code can set in torch for the whole process. Loads torch."""
    import torch

    return {
        "matmul": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "mkldnn": bool(torch.backends.mkldnn.enabled),
        "default": str(torch.get_default_dtype()),
        "cudnn": [torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark, torch.backends.cudnn.enabled],
    }


@cache
def read_torch_build() -> dict[str, str]:
    """Read torch's version with the build's name, commit and CUDA, which its metadata lacks."""
    spec = importlib.util.find_spec("torch")
    path = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    if path is None or not path.is_file():
        return {}
    build: dict[str, str] = {}
    for node in ast.parse(path.read_bytes()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and value.value is not None:
            build[target.id] = str(value.value)
    return build


@cache
def _describe_processor() -> dict[str, Any]:
    """Describe the processor: libraries choose kernels by vendor and instructions, and take exp and log from libm."""
    built = np.show_config(mode="dicts") or {}
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return {
        "python": platform.python_version(),
        "processor": [platform.system(), platform.machine(), _read_vendor()],
        "instructions": sorted([*built.get("SIMD Extensions", {}).get("found", []), *_list_bfloat16()]),
        "libm": " ".join(platform.libc_ver()),
        "blas": f"{blas.get('name')} {blas.get('version')}",
    }


def _read_vendor() -> str:
    return platform.processor() if (told := _read_processor("vendor_id")) is None else told


def _list_bfloat16() -> list[str]:
    """List the instructions for bfloat16, of which NumPy knows nothing: attention is made by them where they are."""
    return [name for name in (_read_processor("flags") or "").split() if name in BFLOAT16]


def _read_processor(name: str) -> str | None:
    """Read what Linux says of the first processor; None where that is not known at all."""
    try:
        lines = _PROCESSORS.read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _list_gpus(device: str, environment: Mapping[str, str]) -> list[str]:
    """List the models of the GPUs here; where they differ also which one is meant."""
    files = sorted(_GPUS.glob("*/information"))
    lines = [line for file in files for line in file.read_text().splitlines() if line.startswith("Model:")]
    models = sorted({line.partition(":")[2].strip() for line in lines})
    hidden = environment.get("CUDA_VISIBLE_DEVICES")
    if len(models) < 2 and hidden not in ("", "-1", "none"):
        return models
    return [*models, device, str(hidden), str(environment.get("CUDA_DEVICE_ORDER"))]
