"""`zgs study` from a stored run to scores verified by people, and every wrong way to ask for it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.cli import main
from bench.csv_files import read_csv
from bench.predictions.source import PredictionFile
from bench.study.database import open_database
from bench.study.folder import PICTURES
from tests.shared_runs import find_run
from tests.unit.study.made import make_study, rate_all

Say = Callable[..., int]


@pytest.fixture(scope="module")
def made(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the full method's run on two scenes, not rated. Look, do not touch."""
    to = tmp_path_factory.mktemp("made") / "study"
    assert main(["study", "make", str(find_run(full)), f"to={to}", "task=9", "controls=2"]) == 0
    return to


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(made, tmp_path / "study"))


def test_everything_of_a_run_is_asked_once_and_nothing_else(made: Path, full: Path) -> None:
    file, study = PredictionFile(find_run(full) / "predictions.json"), open_database(made)
    uses = study.execute("SELECT u.*, q.image, q.label FROM uses u JOIN questions q ON q.name = u.question").fetchall()
    texts = {(use["image"], use["segment"]): use["label"] for use in uses if use["kind"] == "text"}
    assert texts == {
        (image, at): text for image in file for at, text in enumerate(file.read_texts(image)) if text.strip()
    }
    segments = sum(len(file.read_texts(image)) for image in file)
    assert sum(use["kind"] == "st" for use in uses) == sum(use["kind"] == "tt" for use in uses) == segments
    names = [row["name"] for row in study.execute("SELECT name FROM questions")]
    assert len(names) == len(set(names))
    shown = study.execute("SELECT image, picture, label FROM questions WHERE known = ''").fetchall()
    assert len({tuple(row) for row in shown}) == len(shown), "the same region and label are one question"
    files = {path.name for path in (made / PICTURES).iterdir()}
    assert {row["picture"] for row in shown} <= files and len([name for name in files if "example" in name]) == 4
    facts = json.loads((made / "study.json").read_text())
    assert (
        facts["questions"] == len(shown) and facts["images"] == sorted(file) == (made / "ids.txt").read_text().split()
    )


def test_controls_are_true_segments_under_right_and_wrong_names(made: Path, full: Path) -> None:
    from bench.data.toyscenes import ToyScenes

    scenes = ToyScenes(subset="first:2")
    rows = open_database(made).execute("SELECT * FROM questions WHERE known <> ''").fetchall()
    assert {row["known"] for row in rows} == {"right", "wrong"}
    for row in rows:
        truth = scenes.load(row["image"]).truth
        assert truth is not None
        present = {scenes.classes.names[index] for index in np.unique(truth[truth >= 0])}
        assert (row["label"] in present) == (row["known"] == "right")


@pytest.mark.slow
def test_people_who_find_all_labels_right_give_the_scores_without_thresholds(
    copied: Path, full: Path, capsys: pytest.CaptureFixture[str], blank_figures: None
) -> None:  # fmt: skip
    """An oracle by another road: where people let every label stand, no threshold drops one."""
    rate_all(open_database(copied), 3, lambda _code, _label, known: 0 if known == "wrong" else 3)
    assert main(["study", "report", str(copied), "resamples=100"]) == 0
    told = capsys.readouterr().out
    assert "every rating is 3" in told and "people call all of these labels correct" in told
    (ratings,) = (copied / "report/ratings").glob("*.csv")
    own = [f"store={full / 'store'}", f"out={copied / 'out'}", "score.resamples=50", "executor=serial"]
    words = [str(find_run(full)), *own, f"data.subset=file:{copied / 'ids.txt'}"]
    assert main(["score", *words, "score.verify=human", f"score.ratings={ratings}"]) == 0
    assert "count as not verified" not in capsys.readouterr().out, "every label that is scored was asked about"
    assert main(["score", *words, "score.tau_sbert=null", "score.tau_clip=null"]) == 0
    verified, plain = sorted((copied / "out").glob("*/scores.csv"), key=lambda path: "+human" not in path.read_text())
    people, machine = read_csv(verified), read_csv(plain)
    checked = 0
    for kind in ("tt", "st"):
        for measure in ("iou.image.union", "recall>0.5"):
            one = people[people["metric"].str.contains(f"/{kind}+human", regex=False) & (people["measure"] == measure)]
            other = machine[
                machine["metric"].str.contains(f"/{kind}(", regex=False)
                & (machine["measure"] == measure)
                & (machine["role"] == "own")
            ]
            assert list(one["value"]) == pytest.approx(list(other["value"]) * 3), (kind, measure)
            checked += 1
    assert checked == 4
    shares = read_csv(copied / "report/distribution.csv")
    assert set(shares[shares["rating"] == "3"]["value"]) == {1.0}


