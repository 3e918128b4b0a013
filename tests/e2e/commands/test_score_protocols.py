"""`zgs score` by policies, tables of words, people, and protocols of one's own, on hand-made predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.cli import main
from bench.data.voc import Voc
from bench.metric_name import parse
from tests.e2e.commands.theirs import IMAGES, LEFT, image, values, write, zgs


def test_several_protocols_in_one_table(tmp_path: Path, voc: Path) -> None:
    file = write(tmp_path / "theirs.json", IMAGES)
    folder = zgs(tmp_path, voc, file, "score=paper,dataset_miou", "score.mapping=[exact,maxoverlap]")
    names = list(values(folder))
    full = {f"voc:val[{Voc(voc).subset}]/voc20/{name}" for name in names}
    assert {parse(name).score for name in full} == {"paper", "dataset_miou"}
    assert set(pd.read_parquet(folder / "per_image.parquet").columns[1:]) == full
    alone = {**values(zgs(tmp_path, voc, file, "score.mapping=[exact,maxoverlap]"))}
    assert all(values(folder)[name] == value for name, value in alone.items())


def test_a_table_of_words(tmp_path: Path, voc: Path, capfd: Any) -> None:
    """`zgs vocabulary` writes what a table has to answer; the table's answers are scored under its hash."""
    file, table = write(tmp_path / "t.jsonl", IMAGES), tmp_path / "table.json"
    assert main(["vocabulary", str(file)]) == 0
    assert capfd.readouterr().out == "word,count\naeroplane,1\nbird,1\ncat,1\nperson,1\npuppy,1\n"
    assert main(["vocabulary", str(file), f"json={table}", f"csv={tmp_path / 'w.csv'}"]) == 0
    words = json.loads(table.read_text())
    assert words == dict.fromkeys(("aeroplane", "bird", "cat", "person", "puppy"))
    table.write_text(json.dumps({**{w: w for w in words if w != "puppy"}, "puppy": "dog"}))
    found = values(zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}"))
    assert all("/table(" in name for name in found)
    assert list(found.values()) == pytest.approx([(1 + 0.75 + 1) / 3, 4 / 5], abs=1e-6)
    table.write_text(json.dumps({"cat": "cat", "bird": None}))
    capfd.readouterr()
    zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}")
    assert "lacks 3 words on 3 segments, most often 'aeroplane' (1); they count as no class" in capfd.readouterr().out
    zgs(tmp_path, voc, file, "score.mapping=[table]", f"score.table={table}", "score.unmapped=error", code=1)
    assert main(["vocabulary", str(file), f"table={table}"]) == 0
    assert capfd.readouterr().out.endswith("word,count\naeroplane,1\nperson,1\npuppy,1\n")


def test_overlapping_segments_by_policy(tmp_path: Path, voc: Path, capfd: Any) -> None:
    everything = [[1, 1, 1, 1], [1, 1, 1, 1]]
    over = image("c", bird=everything, cat=LEFT)
    file = write(tmp_path / "t.json", [*IMAGES[:2], over])
    both = values(zgs(tmp_path, voc, file, "score.mapping=[exact]"))
    zgs(tmp_path, voc, file, "score.mapping=[exact]", "score.overlap=highest_score", code=1)
    assert "(a): score.overlap=highest_score needs a 'score' for each segment" in capfd.readouterr().err
    scored = json.loads(json.dumps([*IMAGES[:2], over]))
    for entry in scored:
        for position, segment in enumerate(entry["segments"]):
            segment["score"] = 0.5 + position / 4
    folder = zgs(
        tmp_path, voc, write(tmp_path / "u.json", scored), "score.mapping=[exact]", "score.overlap=highest_score"
    )
    alone = values(folder)
    name = "paper{background=voc,overlap=highest_score}/exact/iou.image.union"
    assert alone[name] == pytest.approx((0.5 + 0.75 + 0.25) / 3, abs=1e-6), "bird 1/2, cat 0"
    assert both["paper{background=voc}/exact/iou.image.union"] == pytest.approx((0.5 + 0.75 + 0.5) / 3, abs=1e-6)


def test_text_generation_quality_needs_the_files_word(tmp_path: Path, voc: Path, capsys: Any) -> None:
    zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), "score.mapping=[tt]")
    assert 'no TGQ: the file has no "oracle" section' in capsys.readouterr().out
    images = json.loads(json.dumps(IMAGES))
    images[0]["oracle"] = [{"class": "dog", "text": "dog"}, {"class": "aeroplane", "text": "aeroplane"}]
    images[1]["oracle"] = [{"class": "cat", "text": "cat"}]
    folder = zgs(tmp_path, voc, write(tmp_path / "u.json", images), "score.mapping=[tt]")
    table = pd.read_csv(folder / "scores.csv").set_index("metric")
    (hit,) = [name for name in table.index if name.endswith("/tgq.micro>0.5")]
    assert table.loc[hit, "value"] == pytest.approx(3 / 5, abs=1e-6) and table.loc[hit, "n"] == 5
    assert "true segments without a text 2" in capsys.readouterr().out


