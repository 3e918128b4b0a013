"""`zgs score RUN`: from the exported file alone, and from what the run left in the store, where it loads no model."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.predictions.source import PredictionFile
from bench.report.runs import merge_curves
from bench.store.files import Store
from bench.store.texts import StoredEncoder
from tests.shared_runs import find_run


@pytest.fixture(scope="module")
def run(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of a run of the whole method on two scenes; two above it lie ``store`` and ``out``."""
    return find_run(Path(shutil.copytree(full, tmp_path_factory.mktemp("again") / "full")))


def scored(run: Path, name: str, store: str, *words: str) -> Path:
    """The folder of `zgs score RUN` with one of the stores beside the run."""
    tmp = run.parents[1]
    words = (*words, f"store={tmp / store}", f"out={tmp / name}", "executor=serial")
    assert main(["score", str(run), *words]) == 0
    (folder,) = (tmp / name).iterdir()
    return folder


def same(first: Path, again: Path) -> None:
    """The numbers of two folders, and the rows and curves behind them."""
    one, other = (pd.read_csv(f / "scores.csv").set_index("metric").drop(columns="run") for f in (first, again))
    pd.testing.assert_frame_equal(one, other)
    for name in ("per_image", "per_image_n", "segments"):
        pd.testing.assert_frame_equal(*[pd.read_parquet(f / f"{name}.parquet") for f in (first, again)])
    for name in ("curves", "areas"):
        pd.testing.assert_frame_equal(*[pd.read_csv(f / f"{name}.csv") for f in (first, again)])


@pytest.mark.slow
def test_from_the_exported_file_alone_nothing_was_lost(run: Path) -> None:
    same(run, folder := scored(run, "from-file", "empty"))
    assert main(["report", str(run), str(folder), f"to={run.parents[1] / 'report'}", "pictures=1"]) == 0


@pytest.mark.slow
def test_a_run_says_whose_space_its_embeddings_are_of_and_scoring_agrees(run: Path) -> None:
    told = PredictionFile(run / "predictions.json").head["embeddings"]["model"]
    assert re.fullmatch("toy-clip@[0-9a-f]{8}", told)
    notes = json.loads((scored(run, "space", "store") / "run.json").read_text())["notes"]
    assert not any(note.startswith("beware") for note in notes)


@pytest.mark.slow
def test_images_that_are_not_in_the_data_stop(run: Path) -> None:
    tmp = run.parents[1]
    words = ["score", str(run), f"store={tmp / 'less'}", f"out={tmp / 'less'}", "score.mapping=[grounded-tt,exact]"]
    assert main([*words, "score=reference", "data.split=val", "data.subset=first:1"]) == 1
    assert main([*words, "data.split=val", "data.subset=first:1", "--ignore-unknown"]) == 3
    assert main([*words, "data.subset=first:1"]) == 0, "the other is of the same split"


def test_what_the_run_left_in_the_store_is_all_that_scoring_needs(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object, name: str) -> None:
        raise AssertionError(f"{name} is loaded")

    monkeypatch.setattr("bench.run.parts.RunParts.load_model", refuse)
    same(run, scored(run, "paper", "store"))
    with pytest.raises(AssertionError, match="sentence is loaded"):
        scored(run, "of-nothing", "nothing")


