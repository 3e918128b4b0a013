"""A prepared set is whole or not there; `--check` reads it all again and finds what was changed."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, Image, load_from_disk

from bench.cli import main
from bench.data.prepared import Prepared
from bench.errors import BadSample, UserError
from bench.prepare.label_png import write_png
from tests.e2e.prepare.conftest import prepare
from tests.unit.prepare.make import IDS, save_png, voc20

pytestmark = pytest.mark.usefixtures("blank_sheet")


def test_killed_at_any_point_it_is_unfinished_and_the_same_command_makes_it(
    tree: Path, tmp_path: Path, monkeypatch
) -> None:
    to = tmp_path / "to"
    for place in (
        "bench.prepare.write._describe_set",
        "bench.prepare.sheet.draw_sheet",
        "datasets.Dataset.save_to_disk",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, stopped)
            with pytest.raises(Killed):
                prepare(tree, to)
        assert not (to / "zgs.json").exists() and main(["prepare", "--check", str(to)]) == 1
    assert prepare(tree, to) == 0 and main(["prepare", "--check", str(to)]) == 0
    assert sorted(path.name for path in to.iterdir()) == ["check.png", "dataset", "zgs.json"]


class Killed(BaseException):
    """What a test throws where a process would die."""


def stopped(*_: object, **__: object) -> None:
    raise Killed


def test_a_failed_second_time_leaves_the_first(tree: Path, made: Path, capsys) -> None:
    before = (made / "zgs.json").read_text()
    for image_id in IDS:
        save_png(tree / "VOCdevkit/VOC2012/SegmentationClass" / f"{image_id}.png", voc20(image_id) * 0 + 99)
    assert prepare(tree, made) == 1 and "label 99 is none" in capsys.readouterr().err
    assert (made / "zgs.json").read_text() == before and main(["prepare", "--check", str(made)]) == 0


def test_a_second_time_makes_the_same_and_follows_a_change(tree: Path, made: Path) -> None:
    before = (made / "zgs.json").read_text()
    assert prepare(tree, made) == 0 and (made / "zgs.json").read_text() == before
    save_png(tree / "VOCdevkit/VOC2012/SegmentationClass" / f"{IDS[0]}.png", voc20(IDS[0])[::-1])
    prepare(tree, made)
    assert json.loads((made / "zgs.json").read_text())["fingerprint"] != json.loads(before)["fingerprint"]


def test_other_peoples_folders_are_left_alone(tree: Path, tmp_path: Path, capsys) -> None:
    assert prepare(tree, tree) == 1 and "holds other files (VOCdevkit)" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert prepare(tree, tmp_path / "file") == 1 and "is a file" in capsys.readouterr().err


def test_two_at_once_are_refused(tree: Path, made: Path, capsys) -> None:
    with open(made / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prepare(tree, made) == 1
    assert "another zgs prepare is writing there" in capsys.readouterr().err


def changed_rows(made: Path, change) -> None:
    rows = [dict(row) for row in load_from_disk(str(made / "dataset")).cast_column("image", Image(decode=False))]
    features = load_from_disk(str(made / "dataset")).features
    change(rows)
    for file in (made / "dataset").iterdir():
        file.unlink()
    Dataset.from_list(rows, features=features).save_to_disk(str(made / "dataset"))


def one_pixel(rows: list[dict]) -> None:
    label = voc20(rows[0]["image_id"]).astype(np.uint16)
    label[label == 255] = 65535
    label[1, 1] = 1 + label[1, 1] % 20
    rows[0]["label"] = write_png(label)


def no_class(rows: list[dict]) -> None:
    rows[0]["label"] = write_png(np.full((18, 24), 21, np.uint16))


def other_shape(rows: list[dict]) -> None:
    rows[0]["label"] = write_png(np.zeros((17, 24), np.uint16))


def one_less(rows: list[dict]) -> None:
    rows.pop()


def twice(rows: list[dict]) -> None:
    rows[1] = rows[0]


def broken_image(rows: list[dict]) -> None:
    rows[2]["image"] = {"bytes": rows[2]["image"]["bytes"][:-40], "path": None}


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (one_pixel, "the fingerprint is not what zgs.json says"),
        (no_class, "id 21 is no class"),
        (other_shape, "image is (18, 24), labels are (17, 24)"),
        (one_less, "5 images but zgs.json says 6"),
        (twice, "stands twice or out of order"),
        (broken_image, "cannot be decoded"),
    ],
)
def test_check_finds_what_was_changed(made: Path, capsys, change, reason: str) -> None:
    changed_rows(made, change)
    capsys.readouterr()
    assert main(["prepare", "--check", str(made)]) == 1
    assert reason in capsys.readouterr().err


def test_check_finds_damaged_files_and_numbers(made: Path, tmp_path: Path, capsys) -> None:
    marker = made / "zgs.json"
    good = {key: value for key, value in json.loads(marker.read_text()).items() if key not in ("sha256", "files")}
    marker.write_text(json.dumps(good | {"histogram": {}}))
    assert main(["prepare", "--check", str(made)]) == 1 and "class histogram is not" in capsys.readouterr().err
    del good["histogram"]
    marker.write_text(json.dumps(good))
    assert main(["prepare", "--check", str(made)]) == 1 and "has no 'histogram'" in capsys.readouterr().err
    arrow = next((made / "dataset").glob("*.arrow"))
    arrow.write_bytes(arrow.read_bytes()[:300])
    assert main(["prepare", "--check", str(made)]) == 1 and "prepare it again" in capsys.readouterr().err
    assert main(["prepare", "--check", str(tmp_path / "nowhere")]) == 1


def test_another_label_of_the_right_form_is_no_other_number(made: Path) -> None:
    """What no decoder notices: a whole label map with other classes."""
    changed_rows(made, one_pixel)
    with pytest.raises(BadSample, match="not as it was prepared .its checksum does not fit.; prepare voc again"):
        Prepared(made, "voc").load(IDS[0])

    def both(rows: list[dict]) -> None:
        rows[0]["digest"] = bytes(32)

    changed_rows(made, both)
    with pytest.raises(UserError, match="its checksums are not those of zgs.json; prepare voc again"):
        Prepared(made, "voc")
