"""Terminals that cannot show a character, pipes that nobody reads, streams that are closed, disks that are full."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import ended, launch, start, zgs

WRITES = """
import os, sys, tempfile
from tqdm import tqdm
def main(words):
    with tempfile.NamedTemporaryFile() as file:  # takes the number of a stream that is closed
        os.write(1, b"")
        print("caf\\u00e9 \\u732b \\ud800 \\u2026")
        for _ in tqdm(range(2), desc="\\u732b"):
            pass
        tqdm.write("\\u732b")
        sys.stdout.flush()
        assert not file.read(), "what is printed is not in a file"
    return 0
"""
ASCII = {"PYTHONIOENCODING": "ascii"}
PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("env", [ASCII, {"PYTHONIOENCODING": "cp1252"}, PLAIN, {"PYTHONIOENCODING": "utf-8"}])
def test_any_character_can_be_printed_on_any_terminal(tmp_path: Path, env: dict[str, str]) -> None:
    code, out, err = ended(start(tmp_path, WRITES, env=env))
    assert code == 0 and "Error" not in err and r"\ud800" in out
    assert ("猫" in out) == (env.get("PYTHONIOENCODING") == "utf-8")


def test_the_help_is_shown_where_its_characters_are_not() -> None:
    code, out, err = ended(launch(zgs("--help"), env=ASCII))
    assert (code, err) == (0, "") and r"KEY=VALUE \u2026" in out


def test_an_error_is_one_line_where_its_characters_cannot_be_shown() -> None:
    code, _, err = ended(launch(zgs("café"), env=ASCII))
    assert code == 2 and err.startswith(r"zgs: caf\xe9: no such command") and err.count("\n") == 1


@pytest.mark.thinned(3)
@pytest.mark.parametrize("shell", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tmp_path: Path, shell: str) -> None:
    code, _, err = ended(start(tmp_path, WRITES, shell=shell))
    assert code == 0 and "Error" not in err


def test_a_full_disk_behind_standard_output_is_one_line() -> None:
    code, _, err = ended(launch(zgs("--help"), shell="> /dev/full"))
    assert (code, err) == (1, "zgs: cannot write standard output: No space left on device; free some space\n")


def test_a_reader_that_left_is_no_error(tmp_path: Path) -> None:
    much = "def main(words):\n    for _ in range(10**5):\n        print('line')\n    return 0\n"
    assert ended(start(tmp_path, much, shell="> >(head -n 1 > /dev/null)"))[::2] == (0, "")


def test_a_standard_error_that_is_full_or_left_is_no_traceback(tmp_path: Path) -> None:
    fails = "from bench.errors import UserError\ndef main(words):\n    raise UserError('reason')\n"
    assert ended(start(tmp_path, fails, shell="2> /dev/full"))[0] == 1
