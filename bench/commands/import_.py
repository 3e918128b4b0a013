"""`zgs import`: what another tool wrote, as predictions of the open format; alone: which kinds there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.arguments import read_arguments, refuse_inputs
from bench.errors import DONE, SKIPS, UsageError
from bench.text.escape import escape_for_terminal

if TYPE_CHECKING:
    from bench.exchange.write_imported import Imported

USAGE = """zgs import [KIND] PATH to=FILE [KEY=VALUE …]
zgs import                what kinds there are, and what each can be asked

PATH              a file or a folder that another tool wrote; its kind is told by looking, and said
to=FILE           the predictions, .jsonl (one image a line) or .json
classes=FILE      what numbers are called: a class list (txt, csv, json), or a table of zgs, e.g. classes=voc20
first=0           classes counted anew from this number, in the order of the list
names=readable    of a table: names that a text encoder reads, e.g. potted plant for pottedplant
images=FILE       a COCO json with images (file names, sizes) and categories, e.g. instances_val2017.json
ids={id:012d}     names of images by their numbers, where no list of them is at hand
cut=TEXT          what names of files have before or after that of the image, e.g. cut=_color
background=0      numbers in maps that are no class; void=255 likewise. none: no number is
faults=skip       leave out images that cannot be read, and say which; else the first stops
variant=NAME      the name of the row in tables, else that of PATH

Straight into scores: zgs score PATH data=… [import.KEY=VALUE …]"""
OPTIONS = {"to": "", "variant": ""}


def main(arguments: list[str]) -> int:
    """Import a place, print its kind, what was counted and the next command; 3 where images were left out."""
    from bench.exchange.choices import SHARED
    from bench.exchange.registry import MODULES, load_kind

    known = {key: "" for name in MODULES for key in load_kind(name).options}
    places, options = read_arguments("import", arguments, OPTIONS | SHARED | known)
    if not places:
        print(write_overview())
        return DONE
    name, path = split_places(places)
    if not options["to"]:
        raise UsageError(f"import: say where the predictions are to be written, e.g. to={path.stem or 'theirs'}.jsonl")
    given = {word.partition("=")[0]: word.partition("=")[2] for word in arguments if word not in places}
    choices = {key: value for key, value in given.items() if key not in OPTIONS}
    to = Path(options["to"]).expanduser()
    done, lines = import_place(path, name, to, choices, options["variant"])
    print(*map(escape_for_terminal, lines), sep="\n")
    print(escape_for_terminal(f"next: zgs score {to} data=…"))
    return SKIPS if done.left_out else DONE


def split_places(places: Sequence[str]) -> tuple[str, Path]:
    """Split the words into the kind, empty where it is to be told by looking, and the place."""
    from bench.exchange.registry import MODULES

    if len(places) > 2 or (len(places) == 2 and places[0] not in MODULES):
        if len(places) == 2:
            from bench.exchange.registry import load_kind

            load_kind(places[0])  # says that it is none
        raise UsageError(f"import: name a kind and one place, not {' '.join(places)[:80]}; `zgs import --help`")
    path = Path(places[-1]).expanduser()
    if len(places) == 1 and places[0] in MODULES and not path.exists():
        raise UsageError(f"import {places[0]}: name the file or folder that is of this kind; `zgs import --help`")
    return ("" if len(places) == 1 else places[0]), path


def import_place(
    path: Path, name: str, to: Path, choices: Mapping[str, str], variant: str = "", dataset: object = None
) -> tuple[Imported, list[str]]:
    """Write the predictions of a place to ``to``; return what was written, and what there is to say of it."""
    from bench.exchange.choices import check_choices, make_source
    from bench.exchange.registry import load_kind, tell_kind
    from bench.exchange.write_imported import write_imported
    from bench.predictions.index import LINES

    if to.suffix.lower() not in (*LINES, ".json"):
        raise UsageError(f"to={to}: predictions are a .jsonl or a .json file")
    refuse_inputs(to, [path, choices.get("images"), choices.get("classes")], "to")
    name, why = (name, "as you say") if name else tell_kind(path)
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    kind = load_kind(name)
    refuse_inputs(to, kind.beside(path).values(), "to")
    source = make_source(path, name, kind, choices, dataset)  # type: ignore[arg-type]
    skip = check_choices(name, kind, choices)["faults"] == "skip"
    about = {"variant": variant or path.stem, "imported": f"{name} from {path.name}"}
    done = write_imported(to, kind.read(source), about, source.notes, path, skip)
    lines = [f"{path}: {name} ({why})", f"{to}: {len(done.names):,} images, {done.segments:,} segments"]
    lines += [f"  {line}" for line in source.notes.list_lines()]
    lines += [f"  left out: {reason}" for reason in list(done.left_out.values())[:20]]
    return done, lines


def write_overview() -> str:
    """Write a line a kind: its word, what it is, and the choices that it has beside those of all."""
    from bench.exchange.registry import MODULES, load_kind

    lines = ["zgs import [KIND] PATH to=FILE [KEY=VALUE …]; a kind is told by looking where none is named", ""]
    for name in MODULES:
        kind = load_kind(name)
        own = ", ".join(f"{key}={value}" for key, value in kind.options.items())
        both = "export too" if kind.write else ""
        more = "; ".join(part for part in (own, both) if part)
        lines.append(f"  {name:16} {kind.title}" + f"  [{more}]" * bool(more))
    return "\n".join(
        [*lines, "", "zgs import --help: the choices of all kinds; EXCHANGE.md: what each reads and decides"]
    )
