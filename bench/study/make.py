"""Appendix F, a study from stored predictions: questions, parts, controls, batches, and a picture for each.

Blind: what a rater meets tells nothing of the run; questions of all runs are shuffled together, and what two runs say
alike is asked once. The same command makes the same study, so it also brings back pictures that are gone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench import __version__
from bench.data.base import Dataset
from bench.data.toyscenes import ToyScenes
from bench.errors import UsageError, UserError, writing
from bench.mapping.similarity import compute_cosine
from bench.report.runs import label_runs
from bench.study.controls import Control, make_controls
from bench.study.database import FILE, open_database, read_fact
from bench.study.drawing import describe_region, draw_photograph, draw_region, fit_mask, hash_mask
from bench.study.examples import draw_examples
from bench.study.folder import PICTURES
from bench.study.questions import KINDS, Question, Use, hash_parts, join_questions
from bench.study.reassigned import Labelled, label_run
from bench.study.sampling import Place, Rule, choose_images, choose_segments
from bench.study.written import Study, write_study
from bench.system.hashing import hash_file


@dataclass(frozen=True)
class Plan:
    """What a study is to be: which segments, which labels of them, raters a question, questions and controls a task."""

    rule: Rule
    kinds: tuple[str, ...]
    raters: int = 3
    task: int = 30
    controls: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.raters <= 50:
            raise UsageError(f"raters={self.raters}: how many people answer each question, 1 to 50 (the paper: 3)")
        if not 2 <= self.task <= 500:
            raise UsageError(f"task={self.task}: questions of a task, 2 to 500 (the paper: 30)")
        if not 0 <= self.controls < self.task:
            raise UsageError(
                f"controls={self.controls}: questions of a task whose answer is known, fewer than task={self.task}"
            )


@dataclass
class Asked:
    """The questions of a study as they are found, what is said to who cannot see a picture, and what has no pixel."""

    questions: list[Question] = field(default_factory=list)
    alts: dict[str, str] = field(default_factory=dict)
    without_pixels: int = 0


def make_study(folders: Sequence[Path], to: Path, plan: Plan, command: str = "zgs study make …") -> dict[str, Any]:
    """Make a study of finished runs in a folder, or bring back the pictures of the same one; returns its facts.

    ``command`` is what made it, for whoever has to bring back pictures.
    Raises UserError where the folder holds another study, or nothing can be asked.
    """
    names = label_runs(folders)
    runs = [label_run(folder, names[folder], plan.kinds) for folder in folders]
    _check_same_data(runs)
    wish = _describe_wish(runs, plan)
    _check_same_study(to, "wish", wish)
    images = choose_images(plan.rule, sorted({image for run in runs for image, _ in run.labels}), plan.seed)
    with writing(to, "to=FOLDER"):
        (to / PICTURES).mkdir(parents=True, exist_ok=True)
        draw_examples(to / PICTURES)
        asked = _ask(runs, images, plan, to / PICTURES)
        if not asked.questions:
            raise UserError(f"{folders[0]}: no segment has a label to ask about: {', '.join(plan.kinds)}")
        parts = cut_parts(asked.questions, plan.task - plan.controls, plan.seed)
        controls = _make_controls(runs[0], images, plan, len(parts), {question.name for question in asked.questions})
        for control in controls:
            _draw(control.question, control.sample.image, control.mask, to / PICTURES, asked)
        facts = _describe(runs, images, plan, asked, controls) | {"parts": len(parts), "wish": wish, "command": command}
        _check_same_study(to, "digest", facts["digest"])
        if not (to / FILE).exists():
            shared = share_controls([control.question.name for control in controls], len(parts), plan.controls)
            write_study(to, Study(parts, [control.question for control in controls], shared, asked.alts, facts))
    return facts


def cut_parts(questions: Sequence[Question], size: int, seed: int) -> list[list[Question]]:
    """Cut all questions, shuffled, into parts of at most ``size`` that differ by one at most."""
    order = sorted(questions, key=lambda question: hash_parts("cut", str(seed), question.name))
    count = -(-len(order) // size)
    return [order[at::count] for at in range(count)]


def share_controls(names: Sequence[str], parts: int, each: int) -> list[list[str]]:
    """Give every part ``each`` controls, right and wrong in turn; where there are too few, parts share some."""
    return [sorted({names[(part * each + at) % len(names)] for at in range(each)}) for part in range(parts) if names]


def _check_same_data(runs: Sequence[Labelled]) -> None:
    first = runs[0].context.identity.fingerprint
    for run in runs[1:]:
        if run.context.identity.fingerprint != first:
            raise UserError(
                f"{run.folder}: is of other data than {runs[0].folder}, and a study is of one data set: make one of "
                "each"
            )


def _check_same_study(to: Path, name: str, value: str) -> None:
    """Raise UserError where a folder holds a study of which that fact is another."""
    if not (to / FILE).exists():
        return
    known = read_fact(open_database(to), "study") or {}
    if known.get(name) != value:
        raise UserError(
            f"to={to}: holds another study ({known.get('questions')} questions: {known.get('rule')}; its whole "
            "description is study.json); choose another folder"
        )


def _ask(runs: Sequence[Labelled], images: Sequence[str], plan: Plan, pictures: Path) -> Asked:
    """Ask of every chosen segment of every run, image by image: each is read and drawn once."""
    chosen = set(images)
    weights = [
        choose_segments(plan.rule, {p: s for p, s in run.strata.items() if p[0] in chosen}, plan.seed) for run in runs
    ]
    by_image: dict[str, list[tuple[Labelled, Place, float]]] = {image: [] for image in images}
    for run, weight in zip(runs, weights, strict=True):
        for place, stands_for in weight.items():
            by_image[place[0]].append((run, place, stands_for))
    asked = Asked()
    for image, own in tqdm(by_image.items(), desc="questions and pictures", disable=None):
        if own:
            _ask_of_image(image, own, runs[0].context.dataset, pictures, asked)
    asked.questions = join_questions(asked.questions)
    return asked


def _ask_of_image(
    image: str, own: Sequence[tuple[Labelled, Place, float]], dataset: Dataset, pictures: Path, asked: Asked
) -> None:
    sample = dataset.load(image)
    predictions = {id(run): run.file[image] for run, _, _ in own}
    for run, place, stands_for in own:
        mask = fit_mask(predictions[id(run)], place[1], sample.size)
        if not mask.any():  # it has no pixel in the image's size: nothing to show
            asked.without_pixels += 1
            continue
        for label in run.labels[place]:
            use = Use(run.name, place[1], label.kind, label.cosine, stands_for)
            question = Question(image, hash_mask(mask), label.text, uses=(use,))
            asked.questions.append(question)
            _draw(question, sample.image, mask, pictures, asked)


def _draw(question: Question, image: np.ndarray, mask: np.ndarray, pictures: Path, asked: Asked) -> None:
    """Draw the pictures of a question that are not there, and say where its region lies."""
    if question.picture in asked.alts:
        return
    asked.alts[question.picture] = describe_region(mask)
    if not (pictures / question.picture).exists():
        draw_region(image, mask, pictures / question.picture)
    if not (pictures / question.photograph).exists():
        draw_photograph(image, pictures / question.photograph)


def _make_controls(
    run: Labelled, images: Sequence[str], plan: Plan, parts: int, taken: set[str]
) -> list[Control]:  # fmt: skip
    """Make controls for all parts: of the study's own data, else of drawn scenes."""
    if not plan.controls:
        return []
    dataset: Dataset = run.context.dataset
    if dataset.classes is None:
        dataset = ToyScenes(split="val")
        images = dataset.list_ids()

    def compare(names: Sequence[str]) -> np.ndarray:
        vectors = run.context.give_encoder("tt").encode(list(names))
        return compute_cosine(vectors, vectors)

    made = make_controls(dataset, images, plan.controls * parts, plan.seed, compare, hash_mask, taken)
    if len(made) < plan.controls:
        raise UserError(
            f"controls={plan.controls}: {len(images)} images have only {len(made)} true segments that can be asked "
            "about (those of 2 to 60 % of the image): take more images, or controls=0"
        )
    return made


