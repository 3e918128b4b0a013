"""What of machine and process may change a bit, told without torch."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store.facts import machine
from bench.system.start import KERNELS

COUNTED = {
    "ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2", "ONEDNN_DEFAULT_FPMATH_MODE": "BF16", "DNNL_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "AVX2", "TORCH_SOMETHING_NEW": "1",
    "PYTORCH_SOMETHING_NEW": "1",
}  # fmt: skip
ON_GPU = {"NVIDIA_TF32_OVERRIDE": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "CUDNN_SOMETHING": "1"}
NOT = {
    "OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "TORCH_HOME": "/x", "MKL_VERBOSE": "1",
    "TORCH_LOGS": "all", "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True", "CUDA_VISIBLE_DEVICES": "0",
    "CUDA_HOME": "/usr/local/cuda", "PATH": "/bin", "LANG": "C", "HF_HOME": "/x", "PYTHONPATH": "/x",
}  # fmt: skip


def test_variables_that_choose_kernels_and_precision_count() -> None:
    everything = COUNTED | ON_GPU | NOT
    assert machine.select_variables(everything, gpu=False) == COUNTED
    assert machine.select_variables(everything, gpu=True) == COUNTED | ON_GPU


def test_how_many_kernels_are_kept_counts_not() -> None:
    """A worker of large models sets it, beside a process that does not."""
    assert machine.select_variables(dict.fromkeys(KERNELS, "64"), gpu=True) == {}


def test_the_build_of_torch_is_that_which_torch_says() -> None:
    import torch

    told = machine.read_torch_build()
    assert told["__version__"] == torch.__version__ and told["git_version"] == torch.version.git_version
    assert told.get("cuda") == torch.version.cuda


def test_instructions_for_bfloat16_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """NumPy does not tell Cooper Lake, which has them, from its predecessor, and results in bfloat16 differ."""
    processors = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine, "_PROCESSORS", processors)
    told = []
    for flags in ("avx512f amx_tile", "avx512f avx512_bf16", "avx512f avx512_bf16 amx_bf16"):
        processors.write_text(f"processor\t: 0\nvendor_id\t: one\nflags\t\t: {flags}\n\nvendor_id\t: other\n")
        facts = machine._describe_processor.__wrapped__()
        assert facts["processor"][2] == "one"
        told.append([name for name in facts["instructions"] if "bf16" in name])
    assert told == [[], ["avx512_bf16"], ["amx_bf16", "avx512_bf16"]]
    processors.unlink()
    assert machine._describe_processor.__wrapped__()["processor"][2] == platform.processor()


def test_instructions_vendor_and_libm_are_told_and_torch_is_not_loaded() -> None:
    told = machine.describe_machine("auto")
    assert told["processor"][1] and set(told) >= {"python", "instructions", "libm", "blas", "torch", "variables", "gpu"}
    code = "import sys, bench.store.facts.machine as m; m.describe_machine('auto'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[4]).returncode == 0


def test_switches_that_code_sets_in_torch_are_seen() -> None:
    import torch

    before = machine.read_switches()
    torch.set_float32_matmul_precision("medium")
    try:
        assert machine.read_switches() != before
    finally:
        torch.set_float32_matmul_precision("highest")
    assert machine.read_switches() == before


def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *models: str) -> None:
    folder = tmp_path / "-".join(models)
    for at, model in enumerate(models):
        (folder / f"{at}").mkdir(parents=True)
        (folder / f"{at}/information").write_text(f"Model: \t\t {model}\nIRQ: 3\n")
    monkeypatch.setattr(machine, "_GPUS", folder)


def test_the_model_of_the_gpu_counts_and_its_number_only_where_they_differ(tmp_path: Path, monkeypatch) -> None:
    seen = {}
    for models in (("A",), ("A", "A"), ("B",), ("A", "B")):
        gpus(tmp_path, monkeypatch, *models)
        seen[models] = [machine.describe_machine(device)["gpu"] for device in ("cuda", "cuda:1", "auto")]
    assert seen["A",] == seen["A", "A"] == [["A"]] * 3 and seen["B",] == [["B"]] * 3
    assert len({str(each) for each in seen["A", "B"]}) == 3
    assert "gpu" not in machine.describe_machine("cpu")
    gpus(tmp_path / "hidden", monkeypatch, "A")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.describe_machine("auto")["gpu"] != ["A"], "auto is the processor then"
