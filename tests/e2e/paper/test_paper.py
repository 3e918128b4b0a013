"""`zgs paper`: tables from runs that are shared and kept, whatever became of them since."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from tests.e2e.paper.conftest import NAMES, run_paper
from tests.e2e.paper.made_tables import find_run, read_table
from tests.e2e.run.resealed import reseal
from tests.shared_runs import FAST

pytestmark = pytest.mark.usefixtures("blank_figures")


def test_runs_are_named_eight_times_and_made_four_times(made: Path) -> None:
    assert len(list((made / "out").glob("*/run.json"))) == 4
    for name in NAMES[:3]:
        for ending in ("md", "csv", "tex", "html"):
            assert (made / "to" / f"{name}.{ending}").stat().st_size > 500
    assert (made / "to" / "figure11.png").is_file() and (made / "to" / "index.html").is_file()


@pytest.mark.slow
def test_twice_changes_nothing_and_makes_nothing(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in (copied / "to").iterdir() if path.suffix not in (".png", ".svg")}
    records = {path: path.stat().st_mtime_ns for path in (copied / "out").glob("*/run.json")}
    # Paths of the first time stand in commands that fill cells, so the copy is written from its own place twice.
    assert run_paper(copied, *NAMES, to="again") == 0
    assert "8 runs named, 4 distinct: 4 finished before, 0 made" in capsys.readouterr().out
    assert run_paper(copied, *NAMES, to="again") == 0
    assert {path: path.stat().st_mtime_ns for path in (copied / "out").glob("*/run.json")} == records
    for path in before:
        told = (copied / "again" / path.name).read_bytes()
        assert told.replace(str(copied).encode(), str(path.parents[1]).encode()) == told
        if path.suffix == ".csv" and path.name != "figure11.csv":
            first, second = (pd.read_csv(each) for each in (path, copied / "again" / path.name))
            pd.testing.assert_frame_equal(first.drop(columns="fills"), second.drop(columns="fills"))


def test_a_moved_folder_of_results_is_found_by_what_it_computes(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = copied / "elsewhere"
    shutil.move(copied / "out", moved)
    for at, run in enumerate(sorted(moved.glob("toyscenes-*"))):
        run.rename(moved / f"renamed {at}")
    assert run_paper(copied, "table3", "make=no", out="elsewhere", to="again") == 0
    assert "4 finished before, 0 made" in capsys.readouterr().out
    first, second = read_table(copied, "table3"), read_table(copied, "table3", "again")
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
def test_a_damaged_or_half_finished_run_is_told_with_n_and_command(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = find_run(copied, "crop_and_mask") / "scores.csv"
    scores.write_bytes(scores.read_bytes()[:-9])
    (find_run(copied, "no_merge") / "run.json").unlink()
    assert run_paper(copied, "table3", "make=no", to="again") == 3
    told, table = capsys.readouterr().out, read_table(copied, "table3", "again")
    assert f"left out: {scores}: is not what the run left there" in told
    for row, words in (("Crop and Mask", "experiment=crop_and_mask"), ("Ours w/o merge", "experiment=no_merge")):
        cell = table.loc[(row, "toyscenes", "IoU_c")]
        assert cell["value"] == "" and words in cell["fills"] and cell["fills"].startswith("zgs run data=toyscenes")
        assert cell["empty"].endswith("n = 2")
    assert "2 images of this variant" in table.loc[("Ours w/o merge", "toyscenes", "IoU_c"), "empty"]
    assert table.loc[("Ours", "toyscenes", "IoU_c"), "value"] != ""
    assert run_paper(copied, "table3", to="again") == 0  # what is missing is made, from the store
    assert "2 finished before, 2 made" in capsys.readouterr().out
    pd.testing.assert_frame_equal(read_table(copied, "table3"), read_table(copied, "table3", "again"))


@pytest.mark.slow
def test_a_run_of_other_code_is_made_again_or_taken_as_it_is(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of an earlier version names neither code nor data; one of other sources names others."""
    for variant in ("crop_and_mask", "no_merge"):
        folder = find_run(copied, variant)
        record = json.loads((folder / "run.json").read_text())
        made_of = record.pop("made_of")
        if variant == "no_merge":
            record["made_of"] = made_of | {"score": "0" * 16}
        (folder / "run.json").write_text(json.dumps(record))
        reseal(folder)
    assert run_paper(copied, "table3", "make=no", to="again") == 0
    text = (copied / "again" / "table3.md").read_text()
    assert text.count("is of other code, weights, data or machine than are here now: taken as it is") == 2
    capsys.readouterr()
    assert run_paper(copied, "table3", to="again") == 0
    assert "2 finished before, 2 made" in capsys.readouterr().out
    assert "taken as it is" not in (copied / "again" / "table3.md").read_text()


