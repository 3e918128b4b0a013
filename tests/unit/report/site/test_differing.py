"""What a site says of runs that differ: what moves a number and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.report.site import shown
from bench.report.site.differing import describe_images, describe_models, describe_protocols


def test_a_run_of_fewer_images_is_told_with_what_it_lacks() -> None:
    (told,) = describe_images({"masked": list("abcdef"), "crop": list("abcd")})
    assert told[0] == "crop" and told[1].startswith("has 4 of 6 images") and told[1].endswith("it lacks e, f")
    assert len(describe_images({"a": ["x"], "b": ["y"]})) == 2 and describe_images({"a": ["x"], "b": ["x"]}) == []


def test_only_what_moves_a_value_is_another_protocol() -> None:
    first = {"name": "paper", "tau_sbert": 0.5, "resamples": 10_000, "no_class": ["none"], "level": 0.95}
    assert describe_protocols([{**first, "resamples": 50, "level": 0.9, "no_class": ("none",)}], first) is None
    assert describe_protocols([{**first, "tau_sbert": None}, first], first) is None
    told = describe_protocols([{**first, "void": "count", "tau_sbert": 1}, {**first, "tau_sbert": None}], first)
    assert told is not None and "(tau_sbert=none in place of 0.5)" in told  # of the nearest of its protocols


def test_models_are_compared_by_mapping_and_a_mapping_that_is_absent_is_none() -> None:
    assert describe_models({"a": {"tt": "x", "st": "y"}, "b": {"tt": "x"}, "c": {}}) == []
    (told,) = describe_models({"a": {"tt": "x", "st": "y"}, "b": {"tt": "z", "st": "y"}})
    assert told[0] == "TT" and told[1].endswith("a: x; b: z")


def test_runs_of_other_data_or_classes_than_the_first_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def data(split: str, names: tuple[str, ...]) -> SimpleNamespace:
        return SimpleNamespace(name="toy", split=split, classes=SimpleNamespace(name="list", names=names))

    kinds = {
        "a": data("test", ("cat",)),
        "b": data("tune", ("cat",)),
        "c": data("test", ("cat",)),
        "d": data("test", ()),
    }
    datasets = {Path(name): each for name, each in kinds.items()}
    opened: list[str] = []

    def open_run(folder: Path, name: str, *_: object) -> SimpleNamespace:
        opened.append(name)
        return SimpleNamespace(name=name, ids=["1"])

    monkeypatch.setattr(shown, "label_runs", lambda folders: {folder: str(folder) for folder in folders})
    monkeypatch.setattr(shown, "_open_data", lambda *_: datasets)
    monkeypatch.setattr(shown, "_open_run", open_run)
    monkeypatch.setattr(shown, "_tell_protocols", lambda *_: [])
    monkeypatch.setattr(shown, "has_scores", lambda folder: False)
    site = shown.open_runs(list(datasets), ["e: not finished"])
    assert opened == ["a", "c"] and site.ids == ["1"]
    assert [each["what"] for each in site.missing] == ["a run", "b", "d"]
    assert site.missing[0]["why"] == "e: not finished" and "is of other data (toy:tune, list)" in site.missing[1]["why"]
