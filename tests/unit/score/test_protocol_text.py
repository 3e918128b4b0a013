"""What changes a number is said beside it."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest

from bench.protocol import Protocol
from bench.score.presets import list_presets
from bench.score.presets import make_protocol as preset
from bench.score.protocol_text import describe_protocol


@pytest.mark.parametrize("name", list_presets())
def test_every_setting_is_there_once(name: str) -> None:
    text = describe_protocol(preset(name))
    assert text.startswith(f"protocol: name={name} ")
    keys = [word.partition("=")[0] for word in text.split()[1:]]
    assert keys == [field.name for field in fields(Protocol)]
    assert all(len(line) <= 110 for line in text.splitlines())


def test_values_are_as_one_would_type_them() -> None:
    words = describe_protocol(preset("dataset_miou", background="class", metrics=("iou", "open"))).split()
    assert {"metrics=iou,open", "tau_sbert=none", "background=class", "breakdown=none", "rounding=6"} < set(words)


def test_a_record_reads_like_the_protocol_it_is_of() -> None:
    score = preset("soft")
    record = {"_target_": "x", **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(score).items()}}
    assert describe_protocol(record) == describe_protocol(score)
