"""Section 4 (data sets), small and without files: procedurally drawn scenes with exact labels and captions."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from bench.data.base import suggest_nearest
from bench.data.listed import Listed
from bench.data.subsets import select, write_label
from bench.errors import UsageError, UserError
from bench.records import Sample
from bench.system.remember import Memory
from bench.toyworld.classes import VERSION, make_class_list
from bench.toyworld.scene import SPLITS, Scene, draw

_HASHED = 3
"""How many scenes the fingerprint draws: enough that a changed drawing or library shows, few enough to be cheap."""
SCENES: Memory[Scene] = Memory(64)
"""Scenes of this process, a tenth of a megabyte each: a run looks at each of its images several times."""


class ToyScenes(Listed):
    """The toy world's splits, ids as ``test-0007``: train (drawn when asked for, never stored), tune, val and test.

    Train mixes full scenes and close-ups, the others are full scenes. Raises `UsageError` for an unknown split or
    class list, and `UserError` for a root, since there are no files.
    """

    name = "toyscenes"
    photographs = False
    from_code = True

    def __init__(
        self, root: str | Path | None = None, split: str = "test", subset: str | None = None, names: str = "own"
    ) -> None:
        if root:
            raise UserError(f"data.root={root}: toyscenes are drawn, not read; leave data.root empty")
        if split not in SPLITS:
            raise UsageError(f"data.split={split}: toyscenes has {', '.join(SPLITS)}{suggest_nearest(split, SPLITS)}")
        if names != "own":
            raise UsageError(f"data.names={names}: toyscenes has one class list, 'own'")
        self.split = split
        self.classes = make_class_list()
        digits = max(4, len(str(SPLITS[split] - 1)))
        self._index = {f"{split}-{i:0{digits}d}": i for i in range(SPLITS[split])}
        self._keep_ids(self._index, select(subset, tuple(self._index)))
        self.subset = write_label(subset, self._ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of version, split, size, class names and the first few scenes as drawn here."""
        total = hashlib.sha256(repr((VERSION, self.split, len(self._index), self.classes.names)).encode())
        for index in range(_HASHED):
            scene = self._draw(index)
            total.update(scene.image.tobytes() + scene.truth.tobytes() + repr(scene.captions).encode())
        return total.hexdigest()[:32]

    def load(self, image_id: str) -> Sample:
        """Load one scene: image uint8 [128, 128, 3], truth and objects int16 [128, 128], five captions."""
        self._require(image_id, "scene", f"{self.name}:{self.split}")
        scene = self._draw(self._index[image_id])
        return Sample(image_id, scene.image.copy(), scene.truth, scene.captions, scene.instances)

    def _draw(self, index: int) -> Scene:
        return SCENES.make_once(lambda: draw(self.split, index), self.split, index)
