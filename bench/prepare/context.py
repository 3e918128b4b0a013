"""Section 4.4, PC-59 and PC-459: PASCAL-Context from .mat maps, the 59-class archive or a converter's masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.data.publishers import PUBLISHERS
from bench.errors import UserError
from bench.prepare.choices import Choices, list_items
from bench.prepare.looks import read_values, sample_evenly
from bench.prepare.masks import is_8bit
from bench.prepare.orders import choose_best, list_codings, measure_agreement
from bench.prepare.plan import Coding, Plan
from bench.prepare.splits import check_count, choose_list, find_context_lists, read_ids, warn_if_told
from bench.prepare.tree import Tree, open_tree

_VOID_59 = 255
_TOLD = "as told by --order/--first"
_ORDER = "--order own (the data set's 59_context_labels) or --order by459 (detail-api, mmsegmentation, detectron2)"


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or the labels' order cannot be told."""
    path = choices.id_list or find_list(tree, choices)
    ids = read_ids(path)
    remarks = check_count(ids, path, choices.name, choices.split, choices.partial)
    folder, masks = _find_masks(tree, choices, ids)
    items, missing = list_items(ids, tree.find_images(), masks, choices, tree)
    of_split = {item.image_id: item.mask for item in items}
    coding, how = _find_coding(of_split, _find_voc_masks(tree, choices, of_split), choices)
    kind = items[0].mask.suffix.lower().lstrip(".")
    source = {"layout": f"{folder.name}/*.{kind}", "list": path.name, "label_order": coding.name, "how": how}
    remarks = (*remarks, warn_if_told(coding.name, how))
    return Plan(choices.name, choices.split, items, coding, source, remarks, missing)


def find_list(tree: Tree, choices: Choices) -> Path:
    """Find the list of a split of VOC 2010. Raises `UserError` where there is none."""
    lists = find_context_lists(tree, choices.split)
    if not lists:
        raise UserError(
            f"{tree.option} {tree.root} holds no list of {choices.split}: looked for VOC2010/ImageSets/Main/"
            f"{choices.split}.txt, ImageSets/SegmentationContext/{choices.split}.txt and pascalcontext_{choices.split}"
            f".txt; unpack VOC 2010's archive there, or name a list with --list{tree.unpack_hint()}"
        )
    return choose_list(lists, choices.name, choices.split)


def _find_masks(tree: Tree, choices: Choices, ids: Sequence[str]) -> tuple[Path, dict[str, Path]]:
    where = open_tree(choices.masks, "--masks") if choices.masks else tree
    listed = set(ids)
    folders = {folder: files for folder, files in where.mask_folders().items() if listed & files.keys()}
    maps = {folder: files for folder, files in folders.items() if next(iter(files.values())).suffix == ".mat"}
    folders = maps or folders  # .mat maps hold everything: nothing has to be told from their pixels
    if not folders:
        raise UserError(
            f"{where.option} {where.root} holds no mask of {choices.split} ({ids[0]}.mat, .png or .tif); unpack PASCAL-"
            f"Context's trainval.tar.gz or 59_context_labels.tar.gz there{where.unpack_hint()}"
        )
    if len(folders) > 1:
        names = ", ".join(str(folder) for folder in folders)
        raise UserError(f"{where.option} {where.root} holds several folders of masks: {names}; choose with --masks")
    return next(iter(folders.items()))


def _find_voc_masks(tree: Tree, choices: Choices, masks: Mapping[str, Path]) -> dict[str, Path]:
    masks_of_voc = tree.find_voc_masks()
    if choices.voc:
        tree_of_voc = open_tree(choices.voc, "--voc")
        masks_of_voc = tree_of_voc.find_voc_masks() | masks_of_voc
        if not tree_of_voc.find_voc_masks():
            raise UserError(f"--voc {choices.voc} holds no SegmentationClass with masks{tree_of_voc.unpack_hint()}")
    return {image_id: path for image_id, path in masks_of_voc.items() if image_id in masks}