def test_text_generation_quality_alone_loads_no_model(tmp_path: Path, voc: Path, capsys: Any) -> None:
    images = json.loads(json.dumps(IMAGES))
    images[0]["oracle"] = [{"class": "dog", "text": "dog"}]
    words = ["score.mapping=[exact,maxoverlap]", "models=paper"]  # whose weights are not here
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", images), *words)
    assert "no TGQ: it is measured by TT and ST, and none of the mappings" in capsys.readouterr().out
    assert not any("/tgq" in name for name in values(folder))


def test_breakdowns_stand_in_the_files_and_not_in_the_printed_table(tmp_path: Path, voc: Path, capsys: Any) -> None:
    words = ["score.mapping=[exact]", "score.breakdown=[class,kind]", "score.metrics=[iou]"]
    folder = zgs(tmp_path, voc, write(tmp_path / "t.json", IMAGES), *words)
    told, lines = capsys.readouterr().out, len(pd.read_csv(folder / "scores.csv"))
    assert ".class.cat" not in told and f"breakdown: {lines - 1} more lines in scores.csv" in told and lines > 5


def test_people_verify(tmp_path: Path, voc: Path, capsys: Any) -> None:
    """One rater finds the aeroplane right, another only partly; nobody was asked of bird in the second batch."""
    ratings = tmp_path / "r.csv"
    lines = ["image,segment,label,rater,batch,rating", "a,0,aeroplane,r1,one,3", "a,0,aeroplane,r2,two,1"]
    ratings.write_text(
        "\n".join([*lines, "b,0,cat,r1,one,2", "b,0,cat,r2,two,0", "c,0,bird,r1,one,3", "a,1,puppy,r1,one,0"])
    )
    file = write(tmp_path / "t.json", IMAGES)
    folder = zgs(tmp_path, voc, file, "score.mapping=[exact]", "score.verify=human", f"score.ratings={ratings}")
    iou = [value for name, value in values(folder).items() if "/iou.image" in name]
    # aeroplane 1/2 of image a, cat 1/2 of b, bird all of c; dropped labels leave 0
    one, two = ((0.5 + 0.5 + 1) / 3, (0.5 + 0.5 + 1) / 3, (0.5 + 0 + 1) / 3), (0.5 / 3, 0, 0)
    assert iou == pytest.approx([(a + b) / 2 for a, b in zip(one, two, strict=True)], abs=1e-6)
    assert "exact: 3 of 8 ratings are missing; those labels count as not verified" in capsys.readouterr().out
    shares = pd.read_csv(folder / "ratings.csv")
    assert set(shares["what"]) == {"text", "exact"} and shares.groupby("what")["share"].sum().tolist() == [1, 1]


@pytest.mark.slow
def test_a_protocol_of_ones_own_lies_in_a_folder_of_ones_own(
    tmp_path: Path, voc: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "mine" / "score" / "lenient.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("defaults: [paper, _self_]\nname: lenient\ntau_iou: 0.4\n")
    file, exact = write(tmp_path / "theirs.json", IMAGES), "score.mapping=[exact]"
    found = values(zgs(tmp_path, voc, file, "-cd", "mine", "score=paper,lenient", exact))
    told = capfd.readouterr().out
    assert "protocol: name=lenient tau_sbert=0.5 tau_clip=0.1 tau_iou=0.4" in told
    assert found["lenient{background=voc}/exact/recall>0.4"] == pytest.approx(4 / 5, abs=1e-6)
    by_keys = values(zgs(tmp_path, voc, file, "score.tau_iou=0.4", exact))
    assert found["lenient{background=voc}/exact/recall>0.4"] == next(v for k, v in by_keys.items() if "recall" in k)
    data = ["data=voc", f"data.root={voc}", exact]
    assert main(["score", str(file), "--check", "--config-dir=mine", "score=lenient", *data]) == 0
    for words, said in (
        (["-cd", "mine", "score=lenent"], "score=lenent: no such option; did you mean lenient?"),
        (["-cd=mine", "score=lenient", "score.tau_io=1"], "score.tau_io: no such key; did you mean score.tau_iou"),
        (["--config-dir", "nowhere", "score=lenient"], "-cd nowhere: no such folder"),
        (["score=lenient"], "score=lenient: no such option"),
    ):
        capfd.readouterr()
        assert main(["score", str(file), *data, *words]) == 2
        assert said in capfd.readouterr().err
