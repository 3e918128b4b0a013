"""Section 4.4: data sets that come as a folder of images and one of masks for each split, without a list of ids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.errors import UserError
from bench.prepare.choices import Choices, list_items
from bench.prepare.plan import Item
from bench.prepare.splits import check_count, read_ids
from bench.prepare.tree import Tree, open_tree

Folders = Mapping[Path, Mapping[str, Path]]
"""Files by id, in each folder that has any."""


def choose_folder(folders: Folders, tree: Tree, choices: Choices, expected: str) -> tuple[Path, dict[str, Path]]:
    """Choose the one folder of masks. Raises `UserError` where there is none or several; ``expected`` says what to look
    for."""
    where = f"{tree.option} {tree.root}"
    if not folders:
        looked = f"looked for {expected} at any depth{tree.unpack_hint()}"
        raise UserError(f"{where} holds no masks of {choices.split}: {looked}")
    if len(folders) > 1:
        names = ", ".join(str(folder) for folder in folders)
        raise UserError(f"{where} holds several folders of masks of {choices.split}: {names}; choose with --masks")
    folder, files = next(iter(folders.items()))
    return folder, dict(files)


def open_masks(tree: Tree, choices: Choices) -> Tree:
    """Open the folder in which masks are looked for: that of ``--masks``, else the whole tree."""
    return open_tree(choices.masks, "--masks") if choices.masks else tree


def join(
    folders: Folders, tree: Tree, choices: Choices, expected: str, what: str = "images"
) -> dict[str, Path]:  # fmt: skip
    """Join the files of all folders by id. Raises `UserError` where there is none, and where two masks have one id.

    Of two images with one id the first counts: copies of a photograph are the same photograph.
    """
    files: dict[str, Path] = {}
    for named in folders.values():
        for image_id, path in named.items():
            if files.setdefault(image_id, path) != path and what == "masks":
                raise UserError(
                    f"{files[image_id]} and {path} are masks of one image; leave one of both in {tree.root}"
                )
    if not files:
        raise UserError(
            f"{tree.option} {tree.root} holds no {what} of {choices.split}: looked for {expected} at any depth"
            f"{tree.unpack_hint()}"
        )
    return files


def pair(
    images: Mapping[str, Path], masks: Mapping[str, Path], tree: Tree, choices: Choices
) -> tuple[tuple[Item, ...], tuple[str, ...], tuple[str, ...]]:
    """Pair images and masks by id: the items, the ids that lack one of both, and remarks on their number.

    The ids are those of ``--list``, else all that images or masks have. Raises `UserError` where they are not as many
    as were published, or where files are missing, unless ``--partial`` was given.
    """
    if choices.id_list:
        ids, where = read_ids(choices.id_list), choices.id_list
    else:
        ids, where = tuple(sorted({*images, *masks})), tree.root
    remarks = check_count(ids, where, choices.name, choices.split, choices.partial)
    items, missing = list_items(ids, images, masks, choices, tree)
    return items, missing, remarks
