"""The door between configuration and code: from resolved settings to data, models, stages and store.

Settings are a plain dict (Hydra's resolved configuration). Behind this file nobody sees them: stages get plain
arguments. A stage says by the names of its constructor's parameters which models it needs.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from hydra.utils import get_object

from bench.data.base import Dataset
from bench.errors import UsageError, UserError
from bench.interfaces import Baseline, Merger
from bench.mapping.similarity import PROMPT
from bench.records import ClassList
from bench.run.loading import list_needs
from bench.run.parts import RunParts, Settings
from bench.settings.depends import check_same, collect_trunk_inputs
from bench.settings.instantiate import make_object
from bench.settings.naming import make_run_name, make_variant_name
from bench.store.facts.machine import read_switches
from bench.store.files import Namespace, Store
from bench.store.identity import Identity, identify_data
from bench.store.keys import collect_inputs, hash_texts, make_stage_key
from bench.store.places import open_place
from bench.store.sources import take_sources
from bench.store.stages import StageNamespaces, StoredStages
from bench.store.texts import StoredEncoder

STAGES = ("segment", "encode", "caption", "merge")
PRECISION = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}


class RunContext(RunParts):
    """Everything a run needs, made when first asked for; models are loaded only if a result is missing."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.store = Store(open_place(self.run.store))
        take_sources(self.store)
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

    def check_keys(self) -> None:
        """Check that a worker finds what its run has found; else UserError."""
        if began := self.settings.get("keys"):
            check_same(began, self.keys)

    @cached_property
    def baseline(self) -> Baseline | None:
        """The whole system in place of sections 3.1 to 3.4; None where none was chosen."""
        return self.make_stage("baseline") if self.has_baseline else None

    @property
    def has_baseline(self) -> bool:
        """Whether a whole system predicts, so that no stage does. UsageError for data without a class list."""
        if "baseline" in self.settings and self.dataset.classes is None:
            told = "is given class names, and these data have none; give data=… with labels"
            raise UsageError(f"baseline={make_variant_name(self.settings)}: {told}")
        return "baseline" in self.settings

    @property
    def has_background(self) -> bool:
        """Whether the published class list of the data has a background beside the named classes, as VOC's has."""
        return getattr(self.dataset, "background", "context") == "voc"

    @cached_property
    def stages(self) -> StoredStages:
        """Segment, embed and describe with the store around them."""
        self.check_keys()
        own = "clip" in list_needs(self.settings["encode"])
        titles = {name: f"{make_variant_name(self.settings)} ({self.settings[name]['_target_']})" for name in STAGES}
        return StoredStages(
            self.store,
            self.namespaces,
            self.make_stage,
            titles,
            lambda: self.load_model("clip", "encode").dim if own else None,
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
        namespaces = [self.predictions]
        if not self.has_baseline:
            own = self.namespaces
            namespaces = [own.segment, own.encode, own.caption, *filter(None, [own.trunk]), self.predictions]
        if self.dataset.classes is not None:
            namespaces += [self.give_encoder(rows).namespace for rows in self.measured]
        return {f"{at} {namespace.stage}": namespace.key for at, namespace in enumerate(namespaces)}

    @cached_property
    def predictions(self) -> Namespace:
        """Merged predictions: they depend on all stages, and on the class names that true segments are told by.

        Those of a whole system depend on its options and on the classes that it is asked for.
        """
        if self.has_baseline:
            asked = {"classes": hash_texts(self.classes.names), "background": self.has_background}
            options = self.settings["baseline"]
            made = collect_inputs(options, "bench.predictions.write")
            return self._open("baseline", self._collect_common(list_needs(options), "bench.run.predict") | made | asked)
        upstream = {s.stage: s.key for s in (self.namespaces.segment, self.namespaces.encode, self.namespaces.caption)}
        options, classes = self.settings["merge"], self.dataset.classes
        made = collect_inputs(options, "bench.pipeline", "bench.predictions.write")
        key_inputs = self._collect_common(list_needs(options), "bench.run.predict") | made | {
            "upstream": upstream,
            "classes": None if classes is None else hash_texts(classes.names),
        }  # fmt: skip
        return self._open("merge", key_inputs)

    @property
    def measured(self) -> tuple[str, ...]:
        """The similarities whose vectors predicting leaves in the store: a whole system has no embeddings for ST."""
        return ("tt",) if self.has_baseline else ("tt", "st")

    @property
    def has_oracle(self) -> bool:
        """Whether true segments are described: by default not without merging, where they repeat the full method's."""
        options = self.settings["merge"]
        return bool(options.get("oracle", getattr(get_object(options["_target_"]), "oracle", True)))

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
            "run": {"device": self.run.device, "dtype": self.run.dtype, **self._list_switches()},
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
        return self._open("trunk", self._collect_common(("clip",), stage="encode") | inputs) if inputs else None

    def _open(self, stage: str, key_inputs: dict[str, Any]) -> Namespace:
        return self.store.open_namespace(stage, make_stage_key(stage, key_inputs), key_inputs)

    def _collect_parts(self, stage: str, models: tuple[str, ...]) -> dict[str, Any]:
        return self._collect_common(models, stage=stage) | collect_inputs(self.settings[stage])

    def _list_switches(self) -> dict[str, bool]:
        """List what a GPU may round otherwise by, where it is on: without it keys are as they always were."""
        return {name: True for name in ("compile", "graphs") if getattr(self.run, name)}

    def _collect_common(self, models: tuple[str, ...], *callers: str, stage: str | None = None) -> dict[str, Any]:
        facts = {name: self.read_facts(name) for name in models}
        # What a module sets in torch at its import holds for the whole process.
        for used in ("baseline",) if self.has_baseline else STAGES:
            get_object(self.settings[used]["_target_"])
        run = {"device": self.device.partition(":")[0], "dtype": self.run.choose_dtype(stage), "seed": self.run.seed}
        run |= self._list_switches()
        around = self.depends.collect_machine_facts(self.device, "bench.store.stages", *callers)
        return around | run | {"models": facts, "torch": read_switches()}


def _hyphenate(prompt: str) -> str:
    """Write a prompt as it can stand in a name: "Image of a {}." is image-of-a."""
    return "-".join(re.findall(r"\w+", prompt.replace("{}", "").lower()))
