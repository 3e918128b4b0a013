"""The models and stages that settings name, made when first asked for: the part of the door that loads (section 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias, overload

from bench.errors import UsageError
from bench.interfaces import (
    Baseline,
    Captioner,
    ClipModel,
    DinoModel,
    Encoder,
    GroupVitModel,
    LanguageModel,
    Merger,
    SamModel,
    Segmenter,
    SentenceModel,
)  # fmt: skip
from bench.run.loading import Model, list_needs, load_once
from bench.settings.depends import Dependence, check_unchanged
from bench.settings.device import find_device
from bench.settings.instantiate import make_object
from bench.settings.ranges import RunSettings
from bench.store.keys import collect_inputs
from bench.store.model_facts import collect_model_facts as _model_facts
from bench.system.pages import PACKED, give_back

Settings = Mapping[str, Any]
STAGES = ("segment", "encode", "caption", "merge", "baseline")
Stage: TypeAlias = Segmenter | Encoder | Captioner | Merger | Baseline


class RunParts:
    """Models and stages of a run; models are loaded only if a result is missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.run = settings, RunSettings.read(settings)
        self._facts: dict[str, dict[str, Any]] = {}

    @cached_property
    def device(self) -> str:
        """The device: auto is the GPU where there is one."""
        return find_device(self.run.device, self.run)

    @overload
    def load_model(self, name: Literal["clip"], stage: str | None = ...) -> ClipModel: ...
    @overload
    def load_model(self, name: Literal["dino"], stage: str | None = ...) -> DinoModel: ...
    @overload
    def load_model(self, name: Literal["language"], stage: str | None = ...) -> LanguageModel: ...
    @overload
    def load_model(self, name: Literal["sentence"], stage: str | None = ...) -> SentenceModel: ...
    @overload
    def load_model(self, name: Literal["groupvit"], stage: str | None = ...) -> GroupVitModel: ...
    @overload
    def load_model(self, name: Literal["sam"], stage: str | None = ...) -> SamModel: ...
    @overload
    def load_model(self, name: str, stage: str | None = ...) -> Model: ...
    def load_model(self, name: str, stage: str | None = None) -> Model:
        """Load one of `bench.run.loading.MODELS`, once for each number type: that of a stage, or the run's own."""
        facts, threads = json.dumps(self.read_facts(name), sort_keys=True), self.depends.threads
        options, dtype = json.dumps(self.settings["models"][name]), self.run.choose_dtype(stage)
        return load_once(options, self.device, dtype, threads, facts, self.run.compile)

    def read_facts(self, name: str) -> dict[str, Any]:
        """Collect what results depend on of a model, as its files are when first asked."""
        if self.settings["models"].get(name) is None:
            raise UsageError(f"{self._find_user(name)} needs the model {name}, {self._describe_lack(name)}")
        if name not in self._facts:
            self._facts[name] = _model_facts(self.settings["models"][name])
        return self._facts[name]

    def _find_user(self, model: str) -> str:
        """Find the stage that names a model in its constructor, with the option chosen."""
        stages = [stage for stage in STAGES if stage in self.settings]
        stage = next((each for each in stages if model in list_needs(self.settings[each])), "score")
        return f"{stage}={self.settings.get('choices', {}).get(stage, self.settings[stage].get('_target_', ''))}"

    def _describe_lack(self, model: str) -> str:
        chosen = self.settings.get("choices", {}).get("models", "…")
        return f"and models={chosen} has none: add {model}: {{_target_: …, source: …}} to it, or choose another models="

    @overload
    def make_stage(self, name: Literal["segment"]) -> Segmenter: ...
    @overload
    def make_stage(self, name: Literal["encode"]) -> Encoder: ...
    @overload
    def make_stage(self, name: Literal["caption"]) -> Captioner: ...
    @overload
    def make_stage(self, name: Literal["merge"]) -> Merger: ...
    @overload
    def make_stage(self, name: Literal["baseline"]) -> Baseline: ...
    @overload
    def make_stage(self, name: str) -> Stage: ...
    def make_stage(self, name: str) -> Stage:
        """Make the stage of a config group, with the models that its constructor names."""
        options = self.settings[name]
        with check_unchanged(name, lambda: collect_inputs(options)):
            made: Stage = make_object(options, **{m: self.load_model(m, name) for m in list_needs(options)})
        if not callable(made):
            raise UsageError(f"{name}._target_={options['_target_']}: gives no {name}, which can be called")
        if self.run.graphs and hasattr(made, "use_graphs"):
            made.use_graphs()
        give_back(PACKED)
        return made

    @cached_property
    def depends(self) -> Dependence:
        """What results depend on besides options and models."""
        return Dependence(self.settings)
