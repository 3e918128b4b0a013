"""`zgs doctor`: what this machine has of what a run needs, on one screen; no part of the paper.

Weights are found, hashed and read in their headers, never loaded, and nothing is fetched: `zgs verify` loads them.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import __version__
from bench.cli import DONE, FAILED
from bench.commands.verify import NOTE, quiet
from bench.errors import UserError

USAGE = """zgs doctor [models=paper] [KEY=VALUE …]

What is here of what a run with these settings needs, and the command that mends the rest; loads and fetches nothing."""
SHOWN = ("torch", "open_clip_torch", "transformers", "sentence-transformers", "pydensecrf2")
KINDS = ("clip", "dino", "language", "sentence")
ROOM = 1.0
"""GiB that the store and the results should find free."""
GIB = 2**30
REINSTALL = "pip install --force-reinstall --no-deps WHEEL_OR_FOLDER (the one that zgs was installed from)"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what it is, and where it is wrong the command that mends it."""

    name: str
    told: str
    mend: str = ""


def main(arguments: list[str]) -> int:
    """``zgs doctor [models=… KEY=VALUE …]``; the exit code is 1 where something is wrong."""
    from bench.commands.settings import composed

    settings = composed(arguments)
    print(f"zgs {__version__}, models={settings['models']['name']}")
    wrong = 0
    for finding in findings(settings, arguments):
        wrong += bool(finding.mend)
        print(f"{'WRONG' if finding.mend else 'ok':6} {finding.name:9} {finding.told}")
        if finding.mend:
            print(f"{'':16} mend: {finding.mend}")
    print(f"models: {NOTE}")
    print(f"{wrong} wrong" if wrong else f"all well; next: {' '.join(['zgs verify', *arguments])}")
    return FAILED if wrong else DONE


def findings(settings: dict[str, Any], words: list[str]) -> Iterator[Finding]:
    """Every line; a part that fails in a way nobody foresaw is a line too."""
    parts: list[tuple[str, Callable[[], tuple[str, str]]]] = [
        ("versions", versions),
        ("device", partial(device, settings)),
        *((kind, partial(model, kind, settings, words)) for kind in KINDS),
        ("memory", partial(memory, settings)),
        *((key, partial(disk, key, Path(settings[key]))) for key in ("store", "out")),
        ("crf", partial(crf, settings)),
        ("tracking", partial(tracking, settings)),
    ]
    for name, part in parts:
        try:
            with quiet():
                finding = Finding(name, *part())
        except Exception as error:  # a doctor must not die of what it looks for
            said = f"cannot be examined: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            finding = Finding(name, said, REINSTALL)
        yield finding


