"""`zgs export`: predictions of the open format as another tool reads them; what that tool cannot hold is counted."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, refuse_inputs
from bench.errors import DONE, UsageError, UserError
from bench.text.escape import escape_for_terminal

USAGE = """zgs export KIND PREDICTIONS to=PLACE [classes=FILE] [first=0] [names=readable]

KIND          coco (results .json), coco-panoptic (.json and a folder of PNGs), label-maps (a folder)
PREDICTIONS   a .json or .jsonl file as PREDICTIONS.md describes, or the folder of a run
classes=FILE  the numbers of texts: a class list (txt, csv, json) or a table of zgs, e.g. classes=voc20; segments whose
              text is none of them are left out, and counted. Else every text that occurs gets a number, from 1
first=0       classes of the list counted anew from this number; names=readable: by readable names of a table"""
OPTIONS = {"to": "", "classes": "", "first": "", "names": "own"}


def main(arguments: list[str]) -> int:
    """Write the predictions as a kind, and say what was lost; nothing is lost in silence."""
    from bench.commands.score import find_predictions
    from bench.exchange.choices import NAMES, read_classes, read_number
    from bench.exchange.image_names import choose_numbers
    from bench.exchange.read_ours import number_texts, read_ours
    from bench.exchange.records import Notes, Target
    from bench.exchange.registry import MODULES, load_kind
    from bench.predictions.source import PredictionFile

    places, options = read_arguments("export", arguments, OPTIONS)
    writers = [name for name in MODULES if load_kind(name).write]
    if len(places) != 2:
        raise UsageError(f"export: name a kind ({', '.join(writers)}) and one file of predictions; `zgs export --help`")
    kind = load_kind(places[0])
    if kind.write is None:
        raise UsageError(f"export {places[0]}: is read only; known: {', '.join(writers)}")
    if not options["to"]:
        raise UsageError("export: say where it is to be written, e.g. to=theirs")
    if options["names"] not in NAMES:
        raise UsageError(f"names={options['names']}: known are {', '.join(NAMES)}")
    file, to = PredictionFile(find_predictions(Path(places[1]))), Path(options["to"]).expanduser()
    if to.suffix.lower() != ".json" and places[0] != "label-maps":
        raise UsageError(f"to={to}: {places[0]} is a .json file")
    refuse_inputs(to, [file.path, options["classes"]], "to")
    first = read_number(options, "first")
    said, notes = options["classes"], Notes()
    classes = read_classes(said, first, options["names"], notes) if said else number_texts(file, first)
    if not classes:
        raise UserError(
            f"{file.path}: no segment has a text, so that there is no class to write; name a list: classes=FILE"
        )
    kind.write(read_ours(file, notes), Target(to, classes, choose_numbers(file), notes))
    print(escape_for_terminal(f"{to}: {len(file):,} images as {places[0]}, {len(classes.texts):,} classes"))
    print(
        *(escape_for_terminal(f"  {line}") for line in notes.list_lines()),
        sep="\n",
        end="\n" * bool(notes.list_lines()),
    )
    return DONE