def test_the_report_tells_before_and_after_and_writes_only_whole_batches(
    copied: Path, capsys: pytest.CaptureFixture[str], blank_figures: None
) -> None:  # fmt: skip
    database, draw = open_database(copied), np.random.default_rng(0)
    codes: list[str] = []

    def say(code: str, label: str, known: str) -> int:
        codes.append(code)
        true = {"right": 3, "wrong": 0}.get(known, len(label) % 4)
        return int(draw.integers(4)) if codes.index(code) == 0 else true

    rate_all(database, 3, say)
    bad = codes[0]
    database.execute("UPDATE answers SET seconds = 0.2 WHERE rater = ?", (bad,))
    assert main(["study", "report", str(copied), "resamples=100", f"to={copied / 'one'}"]) == 0
    told = capsys.readouterr().out
    assert f"excluded {bad}:" in told and "Not whole: batch 3 lacks" in told and "`zgs study exclude`" in told
    agreement = read_csv(copied / "one/agreement.csv")
    alpha = agreement[agreement["measure"].str.startswith("alpha (Krippendorff")].set_index("raters")["value"]
    assert alpha["kept"] == 1.0 and alpha["all"] < 0.9
    (ratings,) = (copied / "one/ratings").glob("*.csv")
    with open(ratings, newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["batch"] for row in rows} == {"1", "2"} and bad not in {row["rater"] for row in rows}
    page = (copied / "one/report.md").read_text()
    assert f"| {bad} |" in page and "without the excluded" in page and "stated beforehand" in page
    assert main(["study", "report", str(copied), "exclude=no", "resamples=100", f"to={copied / 'two'}"]) == 0
    assert "excluded" not in capsys.readouterr().out
    assert main(["study", "exclude", str(copied)]) == 0
    assert "1 rater excluded" in capsys.readouterr().out
    assert main(["study", "status", str(copied)]) == 0
    assert "batch 3" in capsys.readouterr().out
    plan = ["study", "plan", str(copied), "questions=50", "raters=2", "studies=50"]
    assert main(plan) == 0
    told = capsys.readouterr().out
    assert "50 questions, 2 raters: share correct" in told and "only 2 images in the pilot: widths may be too" in told
    ratings = [int(line.split()[1]) for line in told.splitlines() if line.startswith("pilot:")]
    assert main([*plan, "seconds=600", f"to={copied / 'three'}"]) == 1, "everybody took less"
    assert "the rule leaves no answer" in capsys.readouterr().err
    assert main([*plan, "seconds=600", "exclude=no", f"to={copied / 'three'}"]) == 0
    told = capsys.readouterr().out
    assert "left out" not in told and f"pilot: {ratings[0]} ratings" in told


