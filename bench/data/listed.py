"""Section 4, data: what data sets share whose ids are listed when they are opened, and those with a map of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.records import Sample

_SEARCHED = 20_000
"""Ids that are looked at for the nearest, which takes a second: the drawn world has a million."""


class Listed:
    """The ids of a split and of the subset that was asked for."""

    _ids: tuple[str, ...]
    """Of the subset, sorted as text."""
    _all: Collection[str]
    """Of the whole split, quick to look up."""

    def _keep_ids(self, ids: Collection[str], subset: tuple[str, ...]) -> None:
        """Keep the ids of the whole split, a set or the keys of a mapping, and the sorted ones of the subset."""
        self._all, self._ids = ids, subset

    def list_ids(self) -> tuple[str, ...]:
        """List the ids of the subset, sorted as text."""
        return self._ids

    def list_split_ids(self) -> tuple[str, ...]:
        """List the ids of the whole split, sorted as text."""
        return tuple(sorted(self._all))

    def _require(self, image_id: str, what: str, where: str) -> None:
        """Raise `UserError` for an id that the split does not have, with the nearest of those that it has."""
        if image_id not in self._all:
            near = suggest_nearest(image_id, self.list_split_ids()[:_SEARCHED])
            raise UserError(f"{what} {image_id!r} is not in {where}{near}")


class LabelledImages(Listed, ABC):
    """Images with a map of labels each: loaded with its pixels or, for scoring, with a black picture in their place."""

    @property
    @abstractmethod
    def _where(self) -> str:
        """Where images are looked for, as a message ends that misses one."""

    @abstractmethod
    def _load(self, image_id: str, blank: bool) -> Sample:
        """Load an image of the split: uint8 [h, w, 3], black with ``blank``, and its labels, int16 [h, w]."""

    def load(self, image_id: str) -> Sample:
        """Load one image with its labels.

        Raises `BadSample` where either is missing or damaged or the two disagree, `UserError` for an unknown id.
        """
        self._require(image_id, "image", self._where)
        return self._load(image_id, blank=False)

    def load_truth(self, image_id: str) -> Sample:
        """Load the same with a black picture in place of the image's, which scoring does not look at."""
        self._require(image_id, "image", self._where)
        return self._load(image_id, blank=True)
