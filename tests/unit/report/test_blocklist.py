"""Words that are hidden where people look: whole words, any case, counted; and lists that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UserError
from bench.report.blocklist import HIDDEN, Blocklist, read_blocklist


@pytest.mark.parametrize(("text", "shown"), [
    ("a Nurse", f"a {HIDDEN}"), ("nurses", "nurses"), ("old  man, man", f"{HIDDEN}, {HIDDEN}"), ("woman", "woman"),
    ("MÄDCHEN!", f"{HIDDEN}!"), ("男", HIDDEN), ("男人", "男人"), ("a.b", HIDDEN), ("axb", "axb"), ("", ""),
])  # fmt: skip
def test_whole_words_are_hidden_in_any_case(text: str, shown: str) -> None:
    assert Blocklist(["nurse", "man", "old man", "Mädchen", "男", "a.b"]).hide(text) == shown


def test_what_was_hidden_is_counted_and_looking_again_is_not() -> None:
    block = Blocklist(["man", "old man"])
    assert block.hide_all(["an OLD man", "man man", "dog"]) == (f"an {HIDDEN}", f"{HIDDEN} {HIDDEN}", "dog")
    assert block.mask("man") == HIDDEN
    assert dict(block.hidden) == {"old man": 1, "man": 2} and "3 words hidden" in block.describe()


def test_without_a_list_nothing_changes() -> None:
    for block in (Blocklist(), read_blocklist(None), read_blocklist("")):
        assert block.hide("a man") == "a man" and not block and block.describe() == ""


def test_a_file_has_remarks_and_marks(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffman # and so on\n\n#only a remark\nNurse\n".encode())
    assert read_blocklist(path).words == ("man", "nurse")


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file"), (b"\xff\xfe\x00", "utf-8"), (b"# none\n\n", "holds no word")]
)
def test_what_is_no_list_is_one_line_that_says_what_to_do(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"report.blocklist=.*words.txt: .*{told}.*; .*give"):
        read_blocklist(path)
