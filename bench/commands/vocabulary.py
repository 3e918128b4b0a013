"""`zgs vocabulary`: the words of stored predictions that a mapping table has to answer, and how often each comes."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path

from bench.commands.arguments import read_arguments, refuse_inputs
from bench.errors import DONE, UsageError, writing

USAGE = """zgs vocabulary PREDICTIONS [table=FILE] [csv=FILE] [json=FILE]

PREDICTIONS  a .json or .jsonl file as PREDICTIONS.md describes, or the folder of a run
table=FILE   only the words that this mapping table does not know yet
csv=FILE     write word,count there (else to the terminal)
json=FILE    write a table to be filled: {word: null}; null means no class"""


def main(arguments: list[str]) -> int:
    """Write the words, the most frequent first, equal ones by alphabet; texts are taken letter by letter."""
    places, options = read_arguments("vocabulary", arguments, {"table": "", "csv": "", "json": ""})
    if len(places) != 1:
        raise UsageError(
            f"vocabulary: name one file of predictions, not {len(places)}; `zgs vocabulary --help` shows how"
        )
    from bench.commands.score import find_predictions

    file = find_predictions(Path(places[0]))
    for key in ("csv", "json"):
        if options[key]:
            refuse_inputs(Path(options[key]), [file, options["table"]], key)
    words = count_texts(file)
    if options["table"]:
        from bench.mapping.table import read_words

        known = read_words(options["table"])
        words = [(word, count) for word, count in words if word not in known]
    _write_words(words, options)
    return DONE


def count_texts(path: Path) -> list[tuple[str, int]]:
    """The texts of all segments of a file and how many segments have each; empty texts need no answer."""
    from bench.predictions.source import PredictionFile

    file = PredictionFile(path)
    found = Counter(text for image_id in file for text in file.read_texts(image_id) if text.strip())
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _write_words(words: list[tuple[str, int]], options: dict[str, str]) -> None:
    if options["json"]:
        with writing(Path(options["json"]), "json=FILE"):
            text = json.dumps({word: None for word, _ in words}, indent=1, ensure_ascii=False)
            Path(options["json"]).write_text(text + "\n", encoding="utf-8")
    if options["csv"]:
        with writing(Path(options["csv"]), "csv=FILE"), open(options["csv"], "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("word", "count"), *words])
    if not options["csv"] and not options["json"]:
        csv.writer(sys.stdout, lineterminator="\n").writerows([("word", "count"), *words])
    else:
        print(f"{len(words)} words on {sum(count for _, count in words)} segments")
