"""Section 4, data: what every data set offers to the pipeline."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from bench.records import ClassList, Sample
from bench.system.hashing import hash_file


class Dataset(Protocol):
    """Images by id. Read-only; cheap to make: no picture is read before `load` or `fingerprint` is asked for."""

    @property
    def name(self) -> str:
        """Short name, first part of a metric's full name."""
        ...

    @property
    def split(self) -> str:
        """Name of the split, e.g. ``val``."""
        ...

    @property
    def subset(self) -> str | None:
        """Which ids of the split, as it stands in a metric's name (`bench.data.subsets.write_label`); None for all."""
        ...

    @property
    def classes(self) -> ClassList | None:
        """The class list, None where nothing is labelled."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the content of the whole split, whatever the subset: other data, other stored results."""
        ...

    def list_ids(self) -> tuple[str, ...]:
        """List all ids of this subset, sorted as text."""
        ...

    def load(self, image_id: str) -> Sample:
        """Load one image with its labels. Raises `bench.errors.BadSample` where the image cannot be used."""
        ...


def make_full_name(dataset: Dataset) -> str:
    """Make ``<name>:<split>``, for a part with ``[<subset>]``: the first part of a metric's full name."""
    return f"{dataset.name}:{dataset.split}" + (f"[{dataset.subset}]" if dataset.subset else "")


def list_whole_split(dataset: Dataset) -> tuple[str, ...]:
    """List the ids of the whole split, where a data set tells them; else those of the subset."""
    ids = getattr(dataset, "list_split_ids", dataset.list_ids)
    return tuple(ids())


def load_truth(dataset: Dataset, image_id: str) -> Sample:
    """Load one image as scoring needs it: its picture may be black where a data set knows how to leave it out."""
    load = getattr(dataset, "load_truth", dataset.load)
    sample: Sample = load(image_id)
    return sample


def load_coded(dataset: Dataset, image_id: str) -> Sample:
    """Load as `load_truth` does, with ``coded`` labels where a data set can: counting raises StrayNumber for them."""
    load = getattr(dataset, "load_coded", None)
    sample: Sample = load(image_id) if load else load_truth(dataset, image_id)
    return sample


def list_remarks(dataset: Dataset) -> tuple[str, ...]:
    """List what a data set made of its files, in words."""
    remarks = getattr(dataset, "list_remarks", tuple)
    return tuple(remarks())


def suggest_nearest(word: str, options: Iterable[str]) -> str:
    """Suggest `` (did you mean 'x'?)`` for the option most like ``word``, or an empty string where none is."""
    close = difflib.get_close_matches(word, list(options), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def hash_content(files: Iterable[tuple[str, Path]]) -> str:
    """Hash labels and the bytes of their files (32 hex digits of sha256); a file that is missing counts as missing.

    Content rather than size and time: a copied or re-downloaded data set keeps its stored results.
    """
    total = hashlib.sha256()
    for name, path in files:
        try:
            digest = hash_file(path)
        except OSError:
            digest = "missing"
        total.update(f"{len(name)}:{name}={digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()[:32]