@pytest.mark.slow
def test_the_first_scoring_of_a_process_does_without_torch(run: Path) -> None:
    tmp = run.parents[1]
    words = ["score", str(run), "score=paper,soft", f"store={tmp / 'store'}"]
    code = (
        f"import sys; from bench.cli import main; assert main({[*words, f'out={tmp}/kept']!r}) == 0;"
        "sys.exit('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert told.returncode == 0, told.stderr


def test_the_tables_that_a_run_keeps_are_those_of_the_pixels_of_its_file(run: Path) -> None:
    tmp = run.parents[1]
    scored(run, "from-pixels", "pixels")
    kept, made = (sorted((tmp / store / "table").glob("*/*.safetensors")) for store in ("store", "pixels"))
    assert [p.relative_to(tmp / "store") for p in kept] == [p.relative_to(tmp / "pixels") for p in made] and kept
    assert [path.read_bytes() for path in kept] == [path.read_bytes() for path in made]


class Counting:
    """A model whose vectors tell the text, and which batch of how many texts it was encoded in."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.batches.append(texts)
        return np.array([[len(text), len(texts)] for text in texts], np.float32)


def encoder(root: Path) -> tuple[StoredEncoder, Counting]:
    """An encoder over the store at ``root``, as a new process has it."""
    store, model = Store(root), Counting()
    return StoredEncoder(store, store.open_namespace("texts", "key", {}), lambda: model), model


def test_a_list_is_encoded_alone_whatever_came_before(tmp_path: Path) -> None:
    one, model = encoder(tmp_path / "a")
    one.encode(["cat", "a dog"])
    np.testing.assert_array_equal(one.encode(["a dog", "sky", "a dog"]), [[5, 2], [3, 2], [5, 2]])
    assert model.batches == [["a dog", "cat"], ["a dog", "sky"]], "the dog again: a number depends on its own list"
    again, silent = encoder(tmp_path / "a")
    np.testing.assert_array_equal(again.encode(["sky", "a dog"]), [[3, 2], [5, 2]])
    assert not silent.batches


def test_what_no_list_holds_is_encoded_in_one_pass(tmp_path: Path) -> None:
    one, _ = encoder(tmp_path)
    one.encode(["cat", "a dog"])
    lists = [["a dog", "cat"], ["tree", "cat"], [], ["sky"]]
    batches = []
    for known, model in (encoder(tmp_path), encoder(tmp_path)):
        known.prefetch(lists)
        known.prefetch(lists)
        np.testing.assert_array_equal(known.encode(["cat", "a dog"]), [[3, 2], [5, 2]])
        np.testing.assert_array_equal(known.encode(["cat", "tree"]), [[3, 3], [4, 3]])
        np.testing.assert_array_equal(known.encode(["sky"]), [[3, 3]])
        batches.append(model.batches)
    assert batches == [[["cat", "sky", "tree"]], []], "the second process reads what the first has left"


@pytest.mark.slow
def test_a_report_states_every_protocol_as_it_was_resolved(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scored(run, "two", "store", "score=paper,soft")
    capsys.readouterr()
    assert main(["report", str(folder), f"to={run.parents[1] / 'two-report'}", "pictures=0"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "protocol: name=paper" in told and "protocol: name=soft" in told
    assert "background=context" in told and "background=auto" not in told
    assert "background=context" in (run.parents[1] / "two-report/table.md").read_text()


@pytest.mark.slow
def test_a_line_of_a_curve_belongs_to_one_protocol(run: Path) -> None:
    folder = scored(run, "three", "store", "score=paper,reference,dataset_miou")
    for file in ("curves.csv", "areas.csv"):
        table = merge_curves([folder], file)
        assert set(table["variant"]) == {f"full, {name}" for name in ("paper", "reference", "dataset_miou")}
        keys = ["variant", "mapping", "axis", "metric", *(["tau"] if file == "curves.csv" else [])]
        assert not table.duplicated(keys).any()
    assert set(merge_curves([run])["variant"]) == {"full"}, "one protocol needs no word"


@pytest.mark.slow
def test_who_reads_only_the_head_of_a_report_has_all_files(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("bench.report.printed.print_runs", closed)
    monkeypatch.setattr("os.dup2", lambda *_: None)
    to = run.parents[1] / "head"
    assert main(["report", str(run), f"to={to}", "pictures=0"]) == 0
    assert (to / "table.md").is_file() and (to / "curves.png").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["RUN", "RUN/"], "is given twice; each run counts once"),
        (["RUN", "--foo"], "report: --foo: no such option"),
        (["RUN", "pictures=-1"], "pictures=-1: needs a whole number, 0 or more"),
        (["RUN", "to="], "to=: name a folder"),
        ([], "give the folders of finished runs"),
    ],
)
def test_a_wrong_report_names_what_is_wrong(
    run: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *(word.replace("RUN", str(run)) for word in words)]) == 2
    assert told in capsys.readouterr().err
