"""`zgs speed` on the embedded models: both forms of every stage agree; of time nothing is asserted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from bench.cli import main
from bench.commands.speed import OWN
from bench.commands.speed_inputs import check_places, list_changes
from bench.commands.speed_stopping import GROWTH, NOTHING_YET
from bench.errors import UserError
from bench.speed import clock, growth, rates, try_stages
from bench.speed.device import count as device_count
from bench.speed.inputs import list_weights
from bench.speed.stages import scoring
from bench.speed.trial import Trial, run_trial
from bench.speed.write import describe_machine
from bench.system import signals
from data_prep.random_models import TINY_CLIP, make_clip, make_language

QUICK = ["caption.beams=2", "caption.iterations=1", "caption.candidates=40"]
QUICKEST = [*QUICK, "caption.tokens=2", "caption.candidates=8", "segment.n=5", "models.dino.stride=8"]
STAGES = ["features", "clustering", "embeddings", "captions", "scoring"]


@pytest.mark.parametrize("words", [QUICKEST, pytest.param(QUICK, marks=pytest.mark.slow)], ids=["quick", "whole"])
def test_both_forms_of_every_stage_agree(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "SHORTEST", 1e-4)  # of time nothing is asked here
    monkeypatch.setattr(clock, "LONG_ENOUGH", 0.0)
    monkeypatch.setattr(clock, "ONCE", 0.0)
    if words is QUICKEST:
        ask_for_some(monkeypatch)
        measure_one_way(monkeypatch)
    assert main(["speed", "--scale", "embedded", f"--json={tmp_path}/speed.json", *words]) == 0
    rows = json.loads((tmp_path / "speed.json").read_text())
    assert [row["stage"] for row in rows] == STAGES and all(row["agrees"] for row in rows)
    assert all("caption.beams=2" in row["settings"] for row in rows)
    assert all(row["plain"] == "measured" and row["plain_s"] > 0 and row["fast_s"] > 0 for row in rows)
    assert all(row["peak_mb"] > 10 and (row["flops"] or row["stage"] == "scoring") for row in rows)
    out = capsys.readouterr().out
    assert "both forms of all 5 stages agree" in out and out.count("agrees") == 5


def measure_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure the rate of a product once, one way: all eight of each block took most of the test's time."""
    monkeypatch.setattr(rates, "WAYS", ("torch",))
    monkeypatch.setattr(rates, "TIMES", 1)


