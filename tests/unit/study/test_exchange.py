"""Studies on other platforms: what goes out tells nothing, what comes back counts, wrong lines are named."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.errors import UserError
from bench.study.collected import Collected, collect
from bench.study.database import write_fact
from bench.study.examples import EXAMPLES
from bench.study.exports import CHOICES, export_csv, export_label_studio
from bench.study.folder import PICTURES, check_pictures
from bench.study.imports import import_answers, make_code, read_csv_answers, read_label_studio_answers
from bench.study.ratings_files import count_missing, list_ratings
from bench.study.tasks import take_task
from tests.unit.study.made import make_study

Answers = list[tuple[str, str, int]]
"""Question, rater, rating."""


def read_out(folder: Path) -> list[dict[str, str]]:
    with open(folder / "questions.csv", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, answers: Answers) -> Path:
    path.write_text("question,rater,rating,seconds\n" + "".join(f"{q},{w},{r},2.5\n" for q, w, r in answers))
    return path


def write_json(path: Path, answers: Answers) -> Path:
    """As Label Studio writes it: by task, ``completed_by`` a number or an object."""
    by_task: dict[str, list[tuple[str, int]]] = {}
    for question, who, rating in answers:
        by_task.setdefault(question, []).append((who, rating))
    path.write_text(json.dumps([
        {"id": at, "data": {"question": question}, "annotations": [
            {"completed_by": {"id": who} if at % 2 else who, "was_cancelled": False, "lead_time": 2.5,
             "result": [{"from_name": "rating", "to_name": "image", "type": "choices",
                         "value": {"choices": [CHOICES[rating]]}}]}
            for who, rating in each] + [{"completed_by": "away", "was_cancelled": True, "result": []}]}
        for at, (question, each) in enumerate(by_task.items())]))  # fmt: skip
    return path


FORMS: dict[str, tuple[Callable, Callable]] = {
    "csv": (write_csv, read_csv_answers), "labelstudio": (write_json, read_label_studio_answers),
}  # fmt: skip


@pytest.fixture
def study(tmp_path: Path) -> sqlite3.Connection:
    return make_study(tmp_path / "study", count=20, task=6, controls=1, labels=('=cmd|"a,b"', "<script>", "für\nimmer"))


def test_every_question_goes_out_once_in_its_task_and_nothing_tells_controls(
    study: sqlite3.Connection, tmp_path: Path
) -> None:  # fmt: skip
    export_csv(study, tmp_path / "study", tmp_path / "out", "https://example.org/p/")
    rows = read_out(tmp_path / "out")
    known = {row["name"]: dict(row) for row in study.execute("SELECT * FROM questions")}
    assert {row["question"] for row in rows} == set(known) and len(rows) == len(known) == 24
    assert Counter(row["task"] for row in rows) == {str(task): 6 for task in range(1, 5)}
    assert {row["question"]: row["label"] for row in rows} == {name: row["label"] for name, row in known.items()}
    for row in rows:
        name = row["picture"].removeprefix("https://example.org/p/")
        assert (tmp_path / "out/pictures" / name).is_file() and "image-" not in ",".join(row.values())
    positions = [int(row["position"]) for row in rows if known[row["question"]]["known"]]
    assert len(set(positions)) > 1, "controls stand anywhere"
    assert "different people" in (tmp_path / "out/instructions.md").read_text()


def test_every_picture_that_raters_see_is_looked_for_and_the_command_is_for_this_folder(
    study: sqlite3.Connection, tmp_path: Path
) -> None:  # fmt: skip
    """A picture of the instructions counts, too; the study lies in another folder than the one it was made in."""
    folder = tmp_path / "my copy"
    shutil.copytree(tmp_path / "study", folder)
    check_pictures(study, folder)
    (folder / PICTURES / EXAMPLES[0].picture).unlink()
    with pytest.raises(UserError) as told:
        check_pictures(study, folder)
    command = str(told.value).rpartition("(")[2].removesuffix(")")
    assert shlex.split(command) == ["zgs", "study", "make", "run", f"to={folder}"]
    assert f"a picture is gone, {EXAMPLES[0].picture}: the command" in str(told.value)
    (name,) = study.execute("SELECT min(photograph) FROM questions").fetchone()
    (folder / PICTURES / name).unlink()
    with pytest.raises(UserError, match=f"2 pictures are gone, the first {min(name, EXAMPLES[0].picture)}: "):
        check_pictures(study, folder)


def test_label_studio_gets_what_its_configuration_names(study: sqlite3.Connection, tmp_path: Path) -> None:
    export_label_studio(study, tmp_path / "study", tmp_path / "out", "")
    tasks = json.loads((tmp_path / "out/tasks.json").read_text())
    assert len(tasks) == 24 and len({task["data"]["question"] for task in tasks}) == 24
    view = ElementTree.parse(tmp_path / "out/config.xml").getroot()
    values = {part.get("value", "")[1:] for part in view if part.get("value", "").startswith("$")}
    assert values <= set(tasks[0]["data"]) and "image" in values
    assert tuple(choice.get("value") for choice in view.iter("Choice")) == CHOICES
    assert tasks[0]["data"]["image"].startswith("/data/local-files/?d=out/pictures/")


@pytest.mark.parametrize("form", FORMS)
def test_three_raters_elsewhere_are_three_batches_here(form: str, study: sqlite3.Connection, tmp_path: Path) -> None:
    write, read = FORMS[form]
    names = [row[0] for row in study.execute("SELECT name FROM questions ORDER BY name")]
    answers = [(name, who, at % 4) for who in ("ann@example.org", "bob", "7") for at, name in enumerate(names)]
    assert import_answers(study, read(write(tmp_path / "file", answers))) == (72, 3)
    collected = collect(study)
    assert count_missing(collected) == {} and len(collected.controls) == 12
    assert set(collected.answers["rater"]) == {make_code(who) for _, who, _ in answers}
    assert "ann" not in "".join(collected.answers["rater"]) and set(collected.answers["seconds"]) == {2.5}
    table = list_ratings(collected, "mine")
    assert len(table) == 60 and set(Counter(table["batch"]).values()) == {20}
    given = {(make_code(who), name): rating for name, who, rating in answers}
    labels = {row["label"]: row["name"] for row in study.execute("SELECT * FROM questions WHERE known = ''")}
    assert all(given[line.rater, labels[line.label]] == line.rating for line in table.itertuples())
    assert study.execute("SELECT count(*) FROM tasks WHERE done = 0").fetchone()[0] == 0
    with pytest.raises(UserError, match="in this study already: was the file taken before"):
        import_answers(study, read(write(tmp_path / "file", answers[:1])))


@pytest.mark.parametrize("form", FORMS)
def test_a_rater_twice_is_one_line_and_nothing_is_taken(form: str, study: sqlite3.Connection, tmp_path: Path) -> None:
    write, read = FORMS[form]
    names = [row[0] for row in study.execute("SELECT name FROM questions ORDER BY name")]
    answers = [(names[0], "bob", 1), (names[1], "bob", 2), (names[0], "bob", 1)]
    with pytest.raises(UserError, match=r"'bob' has answered question \w+ before \(.*keep one") as told:
        import_answers(study, read(write(tmp_path / "file", answers)))
    assert "\n" not in str(told.value) and (
        form != "csv" or "line 4" in str(told.value) and "line 2" in str(told.value)
    )
    assert study.execute("SELECT count(*) FROM answers").fetchone()[0] == 0
    assert study.execute("SELECT count(*) FROM raters").fetchone()[0] == 0


def test_more_raters_than_the_study_has_unknown_questions_and_a_closed_study(
    study: sqlite3.Connection, tmp_path: Path
) -> None:  # fmt: skip
    (name,) = study.execute("SELECT name FROM questions WHERE known = '' LIMIT 1").fetchone()
    with pytest.raises(UserError, match="line 5: question .* has its 3 answers already; a study takes raters=3"):
        import_answers(study, read_csv_answers(write_csv(tmp_path / "f", [(name, w, 1) for w in "abcd"])))
    with pytest.raises(UserError, match=f"question '{name}x' is none of this study .did you mean '{name}'"):
        import_answers(study, read_csv_answers(write_csv(tmp_path / "f", [(name + "x", "a", 1)])))
    write_fact(study, "closed", "2026-01-01")
    with pytest.raises(UserError, match="closed on 2026-01-01; `zgs study open"):
        import_answers(study, read_csv_answers(write_csv(tmp_path / "f", [(name, "a", 1)])))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("question,rating\nq,1\n", "column 'rater' is missing"),
        ("question,rater,rating\nq,a,4\n", "line 2: rating '4' should be 0, 1, 2 or 3"),
        ("question,rater,rating\nq,a,2.0\n", "line 2: rating '2.0'"),
        ("question,rater,rating\nq,,2\n", "line 2: says no rater"),
        ("question,rater,rating\nq,a\n", "line 2: another number of fields"),
        ("question,rater,rating\nq,a,1,9\n", "line 2: another number of fields"),
        ("question,rater,rating,seconds\nq,a,1,soon\n", "line 2: seconds 'soon'"),
        ("question,rater,rating,seconds\nq,a,1,-1\n", "line 2: seconds '-1'"),
        ('question,rater,rating\nq,"a,1\n', "not a csv file"),
        ("\xff", "not a csv file in UTF-8"),
    ],
)
def test_wrong_lines_are_told_by_their_number(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=told):
        read_csv_answers(tmp_path / "f.csv")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{", "no JSON"),
        ("{}", "should hold a list of tasks"),
        ("[1]", "should hold a list of tasks"),
        ("[{}]", "task 1: 'data.question' or 'annotations' is missing"),
        ('[{"data": {"question": "q"}, "annotations": [1]}]', "task 1, annotation 1: is no object"),
        ('[{"data": {"question": "q"}, "annotations": [{}]}]', "'completed_by' is missing"),
        ('[{"data": {"question": "q"}, "annotations": [{"completed_by": 1, "result": []}]}]', "has no rating"),
        (
            '[{"data": {"question": "q"}, "annotations": [{"completed_by": 1, "result": [{"from_name": "rating",'
            ' "value": {"choices": ["9"]}}]}]}]',
            "choice '9' should be one of 0: incorrect",
        ),
        *(
            (
                '[{"data": {"question": "q"}, "annotations": [{"completed_by": 1, "result": [{"from_name": "rating",'
                f' "value": {value}}}]}}]}}]',
                "task 1, annotation 1: the value of 'rating' should be",
            )
            for value in (
                "5",
                '"2"',
                "null",
                "[2]",
                '{"choices": 3}',
                '{"choices": {"0": 1}}',
                '{"choices": "2"}',
                '{"choices": []}',
                '{"choices": ["1", "2"]}',
            )
        ),
        (
            '[{"data": {"question": "q"}, "annotations": [{"completed_by": 1, "result": 7}]}]',
            "task 1, annotation 1: 'result' should be a list, not 7",
        ),
        (
            '[{"data": {"question": "q"}, "annotations": [{"completed_by": 1, "result": [{"from_name": "rating",'
            ' "value": {"choices": [{"a": 1}]}}]}]}]',
            "choice {'a': 1} should be one of",
        ),
    ],
)
def test_wrong_exports_are_told_by_task(value: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(value)
    with pytest.raises(UserError, match=told):
        read_label_studio_answers(tmp_path / "f.json")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for read in (read_csv_answers, read_label_studio_answers):
        with pytest.raises(UserError, match="cannot be read"):
            read(tmp_path / "none")


def test_answers_from_elsewhere_and_from_the_pages_fill_one_study(study: sqlite3.Connection, tmp_path: Path) -> None:
    from tests.unit.study.made import rate_all

    names = [row[0] for row in study.execute("SELECT name FROM questions WHERE known = ''")]
    import_answers(study, read_csv_answers(write_csv(tmp_path / "f", [(name, "elsewhere", 1) for name in names])))
    codes = rate_all(study, 2, lambda *_: 2)
    collected = collect(study)
    assert count_missing(collected) == {} and set(collected.regular["rater"]) == {make_code("elsewhere"), *codes}
    assert take_task(study, codes[0]) is None


def test_batches_that_are_not_whole_are_left_out_of_the_files_that_scores_read(study: sqlite3.Connection) -> None:
    from tests.unit.study.made import rate_all

    codes = rate_all(study, 3, lambda *_: 2)
    collected = collect(study)
    assert set(list_ratings(collected, "mine")["batch"]) == {1, 2, 3}
    one = collected.regular.index[collected.regular["batch"] == 1][0]
    lacking = Collected(collected.answers.drop(index=one), collected.uses, collected.facts)
    assert count_missing(lacking) == {3: 1}, "what one answer leaves is a gap in the last batch"
    assert set(Counter(list_ratings(lacking, "mine")["batch"]).items()) == {(1, 20), (2, 20)}, "19 are left out"
    kept = collected.leave_out(codes[:1])
    assert count_missing(kept) == {3: 20}, "what a rater leaves is a gap in the last batch, whichever was answered"
    table = list_ratings(kept, "mine")
    assert set(Counter(table["batch"]).items()) == {(1, 20), (2, 20)}
    assert not table.duplicated(["image", "segment", "label", "batch"]).any()
    alone = collected.leave_out(codes[:2])
    few = alone.leave_out([])
    few = type(alone)(
        alone.answers[alone.answers["question"] != alone.answers["question"].iloc[0]], alone.uses, alone.facts
    )
    assert len(list_ratings(few, "mine")) == len(few.regular), "no batch is whole: all there is, which the report says"
