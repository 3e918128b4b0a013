"""Modules of the models that a run may load: what a fork server imports for all workers."""

from __future__ import annotations

from typing import Any

from bench.run.loading import list_modules
from bench.settings.compose import compose_config, resolve_config

SIBLINGS = {"_target_": "bench.merge.siblings.Siblings"}


def compose(*words: str) -> dict[str, Any]:
    return resolve_config(compose_config(list(words)))


def test_modules_are_those_of_the_models_that_the_stages_name_and_of_scoring() -> None:
    models = {name: f"bench.models.{name}" for name in ("clip", "dino", "language", "sentence")}
    assert sorted(list_modules(compose())) == sorted(models.values())
    without = [models[name] for name in ("clip", "language", "sentence")]
    assert sorted(list_modules(compose("segment=whole"))) == without
    unlabelled = [models[name] for name in ("clip", "dino", "language")]
    assert sorted(list_modules(compose("data=folder", "data.root=x"))) == unlabelled
    assert models["sentence"] in list_modules(compose("data=folder", "data.root=x", "data.layout=y.yaml"))
    assert list_modules({"models": {}, "merge": SIBLINGS}) == []


def test_modules_of_other_packages_are_left_to_each_worker() -> None:
    models = {"clip": {"_target_": "mine.models.Clip"}, "sentence": {"_target_": "bench.models.sentence.Sentence"}}
    assert list_modules({"models": {**models, "dino": None}, "merge": SIBLINGS}) == ["bench.models.sentence"]