def ask_for_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the numbers of `zgs score` each twentieth, of one image."""
    some = scoring.list_numbers()[::20]
    monkeypatch.setitem(scoring.IMAGES, scoring.EMBEDDED, 1)
    monkeypatch.setattr(scoring, "list_numbers", lambda: some)


def test_forms_that_differ_are_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ask_for_some(monkeypatch)
    measure_one_way(monkeypatch)
    fast = dict.fromkeys(scoring.list_numbers(), 0.25)
    monkeypatch.setattr(scoring, "score", lambda _: fast)
    monkeypatch.setattr(scoring, "describe_costs", lambda *_: "")
    monkeypatch.setattr(scoring.plain, "compute_number", lambda *_: 0.25)
    assert main(["speed", "stages=scoring"]) == 0
    fast[scoring.list_numbers()[7]] = 0.25001
    assert main(["speed", "stages=scoring"]) == 1
    told = capsys.readouterr().out
    assert told.count("the two forms of scoring differ") == 1 and "both forms of all 1 stages agree" in told
    assert "scoring" in try_stages.STAGES


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scale=papr"], "scale=papr: one of embedded, paper"),
        (["stages=caption"], "stages=caption: no such stage (did you mean 'captions'?"),
        (["stages=,"], "stages=,: names no stage; leave it out"),
        (["device=meta", "stages=,"], "stages=,: names no stage; leave it out"),
        (["weight=x", "stages=scoring"], "weight"),
        (["--stage", "scoring"], "--stage: no such option"),
        (["--json"], "--json: needs a value"),
        (["weights=somewhere"], "goes with scale=paper"),
        (["scale=paper", "weights=nowhere"], "weights=nowhere: no such folder;"),
        (["device=mps"], "device=mps: measures device=cpu or device=cuda, and counts on device=meta"),
        (["device=cuda"], "no GPU that torch can use"),
        (["device=meta", "stages=scoring"], "stages=scoring on device=meta: there are features, embeddings, language"),
        (["device=meta", "compile=true"], "leave these keys out"),
        (["device=meta", "growth=yes"], "growth=yes on device=meta"),
        (
            ["device=meta", "encode=masked", "stages=embeddings"],
            "embeddings: looks at numbers, which device=meta has not",
        ),
        (
            ["device=meta", "models.dino.source=someone/dino", "stages=features"],
            "its architecture is not known without",
        ),
        (["dtype=bfloat16"], "compared in float32"),
        (["precision.caption=bfloat16", "stages=captions"], "precision.caption=bfloat16: both forms are compared in"),
        (["precision=bfloat16"], "precision=bfloat16: give its keys"),
        (["device=meta", "precision=bfloat16"], "precision=bfloat16: give its keys"),
        (["device=meta", "precision={caption:bfloat16}"], "all models have one dtype here"),
        (["caption.candidates=0", "stages=captions"], "caption.candidates=0: must be from 1"),
        (["device=meta", "caption.beams=0", "stages=language"], "caption.beams=0: must be from 1"),
        (
            ["executor.threads=2", "stages=clustering"],
            "executor.threads=2: all is measured on one thread; leave it out",
        ),
        (["growth=yes", "executor.threads=2"], "executor.threads=2: all is measured on one thread"),
        (["device=meta", "executor=ray", "executor.threads=3"], "executor.threads=3: all is measured on one thread"),
        (["device.x=1"], "device.x: device is a value, not a group; write device=1"),
        (["growth=maybe"], "growth=maybe: yes or no"),
        (["device=meta", "growth=maybe"], "growth=maybe: yes or no"),
        (["growth=yes", "stages=scoring"], "growth=yes with stages=scoring"),
        (["growth=yes", "json=growth.json"], "growth=yes with json="),
        (["growth=yes", "caption=retrieval", "caption.words=[dog]"], "growth=yes: this caption= has no search: choose"),
        (["stages=embeddings", "encode=crop"], "this encode= has no plain form"),
        (["stages=captions", "caption=retrieval", "caption.words=[dog]"], "this caption= has no plain form"),
        (["stages=clustering", "segment=grid"], "this segment= has no plain form"),
        (["image=missing.png"], "zgs: image=missing.png: cannot be read as a picture: No such file or directory"),
        ([f"image={__file__}"], f"{__file__}: cannot be read as a picture: none of a kind that Pillow knows"),
    ],
)
def test_wrong_words_are_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", *words]) in (1, 2)
    error = capsys.readouterr().err.strip()
    assert said in error and error.count("\n") == 0


def test_a_stopped_command_says_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
        yield from rows
        raise KeyboardInterrupt

    monkeypatch.setattr(signals._State, "kept", [])  # runs of other tests in this process
    row = run_trial(Trial("features", "one", lambda: 1.0, lambda: 1.0, lambda one, other: 0.0, 0.0))
    for rows, said in (([], NOTHING_YET), ([row], f"kept in {tmp_path}/a.json: features; stages=scoring with another")):
        monkeypatch.setattr(try_stages, "try_stages", lambda *_, rows=rows: interrupt(rows))
        assert main(["speed", "stages=features,scoring", f"json={tmp_path}/a.json"]) == 1
        assert said in capsys.readouterr().err
    monkeypatch.setattr(growth, "measure_growth", lambda *_: interrupt([]))
    assert main(["speed", "growth=yes"]) == 1
    assert capsys.readouterr().err == f"zgs: {GROWTH}\n"
    assert main(["nonsense"]) == 2
    assert signals.make_stop_line() == signals.STOPPED, "the next command's is its own again"


@pytest.mark.thinned(4)
@pytest.mark.parametrize("first", [["stages=scoring"], ["growth=yes"], ["device=meta"]], ids=" ".join)
def test_places_that_cannot_be_written_are_found_before_anything_is_measured(
    first: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((try_stages, "try_stages"), (growth, "measure_growth"), (device_count, "count_stages")):
        monkeypatch.setattr(module, name, lambda *_: iter(lambda: pytest.fail("measured"), None))
    (tmp_path / "file").write_text("mine")
    places = [f"to={tmp_path}/file", f"to={tmp_path}/file/x"]
    if first != ["growth=yes"]:
        places += [f"json={tmp_path}", f"json={tmp_path}/file/x.json", "json=/proc/x.json"]
    for place in places:
        assert main(["speed", *first, place]) == 2
        error = capsys.readouterr().err.strip()
        assert "cannot write" in error and f"{place.partition('=')[0]}=F" in error and "\n" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (["stages=features"], [f"embedded.{end}" for end in ("json", "csv", "md", "png", "svg")]),
        (["growth=yes"], ["growth.csv", "growth.png", "growth.svg"]),
        (["device=meta"], ["meta_embedded.json", "meta_embedded.csv", "meta_embedded.md"]),
    ],
    ids=["stages", "growth", "meta"],
)
def test_what_is_read_is_not_written_over_and_nothing_is_measured(
    first: list[str],
    names: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The picture, by the same name or a link, as json= and as each file that goes into to=."""
    for module, name in ((try_stages, "try_stages"), (growth, "measure_growth"), (device_count, "count_stages")):
        monkeypatch.setattr(module, name, lambda *_: iter(lambda: pytest.fail("measured"), None))
    Image.new("RGB", (32, 32)).save(picture := tmp_path / "pic.png")
    before = picture.read_bytes()
    (tmp_path / "link.json").symlink_to(picture)
    cases = [(f"json={tmp_path}/{name}", "choose another name") for name in ("pic.png", "link.json")]
    for name in names:
        (tmp_path / Path(name).suffix).mkdir()
        (tmp_path / Path(name).suffix / name).hardlink_to(picture)
        cases.append((f"to={tmp_path}/{Path(name).suffix}: its {name}", "choose another folder"))
    for place, said in cases[2 * (first == ["growth=yes"]) :]:
        assert main(["speed", *first, f"image={picture}", place.partition(":")[0]]) == 2
        assert (
            capsys.readouterr().err == f"zgs: {place}{'' if 'its' in place else ':'} is a file that is read; {said}\n"
        )
    assert picture.read_bytes() == before


