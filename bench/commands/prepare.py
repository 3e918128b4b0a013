"""`zgs prepare`: from the publisher's files to a checked set that `zgs run` reads; without them, where to get them."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.commands.arguments import Parser
from bench.data.base import suggest_nearest
from bench.data.publishers import PUBLISHERS, write_overview, write_page
from bench.errors import DONE, SKIPS, UsageError, UserError, writing


def main(arguments: list[str]) -> int:
    """List the data sets, say where to get one, prepare one, or check a prepared one."""
    options = _make_parser().parse_args(arguments)
    name = options.dataset
    if name is not None and name not in PUBLISHERS:
        raise UsageError(
            f"prepare {name}: no such data set{suggest_nearest(name, PUBLISHERS)}; known: {', '.join(PUBLISHERS)}"
        )
    if options.check is not None:
        if options.source is not None:
            raise UsageError("prepare: --check looks at what is prepared and --from prepares it; give one of them")
        return _check(options.check or options.to or _choose_folder(name, options.split), name)
    if options.source is None:
        print(write_page(name) if name else write_overview())
        return DONE
    if name is None:
        raise UsageError(f"prepare --from {options.source}: say which data set it is: {', '.join(PUBLISHERS)}")
    return _prepare(options, options.to or _choose_folder(name, options.split))


def _make_parser() -> Parser:
    parser = Parser("zgs prepare", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("dataset", nargs="?", metavar="DATASET", help=", ".join(PUBLISHERS))
    add("--from", dest="source", metavar="FOLDER", help="where the publisher's archives were unpacked")
    add("--to", type=Path, metavar="FOLDER", help="the prepared set (default: data/DATASET, data/DATASET_SPLIT)")
    add("--split", default="val", help="val (default), train; of VOC and Context also trainval")
    add("--check", nargs="?", const="", metavar="FOLDER", help="check a prepared set again, byte by byte")
    add("--voc", type=Path, metavar="FOLDER", help="PASCAL VOC, whose masks tell the order of Context's labels")
    add("--order", help="what the numbers in masks mean, where they do not tell: own or by459 (Context), own or train")
    add("--first", type=int, choices=(0, 1), help="number of the first class in the masks, where it cannot be told")
    add("--masks", type=Path, metavar="FOLDER", help="the masks, where --from holds more than one folder of them")
    add("--list", dest="id_list", type=Path, metavar="FILE", help="the split's ids, one a line")
    add("--objects", action="store_true", default=None, help="also read VOC's objects (SegmentationObject), for PQ")
    add("--partial", action="store_true", help="prepare what is there, leave out what is not, and say so")
    add("--jobs", type=int, metavar="N", help="processes (default: all cores for a whole set)")
    return parser


def _choose_folder(name: str | None, split: str) -> Path:
    if name is None:
        raise UsageError("prepare --check: name the folder of a prepared set, or its data set")
    return Path("data", name if split == "val" else f"{name}_{split}")


def _prepare(options: argparse.Namespace, to: Path) -> int:
    from bench.prepare.write import finish, write

    plan = _make_plan(options)
    with writing(to, "--to FOLDER"):
        about = write(plan, to, options.jobs, options.partial)
        _show(to, about)
        finish(to, about)
    root = "" if to == _choose_folder(plan.name, "val") else f" data.root={to}"
    split = "" if plan.split == "val" else f" data.split={plan.split}"
    print(f"next: zgs run data={plan.name}{root}{split}")
    return SKIPS if about["missing"] else DONE


def _make_plan(options: argparse.Namespace) -> Any:
    from bench.prepare.choices import Choices
    from bench.prepare.plan import warn_of_palettes
    from bench.prepare.splits import split_of
    from bench.prepare.tree import open_tree

    split_of(options.dataset, options.split)
    _check_own_options(options)
    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"prepare: --jobs {options.jobs}: at least 1")
    if options.id_list and not options.id_list.is_file():
        raise UserError(f"--list {options.id_list} does not exist; name a file with one image id a line")
    choices = Choices(
        options.dataset, options.split, options.voc, options.order, options.first, options.masks, options.id_list,
        options.partial, bool(options.objects),
    )  # fmt: skip
    source = import_module(f"bench.prepare.{PUBLISHERS[options.dataset].source}")
    return warn_of_palettes(source.plan(open_tree(options.source), choices))


def _check_own_options(options: argparse.Namespace) -> None:
    """Raise UsageError for an option that this data set does not have, or an order that it does not know."""
    publisher = PUBLISHERS[options.dataset]
    for word in ("order", "first", "masks", "voc", "objects"):
        if getattr(options, word) is not None and word not in publisher.options:
            others = ", ".join(name for name, other in PUBLISHERS.items() if word in other.options)
            raise UsageError(f"prepare {options.dataset}: --{word} is for {others}; leave it out")
    if options.order is not None and options.order not in publisher.orders:
        known = ", ".join(publisher.orders)
        near = suggest_nearest(options.order, publisher.orders)
        raise UsageError(f"prepare {options.dataset}: --order {options.order}: known are {known}{near}")


def _check(folder: str | Path, name: str | None) -> int:
    from bench.prepare.verify import check

    to = Path(folder).expanduser()
    about = check(to, name)
    with writing(to, "--to FOLDER"):
        _show(to, about)
    print("  as it was prepared, to the last byte")
    return SKIPS if about["missing"] else DONE


def _show(to: Path, about: dict[str, Any]) -> None:
    from bench.prepare.sheet import draw_sheet
    from bench.prepare.splits import WARNING
    from bench.prepare.verify import report
    from bench.prepare.write import SHEET

    draw_sheet(to, about).save(to / SHEET)
    print(report(about))
    for remark in about["source"].get("remarks", ()):
        if remark.startswith(WARNING):
            print(f"zgs: {remark}", file=sys.stderr)
    print(f"  look at {to / SHEET}: right names on right pixels?")
