"""The package's yamls are read by a parser in C, to what PyYAML's own gives; a stranger's file by that one itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

FILES = sorted(find_conf_dir().rglob("*.yaml"), key=lambda path: -path.stat().st_size)
"""The longest first."""


@pytest.mark.parametrize("files", [FILES[:3], pytest.param(FILES[3:], marks=pytest.mark.slow)], ids=["long", "all"])
def test_ours_are_what_pyyaml_reads(files: list[Path]) -> None:
    assert files and all(read_conf_yaml(file) == yaml.safe_load(file.read_text("utf-8")) for file in files)


def test_a_file_of_somebody_else_never_comes_to_the_parser_in_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is nested deep enough ends the process there."""
    monkeypatch.setattr(yaml, "CSafeLoader", None, raising=False)
    (tmp_path / "own.yaml").write_text("name: é\n", "utf-8")
    assert read_conf_yaml(tmp_path / "own.yaml") == {"name": "é"}
    with pytest.raises(TypeError):
        read_conf_yaml(FILES[0])
