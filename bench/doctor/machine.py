"""What this machine has of what a run needs: libraries, a device, memory, room on disk, a CRF that works.

Each function takes the settings of a run and returns what there is, and the command that fixes it where it is wrong.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.store.places import is_remote, open_place, read_remote, write_remote

SHOWN = ("torch", "open_clip_torch", "transformers", "sentence-transformers", "pydensecrf2")
KINDS = ("clip", "dino", "language", "sentence")
"""The models of the method; another segmenter may need one more, a whole system its own and TT's."""
ROOM = 1.0
"""GiB that the store and the results should find free."""
GIB = 2**30
REINSTALL = "pip install --force-reinstall --no-deps WHEEL_OR_FOLDER (the one that zgs was installed from)"
Compose = Callable[[Sequence[str]], dict[str, Any]]
"""The settings that the words of a command line give."""


def list_kinds(settings: dict[str, Any]) -> tuple[str, ...]:
    """List the models that a run with these settings needs."""
    from bench.run.loading import list_needs

    if (baseline := settings.get("baseline")) is not None:
        return ("sentence", *list_needs(baseline))
    stages = [settings[stage] for stage in ("segment", "encode", "caption", "merge")]
    needed = dict.fromkeys(("clip", "sentence", *(kind for options in stages for kind in list_needs(options))))
    return (*(kind for kind in KINDS if kind in needed), *(kind for kind in needed if kind not in KINDS))


def examine_versions() -> tuple[str, str]:
    """Compare Python and the libraries with what the package asks for."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in importlib.metadata.requires("zgs") or []]
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        needed = [Requirement(name) for name in SHOWN]
    applicable = [need for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})]
    bad = [need for need in applicable if not _is_met(need)]
    names = dict.fromkeys([*SHOWN, *(need.name for need in bad)])
    shown = ", ".join(f"{name} {_read_version(name) or 'absent'}" for name in names)
    fix = f"pip install {' '.join(repr(str(need)) for need in bad)}" if bad else ""
    return f"python {platform.python_version()}, {shown}", fix


def _is_met(need: Any) -> bool:
    version = _read_version(need.name)
    return version is not None and bool(need.specifier.contains(version, prereleases=True))


def _read_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def examine_device(settings: dict[str, Any]) -> tuple[str, str]:
    """Examine what models run on, and in which precision."""
    import torch

    from bench.models.sources import DTYPES
    from bench.settings.device import find_device
    from bench.settings.ranges import RunSettings

    wanted, dtype, gpu = str(settings["device"]), settings["dtype"], torch.cuda.is_available()
    state = f"cpu, {torch.get_num_threads()} of {os.cpu_count()} threads"
    if gpu and wanted != "cpu":
        state = f"gpu {torch.cuda.get_device_name()}, {torch.cuda.mem_get_info()[1] / GIB:.1f} GiB"
    if dtype not in DTYPES:
        return f"{state}; dtype={dtype} is unknown", "add dtype=float32"
    if wanted.startswith("cuda") and not gpu:
        return f"{state}; device={wanted} but torch {torch.__version__} finds no GPU", "add device=cpu"
    try:
        find_device(wanted, RunSettings.read(settings))
    except UserError as error:
        switched = settings.get("compile") or settings.get("graphs")
        return f"{state}; {error}", "add device=auto dtype=float32" + " compile=false graphs=false" * bool(switched)
    own = [f"precision.{stage}={other}" for stage, other in settings.get("precision", {}).items() if other]
    return ", ".join([f"{state} (device={wanted})", dtype, *own]), ""


def examine_memory(settings: dict[str, Any]) -> tuple[str, str]:
    """Compare the free memory where the models will lie with the size of their files."""
    import torch

    from bench.models import located, sources

    paths = [place.path for kind in list_kinds(settings) if (place := located.locate(settings["models"][kind])).path]
    need = sum(file.stat().st_size for path in paths for file in sources.list_weight_files(path)) / GIB
    on_gpu = settings["device"] != "cpu" and torch.cuda.is_available()
    free = torch.cuda.mem_get_info()[0] / GIB if on_gpu else measure_free_memory()
    if free is None:
        return f"free: unknown on this system, the weights that are installed take {need:.1f} GiB", ""
    where = "gpu" if on_gpu else "cpu"
    state = f"{free:.1f} GiB free on the {where}, the weights that are installed take {need:.1f} GiB"
    return state, "add dtype=bfloat16 models/language=gpt2_small, or free some" if free < need else ""


def measure_free_memory() -> float | None:
    """Measure the GiB that programs can have without swapping, as Linux says; None elsewhere."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024 / GIB
    except (OSError, KeyError, ValueError):
        return None


