"""A folder of photographs: what is found, how it is named, and what is said when there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bench.data.folder import Folder
from bench.errors import BadSample, UsageError, UserError


def draw(path: Path, colour: str = "red", size: tuple[int, int] = (4, 3)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {".jpg": "JPEG", ".jpeg": "JPEG"}.get(path.suffix.lower(), "PNG")
    Image.new("RGB", size, colour).save(path, kind)


def test_finds_pictures_at_any_depth_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.JPG", "sub/deep/a.png", "sub.dir/c.x.jpeg", ".hidden/d.png", "._b.jpg", "é ö.png"):
        draw(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    data = Folder(tmp_path)
    assert data.list_ids() == ("b", "sub.dir/c.x", "sub/deep/a", "é ö")
    sample = data.load("sub/deep/a")
    assert sample.image.shape == (3, 4, 3) and sample.truth is None and data.classes is None


def test_ids_are_unique_even_when_names_chase_each_other(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.jpg.png", "b.png"):
        draw(tmp_path / name, "red" if name != "a.png" else "blue")
    data = Folder(tmp_path)
    assert data.list_ids() == ("a.jpg", "a.jpg.png", "a.png", "b")
    assert data.load("a.png").image[0, 0].tolist() == [0, 0, 255]


def test_subset_narrows_and_the_fingerprint_stays(tmp_path: Path) -> None:
    for name in "abc":
        draw(tmp_path / f"{name}.png")
    whole, part = Folder(tmp_path), Folder(tmp_path, subset="first:2")
    assert part.list_ids() == ("a", "b") and part.subset == "first:2" and part.fingerprint == whole.fingerprint


def test_fingerprint_follows_content_and_names_not_times(tmp_path: Path) -> None:
    draw(tmp_path / "one/a.png")
    draw(tmp_path / "two/a.png")
    first = Folder(tmp_path / "one").fingerprint
    assert first == Folder(tmp_path / "two").fingerprint
    draw(tmp_path / "two/a.png", "blue")
    assert first != Folder(tmp_path / "two").fingerprint
    (tmp_path / "one/a.png").rename(tmp_path / "one/b.png")
    assert first != Folder(tmp_path / "one").fingerprint


def test_a_damaged_picture_is_a_skip_of_that_picture(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    data = Folder(tmp_path)
    assert data.load("a").size == (3, 4)
    with pytest.raises(BadSample, match="b.jpg"):
        data.load("b")


def test_nothing_to_read_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Folder(tmp_path / "none")
    with pytest.raises(UserError, match=r"looked for .*\.jpg.*no file at all"):
        Folder(tmp_path)
    (tmp_path / "a.heic").touch()
    with pytest.raises(UserError, match=r"saw 1 \.heic"):
        Folder(tmp_path)
    with pytest.raises(UserError, match="is a file"):
        Folder(tmp_path / "a.heic")
    with pytest.raises(UserError, match="data.root is not set"):
        Folder(None)


def test_options_it_does_not_have(tmp_path: Path) -> None:
    draw(tmp_path / "cat1.png")
    with pytest.raises(UsageError, match="split"):
        Folder(tmp_path, split="val")
    with pytest.raises(UsageError, match="names"):
        Folder(tmp_path, names="readable")
    with pytest.raises(UserError, match="did you mean 'cat1'"):
        Folder(tmp_path).load("cat2")


def test_what_systems_leave_and_both_forms_of_a_name(tmp_path: Path) -> None:
    for name in ("__MACOSX/a.png", "._a.png", ".ipynb_checkpoints/a-checkpoint.png", "cafe\u0301.png", "b.PNG"):
        draw(tmp_path / name)
    data = Folder(tmp_path)
    assert data.list_ids() == data.list_split_ids() == ("b", "caf\u00e9") and data.load("caf\u00e9").size == (3, 4)
    draw(tmp_path / "caf\u00e9.png")
    with pytest.raises(UserError, match="are one name in two forms of Unicode; keep one"):
        Folder(tmp_path)
