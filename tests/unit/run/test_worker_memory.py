"""How many workers a machine's memory holds, by the sizes of the files that their models are read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.run import worker_memory
from bench.run.executor import Local
from bench.run.worker_memory import estimate_models, limit_by_memory

GIB = 1 << 30
STAGES = {
    "segment": {"_target_": "bench.segment.dino_ward.DinoWard"},
    "encode": {"_target_": "bench.encode.global_subtraction.GlobalSubtraction"},
    "caption": {"_target_": "bench.caption.zerocap.ZeroCap"},
}


def write_weights(file: Path, size: int, kind: str) -> None:
    """Write weights of so many bytes, all of them holes."""
    width = {"F32": 4, "F16": 2}[kind]
    numbers = (size - 1024) // width
    facts = {"w": {"dtype": kind, "shape": [numbers], "data_offsets": [0, numbers * width]}}
    head = json.dumps(facts).encode().ljust(1016)
    with file.open("wb") as target:
        target.write(len(head).to_bytes(8, "little") + head)
        target.truncate(1024 + numbers * width)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Models of 5 GiB (CLIP), 1 GiB (language) and 100 GiB that no stage names; the files are of holes alone."""
    models: dict[str, Any] = {}
    for name, size in (("clip", 5 * GIB), ("language", GIB), ("sentence", 100 * GIB)):
        (tmp_path / name).mkdir()
        write_weights(tmp_path / name / "model.safetensors", size, "F32")
        models[name] = {"source": str(tmp_path / name)}
    return {**STAGES, "models": models | {"dino": {"source": str(tmp_path / "absent")}, "sam": None}}


def test_the_language_model_works_beside_a_part_of_clip(settings: dict[str, Any]) -> None:
    assert estimate_models(settings) == 5 * GIB, "CLIP alone is more than 3 GiB of it and the language model"
    settings["models"]["language"] = {"source": settings["models"]["sentence"]["source"]}
    assert estimate_models(settings) == 103 * GIB
    assert estimate_models({**settings, "caption": None}) == 5 * GIB
    assert estimate_models({"models": {}}) == 0


def test_a_stage_of_another_type_has_a_copy_of_its_own_and_a_baseline_its_own_models(settings: dict[str, Any]) -> None:
    assert (
        estimate_models(settings | {"precision": {"caption": "bfloat16", "encode": None}})
        == 5 * GIB // 2 + GIB // 2 + 5 * GIB
    )
    alone = settings | {"baseline": {"_target_": "bench.encode.masked.Masked"}}
    settings["models"]["language"] = settings["models"]["sentence"]
    assert estimate_models(alone) == 5 * GIB, "of stages that a baseline takes the place of nothing is loaded"


def test_a_model_that_is_still_to_be_fetched_is_as_large_as_the_papers(settings: dict[str, Any]) -> None:
    for name in ("clip", "language"):
        settings["models"][name] = {"source": "somebody/something"}
    assert estimate_models(settings) == worker_memory.PUBLISHED["language"] + worker_memory.PUBLISHED["clip"] * 3 // 5
    half = sum(worker_memory.PUBLISHED.values()) // 2 + (256 << 20)
    assert estimate_models(settings | {"dtype": "bfloat16"}) == half, "CLIP, language model and DINO"


def test_what_is_converted_on_loading_stays_beside_what_is_laid_out(settings: dict[str, Any]) -> None:
    """In float32 a file of half precision is twice as large, and no mapped one; in bfloat16 none is laid out."""
    language = Path(settings["models"]["language"]["source"]) / "model.safetensors"
    write_weights(language, 4 * GIB, "F16")
    assert estimate_models(settings) == 8 * GIB + 8 * GIB + 3 * GIB
    write_weights(Path(settings["models"]["clip"]["source"]) / "model.safetensors", GIB, "F16")
    assert estimate_models(settings) == 8 * GIB + 8 * GIB + 2 * GIB
    assert estimate_models(settings | {"dtype": "bfloat16"}) == 4 * GIB + GIB + (256 << 20), "and DINO"
    language.write_bytes(b"no weights")
    assert estimate_models(settings) == 2 * GIB + (512 << 20)


@pytest.mark.parametrize(
    ("there", "most", "expected"),
    [(None, 64, 64), (16.0, 2, 2), (15.9, 2, 2), (11.8, 2, 1), (11.9, 2, 2), (2.0, 64, 1), (60.5, 64, 10)],
)
def test_as_many_workers_as_have_room(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, there: float | None, most: int, expected: int
) -> None:
    """5.625 GiB each, and 0.625 for who leads them; at least one is tried."""
    monkeypatch.setattr(worker_memory, "measure_memory", lambda: None if there is None else int(there * GIB))
    number, why = limit_by_memory(settings, most)
    told = f"executor.workers=auto: {expected} of {most}, one a processor, since of {there} GiB a worker may take 5.6"
    assert number == expected and why.partition(";")[0] == ("" if expected == most else told)


def test_a_session_takes_the_workers_that_have_room_and_says_so(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[int] = []
    monkeypatch.setattr(worker_memory, "measure_memory", lambda: 12 * GIB)
    monkeypatch.setattr("bench.run.executor.count_processors", lambda: 64)
    monkeypatch.setattr("bench.run.executor.list_modules", lambda _: [])
    monkeypatch.setattr("bench.run.executor._open_crew", lambda workers, *_: opened.append(workers) or Crew())
    for workers, expected, told in (("auto", 2, "executor.workers=auto: 2 of 64,"), (64, 64, "")):
        with Local(workers).open_session({**settings, "device": "cpu"}):
            assert opened.pop() == expected
        assert capsys.readouterr().err.startswith(told)


class Crew:
    """No processes."""

    run = None