def test_weights_words_and_kept_rows_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    for name in ("clip/config.json", "words.txt", "embedded.json"):
        (tmp_path / name).write_text("mine")
    options = {**OWN, "weights": str(tmp_path), "to": str(tmp_path)}
    for name in ("clip/config.json", "words.txt", "embedded.json"):
        with pytest.raises(UserError, match=f"json={tmp_path}/{name}: is a file that is read"):
            check_places(
                options | {"json": f"{tmp_path}/{name}"}, ["embedded.json"], [f"caption.words={tmp_path}/words.txt"]
            )
    check_places(options | {"json": f"{tmp_path}/new.json"}, ["embedded.json"], [f"caption.words={tmp_path}/words.txt"])
    with pytest.raises(UserError, match=f"json={tmp_path}/clip/config.json: is a file that is read"):
        check_places(OWN | {"json": f"{tmp_path}/clip/config.json"}, [], [f"models.clip.source={tmp_path}/clip"])


def test_rows_that_are_none_are_found_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_stages, "try_stages", lambda *_: pytest.fail("measured"))
    machine = describe_machine({"dtype": "float32"})
    for damaged in ("{}[", "[{}]", json.dumps([{"machine": machine, "stage": "features"}])):
        (tmp_path / "embedded.json").write_text(damaged)
        assert main(["speed", "stages=scoring", f"to={tmp_path}"]) == 1
        assert "embedded.json: no rows of `zgs speed`" in capsys.readouterr().err


def test_changes_are_the_words_that_change_a_setting() -> None:
    words = ["encode=masked", "executor.threads=1", "caption.beams=3", "caption.beams=16", "dtype=bfloat16"]
    assert list_changes(words, ["device=cpu"]) == ["encode=masked"]
    assert list_changes(["caption.beams=16", "caption.beams=3"], ["device=cpu"]) == ["caption.beams=3"]
    assert list_changes(["device=cpu"], ["device=cpu"]) == []


def test_weights_of_other_stages_are_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "dino").mkdir()
    assert list_weights("paper", str(tmp_path), ["dino"])[1:] == [f"models.dino.source='{tmp_path}/dino'"]
    assert list_weights("paper", str(tmp_path), []) == list_weights("paper", str(tmp_path), ["dino"])
    for folder, needed, said in (
        ("", ["clip", "dino"], "no folder clip there"),
        ("none", [], "no such folder"),
        ("none", ["clip"], "no such folder"),
    ):
        with pytest.raises(UserError, match=said):
            list_weights("paper", str(tmp_path / folder), needed)


def test_a_language_model_without_gpt2s_vocabulary_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clip(tmp_path / "clip", json.loads(json.dumps(TINY_CLIP)))
    make_language(tmp_path / "language", tiny=True)
    sizes = ["models.clip.patch=8", "models.clip.grid=3", "models.dino.grid=4", "encode.start_layer=2"]
    assert main(["speed", "scale=paper", f"weights={tmp_path}", "stages=captions", *sizes]) == 1
    assert "the language model has 257 tokens, GPT-2 has 50257" in capsys.readouterr().err


@pytest.mark.slow
def test_shapes_are_counted_without_a_gpu_and_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the paper's scale, and without weights: those of its models are not there."""
    words = ["scale=paper", "device=meta", "stages=features", f"to={tmp_path}", f"json={tmp_path}/one.json"]
    assert main(["speed", *words]) == 0
    out, error = capsys.readouterr()
    assert out.count("fits 16 GB") == 2 and out.endswith("counted from shapes; not measured on a GPU\n")
    assert "1 done" in error and "2 done" in error
    rows = json.loads((tmp_path / "one.json").read_text())
    assert [(row["dtype"], row["measured"], row["fits_16_gb"]) for row in rows] == [
        ("float32", False, True), ("bfloat16", False, True),
    ]  # fmt: skip
    assert rows[0]["flops"] == rows[1]["flops"] == pytest.approx(6.1e12, rel=0.01), "as results/speed/paper.md has it"
    assert rows == json.loads((tmp_path / "meta_paper.json").read_text())
    known = json.loads((Path(__file__).parents[3] / "results/speed/meta_paper.json").read_text())
    published = [row | {"machine": rows[0]["machine"], "settings": []} for row in known if row["stage"] == "features"]
    assert rows == published
    page = (tmp_path / "meta_paper.md").read_text()
    assert "**nothing here was measured on one.**" in page and page.count("| features |") == 2