def _find_coding(masks: Mapping[str, Path], voc: Mapping[str, Path], choices: Choices) -> tuple[Coding, str]:
    """Find the meaning of the masks' numbers and how it was told; believed only where nothing speaks against it."""
    seen = read_values(masks)
    wide = _is_wide(masks, seen, choices)
    candidates = list_codings(PUBLISHERS[choices.name].class_list, wide)
    options = [option for option in candidates if option.fits(seen) and _is_told(option, choices)]
    if not options:
        raise UserError(_describe_no_meaning(masks, seen, candidates))
    both = sample_evenly({image_id: path for image_id, path in masks.items() if image_id in voc})
    if both:
        return _choose_by_overlap(options, both, voc, choices)
    suffix = next(iter(masks.values())).suffix
    if len(options) > 1 and suffix == ".mat" and 0 not in seen:
        options = options[:1]
    if len(options) > 1:
        names = " | ".join(option.name for option in options)
        raise UserError(f"the masks may be any of {names}, and their pixels do not tell which; {_ask(wide, choices)}")
    how = _TOLD if choices.order or choices.first is not None else "by the numbers that occur"
    return options[0], f"{how} in {len(sample_evenly(masks))} masks (no VOC masks at hand to confirm it)"


def _choose_by_overlap(
    options: list[Coding], both: Mapping[str, Path], voc: Mapping[str, Path], choices: Choices
) -> tuple[Coding, str]:
    table = PUBLISHERS[choices.name].class_list
    # All orders compete, also those that the user ruled out: what was told must not contradict what is seen.
    rivals = list_codings(table, options[0].wide)
    shares_found = measure_agreement(rivals, table, both, voc)
    shares, winner = shares_found["shares"], choose_best(shares_found["shares"])
    figures = "; ".join(f"{name}: {share:.0%}" for name, share in sorted(shares.items(), key=lambda pair: -pair[1]))
    over = f"{shares_found['pixels']:,} pixels of VOC's classes in n={shares_found['images']} images: {figures}"
    coding = next((option for option in options if option.name == winner), None)
    if coding:
        return coding, f"VOC's own masks agree on {over}"
    if winner:
        raise UserError(f"VOC's masks say that the order is {winner}, which was ruled out ({over}); leave --order out")
    asked = _ask(options[0].wide, choices) + ", without VOC masks in the folder: then what you say is believed"
    raise UserError(f"VOC's masks speak clearly for no known order ({over}); {asked}")


def _ask(wide: bool, choices: Choices) -> str:
    """Ask what a user can say and has not said; 459 classes have one order."""
    order = "" if wide or choices.order else _ORDER
    first = "" if choices.first is not None else "--first 0 or 1 (number of the first class)"
    said = ", ".join(filter(None, (order, first)))
    masks = "give VOC's own masks of some of these images (--voc VOCdevkit), or say what they are"
    return f"{masks}: {said}" if said else f"{masks}, as you do"


def _is_told(option: Coding, choices: Choices) -> bool:
    order_fits = choices.order is None or option.wide or option.name.startswith(f"{choices.order},")
    return order_fits and (choices.first is None or option.name.endswith(f"from {choices.first}"))


def _is_wide(masks: Mapping[str, Path], seen: set[int], choices: Choices) -> bool:
    """Whether the masks are of 459 classes. Raises `UserError` for too few classes and for numbers cut to 8 bits."""
    path = next(iter(masks.values()))
    top = max(seen - {_VOID_59}, default=0)
    if path.suffix != ".mat" and top <= 59:
        if choices.name == "pascal_context_459":
            raise UserError(f"{path} and the others hold 59 classes, not 459; use PASCAL-Context's .mat files")
        return False
    if max(seen) <= 255 and (path.suffix == ".mat" or not is_8bit(path)):
        raise UserError(
            f"{path} and {len(sample_evenly(masks)) - 1} more masks hold no number above 255: the 459 classes were "
            "cut to 8 bits on the way; use the publisher's .mat files"
        )
    if is_8bit(path):
        raise UserError(
            f"{path}: 8-bit masks with numbers up to {max(seen)}: 459 classes wrapped to 8 bits, or another data set; "
            "use the publisher's .mat files or 59_context_labels"
        )
    return True


def _describe_no_meaning(masks: Mapping[str, Path], seen: set[int], candidates: list[Coding]) -> str:
    folder = next(iter(masks.values())).parent
    known = " or ".join(sorted({option.legend for option in candidates}))
    if any(option.fits(seen) for option in candidates):
        known += ", counted as --order and --first say; leave these out"
    return f"{folder}: masks hold {min(seen)} to {max(seen)}, which is none of {known}; use the publisher's files"
