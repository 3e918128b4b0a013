"""Masking variants of a user's own, some of which fail, as files that tests of sweeps write."""

from __future__ import annotations

import textwrap
from pathlib import Path

FAST = [
    "segment=whole", "merge=none", "caption=retrieval", "caption.words=[sky,road]", "executor=serial", "pictures=0",
    "data.subset=first:1", "score.metrics=[iou]", "score.resamples=20", "controls=[]",
]  # fmt: skip
"""A run of a second."""
MODULE = """
import os
import signal
from bench.encode.masking import MaskedEncoder


class Share(MaskedEncoder):
    def __init__(self, clip, start_layer, share=0.5, micro_batch=1):
        super().__init__(clip, start_layer, micro_batch)
        self.share = share

    def mix(self, attention):
        none = attention.mask[:, :0]
        return self.share * attention.masked + (1 - self.share) * attention.unmasked, none, none


class Awkward(Exception):
    def __init__(self, *, layer):
        super().__init__(f"layer {layer}")


class Failing(Share):
    def __init__(self, clip, start_layer=4, how="runtime"):
        super().__init__(clip, start_layer)
        self.how = how

    def mix(self, attention):
        if self.how == "exit":
            raise SystemExit(5)
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise {"runtime": RuntimeError("boom"), "key": KeyError("boom"), "odd": Awkward(layer=3)}[self.how]
"""
OPTIONS = {
    "half": "{_target_: own_variants.Share, start_layer: '${models.start_layer}', share: 0.5}",
    "third": "{_target_: own_variants.Share, start_layer: '${models.start_layer}', share: 0.33}",
    "no_layer": "{_target_: own_variants.Share, share: 0.5}",
    "fails": "{_target_: own_variants.Failing, how: runtime}",
    "killed": "{_target_: own_variants.Failing, how: killed}",
}
"""The option `fails` has no start_layer and a constructor with a default for it."""


def write_variants(folder: Path) -> Path:
    """A module and its yamls; gives the folder to be named by ``-cd``, and the module lies beside it."""
    (folder / "conf/encode").mkdir(parents=True)
    (folder / "own_variants.py").write_text(textwrap.dedent(MODULE))
    for name, option in OPTIONS.items():
        (folder / f"conf/encode/{name}.yaml").write_text(option)
    return folder / "conf"
