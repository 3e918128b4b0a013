"""Appendix F on a platform of your own choice: questions and pictures as csv, or as Label Studio reads them."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from bench.study.database import read_fact
from bench.study.examples import EXAMPLES
from bench.study.folder import PICTURES, list_pictures
from bench.study.questions import MEANINGS, RATINGS, hash_parts

CSV_COLUMNS = ("task", "position", "question", "picture", "photograph", "label", "alt")
ASK = "How well does the text describe the highlighted part?"
CHOICES = tuple(f"{rating}: {meaning}" for rating, meaning in zip(RATINGS, MEANINGS, strict=True))


def export_csv(database: sqlite3.Connection, folder: Path, to: Path, url: str) -> list[Path]:
    """Write questions.csv, a line a question in the order of its task, with pictures and instructions beside it.

    ``url`` goes before the names of pictures. A platform gives each task to as many people as the study has raters.
    Controls stand among the others and nothing tells them.
    """
    copied = _copy_pictures(database, folder, to)
    path = to / "questions.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for row in list_rows(database):
            pictures = [f"{url}{row[name]}" for name in ("picture", "photograph")]
            writer.writerow([row["task"], row["position"], row["name"], *pictures, row["label"], row["alt"]])
    return [path, _write_instructions(database, to), copied]


def export_label_studio(database: sqlite3.Connection, folder: Path, to: Path, url: str) -> list[Path]:
    """Write tasks.json and config.xml for a project of Label Studio, with the pictures.

    Without ``url`` pictures are those of local storage whose root holds the export's folder
    (``/data/local-files/?d=``).
    """
    copied = _copy_pictures(database, folder, to)
    before = url or f"/data/local-files/?d={to.name}/{PICTURES}/"
    seen, tasks = set[str](), []
    for row in list_rows(database):
        if row["name"] not in seen:  # a control that parts share is one task
            seen.add(row["name"])
            tasks.append({"data": {
                "question": row["name"], "image": before + row["picture"], "photograph": before + row["photograph"],
                "label": row["label"], "part": row["task"],
            }})  # fmt: skip
    paths = to / "tasks.json", to / "config.xml"
    paths[0].write_text(json.dumps(tasks, indent=1, ensure_ascii=False), encoding="utf-8")
    paths[1].write_text(_write_config(), encoding="utf-8")
    return [*paths, _write_instructions(database, to), copied]


def list_rows(database: sqlite3.Connection) -> list[dict[str, Any]]:
    """List the questions of every part, controls among them, in a shuffled order with their positions from 1."""
    seed, parts = str(read_fact(database, "seed")), read_fact(database, "study")["parts"]
    found = []
    for part in range(parts):
        rows = database.execute(
            "SELECT * FROM questions WHERE part = ? OR name IN (SELECT question FROM controls WHERE part = ?)",
            (part, part),
        ).fetchall()
        rows.sort(key=lambda row: hash_parts("export", seed, str(part), row["name"]))
        found += [{**dict(row), "task": part + 1, "position": at} for at, row in enumerate(rows, 1)]
    return found


def _copy_pictures(database: sqlite3.Connection, folder: Path, to: Path) -> Path:
    """Copy every picture that a question or the instructions show, and nothing else."""
    place = to / PICTURES
    place.mkdir(parents=True, exist_ok=True)
    for name in list_pictures(database):
        shutil.copyfile(folder / PICTURES / name, place / name)
    return place


def _write_instructions(database: sqlite3.Connection, to: Path) -> Path:
    raters = read_fact(database, "study")["raters"]
    lines = [
        f"# {ASK}", "",
        "A computer has cut photographs into parts and has said what each shows. You see one part at a time, bright "
        "inside a white line, and a text. Choose how well the text describes that part, not the whole picture.", "",
        *(f"- **{example.rating}: {MEANINGS[example.rating]}**, as ![{example.alt}]({PICTURES}/{example.picture}) "
          f"with \"{example.label}\": {example.why}" for example in EXAMPLES[::-1]), "",
        f"(For who runs the study: {raters} different people a question; results as csv need the columns question, "
        "rater, rating and perhaps seconds.)", "",
    ]  # fmt: skip
    path = to / "instructions.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _write_config() -> str:
    choices = "\n".join(f"    <Choice value={quoteattr(choice)} hotkey={quoteattr(choice[0])}/>" for choice in CHOICES)
    return f"""<View>
  <Header value={quoteattr(ASK)}/>
  <Text name="label" value="$label"/>
  <Image name="image" value="$image"/>
  <Choices name="rating" toName="image" choice="single" required="true">
{choices}
  </Choices>
</View>
"""
