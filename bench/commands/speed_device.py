"""`zgs speed device=cuda` and `device=meta`: every model stage on a GPU, measured, or counted where none is at hand."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.commands.speed_inputs import check_places, list_asked, list_precisions, make_inputs
from bench.commands.speed_stopping import describe_stop_on_device
from bench.errors import DONE, UsageError, writing
from bench.system.signals import tell_at_stop

META, CUDA = "meta", "cuda"
Job = tuple[Iterable[dict[str, Any]], Callable[[Mapping[str, Any]], str], dict[str, Any]]
"""The rows as they come, what describes one, and the machine."""


def find_device_word(words: Sequence[str]) -> str:
    """Find the device among the words that are settings of a run; by default the processor."""
    return next((word.partition("=")[2] for word in reversed(words) if word.startswith("device=")), "cpu")


def run_on_device(device: str, options: Mapping[str, str], words: Sequence[str]) -> int:
    """Measure or count every stage on a device, a line each as it is done, and write them where asked to."""
    from bench.speed.rows import describe_others

    if options["growth"] == "yes":
        raise UsageError(f"speed: growth=yes on device={device}: costs are fitted on the processor; leave device= out")
    own = [word for word in words if not word.startswith("device=")]
    kind = META if device == META else CUDA
    rows, describe, machine = (_count if device == META else _measure)(device, options, own)
    check_places(options, [f"{kind}_{options['scale']}.{end}" for end in ("json", "csv", "md")], own)
    read_kept(kind, machine, options)
    done: list[dict[str, Any]] = []
    written: list[Path] = []
    begin = time.monotonic()
    for row in rows:
        done.append(row)
        print(describe(row), flush=True)
        print(f"  {len(done)} done, {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        tell_at_stop(describe_stop_on_device(options, len(done)))
        written = keep_rows(done, kind, machine, options)
    print(*(["speed:", *written] if written else []), sep="\n  ", end="\n" if written else "")
    if others := describe_others(read_kept(kind, machine, options), done):
        print(others)
    if device == META:
        print("counted from shapes; not measured on a GPU")
    return DONE


def _count(device: str, options: Mapping[str, str], words: Sequence[str]) -> Job:
    import torch

    from bench.speed.device.count import STAGES, count_stages, describe_row

    if any(word.startswith(("compile=", "graphs=", "precision.")) for word in words):
        raise UsageError("speed: device=meta counts plain stages, all models in one dtype; leave these keys out")
    inputs, stages = _make_inputs("cpu", options, words), _choose(options["stages"], STAGES, device)
    dtypes = _choose_dtypes(inputs.settings, words, ("float32", "bfloat16"))
    machine = {"device": META, "torch": torch.__version__}
    return _name_settings(count_stages(inputs, dtypes, stages), inputs), describe_row, machine


def _measure(device: str, options: Mapping[str, str], words: Sequence[str]) -> Job:
    import torch

    from bench.settings.device import find_device
    from bench.speed.device.measure import STAGES, describe_row, measure_stages
    from bench.speed.device.probe import open_cuda
    from bench.speed.weights import describe_weights

    try:
        find_device(device)
    except UsageError as error:
        raise UsageError(
            f"speed: {error}; nothing can be measured then, device=meta counts shapes, operations and bytes"
        ) from error
    if any(word.startswith(("compile=", "graphs=", "precision.")) for word in words):
        raise UsageError("speed: device=cuda tries compile=, graphs= and every dtype by itself; leave these keys out")
    inputs, stages = _make_inputs(device, options, words), _choose(options["stages"], STAGES, device)
    dtypes = _choose_dtypes(inputs.settings, words, ("float32", "bfloat16", "float16"))
    probe, weights = open_cuda(device), describe_weights(inputs.settings, ("clip", "dino", "language"))
    machine = {"device": probe.name, "torch": torch.__version__, "cuda": torch.version.cuda}
    return _name_settings(measure_stages(inputs, probe, dtypes, stages), inputs, weights=weights), describe_row, machine


def _name_settings(rows: Iterable[dict[str, Any]], inputs: Any, **more: str) -> Iterator[dict[str, Any]]:
    return ({**row, "settings": list(inputs.changed), **more} for row in rows)


def _make_inputs(device: str, options: Mapping[str, str], words: Sequence[str]) -> Any:
    from bench.speed.inputs import MODELS

    inputs = make_inputs(device, options, words, MODELS, embedded=False)
    if own := list_precisions(inputs.settings)[1:]:
        raise UsageError(f"speed: {own[0]}: all models have one dtype here; leave it out")
    return inputs


def _choose(text: str, known: Sequence[str], device: str) -> tuple[str, ...]:
    asked = list_asked(text)
    if unknown := [name for name in asked if name not in known]:
        raise UsageError(f"speed: stages={unknown[0]} on device={device}: there are {', '.join(known)}")
    return tuple(name for name in known if name in asked or not asked)


def _choose_dtypes(settings: Mapping[str, Any], words: Sequence[str], usual: tuple[str, ...]) -> tuple[str, ...]:
    return (settings["dtype"],) if any(word.startswith("dtype=") for word in words) else usual


def read_kept(kind: str, machine: Mapping[str, Any], options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read the rows that to=FOLDER has of this machine. Raises UserError for a file that holds none."""
    from bench.speed.device.write import make_device_page, sort_device_rows
    from bench.speed.rows import read_rows

    def ask(rows: Sequence[dict[str, Any]]) -> object:
        return make_device_page(sort_device_rows(rows), machine, options["scale"])

    path = Path(options["to"]) / f"{kind}_{options['scale']}.json"
    return read_rows(path, machine, ask) if options["to"] else []


def keep_rows(
    rows: Sequence[dict[str, Any]], kind: str, machine: dict[str, Any], options: Mapping[str, str]
) -> list[Path]:
    """Keep what is there so far, where the options say; rows of stages that the folder has and these have not stay.

    All rows of a stage are of one command: what differs is told from the first of them.
    """
    from bench.speed.device.write import sort_device_rows, write_device_rows
    from bench.speed.write import write_json

    scale, written = options["scale"], list[Path]()
    if options["json"]:
        with writing(Path(options["json"]), "json=FILE"):
            written.append(write_json(rows, machine, scale, Path(options["json"])))
    if options["to"]:
        with writing(Path(options["to"]), "to=FOLDER"):
            done = {row["stage"] for row in rows}
            kept = [row for row in read_kept(kind, machine, options) if row["stage"] not in done]
            every = sort_device_rows([*kept, *rows])
            written += write_device_rows(every, machine, scale, Path(options["to"]))
    return written
