"""`zgs convert`: predictions of one class list by the names of another; alone: which tables there are."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, refuse_inputs
from bench.errors import DONE, UsageError, UserError, writing
from bench.text.escape import escape_for_terminal

USAGE = """zgs convert PREDICTIONS table=TABLE to=FILE [rest=keep] [names=readable]
zgs convert                which tables there are

PREDICTIONS     a .json or .jsonl file as PREDICTIONS.md describes, or the folder of a run
table=TABLE     coco_to_voc20 and the like, which hold exact matches only, or your yaml: NAME: NAME, NAME: for no class
to=FILE         the predictions with the other names, .jsonl; masks, scores and embeddings stay as they are
rest=keep       texts that the table lacks stay; else they are emptied, which means no class. Both are counted
names=readable  of a table of zgs: potted plant in place of pottedplant"""
OPTIONS = {"table": "", "to": "", "rest": "empty", "names": "own"}


def main(arguments: list[str]) -> int:
    """Convert, and print how many segments found a name and which texts did not."""
    from bench.commands.score import find_predictions
    from bench.exchange.convert import RESTS, convert, find_renames, list_beside, list_tables, load_table
    from bench.exchange.records import Notes
    from bench.predictions.index import LINES
    from bench.predictions.source import PredictionFile

    places, options = read_arguments("convert", arguments, OPTIONS)
    if not places:
        print("tables:", *(f"  {name:24} {len(load_table(name))} names" for name in list_tables()), sep="\n")
        return DONE
    if len(places) != 1 or not options["table"] or not options["to"]:
        raise UsageError("convert: name one file of predictions, table=TABLE and to=FILE; `zgs convert --help`")
    for key, known in (("rest", RESTS), ("names", ("own", "readable"))):
        if options[key] not in known:
            raise UsageError(f"{key}={options[key]}: known are {', '.join(known)}")
    to, file = Path(options["to"]).expanduser(), PredictionFile(find_predictions(Path(places[0])))
    if to.suffix.lower() not in LINES:
        raise UsageError(f"to={to}: the converted predictions are a .jsonl file")
    refuse_inputs(to, [file.path], "to")
    beside = next(list_beside(file), None)
    if beside is not None and to.parent.resolve() != file.path.parent.resolve():
        raise UserError(
            f"to={to}: {beside} belongs to the predictions and lies beside them; write to {file.path.parent}"
        )
    renames = find_renames(options["table"], options["names"])
    table = {name: renames.get(answer or "", answer) for name, answer in load_table(options["table"]).items()}
    notes = Notes()
    with writing(to, "to=FILE"):
        to.parent.mkdir(parents=True, exist_ok=True)
        convert(file, to, table, options["rest"], notes)
    print(escape_for_terminal(f"{to}: {len(file):,} images by {options['table']}"))
    print(*(escape_for_terminal(f"  {line}") for line in notes.list_lines()), sep="\n")
    return DONE
