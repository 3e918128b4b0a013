"""`zgs report … site=`: what the folder holds, what it says of runs that are half finished or of other data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.cli import main
from bench.csv_files import read_csv
from bench.data.toyscenes import ToyScenes
from bench.errors import BadSample, UserError
from bench.records import Sample
from bench.report.site.pack import read_sheet
from bench.report.site.place import begin_site, check_place
from bench.run.context import RunContext
from bench.run.run_folder import read_image_scores
from bench.store.sealed import read_record, write_record
from tests.e2e.report.site.made_up import score_systems, write_system
from tests.shared_runs import find_run, make_once
from tests.unit.report.site.read_steps import measure

IMAGES = 3


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_once(tmp_path_factory, "site-scored", lambda folder: score_systems(folder, IMAGES) and None)


def list_scored(folder: Path) -> list[Path]:
    return [next((folder / name).glob("*/run.json")).parent for name in ("sure", "unsure", "anything")]


def read(site: Path, name: str) -> Any:
    """The value that a data file hands to the page."""
    if (sheet := site / "data" / f"{name}.css").exists():
        return read_sheet(sheet)
    text = (site / "data" / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def test_numbers_of_a_run_of_ours_are_those_of_its_scores(full: Path, tmp_path: Path, capsys: Any) -> None:
    run = find_run(full)
    assert main(["report", str(run), f"site={tmp_path / 'site'}"]) == 0
    assert f"{tmp_path / 'site' / 'index.html'}" in capsys.readouterr().out
    site, visited = read(tmp_path / "site", "site"), 0
    scores = read_csv(run / "scores.csv")
    for mapping in site["mappings"]:
        packed = read(tmp_path / "site", f"numbers-0-{mapping['key']}")
        own = scores[(scores["role"] == "own") & scores["mapping"].str.startswith(mapping["key"] + "(")]
        for measured, value in zip(own["measure"], own["value"], strict=True):
            name = "tgq.micro" if measured.startswith("tgq.micro>") else measured
            if name in packed:
                visited += 1
                assert f"{measure(packed[name], mapping['own'], 6):.6f}" == f"{value:.6f}"
    assert visited == 5  # IoU and recall by TT and ST, and TGQ's hits by TT
    image = read(tmp_path / "site", "image-00000")
    assert image["over"]["count"] > 1 and image["runs"][0]["st"] and image["truth"] and site["missing"] == []
    assert image["picture"]["file"] == "image-00000.png" and len(site["ids"]) == site["shown"] == 2
    assert read(tmp_path / "site", "provenance")["runs"][0]["config"] == (run / "config.yaml").read_text()


def test_a_page_needs_nothing_from_elsewhere(scored: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    begin_site(site)
    (site / "data").mkdir()
    for name in ("data/image-00077.css", "data/image-00077.jpg", "data/image-00077.js", "notes.txt"):
        (site / name).write_text("old")  # of a writing that was cut short, and somebody else's
    assert main(["report", *map(str, list_scored(scored)), f"site={site}", "pictures=1"]) == 0
    assert not list((site / "data").glob("image-00077.*")) and (site / "notes.txt").read_text() == "old"
    check_place(site)
    assert [len(each["runs"]) for each in read(site, "provenance")["protocols"]] == [3], "one protocol, told once"
    page = (site / "index.html").read_text()
    assert "http" not in page.replace("http-equiv", "") and "default-src 'none'" in page
    named = [part.split('"')[0] for part in page.replace("src=", "href=").split('href="')[1:] if part[0] != "#"]
    assert named and all((site / name).is_file() for name in named)
    assert {"what": "pictures", "why": "of 1 of 3 images (pictures=1); numbers are of all"} in read(site, "site")[
        "missing"
    ]
    assert sorted(path.name for path in (site / "data").glob("image-*")) == ["image-00000.css", "image-00000.png"]


@pytest.mark.slow
def test_runs_that_do_not_fit_are_left_out_and_told(scored: Path, full: Path, tmp_path: Path, capsys: Any) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(list_scored(scored)[0], runs / "a")
    shutil.copytree(find_run(full), runs / "begun")
    (runs / "begun" / "run.json").unlink()
    other = write_system(tmp_path / "sure.jsonl", IMAGES, 0.5, 5)
    data = (f"data.subset=first:{IMAGES}", "data.split=tune", f"store={scored / 'store'}", f"out={runs}")
    assert main(["score", str(other), "data=toyscenes", *data, "--ignore-unknown", "score.resamples=50"]) == 3
    capsys.readouterr()
    assert main(["report", str(runs), f"site={tmp_path / 'site'}"]) == 0
    site = read(tmp_path / "site", "site")
    (unfinished,) = [each["why"] for each in site["missing"] if each["what"] == "a run"]
    assert "begun: not finished" in unfinished and "finish it with" in unfinished
    assert f"left out: {unfinished}" in capsys.readouterr().out
    (left_out,) = [each["what"] for each in site["missing"] if each["why"].startswith("is of other data (toyscenes:")]
    assert left_out.startswith("sure ") and [each["name"] for each in site["runs"]] == ["sure"]
    assert {each["variant"] for each in site["numbers"] if each["role"] == "own"} == {"sure"}
    assert len([each for each in site["intervals"] if each[0] == 0]) > 3, "a run that is left out takes none away"
    assert main(["report", str(runs / "begun"), f"site={tmp_path / 'none'}"]) == 2
    assert "not finished" in capsys.readouterr().err and not (tmp_path / "none").exists()


def refuse(self: object, name: str) -> None:
    raise UserError(f"{name}: no weights here")


def test_a_whole_store_needs_no_model_and_without_one_numbers_stand_still(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunContext, "load_model", refuse)
    assert main(["report", str(find_run(full)), f"site={tmp_path / 'site'}"]) == 0
    assert read(tmp_path / "site", "site")["missing"] == []
    run = Path(shutil.copytree(find_run(full), tmp_path / "run"))
    settings = yaml.safe_load((run / "config.yaml").read_text())
    (run / "config.yaml").write_text(yaml.safe_dump({**settings, "store": str(tmp_path / "empty")}))
    write_record(run, {key: value for key, value in read_record(run).items() if key not in ("files", "sha256")})
    assert main(["report", str(run), f"site={tmp_path / 'other'}"]) == 0
    site, image = read(tmp_path / "other", "site"), read(tmp_path / "other", "image-00000")
    told = {each["what"]: each["why"] for each in site["missing"]}
    assert (
        told.pop("over-segments").startswith("are not in the store any more; the command of a run") and not site["over"]
    )
    assert (
        told.pop(site["runs"][0]["name"]) == "its numbers do not follow the threshold: sentence: no weights here"
        and not told
    )
    assert site["mappings"] == [] and len(site["numbers"]) > 5
    assert image["over"] == {"missing": "not in the store any more"} and len(image["runs"][0]["texts"])


def test_what_cannot_be_shown_is_a_reason_in_its_place(
    scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    load = ToyScenes.load

    def fail_one(self: ToyScenes, image_id: str) -> Sample:
        if image_id == "test-0001":
            raise BadSample("test-0001: the file ends early")
        return load(self, image_id)

    monkeypatch.setattr(ToyScenes, "load", fail_one)
    assert main(["report", str(list_scored(scored)[2]), f"site={tmp_path / 'site'}"]) == 0
    first, second, third = (read(tmp_path / "site", f"image-0000{at}") for at in range(3))
    assert first["runs"][0] == {"missing": "this run has no prediction for it"} and first["picture"]
    assert second["missing"] == second["runs"][0]["missing"] == "test-0001: the file ends early"
    assert third["picture"] and len(third["runs"][0]["texts"])
    told = "of 1 of 3 images cannot be shown; the first, test-0001: the file ends early"
    assert {"what": "pictures", "why": told} in read(tmp_path / "site", "site")["missing"], "first in the page"
    assert f"missing: pictures: {told}" in capsys.readouterr().out


def test_words_of_a_list_are_in_no_file_and_are_counted(scored: Path, tmp_path: Path, capsys: Any) -> None:
    words, site = tmp_path / "words.txt", tmp_path / "site"
    words.write_text("sky\nsmall  # and not old\n")
    assert main(["report", str(list_scored(scored)[1]), f"site={site}", f"report.blocklist={words}"]) == 0
    assert "words hidden, of a list of 2 (scores count them as ever)" in capsys.readouterr().out
    texts = read(site, "site")["texts"]
    assert not any("sky" in text.split() or "small" in text.split() for text in texts) and "[hidden]" in texts
    scores = read_csv(list_scored(scored)[1] / "scores.csv")
    packed = read(site, "numbers-0-tt")["iou.image.union"]
    assert f"{measure(packed, 0.5, 6):.6f}" == f"{scores['value'].iloc[0]:.6f}"


@pytest.mark.parametrize(("words", "told"), [
    (["site="], "site=: name a folder"), (["to="], "to=: name a folder"), (["sight=x"], "did you mean 'site'"),
    (["site=x", "pairs=1-2"], "pairs= is of the report"), (["site=x", "pictures=some"], "needs a whole number"),
    (["site=x", "report.blocklist=nowhere.txt"], "give a text file"), (["site=."], "and no site of zgs; name a new"),
    (["site=pyproject.toml"], "is a file; name a folder"), (["site=x", "to=x/y"], "to= lies in site="),
])  # fmt: skip
def test_a_wrong_word_is_one_line(scored: Path, tmp_path: Path, capsys: Any, words: list[str], told: str) -> None:
    assert main(["report", str(list_scored(scored)[0]), *words]) in (1, 2)
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1 and not Path("x").exists()


def test_a_damaged_run_is_left_out_with_the_command_that_makes_it_again(
    scored: Path, tmp_path: Path, capsys: Any
) -> None:
    runs = tmp_path / "runs"
    for at, run in enumerate(list_scored(scored)):
        shutil.copytree(run, runs / str(at))
    (runs / "1" / "scores.csv").write_text("metric,value\n")
    assert main(["report", str(runs), f"site={tmp_path / 'site'}"]) == 0
    out, told = capsys.readouterr().out, read(tmp_path / "site", "site")
    (why,) = [each["why"] for each in told["missing"] if each["what"] == "a run"]
    assert "scores.csv: is not what the run left there" in why and f"left out: {why}" in out
    assert why.endswith(read_record(runs / "1")["repeat"]) and "zgs score" in why
    assert [each["name"] for each in told["runs"]] == ["anything", "sure"]
    (runs / "2" / "run.json").write_text("{")
    assert main(["report", str(runs / "2"), str(runs / "1"), f"site={tmp_path / 'none'}"]) == 1
    assert "run.json: damaged" in (err := capsys.readouterr().err) and err.count("\n") == 1


def test_runs_of_other_images_are_told_first_and_the_header_names_no_subset(scored: Path, tmp_path: Path) -> None:
    file, few, ids = scored / "unsure.jsonl", tmp_path / "few", tmp_path / "ids.txt"
    ids.write_text("test-0001\ntest-0002\n")
    data = (
        "data=toyscenes",
        f"data.subset=file:{ids}",
        f"store={scored / 'store'}",
        f"out={few}",
        "score.tau_sbert=0.6",
    )
    assert main(["score", str(file), *data, "--ignore-unknown", "score.resamples=20", "score.tau_sbert=0.6"]) in (0, 3)
    whole, (part,) = list_scored(scored)[0], (path.parent for path in few.glob("*/run.json"))
    assert main(["report", str(whole), str(part), f"site={tmp_path / 'site'}"]) == 0
    site = read(tmp_path / "site", "site")
    assert site["data"] == "toyscenes:test"
    assert site["missing"][0]["why"].startswith(f"has 2 of {IMAGES} images")
    told = read(tmp_path / "site", "provenance")
    assert [each["runs"] for each in told["protocols"]] == [[site["runs"][0]["name"]], [site["runs"][1]["name"]]]
    assert any("0.6 or more" in sentence for sentence in told["protocols"][1]["words"])
    protocols = [each["why"] for each in site["missing"] if "another protocol" in each["why"]]
    assert [why.partition("(")[2].partition(")")[0] for why in protocols] == ["tau_sbert=0.6 in place of 0.5"]
    packed = read(tmp_path / "site", "numbers-1-tt")["iou.image.union"]
    places = {site["ids"][at] for at in packed["image"].tolist()}
    assert places == set(read_image_scores(part).index) and len(places) == 2


def test_an_image_that_was_deleted_since_has_a_placeholder_and_is_told(
    scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ToyScenes.list_ids
    load = ToyScenes.load

    def load_others(self: ToyScenes, image_id: str) -> Sample:
        if image_id == "test-0001":
            raise UserError("no picture 'test-0001' below here")
        return load(self, image_id)

    monkeypatch.setattr(ToyScenes, "list_ids", lambda self: tuple(each for each in ids(self) if each != "test-0001"))
    monkeypatch.setattr(ToyScenes, "load", load_others)
    assert main(["report", str(list_scored(scored)[0]), f"site={tmp_path / 'site'}"]) == 0
    site, image = read(tmp_path / "site", "site"), read(tmp_path / "site", "image-00001")
    assert site["ids"] == ["test-0000", "test-0001", "test-0002"] and site["runs"][0]["images"] == 3
    assert image["missing"] == "not in the data any more: no picture 'test-0001' below here"
    assert any("1 of its 3 images is not in the data any more" in each["why"] for each in site["missing"])