def _describe_wish(runs: Sequence[Labelled], plan: Plan) -> str:
    """Describe in a hash what a study is asked to be: its plan, predictions and data."""
    files = [f"{run.name}={hash_file(run.file.path)}" for run in runs]
    return hash_parts(json.dumps(asdict(plan)), runs[0].context.identity.fingerprint, *files)


def _describe(
    runs: Sequence[Labelled], images: Sequence[str], plan: Plan, asked: Asked, controls: Sequence[Control]
) -> dict[str, Any]:
    """Describe the study in words and numbers."""
    said = sorted(f"{question.name} {[list_facts(use) for use in question.uses]}" for question in asked.questions)
    return {
        "rule": plan.rule.describe(plan.seed),
        "sample": plan.rule.name,
        "kinds": list(plan.kinds),
        "raters": plan.raters,
        "task": plan.task,
        "controls": plan.controls,
        "seed": plan.seed,
        "images": list(images),
        "questions": len(asked.questions),
        "known": len(controls),
        "without_pixels": asked.without_pixels,
        "empty": sum(run.empty for run in runs),
        "counted": _count_labels(runs, asked.questions),
        "classes": len(runs[0].context.dataset.classes or ()),
        "runs": {run.name: str(run.folder.resolve()) for run in runs},
        "predictions": {run.name: str(run.file.path.resolve()) for run in runs},
        "digest": hash_parts(*said, *(control.question.name for control in controls)),
        "made_by": __version__,
    }


def _count_labels(runs: Sequence[Labelled], questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    """Count the labels of each kind that are asked about, by run."""
    counted = Counter((use.run, use.kind) for question in questions for use in question.uses)
    return {run.name: {kind: n for kind in KINDS if (n := counted[run.name, kind])} for run in runs}


def list_facts(use: Use) -> tuple[Any, ...]:
    """List a use as it counts in the digest: its cosine to six decimals, as protocols round it."""
    return use.run, use.segment, use.kind, None if use.cosine is None else round(use.cosine, 6), round(use.weight, 9)
