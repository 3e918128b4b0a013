"""Settings as a run's folder keeps them: read anew for each who asks, and what is no yaml is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UserError
from bench.settings.saved import read_run_settings, read_settings


@pytest.mark.slow
def test_a_text_nested_without_end_is_one_line_and_no_crash(tmp_path: Path) -> None:
    """PyYAML's parser in C ends the process at this depth."""
    (tmp_path / "run.json").write_text('{"variant": "x"}')
    (tmp_path / "config.yaml").write_text("a: " + "[" * 100_000)
    with pytest.raises(UserError, match="config.yaml: cannot be read"):
        read_run_settings(tmp_path)


def test_settings_that_one_reader_changes_no_other_sees_changed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data: {root: a}\n")
    read_settings(tmp_path / "config.yaml")["data"]["root"] = "b"
    assert read_settings(tmp_path / "config.yaml") == {"data": {"root": "a"}}
