"""Section 4.4, data: a set that `zgs prepare` has made: Hugging Face `datasets` on disk, memory-mapped, checked.

``<root>/dataset`` is Arrow with the columns image_id, image (encoded bytes), label (lossless 16-bit PNG: class id as in
the class table, 0 background, 65535 void), licence and, where the set has objects, objects (lossless 16-bit PNG: the
number of an object of the pixel's class from 1 on, 0 none, 65535 several that nobody told apart, "a crowd");
``<root>/zgs.json``, written last, says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16, Int32

from bench.data.class_tables import load_class_table
from bench.data.codes import Codes
from bench.data.files import compose
from bench.data.headers import check_same_size, refuse_larger
from bench.data.images import read_beside_mask, read_labels
from bench.data.listed import LabelledImages
from bench.data.subsets import choose_ids, describe_partial
from bench.data.whole import DIGEST, has_digests, has_digests_of, hash_row
from bench.errors import BadSample, UserError
from bench.records import BACKGROUND, UNTOLD, VOID, Sample
from bench.store.sealed import unseal

FORMAT, WITH_OBJECTS = 1, 2
ABOUT, ARROW, OBJECTS = "zgs.json", "dataset", "objects"
NO_CLASS, NO_SCORE, CROWD = 0, 65535, 65535
_NEEDED = {"format": int, "name": str, "class_list": str, "split": str, "images": int, "fingerprint": str}
_COLUMNS = {"image_id", "image", "label"}


class Prepared(LabelledImages):
    """One split of the data set ``name`` under ``root``.

    ``names`` is own (the paper's), readable or aliases; classes in ``exclude`` are neither asked for nor ground truth
    (their pixels count as background). ``subset`` and ``shard``: see `bench.data.subsets`.
    Where fewer images are prepared than were published (``5104of5105``), that stands in the subset's name too.
    Raises `UserError` where nothing, another set or half a set is prepared there; the line says what to do.
    """

    def __init__(
        self,
        root: str | Path,
        name: str,
        split: str = "val",
        subset: str | None = None,
        names: str = "own",
        exclude: tuple[str, ...] = (),
        shard: str | None = None,
    ) -> None:
        self.root = Path(root).expanduser()
        self.about = read_about(self.root, name, split)
        _expect_split(self.root, self.about, split)
        self.name, self.split = name, split
        self.background = str(self.about.get("background", "context"))
        table, left_out = load_class_table(self.about["class_list"]), _list_names(exclude)
        self.table, self.classes = table, table.make_class_list(names, left_out)
        legend = f"{self.about['class_list']}'s ({NO_CLASS} background, {table.rows[-1].id} classes, {NO_SCORE} void)"
        self._codes = Codes(table.make_codes(left_out) | {NO_CLASS: BACKGROUND, NO_SCORE: VOID}, legend)
        ids, part = choose_ids(subset, shard, tuple(self._rows))
        self._keep_ids(self._rows, ids)
        # A set with fewer images than were published is another set, and its numbers say so.
        self.subset = describe_partial(part, tuple(self._rows), int(self.about.get("published", 0)))

    @cached_property
    def fingerprint(self) -> str:
        """The hash over the content of the whole split, as `zgs prepare` took it; `zgs prepare --check` repeats it."""
        return str(self.about["fingerprint"])

    @property
    def _where(self) -> str:
        return str(self.root)

    def _load(self, image_id: str, blank: bool) -> Sample:
        row = self._arrow[self._rows[image_id]]
        where, encoded = self.root / image_id, row["image"]["bytes"] or b""
        image = read_beside_mask(where, blank=blank, data=encoded)
        refuse_larger(where, image.shape[:2], data=row["label"] or b"", what="label map")
        labels = read_labels(where, data=row["label"] or b"")
        objects = read_labels(where, data=row[OBJECTS] or b"") if OBJECTS in row else None
        if row.get(DIGEST, b"") not in (b"", hash_row(image_id, encoded, labels, objects)):
            raise BadSample(
                f"{where}: not as it was prepared (its checksum does not fit); {make_repair_command(self.name)}"
            )
        truth = self._codes.read(labels, str(where))
        check_same_size(where, image.shape[:2], truth.shape, what="label map")
        return Sample(image_id, image, truth, instances=None if objects is None else _number_objects(where, objects))

    @property
    def remark(self) -> str | None:
        """What a run says of a set that an earlier version prepared."""
        if has_digests(self._arrow):
            return None
        repair = make_repair_command(self.name)
        return f"{self.root}: prepared by an earlier version, without checksums of its images; {repair}"

    @cached_property
    def _arrow(self) -> Any:
        return open_arrow(self.root, int(self.about["images"]))

    @cached_property
    def _rows(self) -> dict[str, int]:
        ids = [compose(str(image_id)) for image_id in self._arrow["image_id"]]
        rows = {image_id: row for row, image_id in enumerate(ids)}
        if len(rows) < len(ids):
            raise UserError(
                f"{self.root}: {len(ids) - len(rows)} ids stand twice; {make_repair_command(self.about['name'])}"
            )
        if not has_digests_of(self._arrow, self.about):
            raise UserError(
                f"{self.root}: its checksums are not those of {ABOUT}; {make_repair_command(self.about['name'])}"
            )
        return rows


def is_prepared(root: str | Path | None) -> bool:
    """Whether a folder is, or was meant to become, a prepared data set."""
    return bool(root) and any(Path(str(root)).expanduser().joinpath(part).exists() for part in (ABOUT, ARROW))


def read_about(root: Path, name: str | None = None, split: str = "val") -> dict[str, Any]:
    """Read what ``zgs.json`` says. Raises `UserError` unless it is whole and of the data set ``name`` (None: of any).

    ``split`` is only for the command that the message names.
    """
    path, make = root / ABOUT, make_command(name, root, split)
    if not path.is_file():
        half = (root / ARROW).exists()
        state = f"is half prepared ({ABOUT}, written last, is missing)" if half else "holds no prepared data set"
        raise UserError(f"data.root={root} {state if root.is_dir() else 'does not exist'}; {make}")
    try:
        about = unseal(path, path.read_bytes(), make)
        lacking = [key for key, kind in _NEEDED.items() if not isinstance(about[key], kind)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: damaged ({error or type(error).__name__}); {make}") from error
    if lacking:
        raise UserError(f"{path}: damaged ({lacking[0]} is {about[lacking[0]]!r}); {make}")
    if about["format"] not in (FORMAT, WITH_OBJECTS):
        raise UserError(f"{path}: format {about['format']}, but this zgs reads {FORMAT} and {WITH_OBJECTS}; {make}")
    if name is not None and about["name"] != name:
        raise UserError(f"data.root={root} holds {about['name']}, not {name}; use data={about['name']}")
    return about


def open_arrow(root: Path, images: int) -> Any:
    """Open the memory-mapped table, images left encoded. Raises `UserError` where it is damaged or not whole."""
    from datasets import Image, load_from_disk  # takes a second, which a run on other data does not pay

    try:
        table = load_from_disk(str(root / ARROW), keep_in_memory=False)
        lacking = _COLUMNS - set(table.column_names)
        if not lacking:
            table = table.cast_column("image", Image(decode=False))
            table.data.validate(full=True)  # wrong offsets would let Arrow read what lies outside
    except Exception as error:  # pyarrow, json and datasets raise each their own
        raise UserError(
            f"{root / ARROW}: damaged or half written ({str(error)[:120]}); {make_repair_command('it')}"
        ) from error
    if lacking:
        raise UserError(f"{root / ARROW}: lacks the column {sorted(lacking)[0]}; {make_repair_command('it')}")
    if len(table) != images:
        raise UserError(f"{root / ARROW}: {len(table)} images but {ABOUT} says {images}; {make_repair_command('it')}")
    return table


def make_command(name: str | None, root: Path, split: str = "val") -> str:
    """Write how to make what is missing."""
    which = "" if split == "val" else f" --split {split}"
    return f"make it with: zgs prepare {name or 'DATASET'}{which} --from FOLDER --to {root}"


def make_repair_command(name: str) -> str:
    """Write how to make again what is damaged."""
    return f"prepare {name} again with `zgs prepare`"


def _expect_split(root: Path, about: dict[str, Any], split: str) -> None:
    if about["split"] != split:
        raise UserError(
            f"data.root={root} holds the split {about['split']}, not {split}; use data.split={about['split']}, or "
            f"data.root={root}_{split} ({make_command(about['name'], Path(f'{root}_{split}'), split)})"
        )


def _number_objects(where: Path, objects: Int32[np.ndarray, "h w"]) -> Int16[np.ndarray, "h w"]:
    """Number objects as `Sample.instances` has them. Raises `BadSample` for more than it can tell apart."""
    told = np.where(objects == CROWD, UNTOLD + 1, objects) - 1
    if told.max(initial=0) > np.iinfo(np.int16).max:
        raise BadSample(f"{where}: object {told.max() + 1}, but there can be {np.iinfo(np.int16).max} in an image")
    return told.astype(np.int16)


def _list_names(exclude: Sequence[str]) -> tuple[str, ...]:
    return (exclude,) if isinstance(exclude, str) else tuple(exclude)  # a list where it comes from a configuration
