"""Files as people have them: hidden ones, names in two normal forms, endings in any case."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from bench.data.files import compose, describe_missing, find_path, is_hidden

COMPOSED, DECOMPOSED = "br\u00fccke", "bru\u0308cke"


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("a/.ipynb_checkpoints/b.png", True),
        ("a/._0.png", True),
        (".DS_Store", True),
        ("__MACOSX/a.png", True),
        ("a/Thumbs.db", True),
        ("a/DESKTOP.INI", True),
        ("../a/b.png", False),
        ("a/b.c/_d.png", False),
        ("a/thumbs.png", False),
    ],
)
def test_what_systems_leave_is_no_data(path: str, hidden: bool) -> None:
    assert is_hidden(path) == is_hidden(PurePosixPath(path)) == hidden


def test_a_path_is_found_as_it_lies_there(tmp_path: Path) -> None:
    (tmp_path / DECOMPOSED).mkdir()
    (tmp_path / DECOMPOSED / f"{DECOMPOSED}.PNG").touch()
    assert find_path(tmp_path, f"{COMPOSED}/{COMPOSED}.png") == tmp_path / DECOMPOSED / f"{DECOMPOSED}.PNG"
    assert find_path(tmp_path, f"{DECOMPOSED}/x.png") == tmp_path / DECOMPOSED / "x.png", "as asked for"
    assert find_path(tmp_path, "none/x.png") == tmp_path / "none/x.png" and find_path(tmp_path, ".") == tmp_path
    assert compose(DECOMPOSED) == COMPOSED


def test_a_missing_file_names_the_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    assert (
        describe_missing(path)
        == f"{path}: file is missing"
        == describe_missing(tmp_path / "none/a.jpg").replace("none/", "")
    )
    for name in ("a.jpeg", ".a.jpeg", "b.jpg"):
        (tmp_path / name).touch()
    assert describe_missing(path) == f"{path}: file is missing; a.jpeg is there: name its ending"
