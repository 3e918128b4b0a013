"""Options by content: a file counts by what is in it, wherever it lies; words stay words."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from bench.store.facts.contents import hash_content, list_files_below, replace_by_content


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists/deep").mkdir(parents=True)
    (tmp_path / "lists/words.txt").write_text("cat\n")
    (tmp_path / "lists/deep/more.txt").write_text("dog\n")
    return tmp_path


WRAPPED = {
    "text": lambda text: text,
    "mapping": lambda text: {"a": {"b": text}},
    "list": lambda text: [1, [text]],
    "list of mappings": lambda text: [{"a": (text, None)}],
}


@pytest.mark.parametrize("way", WRAPPED)
@pytest.mark.parametrize("prefix", ["", "file:"])
@pytest.mark.parametrize("what", ["lists/words.txt", "lists/deep", "lists/"])
def test_a_file_or_folder_counts_by_content_at_any_depth(way: str, prefix: str, what: str, here: Path) -> None:
    def told(path: str) -> Any:
        return replace_by_content(WRAPPED[way](prefix + path))

    before = told(what)
    assert str(here) not in str(told(str(here / what))), "no path is left in a key"
    for file in ("lists/words.txt", "lists/deep/more.txt"):
        path = here / file
        path.write_text(path.read_text() + "tree\n")
    changed = told(what)
    assert changed != before
    (here / "lists").rename(here / "elsewhere")
    assert told(what.replace("lists", "elsewhere")) == changed, "the same content at another place"
    assert told(what) == WRAPPED["text"](replace_by_content(WRAPPED[way](prefix + what))) != changed


def test_the_hash_is_that_of_the_bytes(here: Path) -> None:
    digest = hashlib.sha256(b"cat\n").hexdigest()
    assert replace_by_content("lists/words.txt") == {"content": digest + ".txt"}
    assert hash_content(Path("lists/words.txt")) == digest
    assert replace_by_content("lists/words.txt", named=True) == {"content": digest + ".txt", "text": "words.txt"}
    assert replace_by_content(Path("lists/words.txt")) == replace_by_content("lists/words.txt")


def test_the_ending_says_how_a_file_is_read(here: Path) -> None:
    (here / "lists/words.csv").write_text("cat\n")
    assert replace_by_content("lists/words.csv") != replace_by_content("lists/words.txt")


def test_a_word_that_happens_to_be_a_file_counts_as_a_word_too(here: Path) -> None:
    for name in ("gpt2", "none"):
        (here / name).write_text("")
    assert replace_by_content("gpt2") != replace_by_content("none"), "two options, although both files are empty"
    before = replace_by_content("gpt2")
    (here / "gpt2").write_text("x")
    assert replace_by_content("gpt2") != before, "and the file, should it be meant"


@pytest.mark.parametrize("word", [".", "..", "/", "~", "", " of", "Image of a {}.", "a" * 5000, "a\0b", 3, None, True])
def test_what_names_no_file_stays_as_it_is(word: Any, here: Path) -> None:
    assert replace_by_content(word) == word and replace_by_content([word]) == [word]


def test_a_rewritten_file_is_read_again(here: Path) -> None:
    path, seen = here / "lists/words.txt", set()
    for at, text in enumerate(("cat\n", "dog\n", "sky\n")):
        path.write_text(text)
        os.utime(path, ns=(at, at))
        seen.add(hash_content(path))
    assert len(seen) == 3


def test_links_are_followed_and_rings_of_links_end(here: Path) -> None:
    (here / "lists/ring").symlink_to(here / "lists")
    (here / "outside").mkdir()
    (here / "outside/far.txt").write_text("far\n")
    (here / "lists/link").symlink_to(here / "outside")
    names = {path.name for path in list_files_below(here / "lists")}
    assert names == {"words.txt", "more.txt", "far.txt"}
    before = hash_content(here / "lists")
    (here / "outside/far.txt").write_text("farther\n")
    assert hash_content(here / "lists") != before


def test_a_file_that_cannot_be_read_is_left_to_its_reader(here: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "bench.store.facts.contents._hash_unchanged", lambda *_: (_ for _ in ()).throw(PermissionError())
    )
    assert replace_by_content("lists/words.txt") == {"content": "unreadable.txt"}


def test_a_word_that_happens_to_be_a_folder_is_a_word(here: Path) -> None:
    """A run's own results lie in ``outputs`` by default, and one way of measuring saliency is called so."""
    Path("outputs").mkdir()
    Path("outputs/run.json").write_text("{}")
    assert replace_by_content({"saliency": "outputs"}) == {"saliency": "outputs"}
    assert set(replace_by_content("./outputs")) == {"content"}
