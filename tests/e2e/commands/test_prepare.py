"""`zgs prepare` as typed: what it lists, what it refuses, and the sample photographs where they are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bench.cli import main
from bench.data.prepared import Prepared
from bench.data.publisher import Split
from bench.data.publishers import PUBLISHERS, sum_ids
from tests.unit.prepare.make import IDS, voc_tree

SAMPLE = Path(__file__).parents[4] / "shared" / "sample"
with_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample of real photographs beside the repository")


def test_alone_it_lists_the_data_sets(capsys) -> None:
    assert main(["prepare"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name in PUBLISHERS)


@pytest.mark.parametrize("name", PUBLISHERS)
def test_without_files_it_says_where_to_get_them(name: str, capsys) -> None:
    assert main(["prepare", name]) == 0
    page = capsys.readouterr().out
    assert all(
        word in page
        for word in (f"licence: {PUBLISHERS[name].licence}", "splits: train", "http", f"zgs prepare {name} --from")
    )
    assert ("md5" in page) == (name.startswith(("voc", "pascal_"))), "no checksum is made up"
    assert ("from VOC 2012" in page or "925 photographs" in page) == name.startswith("pascal_context")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["pascal_contxt_59"], "no such data set (did you mean 'pascal_context_59'?)"),
        (["voc", "--form", "x"], "unrecognized arguments: --form"),
        (["--from", "x"], "say which data set it is"),
        (["--check"], "name the folder of a prepared set"),
        (["voc", "--check", "--from", "x"], "give one of them"),
        (["pascal_context_59", "--from", "x", "--order", "alphabetical"], "--order alphabetical: known are own, by459"),
        (["voc", "--from", "x", "--order", "own"], "--order is for pascal_context_59, pascal_context_459, ade20k"),
        (["voc", "--from", "x", "--jobs", "0"], "--jobs 0: at least 1"),
    ],
)
def test_wrong_words_are_usage_errors(words: list[str], reason: str, capsys) -> None:
    assert main(["prepare", *words]) == 2
    err = capsys.readouterr().err
    assert reason in err and err.count("\n") == 1


@pytest.mark.slow
def test_default_folders_are_those_the_configurations_read(tmp_path: Path, monkeypatch, capsys) -> None:
    voc_tree(tmp_path / "from")
    train = tmp_path / "from/VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt"
    train.write_text(f"{IDS[0]}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "voc", "--from", "from", "--partial"]) == 0
    assert "next: zgs run data=voc\n" in capsys.readouterr().out
    assert main(["prepare", "voc", "--from", "from", "--partial", "--split", "train"]) == 0
    assert "next: zgs run data=voc data.root=data/voc_train data.split=train" in capsys.readouterr().out
    assert len(Prepared("data/voc", "voc").list_ids()) == len(IDS)
    assert Prepared("data/voc_train", "voc", split="train").list_ids() == IDS[:1]
    assert main(["prepare", "voc", "--check"]) == 0 and "to the last byte" in capsys.readouterr().out


@pytest.mark.slow
def test_wrong_ids_are_said_aloud_and_again_by_check(tmp_path: Path, monkeypatch, capsys) -> None:
    tree, to = voc_tree(tmp_path / "from"), str(tmp_path / "to")
    splits = PUBLISHERS["voc"].splits | {"val": Split(len(IDS), known=(len(IDS), sum_ids(["2007_000001"])))}
    monkeypatch.setitem(PUBLISHERS, "voc", replace(PUBLISHERS["voc"], splits=splits))
    for words in (["voc", "--from", str(tree), "--to", to], ["--check", to]):
        assert main(["prepare", *words]) == 0
        warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs: WARNING: ")]
        assert len(warnings) == 1 and "val.txt has other ids than the list known here" in warnings[0]
    known = Split(len(IDS), known=(len(IDS), sum_ids(IDS)))
    monkeypatch.setitem(PUBLISHERS, "voc", replace(PUBLISHERS["voc"], splits=splits | {"val": known}))
    assert main(["prepare", "voc", "--from", str(tree), "--to", to]) == 0
    assert "WARNING" not in capsys.readouterr().err


def test_check_knows_which_data_set_was_meant(tmp_path: Path, capsys) -> None:
    to = str(tmp_path / "to")
    assert main(["prepare", "voc", "--from", str(voc_tree(tmp_path / "from")), "--to", to, "--partial"]) == 0
    assert main(["prepare", "pascal_context_59", "--check", to]) == 1
    assert "holds voc, not pascal_context_59" in capsys.readouterr().err
    assert main(["prepare", "voc", "--check", to]) == 0


def test_help_and_lists_load_no_models() -> None:
    program = "import sys; from bench.cli import main; main(['prepare', 'voc']); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.endswith("False\n")


@pytest.mark.slow
@with_sample
def test_sample_of_voc(tmp_path: Path) -> None:
    assert main(["prepare", "voc", "--from", str(SAMPLE / "voc2012"), "--to", str(tmp_path / "to"), "--partial"]) == 0
    about = json.loads((tmp_path / "to/zgs.json").read_text())
    seen = {name for name, n in about["histogram"].items() if n["images"]}
    # What the photographs show, looked at by eye.
    assert seen == {"background", "void", "boat", "chair", "cow", "horse", "person", "train"}


@pytest.mark.slow
@with_sample
def test_sample_of_context_is_in_the_data_sets_own_order(tmp_path: Path, capsys) -> None:
    words = ["prepare", "pascal_context_59", "--from", str(SAMPLE / "pascal_context"), "--to", str(tmp_path / "to")]
    assert main([*words, "--partial"]) == 1 and "--order own" in capsys.readouterr().err
    assert main([*words, "--partial", "--voc", str(SAMPLE / "voc2012")]) == 0
    about = json.loads((tmp_path / "to/zgs.json").read_text())
    assert about["source"]["label_order"] == "own, from 1" and "n=3 images" in about["source"]["how"]
    data = Prepared(tmp_path / "to", "pascal_context_59")
    names = {
        i: {data.classes.names[c] for c in set(data.load(i).truth.ravel().tolist()) if c >= 0} for i in data.list_ids()
    }
    # Looked at by eye: a ship at night, an aeroplane on a field, a cow at a wooden wall.
    assert {"boat", "water", "sky"} <= names["2008_000007"]
    assert names["2008_000021"] == {"aeroplane", "grass", "ground", "sky", "tree"}
    assert names["2008_000073"] == {"cow", "grass", "wall"}
    assert Image.open(tmp_path / "to/check.png").width > 800
