"""Section 4.1, class names: predictions of one class list by the names of another, from a table of exact matches.

    person: person        # a name of the one list: a name of the other
    couch: sofa
    zebra:                # nothing: no class of the other

Tables of the package are in ``tables/*.yaml``; they hold names that mean the same, and no more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.data.base import suggest_nearest
from bench.data.class_tables import load_class_table
from bench.data.files import is_hidden
from bench.data.yaml_text import NOTHING, read_yaml
from bench.errors import UserError
from bench.exchange.records import Notes
from bench.predictions.source import PredictionFile, read_entry
from bench.predictions.write import open_replacement

FOLDER = Path(__file__).with_name("tables")
RESTS = ("empty", "keep")
"""What becomes of texts that a table lacks: no text, or the text as it is."""


def list_tables() -> list[str]:
    """List the tables of the package, each SOURCE_to_TARGET."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if not is_hidden(path.name))


def load_table(said: str) -> dict[str, str | None]:
    """Load a table of the package or a yaml of one's own: the name of the other list by a name of the one.

    Raises UserError for another word, and for an entry that is no text.
    """
    place = FOLDER / f"{said}.yaml" if said in list_tables() else Path(said).expanduser()
    if not place.is_file():
        known = list_tables()
        raise UserError(f"table={said}: no such file, and no table{suggest_nearest(said, known)} ({', '.join(known)})")
    content = read_yaml(place)
    if not isinstance(content, Mapping) or not content:
        raise UserError(f"{place}: should be lines NAME: NAME, or NAME: for no class")
    for name, answer in content.items():
        if not isinstance(name, str) or not isinstance(answer, str | None):
            raise UserError(f"{place}: {name!r:.40}: {answer!r:.40}: needs two names, or one and nothing")
    return {name: None if answer is None or answer in NOTHING else answer for name, answer in content.items()}


def find_renames(said: str, names: str) -> dict[str, str]:
    """Find for a table of the package how its answers are called by ``names`` (own or readable)."""
    target = said.rpartition("_to_")[2]
    if names == "own" or said not in list_tables():
        return {}
    return {row.name: row.readable for row in load_class_table(target).rows}


def convert(file: PredictionFile, to: Path, table: Mapping[str, str | None], rest: str, notes: Notes) -> None:
    """Write the predictions with texts by the table; all else stays as it stands, masks and scores and embeddings."""
    unknown: Counter[str] = Counter()
    head = {key: value for key, value in file.head.items() if key != "images"}
    lines = (json.dumps(_convert_entry(file, image_id, table, rest, notes, unknown)) for image_id in file)
    with open_replacement(to) as (stream, keep):
        stream.write(f"{json.dumps(head)}\n".encode())
        for line in lines:
            stream.write(f"{line}\n".encode())
        keep()
    listed = ", ".join(f"{text!r} ({count})" for text, count in unknown.most_common(5))
    done = "left as they are" if rest == "keep" else "now without a text, as no class"
    notes.count(f"segments have a text that the table lacks: {done}; most often {listed}", unknown.total())


def _convert_entry(
    file: PredictionFile, image_id: str, table: Mapping[str, str | None], rest: str, notes: Notes, unknown: Counter[str]
) -> dict[str, object]:
    entry = read_entry(file.path, file.find_place(image_id))
    for segment, text in zip(entry["segments"], file.read_texts(image_id), strict=True):
        if text in table:
            answer = table[text]
            notes.count("segments have the name of a class of the other list", int(answer is not None))
            notes.count("segments are of a class that the other list lacks: now without a text", int(answer is None))
            segment["text"] = answer or ""
        elif text.strip():
            unknown[text] += 1
            segment["text"] = text if rest == "keep" else ""
    return entry


def list_beside(file: PredictionFile) -> Iterator[str]:
    """List the files beside predictions that belong to them: they are found only from the same folder."""
    options = file.head.get("embeddings")
    if isinstance(options, dict) and isinstance(options.get("file"), str):
        yield options["file"]
    yield from (name for image_id in file if (name := file.find_place(image_id).label_map) is not None)
