"""Paths of every kind on the command line reach the setting letter by letter; what is no setting is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st

from bench.cli import main
from bench.commands.settings import compose_settings
from bench.commands.words import prepare_words, quote_text
from bench.errors import UsageError
from bench.settings.check import check_settings
from bench.settings.compose import list_options

KINDS = (
    "größe é", "写真/犬", "a=b", "#1", "year (2)", "a,b", "[x]", "{y: 1}", "it's \"it\"", "2012", "1e3", "nan", "true",
    "a:b*?!@%&;|<>~", "choice", "\\back\\", "${x}", "trailing ", "100%", "-m", "~", "null0",
)  # fmt: skip
ENCODERS = ", ".join(list_options("encode"))
KEYS = {
    "data.root": [], "data.layout": ["data=folder", "data.root=x"], "caption.words": ["caption=retrieval"],
    "score.table": [], "score.ratings": [], "store": [], "out": [], "tuned_on": [], "models.dino.source": [],
    "models.clip.source": [], "models.clip.pretrained": [],
}  # fmt: skip


def at(settings: Any, key: str) -> Any:
    for name in key.split("."):
        settings = settings[name]
    return settings


@pytest.mark.thinned(11)
@pytest.mark.parametrize("text", KINDS)
def test_a_path_that_is_there_or_not_is_the_text_as_it_stands(text: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["data=folder", *(f"{key}={text}" for key in ("data.root", "store", "score.table", "tuned_on"))]
    if text != "${x}":  # what is not there may be an interpolation
        settings = compose_settings(words)
        assert [at(settings, word.partition("=")[0]) for word in words[1:]] == [text] * 4
    (tmp_path / text).mkdir(parents=True)
    settings = compose_settings(words)
    assert [at(settings, word.partition("=")[0]) for word in words[1:]] == [text] * 4
    if ":" not in text:
        assert compose_settings([f"data.subset=file:{text}"])["data"]["subset"] == f"file:{text}"


def test_every_key_that_takes_a_path() -> None:
    for key, more in KEYS.items():
        assert at(compose_settings([*more, f"{key}=año (1)/a=b, c"]), key) == "año (1)/a=b, c", key


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@example("'")
@example("\\'")
@example("a\\")
@example("\\${a}")
def test_quotes_give_the_text_back(text: str) -> None:
    parsed = OverridesParser.create().parse_override(f"store={quote_text(text)}").value()
    assert parsed == text.replace("${", "\\${"), "OmegaConf takes the backslash away again"


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("data.root='a b'", "data.root='a b'"),
        ('data.root="a=b"', 'data.root="a=b"'),
        ("data.layout=null", "data.layout=null"),
        ("store=${out}", "store=${out}"),
        ("caption.words=[dog,cat]", "caption.words=[dog,cat]"),
        ("segment.n=30", "segment.n=30"),
        ("data.subset=first:3", "data.subset=first:3"),
        ("store=x", "store='x'"),
        ("+tuned_on=x y", "+tuned_on='x y'"),
    ],
)
def test_what_is_no_bare_path_stays(word: str, kept: str) -> None:
    assert prepare_words([word]) == [kept] and prepare_words([kept]) == [kept]


def test_a_sweep_over_paths_stays_a_sweep(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert prepare_words(["-m", "data.root=a (1),b=2"]) == ["-m", "data.root='a (1)','b=2'"]
    assert prepare_words(["-m", "data.root=choice(a,b)"]) == ["-m", "data.root=choice(a,b)"]
    assert prepare_words(["-m", "data.root='a,b','c'"]) == ["-m", "data.root='a,b','c'"]
    assert prepare_words(["-m", "data.layout=null,a.yaml"]) == ["-m", "data.layout=null,'a.yaml'"]
    for name in ("a", "b", "a,c"):
        (tmp_path / name).mkdir()
    assert prepare_words(["-m", "data.root=a,c"]) == ["-m", "data.root='a,c'"], "one folder with a comma in its name"
    with pytest.raises(UsageError, match="data.root=a,b: several places are a sweep: zgs run -m data.root=a,b"):
        prepare_words(["data.root=a,b"])


def test_another_key_is_quoted_where_the_path_exists_and_else_shown_quoted(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as stopped:
        prepare_words(["+encode.table=a (1).csv"])
    assert str(stopped.value).endswith("""as a text it is '+encode.table='"'"'a (1).csv'"'"''""")
    (tmp_path / "a (1).csv").touch()
    assert prepare_words(["+encode.table=a (1).csv"]) == ["+encode.table='a (1).csv'"]


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_named_as_it_was_typed(tmp_path: Path, capfd: Any) -> None:
    for name in ("2012", "a=b", "x (1)", "fotos, año"):
        words = ["data=folder", f"data.root={tmp_path}/{name}", f"store={tmp_path}/s", f"out={tmp_path}/o"]
        assert main(["run", *words, "executor=serial"]) == 1
        assert capfd.readouterr().err == (
            f"zgs: data.root={tmp_path}/{name} does not exist; name a folder of photographs\n"
        )


@pytest.mark.thinned(3)
@pytest.mark.parametrize("command", ["run", "demo", "score", "doctor", "verify"])
@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("~encode", "~encode: nothing can be taken away from a run; choose another option"),
        ("hydra.run.dir=x", "hydra.run.dir: where a run works and writes is not Hydra's to say; write out=FOLDER"),
        ("hydra.sweep.dir=x", "hydra.sweep.dir: where"),
        ("hydra.job.chdir=true", "hydra.job.chdir: where"),
        ("hydra.output_subdir=x", "hydra.output_subdir: where"),
        ("encode=null", f"encode=null: choose one option of {ENCODERS}; a sweep is -m"),
        ("encode=", f"encode=: choose one option of {ENCODERS}"),
        ("encode=5", f"encode=5: choose one option of {ENCODERS}"),
        ("encode=[crop,masked]", f"encode=[crop,masked]: choose one option of {ENCODERS}"),
        ("hydra/launcher=nothing", "hydra/launcher=nothing: no such option; known: basic, "),
    ],
)
def test_what_is_not_ours_is_one_line(command: str, word: str, told: str, tmp_path: Path, capfd: Any) -> None:
    place = [str(tmp_path / "t.json")] if command == "score" else []
    Path(tmp_path / "t.json").write_text('{"format": "zgs-predictions/1", "images": []}')
    more = ["data=toyscenes"] * (command == "score") + [f"store={tmp_path}/s", f"out={tmp_path}/o"]
    assert main([command, *place, word, *more]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"zgs: {told}") and error.count("\n") == 1, error
    assert not (tmp_path / "o").exists()


def test_launchers_that_there_are_can_still_be_chosen() -> None:
    words = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.verbose=true", "hydra/sweeper=basic"]
    assert prepare_words(words) == words


@pytest.mark.parametrize("key", ["store", "out", "data.root", "tuned_on", "score.table"])
def test_an_empty_place_is_one_line(key: str) -> None:
    with pytest.raises(UsageError, match=f"^{key}=: is empty; name one, {key}=PATH"):
        check_settings(compose_settings([f"{key}="]))


def test_names_with_an_equals_sign_among_the_words_of_other_commands(
    tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b.json").write_text(json.dumps({"format": "zgs-predictions/1", "images": []}))
    assert main(["vocabulary", "a=b.json"]) == 0
    assert main(["score", "a=b.json", "--check"]) == 0
    Path("runs=1").mkdir()
    capfd.readouterr()
    for command in ("report", "agree"):
        assert main([command, "runs=1"]) == 1
        assert "runs=1" in capfd.readouterr().err
        assert main([command, "runs=2"]) == 2
        assert f"zgs: {command}: runs: no such option" in capfd.readouterr().err
    Path("data=toyscenes").mkdir()
    assert main(["score", "a=b.json", "data=toyscenes", "--check"]) in (0, 3), (
        "a key of a run is a setting all the same"
    )
