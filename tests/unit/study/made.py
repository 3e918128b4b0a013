"""A small study without any run behind it: questions of made-up images, pictures of one pixel."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bench.study.database import open_database
from bench.study.examples import EXAMPLES
from bench.study.folder import PICTURES
from bench.study.make import cut_parts, share_controls
from bench.study.questions import RIGHT, WRONG, Question, Use
from bench.study.raters import add_raters
from bench.study.tasks import record_answer, take_task
from bench.study.written import Study, write_study


def make_questions(count: int, images: int = 5) -> list[Question]:
    """Questions of one run: texts and classes by ST in turn, cosines rising."""
    return [
        Question(
            f"image-{at % images}", f"mask-{at}", f"label {at}",
            uses=(Use("mine", at, "st" if at % 2 else "text", at / count if at % 2 else None),),
        )
        for at in range(count)
    ]  # fmt: skip


def make_study(
    folder: Path, count: int = 20, raters: int = 3, task: int = 6, controls: int = 1, labels: tuple[str, ...] = ()
) -> sqlite3.Connection:
    """Write a study and return its database, which does not wait for the disk; ``labels`` replace the first ones."""
    folder.mkdir(parents=True, exist_ok=True)
    questions = make_questions(count)
    for at, label in enumerate(labels):
        questions[at] = Question(questions[at].image, questions[at].mask, label, uses=questions[at].uses)
    parts = cut_parts(questions, task - controls, seed=0)
    known = [
        Question(f"image-{at}", f"known-{at}", f"control {at}", RIGHT if at % 2 == 0 else WRONG)
        for at in range(controls * len(parts))
    ]
    alts = {question.picture: "A photograph." for question in (*questions, *known)}
    facts = {
        "raters": raters, "task": task, "controls": controls, "seed": 0, "questions": count, "parts": len(parts),
        "images": sorted({question.image for question in questions}), "rule": "all", "sample": "all",
        "kinds": ["text", "st"], "runs": {"mine": str(folder / "run")}, "command": "zgs study make run to=study",
    }  # fmt: skip
    (folder / PICTURES).mkdir(exist_ok=True)
    names = {name for q in (*questions, *known) for name in (q.picture, q.photograph)}
    for name in names | {example.picture for example in EXAMPLES}:
        (folder / PICTURES / name).write_bytes(PIXEL)
    shared = share_controls([question.name for question in known], len(parts), controls)
    write_study(folder, Study(parts, known, shared, alts, facts))
    database = open_database(folder)
    database.execute("PRAGMA synchronous=OFF")
    return database


def rate_all(database: sqlite3.Connection, raters: int, rate: Callable[[str, str, str], int]) -> list[str]:
    """Let new raters answer in turns, a task each, until nothing is left; returns their codes.

    ``rate`` is told the rater, the question's label and what is known of it.
    """
    codes = [code for code, _ in add_raters(database, raters, 30)]
    waiting = list(codes)
    while waiting:
        for code in list(waiting):
            task = take_task(database, code)
            if task is None:
                waiting.remove(code)
                continue
            for item in task.items:
                (known,) = database.execute(
                    "SELECT known FROM questions WHERE name = ?", (item.question,)
                ).fetchone()  # fmt: skip
                record_answer(database, code, item.question, rate(code, item.label, known), 5.0)
    return codes


def _draw_pixel() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 80, 0)).save(file, "JPEG")
    return file.getvalue()


PIXEL = _draw_pixel()