def test_the_same_command_draws_pictures_again_and_keeps_answers(
    copied: Path, full: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    database = open_database(copied)
    rate_all(database, 1, lambda *_: 2)
    given = database.execute("SELECT count(*) FROM answers").fetchone()[0]
    gone = sorted((copied / PICTURES).iterdir())[:3]
    before = [path.read_bytes() for path in gone]
    for path in gone:
        path.unlink()
    assert main(["study", "serve", str(copied)]) == 1
    told = capsys.readouterr().err
    assert "pictures are gone, the first" in told and "zgs study make" in told and told.count("\n") == 1
    again = ["study", "make", str(find_run(full)), f"to={copied}", "task=9", "controls=2"]
    assert main(again) == 0
    assert [path.read_bytes() for path in gone] == before
    assert open_database(copied).execute("SELECT count(*) FROM answers").fetchone()[0] == given
    assert main([*again, "seed=1"]) == 1
    assert "holds another study" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "say what to do: make, raters"),
        (["{study}", "to={tmp}/to"], 1, "no finished run"),
        (["mak", "run"], 2, "no such action (did you mean 'make'?)"),
        (["outputs/RUN"], 2, "`zgs study make outputs/RUN …` makes a study of a run"),
        (["make"], 2, "name runs and to=FOLDER"),
        (["make", "run"], 2, "name runs and to=FOLDER"),
        (["make", "{tmp}/none", "to={tmp}/to"], 1, "no finished run"),
        (["make", "{study}/study.json", "to=to"], 2, "is a file; `zgs score {study}/study.json data=…` first"),
        (["make", "run", "to=to", "ask=words"], 2, "ask=words: any of text, tt, st"),
        (["make", "run", "to=to", "sample=some"], 2, "write all, images:N"),
        (["make", "run", "to=to", "raters=0"], 2, "1 to 50 (the paper: 3)"),
        (["make", "run", "to=to", "task=1"], 2, "2 to 500 (the paper: 30)"),
        (["make", "run", "to=to", "task=5", "controls=5"], 2, "fewer than task=5"),
        (["make", "run", "to=to", "seed=x"], 2, "needs a whole number"),
        (["make", "run", "too=to"], 2, "did you mean 'to'"),
        (["serve"], 2, "name the folder of one study"),
        (["serve", "{tmp}/none"], 1, "no study is there"),
        (["serve", "{study}", "port=70000"], 2, "0 (any that is free) to 65535"),
        (["serve", "{study}", "host=example"], 2, "an address of this machine"),
        (["status", "{tmp}/none"], 1, "no study is there (study.sqlite is missing); `zgs study make"),
        (["status", "{broken}"], 1, "cannot be read as a study"),
        (["report", "{study}"], 1, "nobody has answered anything yet"),
        (["report", "{study}", "exclude=perhaps"], 2, "yes or no"),
        (["report", "{study}", "resamples=9"], 2, "100 to 1000000"),
        (["report", "{study}", "passed=2"], 2, "a number from 0 to 1"),
        (["plan", "{study}", "raters=0"], 2, "whole numbers from 1 to 50"),
        (["plan", "{study}", "price=-1"], 2, "a number from 0"),
        (["plan", "{study}"], 1, "nobody has answered anything yet"),
        (["plan", "{study}", "exclude=perhaps"], 2, "study plan: exclude=perhaps: yes or no"),
        (["plan", "{study}", "passed=2"], 2, "study plan: passed=2: a number from 0 to 1"),
        (["raters", "{study}"], 2, "add=N (how many new raters) or again=CODE"),
        (["raters", "{study}", "add=1", "again=ABCDE"], 2, "add=N (how many new raters) or again=CODE"),
        (["raters", "{study}", "add=0"], 2, "add=0: how many new raters, 1 to 10000"),
        (["raters", "{study}", "again=ABCDE"], 1, "again=ABCDE: nobody has this code"),
        (["raters", "{study}", "add=2", "days=0"], 2, "needs a number above 0"),
        (["raters", "{study}", "add=2", "days=9999"], 2, "up to 3650"),
        (["export", "{study}", "form=xml", "to=x"], 2, "csv or labelstudio"),
        (["export", "{study}", "form=csv"], 2, "where the files go"),
        (["import", "{study}", "form=csv"], 2, "a file of answers"),
        (["import", "{study}", "{tmp}/none.csv", "form=csv"], 1, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: list[str], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    if "{study}" in " ".join(words):
        make_study(tmp_path / "study").close()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/study.sqlite").write_text("no database at all, but long enough to be looked at" * 20)
    places = {"tmp": tmp_path, "study": tmp_path / "study", "broken": tmp_path / "broken"}
    assert main(["study", *(word.format(**places) for word in words)]) == code
    err = capsys.readouterr().err
    assert told.format(**places) in err and err.count("\n") == 1


def test_a_closed_study_is_not_served_until_it_is_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = str(tmp_path / "study")
    make_study(tmp_path / "study").close()
    assert main(["study", "close", study]) == 0 and main(["study", "serve", study]) == 1
    assert "was closed on" in (err := capsys.readouterr().err) and f"`zgs study open {study}` opens it again" in err
    assert main(["study", "status", study]) == 0 and "closed on" in capsys.readouterr().out
    assert main(["study", "open", study]) == 0 and main(["study", "status", study]) == 0
    assert "closed on" not in capsys.readouterr().out


def test_links_are_for_their_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_study(tmp_path / "study").close()
    for _ in range(2):
        assert main(["study", "raters", str(tmp_path / "study"), "add=2", "url=https://example.org/study/"]) == 0
    links = tmp_path / "study/links.csv"
    assert links.stat().st_mode & 0o077 == 0 and (tmp_path / "study/study.sqlite").stat().st_mode & 0o077 == 0
    lines = links.read_text().splitlines()
    assert lines[0] == "code,link" and len(lines) == 5
    assert all(",https://example.org/study/r/" in line for line in lines[1:])
    assert all(line.split(",")[1] in capsys.readouterr().out for line in lines[-1:])
    code, old = lines[2].split(",")
    assert main(["study", "raters", str(tmp_path / "study"), f"again={code.lower()}", "days=1"]) == 0
    told = capsys.readouterr().out
    assert f"the link of {code} before this one has ended, this one ends in 1 day, and" in told
    after = links.read_text().splitlines()
    assert [line for line in lines if line != lines[2]] == after[:-1], "the ended one is not kept"
    assert after[-1].startswith(f"{code},http://127.0.0.1:8765/r/") and after[-1].split(",")[1] in told
    assert old not in links.read_text() and links.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_photographs_without_labels_are_asked_about_by_their_texts(tmp_path: Path, full: Path) -> None:
    """Controls are of drawn scenes, and the classes of TT and ST are not there."""
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for name in "ab":
        pixels = np.random.default_rng(ord(name)).integers(0, 255, (40, 50, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photos/{name}.png")
    from tests.shared_runs import FAST

    words = [
        f"store={tmp_path / 'store'}",
        f"out={tmp_path / 'out'}",
        "data=folder",
        f"data.root={tmp_path / 'photos'}",
    ]
    assert main(["run", *FAST, *words, "pictures=0", "segment=whole", "encode=crop"]) == 0
    assert main(["study", "make", str(find_run(tmp_path)), f"to={tmp_path / 'study'}"]) == 0
    database = open_database(tmp_path / "study")
    assert {row[0] for row in database.execute("SELECT DISTINCT kind FROM uses")} == {"text"}
    known = database.execute("SELECT image FROM questions WHERE known <> ''").fetchall()
    assert known and all(row["image"].startswith("val-") for row in known)
