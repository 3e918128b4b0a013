"""Which folder a site may be written to: a new one, an empty one or a site's, whose own files alone are replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.report.site.place import MARK, PAGE, begin_site, check_place, finish_site


def write(to: Path, *names: str) -> None:
    """Write files as a site is written: what was there goes, the mark is last."""
    begin_site(to)
    (to / "data").mkdir(exist_ok=True)
    for name in names:
        (to / name).write_text("site")
    finish_site(to)


@pytest.mark.parametrize("name", ["index.html", "data/image-00099.png", "__init__.py", "data/site.js", MARK])
def test_a_folder_of_somebody_else_is_refused_and_stays_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / name).write_text("theirs")
    for refuse in (check_place, begin_site):
        with pytest.raises(UserError, match=r"site=.* no site of zgs; name a new or an empty folder") as told:
            refuse(tmp_path)
        assert "\n" not in str(told.value)
    assert (tmp_path / name).read_text() == "theirs"
    assert {each.name for each in tmp_path.iterdir()} == {"data", name.partition("/")[0]}


def test_new_and_empty_folders_are_taken_and_dots_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for to in (tmp_path, tmp_path / "a" / "b"):
        write(to, "index.html")
    assert (tmp_path / ".git").is_dir() and json.loads((tmp_path / MARK).read_text())["files"] == ["index.html"]


def test_a_second_site_replaces_the_files_of_the_first_and_no_others(tmp_path: Path) -> None:
    write(tmp_path, "index.html", "app.js", "data/image-00001.jpg", "data/numbers-0-tt.css")
    (tmp_path / "notes.txt").write_text("theirs")
    (tmp_path / "data" / "more.png").write_text("theirs")
    write(tmp_path, "index.html", "data/image-00000.png")
    left = {each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*") if each.is_file()}
    assert left == {MARK, "index.html", "data/image-00000.png", "notes.txt", "data/more.png"}


def test_a_file_that_only_has_the_name_of_one_of_the_site_is_not_replaced(tmp_path: Path) -> None:
    write(tmp_path, "index.html")
    (tmp_path / "data" / "image-00099.png").write_text("theirs")
    with pytest.raises(UserError, match=r"'data/image-00099.png' is called as .*; move it away"):
        begin_site(tmp_path)
    assert (tmp_path / "data" / "image-00099.png").read_text() == "theirs" and (tmp_path / "index.html").exists()


def test_a_mark_that_lists_other_files_removes_none_of_them(tmp_path: Path) -> None:
    to = tmp_path / "site"
    write(to, "index.html")
    (tmp_path / "precious").write_text("theirs")
    (to / "notes.txt").write_text("theirs")
    mark = json.loads((to / MARK).read_text())
    (to / MARK).write_text(json.dumps({**mark, "files": ["index.html", "../precious", "notes.txt"]}))
    begin_site(to)
    assert (tmp_path / "precious").exists() and (to / "notes.txt").exists() and not (to / "index.html").exists()


def test_sites_cut_short_and_of_earlier_versions_are_known(tmp_path: Path) -> None:
    write(tmp_path, "index.html", "data/image-00000.png")
    begin_site(tmp_path)
    (tmp_path / "data" / "image-00001.png").write_text("half")  # and here the process was killed
    check_place(tmp_path)
    (tmp_path / "index.html").write_bytes((PAGE / "index.html").read_bytes())
    (tmp_path / "data" / "site.js").write_text('zgs.take("site",{});\n')
    (tmp_path / MARK).unlink()
    begin_site(tmp_path)
    assert {each.name for each in tmp_path.rglob("*")} == {"data", MARK}