@pytest.mark.slow
def test_a_variant_of_ones_own_is_one_line_in_table_3(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench.paper.reading import list_definitions

    (tmp_path / "mine" / "experiment" / "paper").mkdir(parents=True)
    (tmp_path / "mine" / "encode").mkdir()
    (tmp_path / "mine" / "encode" / "last_two.yaml").write_text("defaults: [masked, _self_]\nstart_layer: -2\n")
    text = list_definitions()["table3"].read_text()
    line = "  Last two layers: [encode=last_two]\n  Ours: ["
    (tmp_path / "mine" / "experiment" / "paper" / "table3.yaml").write_text(text.replace("  Ours: [", line))
    assert run_paper(copied, "table3", "--config-dir", str(tmp_path / "mine"), to="again") == 0
    assert "5 distinct: 4 finished before, 1 made" in capsys.readouterr().out
    before, after = read_table(copied, "table3"), read_table(copied, "table3", "again")
    assert set(after.index) - set(before.index) == {
        ("Last two layers", "toyscenes", c) for c in ("IoU_c", "Recall_c", "TGQ")
    }
    new = after.loc["Last two layers"]
    assert all(new["value"] != "") and all(new["p_holm"] != "") and set(new["against"]) == {"Ours"}


def test_without_any_run_and_without_making_one_there_is_nothing_to_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_paper(tmp_path, "table3", "table1", "make=no") == 1
    error = capsys.readouterr().err
    assert "make=no: none of 4 runs is finished in" in error and error.count("\n") == 1, error
    assert not (tmp_path / "to").exists()


def test_a_metric_that_was_not_asked_for_is_filled_by_the_printed_line(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "mine/experiment/paper").mkdir(parents=True)
    (tmp_path / "mine/experiment/paper/own.yaml").write_text(
        "title: t\nkind: table\nshows: s\nruns: {Ours: [experiment=full]}\n"
        "columns: {mIoU: {metric: iou.dataset.union, mapping: st}}\n"
    )
    assert run_paper(copied, "own", "-cd", str(tmp_path / "mine"), to="again") == 0
    cell = read_table(copied, "own", "again").loc[("Ours", "toyscenes", "mIoU")]
    assert cell["value"] == "" and "score.aggregation=[image,dataset] does" in cell["empty"]
    assert main(shlex.split(cell["fills"])[1:]) == 0
    cell = read_table(copied, "own", "again").loc[("Ours", "toyscenes", "mIoU")]
    assert float(cell["value"]) > 0 and cell["metric"].endswith("/iou.dataset.union")


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tabel3",), "tabel3: no such table or figure (did you mean 'table3'?)"),
        (("table3", "to="), "paper: to=: name a folder"),
        (("table3", "encode=crop"), "encode=crop: every row states that itself"),
        (("table3", "make=perhaps"), "make=perhaps: yes or no"),
        (("table3", "encode.sigma=1"), "encode.sigma: no such key; did you mean encode.sigma2 or"),
        (("table3", "--multirun"), "--multirun: no such flag"),
        (("table3", "data=voc,pascal_context_59", "data.root=x"), "data.root= is the place of one data set"),
        (("table3", "-cd", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_wrong_words_are_one_line(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", *words]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_the_list_says_what_each_needs_and_where_times_come_from(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["paper", f"out={made / 'out'}"]) == 0
    told = capsys.readouterr().out
    for name in NAMES:
        assert name in told
    assert "needs: ratings" in told and "models=paper data=pascal_context_59,pascal_context_459,voc" in told
    assert "Times are upper estimates" in told
    parts = {text.split()[0]: text for text in re.split(r"\n+(?=\w)", told)}
    assert "with models=paper data=" in parts["all"] and "of a baseline not timed" in parts["all"]
    for name in ("table4", "figure7"):
        assert "needs: GroupViT's weights for its row" in parts[name] and "1 of a baseline not timed" in parts[name]


def test_cells_are_foreseen_as_they_come(made: Path) -> None:
    """The names of all numbers of a table are known before its runs: those that the runs then have."""
    from bench.commands.paper import _plan
    from bench.paper.beforehand import _foresee
    from bench.paper.reading import read_definitions
    from bench.paper.sources import Sources
    from tests.e2e.paper.conftest import TYPED

    plan, table, known = _plan(read_definitions(["table3"]), TYPED, []), read_table(made, "table3"), {}
    (item,), (place,) = plan.items, plan.places["table3"]
    for row in item.rows:
        for column in ("IoU_c", "Recall_c", "TGQ"):
            cell = table.loc[(row.name, "toyscenes", column)]
            line = _foresee(item, plan, Sources({}, {}, {}), known, row, place, column)
            assert line is not None and cell["metric"] in (line["metric"], ""), "w/o merge has no TGQ of its own"


@pytest.mark.slow
def test_vectors_are_asked_for_where_a_run_without_them_lies(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By `embeddings=inline` a reader recomputes the cells, so a run without is not what was asked for."""
    words = [f"{key}={copied / key}" for key in ("store", "out", "to")]
    typed = [*FAST, "data.subset=first:2", *words]
    assert main(["paper", "table1", *typed, "embeddings=beside"]) == 0
    assert "1 finished before, 0 made" in capsys.readouterr().out, "with vectors in the file it is all the same"
    shutil.rmtree(find_run(copied, "full"))
    assert main(["paper", "table1", *typed]) == 0
    run = find_run(copied, "full")
    assert (run / "predictions.npz").is_file()
    assert main(["paper", "table1", *typed, "embeddings=inline", "make=no"]) == 0
    assert "has no vectors in its predictions.json" in capsys.readouterr().out
    assert main(["paper", "table1", *typed, "embeddings=inline"]) == 0
    assert "0 finished before, 1 made" in capsys.readouterr().out and not (run / "predictions.npz").exists()
    first = json.loads((run / "predictions.json").read_text())["images"][0]["segments"][0]
    assert len(first["embedding"]) > 100


def test_begun_runs_are_told_where_none_is_finished(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_paper(copied, "table3", "make=no", out="empty", to="again") == 1
    told = capsys.readouterr()
    assert told.out.count("missing: the store holds predictions of 2 images of this variant; this run has n = 2") == 4
    assert "experiment=crop_and_mask` fills it" in told.out and told.err.count("\n") == 1


def test_what_is_wrong_is_told_before_any_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("image,segment\na,0\n")
    assert run_paper(tmp_path, "table3", f"ratings={tmp_path / 'file'}") == 1
    assert "column 'label' is missing" in capsys.readouterr().err
    assert run_paper(tmp_path, "table3", to="file/below") == 1
    assert "file/below: Not a directory" in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and not (tmp_path / "to").exists()