def examine_disk(key: str, folder: Path) -> tuple[str, str]:
    """Measure room and look for leave to write where results go; the folder itself need not exist yet."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free / GIB
    state = f"{folder}: {free:.1f} GiB free"
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        return f"{state}, but {existing} cannot be written", f"add {key}=FOLDER"
    return state, f"add {key}=FOLDER (on a disk with room), or free some" if free < ROOM else ""


def examine_store(address: str) -> tuple[str, str]:
    """Look where the store is: a folder's disk, or whether an address answers and takes a file."""
    place = open_place(address)
    if not is_remote(place):
        return examine_disk("store", place)
    probe = place / f".doctor-{secrets.token_hex(4)}"
    try:
        write_remote(probe, b"zgs")
        whole = read_remote(probe) == b"zgs"
        probe.unlink()
    except (OSError, UserError) as error:
        return f"{address}: {' '.join(str(error).split())[:200]}", "add store=FOLDER, or make the address answer"
    return f"{address}: answers, and takes files", "" if whole else "what it took it did not give back: store=FOLDER"


def examine_crf(settings: dict[str, Any]) -> tuple[str, str]:
    """Run the CRF on a tiny image whose labels are known: one wrong pixel amid a plain half is put right."""
    import numpy as np

    from bench.segment.crf import DenseCrf

    if settings["segment"].get("crf") in (None, "none", False):
        return "not used (segment.crf=none)", ""
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = 255
    right = (np.arange(8) >= 4).astype(np.int16) * np.ones((8, 1), np.int16)
    seen = right.copy()
    seen[4, 1] = 1
    unary = np.stack([np.where(seen == label, -1.0, 0.0) for label in (0, 1)], axis=-1).astype(np.float32)
    fix = "pip install --force-reinstall pydensecrf2 (it needs a C++ compiler), or add segment.crf=none"
    try:
        works = np.array_equal(DenseCrf().choose_labels(unary, image), right)
    except Exception as error:  # built for another Python or numpy, or not at all
        return f"does not run: {type(error).__name__}: {' '.join(str(error).split())[:120]}", fix
    return ("works", "") if works else ("runs, but labels a tiny image wrongly", fix)


def examine_tracking(settings: dict[str, Any]) -> tuple[str, str]:
    """Examine where finished runs are told of, and whether what that needs is installed."""
    options = settings["tracking"]
    parts = [part for part in (options, *options.values()) if isinstance(part, dict) and "_target_" in part]
    told = [known for part in parts if (known := _describe_tracker(part))]
    missing = sorted({need for _, needs in told for need in needs if _read_version(need) is None})
    state = "; ".join(text for text, _ in told) or "none: nothing is sent anywhere"
    if missing:
        return f"{state}; not installed: {', '.join(missing)}", f"pip install {' '.join(missing)}"
    return state, ""


def _describe_tracker(options: dict[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Describe what a tracker does, and the packages that it needs; None for one that is not ours, or none."""
    name = str(options["_target_"]).rpartition(".")[2]
    if name == "Wandb":
        mode = options["mode"]
        return f"W&B, mode {mode}" + (": files in the run's folder, nothing is sent" * (mode == "offline")), ("wandb",)
    if name == "MLflow":
        local = () if options["uri"] else ("sqlalchemy", "alembic")
        needs = () if _read_version("mlflow") else ("mlflow-skinny", *local)
        return f"MLflow, {options['uri'] or 'a database below out, nothing is sent'}", needs
    if name == "TensorBoard":
        return "TensorBoard, files in the run's folder, nothing is sent", ("tensorboard",)
    return None
