"""Finished runs: whatever becomes of a file of theirs is one line that names it, and never another number."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.cli import main
from bench.data.shared import find_tuned
from bench.errors import UserError
from bench.store.sealed import SEALED, check_intact, check_whole, has_file, read_record, seal, unseal, write_record
from tests.e2e.run.resealed import strip
from tests.shared_runs import find_run


@pytest.fixture(scope="module")
def made(full: Path) -> Path:
    """A run of two scenes; do not change it."""
    return find_run(full)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "run"))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_by_one(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flipped(path: Path) -> None:
    """One bit of a letter or number: white space of JSON says nothing."""
    content = bytearray(path.read_bytes())
    at = random.Random(path.name).randrange(len(content) // 2)
    content[next(i for i in range(at, len(content)) if content[i] > 32)] ^= 1
    path.write_bytes(content)


def zeroed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = random.Random(path.name).randrange(max(1, len(content) - 64))
    content[at : at + 64] = bytes(len(content[at : at + 64]))
    path.write_bytes(content)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def gone(path: Path) -> None:
    path.unlink()


DAMAGE: list[Callable[[Path], None]] = [emptied, cut, cut_by_one, flipped, zeroed, a_folder, gone]


def one_line(words: list[str], capfd: Any) -> str:
    """The line of a command that fails, and that it is one."""
    capfd.readouterr()
    assert main(words) == 1, words
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    return line


@pytest.mark.slow
def test_every_file_of_numbers_has_a_checksum(made: Path) -> None:
    files = {path.name for path in made.iterdir() if path.is_file()} - {"run.json", "predictions.npz"}
    assert set(read_record(made)["files"]) == files < set(SEALED) and read_record(made)["sha256"]
    assert all(check_intact(made, name) == made / name for name in files)


@pytest.mark.thinned(6)
@pytest.mark.parametrize("name", [*(name for name in SEALED if name != "ratings.csv"), "run.json"])
def test_a_damaged_file_is_one_line_of_report_and_agree(name: str, made: Path, tmp_path: Path, capfd: Any) -> None:
    good, places = (made / name).read_bytes(), [str(tmp_path / str(n)) for n in range(3)]
    for place in places:
        shutil.copytree(made, place)
    path = Path(places[1]) / name
    for damage in DAMAGE:
        damage(path)
        for words in (["report", *places, "pictures=1"], ["agree", *places]):
            line = one_line([*words, f"to={tmp_path / 'to'}"], capfd)
            assert f"{path}" in line or (name == "run.json" and f"{path.parent}: no finished run" in line), damage
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.write_bytes(good)
    assert not (tmp_path / "to").exists()


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", ["config.yaml", "predictions.json", "run.json", "predictions.npz"])
def test_a_damaged_file_is_one_line_of_score_and_vocabulary(name: str, run: Path, capfd: Any) -> None:
    path, good = run / name, (run / name).read_bytes()
    for damage in DAMAGE:
        damage(path)
        line = one_line(["score", str(run), f"store={run / 's'}", f"out={run / 'o'}", "score.mapping=[st]"], capfd)
        assert f"{path}" in line or "no finished run" in line, damage
        if name in ("predictions.json", "run.json") and (run / "run.json").exists():
            assert f"{path}" in one_line(["vocabulary", str(run)], capfd), damage
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.write_bytes(good)


def test_files_that_a_command_does_not_read_change_nothing(made: Path, run: Path, tmp_path: Path) -> None:
    words = ["score.mapping=[exact]", "score.metrics=[iou]", "score.resamples=20", f"store={tmp_path / 's'}"]
    found = []
    for place in (made, run):
        for name in ("scores.csv", "per_image.parquet", "segments.parquet", "ids.txt") if place == run else ():
            flipped(place / name)
        assert main(["score", str(place), *words, f"out={tmp_path / place.parent.name}"]) == 0
        found.append(next((tmp_path / place.parent.name).glob("score-*/scores.csv")).read_text())
    assert found[0].splitlines()[1].split(",", 1)[1] == found[1].splitlines()[1].split(",", 1)[1]


def test_ids_that_were_tuned_on_come_from_a_whole_file(run: Path) -> None:
    assert find_tuned(run, ["test-0000"]) == {"source": str(run), "ids": 2, "shared": ["test-0000"]}
    (run / "ids.txt").write_text("test-0000\n")
    with pytest.raises(UserError, match="ids.txt: is not what the run left there"):
        find_tuned(run, ["test-0000"])


def mutated(run: Path) -> Iterator[tuple[str, str]]:
    for name in ("config.yaml", "scores.csv", "per_image.parquet", "per_image_n.parquet", "per_class.parquet"):
        for damage in (emptied, cut, flipped, a_folder):
            good = (run / name).read_bytes()
            damage(run / name)
            yield name, damage.__name__
            shutil.rmtree(run / name) if (run / name).is_dir() else None
            (run / name).write_bytes(good)


@pytest.mark.slow
def test_runs_of_an_earlier_version_are_read_with_a_note_and_their_damage_is_one_line(
    made: Path, tmp_path: Path, capfd: Any
) -> None:
    places = [Path(shutil.copytree(made, tmp_path / str(n))) for n in range(3)]
    for place in places:
        strip(place)
    assert has_file(places[0], "curves.csv") and not has_file(places[0], "ratings.csv")
    words = ["agree", *map(str, places), f"to={tmp_path / 'to'}", "resamples=20"]
    assert main(words) == 0
    assert "and 2 more: made by an earlier version, without checksums" in capfd.readouterr().out
    for name, damage in mutated(places[1]):
        code = main(words)
        lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
        assert (code, len(lines)) in ((0, 0), (1, 1)), (name, damage)
        # less of it, less of what agree does not read, and none
        readable = (("scores.csv", "cut"), ("config.yaml", "cut"), ("per_class.parquet", "a_folder"))
        assert code == 1 or damage == "flipped" or (name, damage) in readable, (name, damage)


def test_a_record_is_read_back_and_knows_when_it_was_changed(tmp_path: Path) -> None:
    told = {
        "files": {},
        "variant": "größer \ud800",
        "ids": ("a", "b"),
        10: 1,
        9: 0.1,
        "n": None,
        "deep": {"x": [1, {"y": 2e-9}]},
    }
    content = seal(told)
    read = unseal(tmp_path / "run.json", content, "do")
    assert {key: value for key, value in read.items() if key != "sha256"} == json.loads(json.dumps(told))
    for at in range(0, len(content), 3):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            assert unseal(tmp_path / "run.json", changed, "do") == read, "white space alone"
        except UserError as error:
            assert str(error).endswith("; do") and "run.json: damaged" in str(error)
    for other in (b"[]", b"null", b"", b"\xff", b"[" * 100_000):
        with pytest.raises(UserError, match="run.json: damaged .*; do"):
            unseal(tmp_path / "run.json", other, "do")


def test_only_files_of_a_run_are_looked_at(tmp_path: Path) -> None:
    """A record that names other places, or pipes, makes nobody read them."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"a": 1}))
    write_record(tmp_path, {"variant": "x"})
    record = read_record(tmp_path)
    outside = {"../secret": "0", "/dev/zero": "0", "note.txt": "0"}
    (tmp_path / "run.json").write_bytes(seal({**record, "files": record["files"] | outside}))
    check_whole(tmp_path)
    (tmp_path / "config.yaml").unlink()
    (tmp_path / "config.yaml").symlink_to("/dev/zero")
    with pytest.raises(UserError, match="config.yaml: is not what the run left there"):
        check_whole(tmp_path)
