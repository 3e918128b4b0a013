"""The door between configuration and code: from resolved settings to data, models, stages and store.

Settings are a plain dict (Hydra's resolved configuration). Behind this file nobody sees them: stages get plain
arguments. A stage says by the names of its constructor's parameters which models it needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

from hydra.utils import get_object

from bench.data.base import Dataset
from bench.errors import UsageError, UserError
from bench.interfaces import (
    Captioner,
    ClipModel,
    DinoModel,
    Encoder,
    LanguageModel,
    Merger,
    Segmenter,
    SentenceModel,
)  # fmt: skip
from bench.mapping.similarity import PROMPT
from bench.records import ClassList
from bench.run.loading import Model, list_needs, load_once
from bench.settings.depends import Dependence, check_same, check_unchanged, collect_trunk_inputs
from bench.settings.device import find_device
from bench.settings.instantiate import make_object
from bench.settings.naming import make_run_name, make_variant_name
from bench.settings.ranges import RunSettings
from bench.store.facts.machine import read_switches
from bench.store.files import Namespace, Store
from bench.store.identity import Identity, identify_data
from bench.store.keys import collect_inputs, hash_texts, make_stage_key
from bench.store.model_facts import collect_model_facts as _model_facts
from bench.store.stages import StageNamespaces, StoredStages
from bench.store.texts import StoredEncoder

STAGES = ("segment", "encode", "caption", "merge")
PRECISION = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
Settings = Mapping[str, Any]
Stage: TypeAlias = Segmenter | Encoder | Captioner | Merger


class RunContext:
    """Everything a run needs, made when first asked for; models are loaded only if a result is missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.run = settings, RunSettings.read(settings)
        self.store = Store(Path(self.run.store))
        self._facts: dict[str, dict[str, Any]] = {}
        self._encoders: dict[str, StoredEncoder] = {}

    @cached_property
    def name(self) -> str:
        """The run's name, of the files as they are when it begins."""
        return make_run_name(self.settings)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set."""
        dataset: Dataset = make_object(self.settings["data"])
        return dataset

    @property
    def classes(self) -> ClassList:
        """The classes of the data set. Raises UserError where it has none."""
        if self.dataset.classes is None:
            raise UserError(f"{self.dataset.name}: nothing is labelled there, so nothing can be scored")
        return self.dataset.classes

    @cached_property
    def identity(self) -> Identity:
        """What the data are, for keys and records."""
        return identify_data(self.dataset, self.settings["data"], self.store)

    @cached_property
    def device(self) -> str:
        """The device: auto is the GPU where there is one."""
        return find_device(self.run.device, self.run.dtype)

    @overload
    def load_model(self, name: Literal["clip"]) -> ClipModel: ...
    @overload
    def load_model(self, name: Literal["dino"]) -> DinoModel: ...
    @overload
    def load_model(self, name: Literal["language"]) -> LanguageModel: ...
    @overload
    def load_model(self, name: Literal["sentence"]) -> SentenceModel: ...
    @overload
    def load_model(self, name: str) -> Model: ...
    def load_model(self, name: str) -> Model:
        """Load one of clip, dino, language, sentence, once."""
        options, threads = self.settings["models"][name], self.depends.threads
        facts = json.dumps(self.read_facts(name), sort_keys=True)
        return load_once(json.dumps(options), self.device, self.run.dtype, threads, facts)

    def read_facts(self, name: str) -> dict[str, Any]:
        """Collect what results depend on of a model, as its files are when first asked."""
        if name not in self._facts:
            self._facts[name] = _model_facts(self.settings["models"][name])
        return self._facts[name]

    @overload
    def make_stage(self, name: Literal["segment"]) -> Segmenter: ...
    @overload
    def make_stage(self, name: Literal["encode"]) -> Encoder: ...
    @overload
    def make_stage(self, name: Literal["caption"]) -> Captioner: ...
    @overload
    def make_stage(self, name: Literal["merge"]) -> Merger: ...
    @overload
    def make_stage(self, name: str) -> Stage: ...
    def make_stage(self, name: str) -> Stage:
        """Make the stage of a config group, with the models that its constructor names."""
        options = self.settings[name]
        with check_unchanged(name, lambda: collect_inputs(options)):
            made: Stage = make_object(options, **{m: self.load_model(m) for m in list_needs(options)})
        if not callable(made):
            raise UsageError(f"{name}._target_={options['_target_']}: gives no {name}, which can be called")
        return made

    @cached_property
    def depends(self) -> Dependence:
        """What results depend on besides options and models."""
        return Dependence(self.settings)

    @cached_property
    def stages(self) -> StoredStages:
        """Segment, embed and describe with the store around them."""
        if began := self.settings.get("keys"):  # a worker, which must find what its run has found
            check_same(began, self.keys)
        own = "clip" in list_needs(self.settings["encode"])
        titles = {name: f"{make_variant_name(self.settings)} ({self.settings[name]['_target_']})" for name in STAGES}
        return StoredStages(
            self.store,
            self.namespaces,
            self.make_stage,
            titles,
            lambda: self.load_model("clip").dim if own else None,
            by_truth=bool(getattr(get_object(self.settings["segment"]["_target_"]), "reads_truth", False)),
        )

    @cached_property
    def merge(self) -> Merger:
        """Section 3.4, which nothing stands around: what it gives is kept as an entry of the predictions file."""
        return self.make_stage("merge")

    @cached_property
    def namespaces(self) -> StageNamespaces:
        """Where results lie."""
        return StageNamespaces(
            self._open_stage("segment"),
            self._open_stage("encode"),
            self._open_stage("caption"),
            self._open_trunk(),
        )

    @cached_property
    def keys(self) -> dict[str, str]:
        """The key of every namespace: one run has one of each, in whichever process."""
        own = self.namespaces
        namespaces = [own.segment, own.encode, own.caption, *filter(None, [own.trunk]), self.predictions]
        if self.dataset.classes is not None:
            namespaces += [self.give_encoder("tt").namespace, self.give_encoder("st").namespace]
        return {f"{at} {namespace.stage}": namespace.key for at, namespace in enumerate(namespaces)}

    @cached_property
    def predictions(self) -> Namespace:
        """Merged predictions: they depend on all stages, and on the class names that true segments are told by."""
        upstream = {s.stage: s.key for s in (self.namespaces.segment, self.namespaces.encode, self.namespaces.caption)}
        options, classes = self.settings["merge"], self.dataset.classes
        made = collect_inputs(options, "bench.pipeline", "bench.predictions.write")
        key_inputs = self._collect_common(list_needs(options), "bench.run.predict") | made | {
            "upstream": upstream,
            "classes": None if classes is None else hash_texts(classes.names),
        }  # fmt: skip
        return self._open("merge", key_inputs)

    @property
    def has_oracle(self) -> bool:
        """Whether oracle segments tell anything new: without merging they would repeat the full method's."""
        return bool(getattr(get_object(self.settings["merge"]["_target_"]), "oracle", True))

    def describe_mapping_model(self, rows: str) -> str:
        """Describe what stands behind "tt" or "st" in a metric's name: model, weights, precision, ST's prompt."""
        model = {"tt": "sentence", "st": "clip"}[rows]
        weights = self.read_facts(model)["weights"]
        revision = f"@{weights[:8]}" if re.fullmatch("[0-9a-f]{64}", weights) else ""
        model_text = f"{self.settings['models'][model + '_name']}{revision},{PRECISION[self.run.dtype]}"
        return model_text + (f",prompt={_hyphenate(PROMPT)}" if rows == "st" else "")

    @property
    def embedder(self) -> str:
        """The name and revision of the CLIP in whose space segments and prompts meet."""
        return self.describe_mapping_model("st").partition(",")[0]

    def give_encoder(self, rows: str) -> StoredEncoder:
        """Give the text side of the model behind "tt" or "st", loaded only for texts that were never encoded."""
        if rows not in self._encoders:
            self._encoders[rows] = self._make_encoder(rows)
        return self._encoders[rows]

    def _make_encoder(self, rows: str) -> StoredEncoder:
        model = {"tt": "sentence", "st": "clip"}[rows]
        # The device as configured: to learn what auto is here would load torch.
        key_inputs = self.depends.collect_machine_facts(self.run.device, "bench.store.texts") | {
            "model": self.read_facts(model),
            "run": {"device": self.run.device, "dtype": self.run.dtype},
        }
        encode = {"tt": lambda: self.load_model("sentence").encode, "st": lambda: self.load_model("clip").encode_text}[
            rows
        ]
        return StoredEncoder(self.store, self._open("texts", key_inputs), encode)

    def _open_stage(self, stage: str) -> Namespace:
        return self._open(stage, self._collect_parts(stage, list_needs(self.settings[stage])))

    def _open_trunk(self) -> Namespace | None:
        options = self.settings["encode"]
        inputs = collect_trunk_inputs(options)
        return self._open("trunk", self._collect_common(("clip",)) | inputs) if inputs else None

    def _open(self, stage: str, key_inputs: dict[str, Any]) -> Namespace:
        return self.store.open_namespace(stage, make_stage_key(stage, key_inputs), key_inputs)

    def _collect_parts(self, stage: str, models: tuple[str, ...]) -> dict[str, Any]:
        return self._collect_common(models) | collect_inputs(self.settings[stage])

    def _collect_common(self, models: tuple[str, ...], *callers: str) -> dict[str, Any]:
        facts = {name: self.read_facts(name) for name in models}
        for stage in STAGES:  # what a module sets in torch at its import holds for the whole process
            get_object(self.settings[stage]["_target_"])
        run = {"device": self.device.partition(":")[0], "dtype": self.run.dtype, "seed": self.run.seed}
        around = self.depends.collect_machine_facts(self.device, "bench.store.stages", *callers)
        return around | run | {"models": facts, "torch": read_switches()}


def _hyphenate(prompt: str) -> str:
    """Write a prompt as it can stand in a name: "Image of a {}." is image-of-a."""
    return "-".join(re.findall(r"\w+", prompt.replace("{}", "").lower()))
