"""Whatever is damaged in a prepared set is a skip, one line, or nothing at all: never another image or number."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from datasets import Dataset, Image, load_from_disk

from bench.cli import main
from bench.data.prepared import Prepared
from bench.errors import BadSample, UserError
from tests.unit.prepare.make import IDS

pytestmark = pytest.mark.usefixtures("blank_sheet")


def rows_of(made: Path) -> Path:
    return next((made / "dataset").glob("*.arrow"))


def zeroed(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + 64] = bytes(64)
    path.write_bytes(content)


def inside(made: Path, image_id: str, what: str) -> int:
    """Where the bytes of an image or a label map lie in the file of rows, a little behind their beginning."""
    row = next(row for row in load_from_disk(str(made / "dataset")).cast_column("image", Image(decode=False))
               if row["image_id"] == image_id)  # fmt: skip
    content = row["image"]["bytes"] if what == "image" else row["label"]
    return rows_of(made).read_bytes().index(content) + len(content) // 2


@pytest.mark.thinned(2)
@pytest.mark.parametrize("what", ["image", "label"])
def test_a_damaged_image_is_a_counted_skip_that_says_why_and_check_finds_it(made: Path, what: str, capsys) -> None:
    zeroed(rows_of(made), inside(made, IDS[1], what))
    data = Prepared(made, "voc")
    with pytest.raises(BadSample, match=f"{IDS[1]}: .*(checksum does not fit|cannot be decoded|header is damaged)"):
        data.load(IDS[1])
    assert data.load(IDS[0]).truth is not None, "the others stay"
    capsys.readouterr()
    assert main(["prepare", "--check", str(made)]) == 1
    assert len([line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs: ")]) == 1


@pytest.mark.parametrize("places", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_no_byte_of_a_prepared_set_changes_without_a_word(made: Path, places: int, capsys) -> None:
    """At so many places 64 zeros: reading gives the same images, skips, or one line; `--check` is content with none."""
    path, good = rows_of(made), rows_of(made).read_bytes()
    truth = {i: Prepared(made, "voc").load(i) for i in IDS}
    for at in range(0, len(good), max(64, len(good) // places)):
        zeroed(path, at)
        if path.read_bytes() == good:
            continue
        try:
            data = Prepared(made, "voc")
            assert data.list_ids() == IDS
            for image_id in IDS:
                with suppress(BadSample):
                    sample = data.load(image_id)
                    assert (sample.truth == truth[image_id].truth).all()
                    assert (sample.image == truth[image_id].image).all()
        except UserError as error:
            assert "\n" not in str(error)
        assert main(["prepare", "--check", str(made)]) == 1, at
        path.write_bytes(good)
    capsys.readouterr()
    assert main(["prepare", "--check", str(made)]) in (0, 3)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", ["background", "class_list", "published", "fingerprint", "images", "split"])
def test_the_marker_has_a_checksum_of_itself(made: Path, key: str, capsys) -> None:
    good = json.loads((made / "zgs.json").read_text())
    (made / "zgs.json").write_text(json.dumps(good | {key: 7 if isinstance(good[key], int) else f"{good[key]}x"}))
    with pytest.raises(UserError, match="zgs.json: damaged or changed .its checksum does not fit.; make it with: zgs"):
        Prepared(made, "voc")
    assert main(["prepare", "--check", str(made)]) == 1


def test_sets_of_an_earlier_version_are_read_and_said(made: Path) -> None:
    before = Prepared(made, "voc")
    assert before.remark is None
    rows = load_from_disk(str(made / "dataset")).remove_columns("digest")
    features = rows.features
    content = [dict(row) for row in rows.cast_column("image", Image(decode=False))]
    for file in (made / "dataset").iterdir():
        file.unlink()
    Dataset.from_list(content, features=features).save_to_disk(str(made / "dataset"))
    about = json.loads((made / "zgs.json").read_text())
    (made / "zgs.json").write_text(json.dumps({k: v for k, v in about.items() if k not in ("sha256", "files")}))
    old = Prepared(made, "voc")
    assert old.remark and "without checksums of its images; prepare voc again" in old.remark
    assert old.fingerprint == before.fingerprint and old.load(IDS[0]).truth is not None
    assert main(["prepare", "--check", str(made)]) in (0, 3)
