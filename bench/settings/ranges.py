"""What settings may be that stand beside no constructor's parameter, or beside one of a module that is slow to import.

All other ranges stand beside the parameters of stages and protocols, as `Annotated[float, Interval(ge=…, le=…)]`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Interval

Side = Annotated[int, Interval(ge=1, le=1024)]
Cosine = Annotated[float, Interval(ge=-1, le=1)]
PruneThreshold = Annotated[float, Interval(ge=-1, le=2)]

RUN: dict[str, Any] = {
    "variant": str | None,
    "role": Literal["own", "floor", "ceiling"],
    "controls": list[str] | str,
    "device": str,
    "dtype": str,
    "seed": Annotated[int, Interval(ge=0, le=2**32 - 1)],
    "store": str,
    "out": str,
    "pictures": Annotated[int, Interval(ge=0, le=100_000)],
    "tuned_on": str | None,
}
"""Keys that are in no group."""
ADDED = ("role",)
"""Keys that settings of earlier versions lack."""

DEFAULTS: dict[str, Any] = {
    "models.parts": Annotated[int, Interval(ge=1, le=32767)],
    "models.prune_threshold": PruneThreshold,
    "models.start_layer": Annotated[int, Interval(ge=1, le=1000)],
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
          "score.table": True, "score.ratings": True}  # fmt: skip
"""Files and folders, which have to have a name; whether null stands for none."""
