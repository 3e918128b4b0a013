"""Section 4, data: any Hugging Face data set on disk, by a yaml that names its columns (`bench.data.hub_layout`).

``root`` is what `save_to_disk` wrote, a folder of parquet or Arrow files, a folder of images with a metadata file, or
the name of a data set that lies in the local cache of the hub. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Integer

from bench.data.class_tables import ClassTable
from bench.data.files import compose
from bench.data.headers import check_same_size, refuse_larger
from bench.data.hub_columns import check_columns, read_content, read_map
from bench.data.hub_layout import read_hub_layout
from bench.data.hub_tables import choose_split, open_hub
from bench.data.images import read_beside_mask
from bench.data.listed import LabelledImages
from bench.data.objects import make_instances
from bench.data.subsets import choose_ids
from bench.errors import UserError
from bench.records import Sample


class Hub(LabelledImages):
    """One split of a Hugging Face data set with a column of images and a column of label maps.

    Label maps stay whole numbers: a column that is cast to a mode of colours is refused, for such a cast turns the
    numbers of palettes into shades. Pixels are taken as stored. Without a column of ids these are numbers of rows.
    Raises `UserError` where the data set, its split or a column is missing, or a column cannot be what it should be.
    """

    def __init__(
        self,
        root: str | Path | None,
        layout: str | Path | None,
        config: str | None = None,
        split: str = "all",
        subset: str | None = None,
        names: str = "own",
        shard: str | None = None,
    ) -> None:
        if not root or not layout:
            lacking = "data.layout" if root else "data.root"
            raise UserError(f"{lacking} is not set; data=hub needs data.root=FOLDER_OR_NAME and data.layout=FILE.yaml")
        self.layout = read_hub_layout(Path(layout).expanduser())
        self.name = self.layout.name
        self.root = str(root)
        self.split, table = choose_split(open_hub(self.root, config), split, self.root)
        self._table = check_columns(table, self.layout, self.root)
        self.classes = self.table.make_class_list(names)
        self._codes = self.layout.meanings.make_codes(self.name)
        ids, self.subset = choose_ids(subset, shard, tuple(self._rows))
        self._keep_ids(self._rows, ids)

    @property
    def table(self) -> ClassTable:
        """The classes with all that is known of them."""
        return self.layout.meanings.classes

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids, of the contents of their columns, and of what the numbers mean; not of how they are kept."""
        meanings = self.layout.meanings
        total = hashlib.sha256(repr((meanings.classes.rows, meanings.background, meanings.void)).encode())
        for image_id in sorted(self._rows):
            row = self._table[self._rows[image_id]]
            parts = [image_id.encode("utf-8", "surrogateescape")]
            parts += [read_content(row[column]) for column in self.layout.columns]
            total.update(b"".join(hashlib.sha256(part).digest() for part in parts))
        return total.hexdigest()[:32]

    def list_remarks(self) -> tuple[str, ...]:
        """List what was made of the class list."""
        return self.layout.meanings.remarks

    @property
    def _where(self) -> str:
        return self.root

    def _load(self, image_id: str, blank: bool) -> Sample:
        row, layout = self._table[self._rows[image_id]], self.layout
        image = read_beside_mask(self._place(image_id, layout.image), blank=blank, data=read_content(row[layout.image]))
        mask = self._place(image_id, layout.label)
        truth = self._codes.read(self._read_map(row, image_id, layout.label, image), str(mask))
        check_same_size(mask, image.shape[:2], truth.shape)
        if layout.objects is None:
            return Sample(image_id, image, truth)
        numbers = self._read_map(row, image_id, layout.objects, image)
        where = str(self._place(image_id, layout.objects))
        return Sample(image_id, image, truth, instances=make_instances(numbers, truth, self.classes.things, where))

    def _read_map(
        self, row: dict[str, Any], image_id: str, column: str, image: np.ndarray
    ) -> Integer[np.ndarray, "h w"]:
        where, value = self._place(image_id, column), row[column]
        if not isinstance(value, list):
            refuse_larger(where, image.shape[:2], data=read_content(value))
        return read_map(where, value)

    def _place(self, image_id: str, column: str) -> Path:
        """Where something lies, for messages."""
        return Path(f"{self.root}:{self.split}/{image_id}/{column}")

    @cached_property
    def _rows(self) -> dict[str, int]:
        if self.layout.id is None:
            digits = len(str(len(self._table) - 1))
            return {f"{row:0{digits}d}": row for row in range(len(self._table))}
        ids = [compose(str(image_id)) for image_id in self._table[self.layout.id]]
        rows = {image_id: row for row, image_id in enumerate(ids)}
        if len(rows) < len(ids) or "" in rows:
            twice = "" if "" in rows else Counter(ids).most_common(1)[0][0]
            raise UserError(
                f"{self.root}: column {self.layout.id!r}: id {twice!r} stands twice or is empty; leave id out"
            )
        return rows
