"""What settings may be that stand beside no constructor's parameter, or beside one of a module that is slow to import.

All other ranges stand beside the parameters of stages and protocols, as `Annotated[float, Interval(ge=…, le=…)]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Interval

from bench.bounds import read_hints

Side = Annotated[int, Interval(ge=1, le=1024)]
Cosine = Annotated[float, Interval(ge=-1, le=1)]
PruneThreshold = Annotated[float, Interval(ge=-1, le=2)]


REPORT: dict[str, Any] = {"blocklist": str | None}
"""The keys below ``report``, which say what pictures show."""
PRECISION: dict[str, Any] = dict.fromkeys(("segment", "encode", "caption"), str | None)
"""The keys below ``precision``: stages whose models may have a number type of their own."""
NESTED = {"report": REPORT, "precision": PRECISION}


@dataclass(frozen=True)
class RunSettings:
    """The keys of a run that are in no group, with what they may be; the defaults are those of conf/config.yaml."""

    variant: str | None = None
    role: Literal["own", "floor", "ceiling"] = "own"
    controls: list[str] | str = field(default_factory=lambda: ["shuffled", "true_classes"])
    device: str = "auto"
    dtype: str = "float32"
    precision: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(PRECISION))
    compile: bool = False
    graphs: bool = False
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 0
    store: str = "store"
    out: str = "outputs"
    pictures: Annotated[int, Interval(ge=0, le=100_000)] = 12
    tuned_on: str | None = None
    objective: str | None = None
    embeddings: Literal["beside", "inline"] = "beside"
    report: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(REPORT))

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> RunSettings:
        """Take these keys out of the settings of a run; what an earlier version did not write is as by default."""
        return cls(**{key: settings[key] for key in RUN if key in settings})

    def choose_dtype(self, stage: str | None = None) -> str:
        """Choose the number type of a stage's models: its own ``precision`` where one is given, else ``dtype``."""
        return str((stage and self.precision.get(stage)) or self.dtype)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """All number types of this run, each once."""
        return tuple(dict.fromkeys((self.dtype, *map(self.choose_dtype, PRECISION))))


RUN: dict[str, Any] = read_hints(RunSettings)
"""The hint of each key that is in no group."""
LATER: dict[str, Any] = {"precision": dict.fromkeys(PRECISION), "compile": False, "graphs": False}
"""Keys that came later and may change a number: as they are by default, runs keep the names that they had."""
ADDED = ("role", "objective", "embeddings", "report", *LATER)
"""Keys that settings of earlier versions lack."""
NOT_IN_RUN_NAME = ("store", "out", "executor", "tracking", "pictures", "tuned_on", "choices", "keys", "role",
                   "objective", "embeddings", "report")  # fmt: skip
"""Settings that change no number, so that a run with other ones is the same run."""

DEFAULTS: dict[str, Any] = {
    "models.parts": Annotated[int, Interval(ge=1, le=32767)],
    "models.prune_threshold": PruneThreshold,
    "models.start_layer": Annotated[int, Interval(ge=-1000, le=1000)],
    "models.sigma2": Annotated[float, Interval(ge=1e-9, le=1e6)],
    "models.merge_threshold": Cosine,
    "method.prune_threshold": PruneThreshold,
}
"""What stages take over from other groups, which some variant may leave unused."""

MODELS: dict[str, Any] = {
    "models.clip.source": str,
    "models.clip.pretrained": str | None,
    "models.clip.architecture": str | None,
    "models.clip.patch": Side | None,
    "models.clip.grid": Side | None,
    "models.dino.source": str,
    "models.dino.size": Annotated[int, Interval(ge=1, le=100_000)],
    "models.dino.stride": Side,
    "models.dino.layer": Annotated[int, Interval(ge=-1000, le=1000)],
    "models.dino.max_tokens": Annotated[int, Interval(ge=1, le=1_000_000)],
    "models.dino.patch": Side | None,
    "models.dino.grid": Side | None,
    "models.language.source": str,
    "models.sentence.source": str,
    "models.groupvit.source": str,
    "models.sam.source": str,
    "models.sentence.batch_size": Annotated[int, Interval(ge=1, le=100_000)],
}
"""Parameters of our own models: their modules take seconds to import, which a run that needs no model does not pay."""

NOTES = {
    "merge.threshold": "it is compared with a cosine; merge=none merges nothing",
    "segment.prune_threshold": "it is compared with a cosine; 2 prunes nothing",
    "score.tau_sbert": "it is compared with a cosine; null is no threshold",
    "score.tau_clip": "it is compared with a cosine; null is no threshold",
    "score.rounding": "null compares raw similarities",
    "caption.candidates": "null is the whole vocabulary",
}
"""What else to write where a value is out of its range."""

NOT_EMPTY = ("score.metrics", "score.mapping", "score.aggregation")
ONCE = (*NOT_EMPTY, "score.breakdown", "controls", "data.exclude")
"""Lists in which a name that stands twice means nothing."""
PLACES = {"store": False, "out": False, "data.root": True, "data.layout": True, "tuned_on": True,
          "score.table": True, "score.ratings": True, "report.blocklist": True}  # fmt: skip
"""Files and folders, which have to have a name; whether null stands for none."""