def versions() -> tuple[str, str]:
    """Python and libraries against what the package asks for."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in importlib.metadata.requires("zgs") or []]
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        needed = [Requirement(name) for name in SHOWN]
    wanted = [need for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})]
    bad = [need for need in wanted if not _fits(need)]
    names = dict.fromkeys([*SHOWN, *(need.name for need in bad)])
    shown = ", ".join(f"{name} {_version(name) or 'absent'}" for name in names)
    mend = f"pip install {' '.join(repr(str(need)) for need in bad)}" if bad else ""
    return f"python {platform.python_version()}, {shown}", mend


def _fits(need: Any) -> bool:
    version = _version(need.name)
    return version is not None and bool(need.specifier.contains(version, prereleases=True))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def device(settings: dict[str, Any]) -> tuple[str, str]:
    """What models run on, and in which precision."""
    import torch

    from bench.models.sources import DTYPES
    from bench.settings.device import found_device

    wanted, dtype, gpu = str(settings["device"]), settings["dtype"], torch.cuda.is_available()
    told = f"cpu, {torch.get_num_threads()} of {os.cpu_count()} threads"
    if gpu and wanted != "cpu":
        told = f"gpu {torch.cuda.get_device_name()}, {torch.cuda.mem_get_info()[1] / GIB:.1f} GiB"
    if dtype not in DTYPES:
        return f"{told}; dtype={dtype} is unknown", "add dtype=float32"
    if wanted.startswith("cuda") and not gpu:
        return f"{told}; device={wanted} but torch {torch.__version__} finds no GPU", "add device=cpu"
    try:
        found_device(wanted, dtype)
    except UserError as error:
        return f"{told}; {error}", "add device=auto dtype=float32"
    return f"{told} (device={wanted}), {dtype}", ""


def model(kind: str, settings: dict[str, Any], words: list[str]) -> tuple[str, str]:
    """Where the weights are, a short hash of them, and what their headers and configs say."""
    from bench.doctor import caches
    from bench.models import guards, inspected, located, sources

    options = settings["models"][kind]
    place, name = located.locate(options), f"{options['source']}"
    if options.get("pretrained") and place.how in ("missing", "hub cache"):
        name += f" ({options['pretrained']})"
    found = caches.elsewhere(kind, options, missing=place.path is None)
    if place.path is None:
        name += f": missing{': ' * bool(place.why)}{place.why}"
        return name + caches.told(*found), caches.mend(found[0]) or _fetch(kind, place, words)
    told = f"{name}: {place.how}"
    try:
        caches.check_published(place.path)
        said = inspected.facts(kind, options, place.path)
        return f"{told}, sha256 {sources.weights_hash(place.path)[:8]}, {said}{caches.told(*found)}", ""
    except guards.Misstated as error:
        return f"{told}; {error}", f"add {_fitting(kind, words, place.path, str(error))}"
    except UserError as error:
        return f"{told}; {error}", _fetch(kind, place, words)


def _fetch(kind: str, place: Any, words: list[str]) -> str:
    """The command that fetches what is missing or damaged: the name given, else what the chosen yaml names."""
    from bench.commands.settings import composed
    from bench.models import located

    given = (f"models.{kind}.source=", f"models.{kind}.pretrained=")
    if place.fetch:
        force = " --force-download" if place.how == "hub cache" and "hf download" in place.fetch else ""
        return f"{place.fetch}{force}, or add {given[0]}FOLDER"
    original = located.locate(composed([word for word in words if not word.startswith(given)])["models"][kind])
    if not original.fetch:
        return REINSTALL
    return f"{original.fetch} --local-dir FOLDER, and add {given[0]}FOLDER"


def _fitting(kind: str, words: list[str], path: Path, told: str) -> str:
    """The option of the group models/KIND that these weights fit, else the overrides that state nothing.

    A config without a flag computes gelu whatever the weights need, so that there the reader must say which it is.
    """
    from bench.commands.settings import composed
    from bench.models import inspected
    from bench.settings.compose import list_options

    if "computes gelu" in told and path.is_dir():
        flag = f'"quick_gelu": true to model_cfg in {path / "open_clip_config.json"} (OpenAI\'s weights)'
        return f"{flag}, or models.clip.activation=gelu (others)"
    for name in list_options(f"models/{kind}"):
        choice = f"models/{kind}={name}"
        with suppress(UserError):
            inspected.facts(kind, composed([*words, choice])["models"][kind], path)
            return choice
    keys = ["activation"] if "computes" in told else ["patch", "grid"]
    return " ".join(f"models.{kind}.{key}=null" for key in [*keys, *["architecture"] * (".architecture=" in told)])


def memory(settings: dict[str, Any]) -> tuple[str, str]:
    """Free memory where the models will lie against the size of their files."""
    import torch

    from bench.models import located, sources

    paths = [place.path for kind in KINDS if (place := located.locate(settings["models"][kind])).path]
    need = sum(file.stat().st_size for path in paths for file in sources.weight_files(path)) / GIB
    on_gpu = settings["device"] != "cpu" and torch.cuda.is_available()
    free = torch.cuda.mem_get_info()[0] / GIB if on_gpu else available_memory()
    if free is None:
        return f"free: unknown on this system, the weights that are here take {need:.1f} GiB", ""
    told = f"{free:.1f} GiB free on the {'gpu' if on_gpu else 'cpu'}, the weights that are here take {need:.1f} GiB"
    return told, "add dtype=bfloat16 models/language=gpt2_small, or free some" if free < need else ""


def available_memory() -> float | None:
    """GiB that programs can have without swapping, as Linux tells; None elsewhere."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024 / GIB
    except (OSError, KeyError, ValueError):
        return None


def disk(key: str, folder: Path) -> tuple[str, str]:
    """Room and leave to write where results go; the folder itself need not exist yet."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free / GIB
    told = f"{folder}: {free:.1f} GiB free"
    if not there.is_dir() or not os.access(there, os.W_OK):
        return f"{told}, but {there} cannot be written", f"add {key}=FOLDER"
    return told, f"add {key}=FOLDER (on a disk with room), or free some" if free < ROOM else ""


def crf(settings: dict[str, Any]) -> tuple[str, str]:
    """The CRF on a tiny image whose labels are known: one wrong pixel amid a plain half is put right."""
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
    mend = "pip install --force-reinstall pydensecrf2 (it needs a C++ compiler), or add segment.crf=none"
    try:
        works = np.array_equal(DenseCrf().labels(unary, image), right)
    except Exception as error:  # built for another Python or numpy, or not at all
        return f"does not run: {type(error).__name__}: {' '.join(str(error).split())[:120]}", mend
    return ("works", "") if works else ("runs, but labels a tiny image wrongly", mend)


def tracking(settings: dict[str, Any]) -> tuple[str, str]:
    """Where finished runs are told of."""
    options = settings["tracking"]
    if not options["_target_"].endswith(".Wandb"):
        return "none: nothing is sent anywhere", ""
    if _version("wandb") is None:
        return "W&B, which is not installed", "pip install wandb"
    mode = options["mode"]
    return f"W&B, mode {mode}" + (": files in the run's folder, nothing is sent" * (mode == "offline")), ""
