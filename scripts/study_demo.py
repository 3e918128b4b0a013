"""The study of the demo, made from its stored predictions and rated by simulated people; no part of the paper.

    zgs demo && python scripts/study_demo.py outputs/RUN … [to=results/study] [work=FOLDER]

Real people have not been asked: four made-up raters see which share of a region truly has the class that the label
names (more than 3/4: 3; 1/2: 2; 1/5: 1; else 0), three of them err by a step once in six questions, and one says
anything, fast. So everything of the study can be looked at (questions, report, calibration, plan), and no number is a
finding.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from bench.cli import main as zgs
from bench.commands.arguments import read_arguments
from bench.csv_files import read_csv
from bench.data.base import Dataset
from bench.errors import UsageError
from bench.paper.figures.pictures import Shown, draw_pictures, save_pictures
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.study.collected import collect
from bench.study.database import open_database, read_fact
from bench.study.drawing import fit_mask, hash_mask
from bench.study.folder import PICTURES
from bench.study.questions import hash_parts
from bench.study.raters import add_raters
from bench.study.reassigned import open_predictions
from bench.study.tasks import record_answer, take_task

RATERS, CARELESS, SLIP = 4, 3, 1 / 6
"""How many, which of them says anything, and how often the others err by a step."""
COLUMNS, ROWS = 6, 2


def main() -> int:
    """Make the study, rate it, and leave its pictures and a page."""
    places, options = read_arguments("study_demo", sys.argv[1:], {"to": "results/study", "work": "outputs/study"})
    if not places:
        raise UsageError("study_demo: name finished runs of `zgs demo`, e.g. outputs/toyscenes-test-full-*")
    to, work = Path(options["to"]), Path(options["work"])
    shutil.rmtree(work, ignore_errors=True)
    assert zgs(["study", "make", *places, f"to={work}"]) == 0
    database = open_database(work)
    shares = measure_shares(database, list(map(Path, places)))
    rate(database, shares)
    assert zgs(["study", "report", str(work), f"to={work / 'report'}"]) == 0
    assert zgs(["study", "plan", str(work), f"to={work / 'plan'}"]) == 0
    to.mkdir(parents=True, exist_ok=True)
    for name in (
        "report/calibration.png",
        "report/agreement.csv",
        "report/thresholds.csv",
        "plan/plan.png",
        "plan/plan.csv",
    ):
        shutil.copyfile(work / name, to / Path(name).name)
    draw_questions(database, work / PICTURES, to / "questions")
    (to / "README.md").write_text(write_page(database, work / "report"), encoding="utf-8")
    print(to / "README.md")
    return 0


def measure_shares(database: sqlite3.Connection, runs: Sequence[Path]) -> dict[str, float]:
    """Measure for each question which share of its region has the class that its label names."""
    dataset: Dataset = make_object(read_run_settings(runs[0])["data"])
    assert dataset.classes is not None
    files, names = [open_predictions(run) for run in runs], dataset.classes.names
    rows = database.execute("SELECT * FROM questions WHERE known = ''").fetchall()
    by_image: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        by_image.setdefault(row["image"], []).append(row)
    shares = {}
    for image, own in tqdm(by_image.items(), desc="shares", disable=None):
        truth = dataset.load(image).truth
        assert truth is not None
        regions = {}
        for prediction in (file[image] for file in files):
            for at in range(len(prediction)):
                mask = fit_mask(prediction, at, (truth.shape[0], truth.shape[1]))
                regions[f"{hash_parts('region', image, hash_mask(mask))}.jpg"] = mask
        for row in own:
            said = [index for index, name in enumerate(names) if name in row["label"].split() or name == row["label"]]
            shares[row["name"]] = float(np.isin(truth[regions[row["picture"]]], said).mean())
    return shares


def rate(database: sqlite3.Connection, shares: dict[str, float]) -> None:
    """Let the raters answer all tasks in turn."""
    draw, known = np.random.default_rng(0), {r["name"]: r["known"] for r in database.execute("SELECT * FROM questions")}
    codes = [code for code, _ in add_raters(database, RATERS, 1)]
    waiting = list(codes)
    database.execute("PRAGMA synchronous=OFF")  # nobody waits for these answers
    while waiting:
        for code in list(waiting):
            task = take_task(database, code)
            if task is None:
                waiting.remove(code)
                continue
            careless = codes.index(code) == CARELESS
            for item in task.items:
                true = {"right": 3, "wrong": 0}.get(known[item.question])
                true = int(np.searchsorted([0.2, 0.5, 0.75], shares[item.question])) if true is None else true
                slip = int(draw.choice([-1, 1])) if draw.random() < SLIP else 0
                rating = int(draw.integers(4)) if careless else int(np.clip(true + slip, 0, 3))
                record_answer(
                    database, code, item.question, rating, 0.6 if careless else float(draw.lognormal(1.5, 0.5))
                )


def draw_questions(database: sqlite3.Connection, pictures: Path, stem: Path) -> None:
    """Draw some questions as they were shown, the first by name: a row of questions, a row of controls."""
    rows = []
    for what, count in (("known = ''", COLUMNS * (ROWS - 1)), ("known <> ''", COLUMNS)):
        found = database.execute(f"SELECT * FROM questions WHERE {what} ORDER BY name LIMIT {count}").fetchall()
        shown = [
            Shown(
                Image.open(pictures / row["picture"]), row["label"], f"control: {row['known']}" if row["known"] else ""
            )
            for row in found
        ]
        rows += [shown[at : at + COLUMNS] for at in range(0, len(shown), COLUMNS)]
    save_pictures(draw_pictures(rows, "Which is a control is told here, and to no rater."), stem)
    stem.with_suffix(".svg").unlink()


def write_page(database: sqlite3.Connection, report: Path) -> str:
    """Write what was made, with the numbers of the report."""
    facts, collected = read_fact(database, "study"), collect(database)
    agreement = read_csv(report / "agreement.csv")
    labels = sum(sum(kinds.values()) for kinds in facts["counted"].values())
    lines = [
        "# The study of the demo, with simulated raters", "",
        f"`python scripts/study_demo.py` made a study of {len(facts['runs'])} stored runs of `zgs demo`: {labels} "
        f"labels of {len(facts['images'])} images are {facts['questions']} questions, since what runs say alike is "
        f"asked once; {facts['parts']} tasks, {facts['raters']} raters each, {len(collected.answers)} answers.", "",
        "**Nobody was asked.** Four made-up raters see which share of a region truly has the class that the label "
        "names; three err by a step once in six questions, one says anything, fast, and is excluded by the rule. The "
        "pictures show what a study gives, and no number here is a finding.", "",
        "![Questions as raters see them](questions.png)", "", "![Called correct over the cosine](calibration.png)", "",
        "![Widths by questions, raters and cost](plan.png)", "",
        "| agreement | all raters | without the excluded | n |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    for name, part in agreement.groupby("measure", sort=False):
        cells = [f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" for row in part.itertuples()]
        lines.append(f"| {name} | {' | '.join(cells)} | {part['n'].iloc[-1]} questions |")
    return "\n".join(
        [*lines, "", "[agreement.csv](agreement.csv) · [thresholds.csv](thresholds.csv) · [plan.csv](plan.csv)", ""]
    )


if __name__ == "__main__":
    sys.exit(main())
