"""What is read is not written over: by the same name, a link or another spelling; what is no such file is let be."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands.arguments import refuse_inputs
from bench.errors import UsageError


def test_a_file_that_is_read_is_known_by_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine.jsonl"
    mine.write_text("x")
    (tmp_path / "soft").symlink_to(mine)
    (tmp_path / "hard").hardlink_to(mine)
    (tmp_path / "other").write_text("x")
    for name in ("mine.jsonl", "./mine.jsonl", "soft", "hard"):
        with pytest.raises(UsageError, match=f"^to={Path(name)}: is a file that is read; choose another name$"):
            refuse_inputs(Path(name), [None, "", "nowhere", tmp_path, mine], "to")
    for name in ("other", "new"):
        refuse_inputs(Path(name), [mine, tmp_path], "to")
