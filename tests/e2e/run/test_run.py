"""`zgs run` from the command line on small models: what it leaves and skips, and its exit codes."""

import re
from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from bench.errors import UserError
from bench.metric_name import parse
from bench.predictions.source import PredictionFile
from bench.run import predict
from bench.run.predicted import Predicted
from bench.run.run_folder import read_rows
from bench.score.evaluate import COLUMNS
from bench.score.score_table import ALL
from bench.system.remember import Memory
from tests.command import ended, launch
from tests.command import zgs as command
from tests.e2e.run.running import copy_of_full, record, zgs  # noqa: F401 (a fixture)
from tests.shared_runs import FULL, find_run


@pytest.mark.slow
def test_words_that_mean_no_class_are_told_by_a_run(full: Path, tmp_path: Path, capsys) -> None:
    """All segments are called background: TT finds nothing, by the note, and ST what it finds by embeddings."""
    words = ["caption=retrieval", "caption.words=[background]", "merge=none", "data.subset=first:2", "pictures=0"]
    more = ["executor=serial", "score.resamples=50", f"store={full / 'store'}", f"out={tmp_path / 'out'}"]
    assert main(["run", *more, *words, "controls=[shuffled,true_classes]"]) == 0
    (run,) = (tmp_path / "out").glob("*/run.json")
    scores = pd.read_csv(run.parent / "scores.csv").set_index("metric")["value"]
    own = scores[~scores.index.duplicated()]
    assert (own[own.index.str.contains("/tt[(].*/(?:iou|recall)")] == 0).all()
    assert (own[own.index.str.contains("/st[(].*/iou")] > 0).all()
    (note,) = record(run)["notes"][:1]
    assert re.fullmatch(r"\d+ segments say background: no class \(score.no_class\)", note)
    assert note in capsys.readouterr().out and "background" in record(run)["score"]["no_class"]
    ceiling = pd.read_csv(run.parent / "scores.csv").query("variant.str.startswith('ceiling')")
    assert (ceiling["value"] > 0).all(), "true classes in place of texts stay what they are"
    assert main(["run", *more, *words, "score.no_class=[]", "controls=[]"]) == 0
    (other,) = (path for path in (tmp_path / "out").glob("*/run.json") if path != run)
    assert record(other)["notes"] == []
    assert pd.read_csv(other.parent / "scores.csv")["metric"].str.contains("paper{no_class=none}", regex=False).all()


def test_a_run_leaves_what_the_readme_says(full: Path, capsys) -> None:
    (run,) = zgs(full, "data.subset=first:2", "experiment=full", "pictures=1")
    folder = run.parent
    assert {p.name for p in folder.iterdir()} == {
        "config.yaml", "scores.csv", "per_image.parquet", "per_image_n.parquet", "segments.parquet", "curves.csv",
        "per_class.parquet", "areas.csv", "confusion.csv", "predictions.json", "predictions.npz", "ids.txt", "run.json",
        "gallery",
    }  # fmt: skip
    assert capsys.readouterr().out.rstrip().splitlines()[-2] == f"{folder}/"
    scores, rows = pd.read_csv(folder / "scores.csv"), pd.read_parquet(folder / "per_image.parquet")
    assert tuple(scores.columns) == ALL and ALL[: len(COLUMNS)] == COLUMNS
    assert list(dict.fromkeys(scores["role"])) == ["own", "floor", "ceiling"]
    assert (scores[["expected", "found", "skipped"]] == [2, 2, 0]).all().all()
    own = scores[scores["variant"] == "full"]
    assert list(rows["image_id"]) == ["test-0000", "test-0001"] and set(own["metric"]) == set(rows.columns[1:])
    assert {parse(name).mapping for name in own["metric"]} == {"tt", "st"}
    assert (own["low"] <= own["value"]).all() and (own["value"] <= own["high"]).all()
    assert list(PredictionFile(folder / "predictions.json")) == list(rows["image_id"])


def test_image_metrics_are_the_means_of_their_rows(full: Path) -> None:
    folder = next((full / "out").glob("*/run.json")).parent
    scores = pd.read_csv(folder / "scores.csv").set_index(["variant", "metric"])["value"]
    rows = pd.read_parquet(folder / "per_image.parquet")
    for name in (n for n in rows.columns if "/iou.image" in n):
        assert scores["full", name] == pytest.approx(rows[name].mean(), abs=1e-6)


@pytest.mark.slow
def test_the_protocol_is_said_beside_the_numbers(full: Path, capsys) -> None:
    (run,) = zgs(full, "data.subset=first:2", "experiment=full", "pictures=1")
    out = " ".join(capsys.readouterr().out.split())
    assert "protocol: name=paper tau_sbert=0.5 tau_clip=0.1 tau_iou=0.5 metrics=iou,recall,tgq" in out
    assert "background=context" in out and record(run)["score"]["background"] == "context", "what auto became"


@pytest.mark.slow
def test_tables_are_shown_where_their_characters_are_not(full: Path, tmp_path: Path) -> None:
    """On a terminal of plain ASCII, in a locale that knows no other files either."""
    folder = next((full / "out").glob("*/run.json")).parent
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    code, out, err = ended(launch(command("report", str(folder), f"to={tmp_path}/report"), env=plain))
    assert code == 0 and "Error" not in err and r"TT \u22650.5" in out
    assert "≥" in (tmp_path / "report/table.md").read_text(encoding="utf-8")


def test_every_metric_is_reached_from_the_command_line(measured: Path) -> None:
    folder = find_run(measured)
    scores = pd.read_csv(folder / "scores.csv")
    own = scores[scores["variant"] == "full"].set_index("metric")["value"]
    words = {parse(name).metric.split(".")[0] for name in own.index}
    assert words >= {"precision", "pq", "jaccard", "masks", "open_miou", "names", "clipscore"}
    assert {"own_text", "class_prompt"} <= {name.split(".")[-1] for name in own.index}
    rows = read_rows(folder)
    assert set(own[own.notna()].index) <= set(rows), "mIoU and PQ come back too"
    for name, row in rows.items():
        assert row.value() == pytest.approx(own[name], abs=1e-6, nan_ok=True), name
    floor, ceiling = (scores[scores["role"] == role]["metric"] for role in ("floor", "ceiling"))
    for kind in (floor, ceiling):
        assert not kind.str.contains("/masks|jaccard.overlap|clipscore").any(), "controls do not touch masks"


@pytest.mark.slow
def test_without_merging_there_is_no_tgq(full: Path) -> None:
    run = zgs(full, "data.subset=first:2", "experiment=no_merge", "pictures=0")[-1]
    scores = pd.read_csv(run.parent / "scores.csv")
    assert not scores["metric"].str.contains("tgq").any() and scores["metric"].str.contains("iou").any()


@pytest.mark.slow
def test_a_sweep_runs_every_job_and_closes_with_one_table(full: Path, capsys) -> None:
    runs = zgs(full, "-m", "experiment=full,no_merge", "data.subset=first:2", "pictures=0", out="sweep")
    assert [record(run)["variant"] for run in runs] == ["full", "no_merge"]
    told = capsys.readouterr().out
    assert told.count("95 % intervals") == 1 and "no_merge" in told.partition("95 % intervals")[0]


@pytest.mark.parametrize("place", ["store", "out"])
def test_a_place_that_cannot_be_written(tmp_path: Path, place: str, capsys) -> None:
    (tmp_path / place).write_text("a file, no folder")
    zgs(tmp_path, "data.subset=first:1", code=1)
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs:")]
    assert len(error) == 1 and f"{place}=FOLDER" in error[0]


def test_missing_weights(tmp_path: Path, capsys) -> None:
    zgs(tmp_path, "data.subset=first:1", "models.clip.source=./nowhere", code=1)
    assert "no such folder" in capsys.readouterr().err
    zgs(tmp_path, "data.subset=first:1", "models.dino.source=embedded:dnio", code=1)
    assert "did you mean embedded:dino?" in capsys.readouterr().err


VARIANT = '''
"""Masking that leaves every token half of what it sees without a mask."""

from bench.encode.masking import MaskedEncoder


class Half(MaskedEncoder):
    """The mean of masked and unmasked attention, `share` of it masked."""

    def __init__(self, clip, start_layer, share=0.5, micro_batch=1):
        super().__init__(clip, start_layer, micro_batch)
        self.share = share

    def mix(self, attention):
        none = attention.mask[:, :0]
        mixed = self.share * attention.masked + (1 - self.share) * attention.unmasked
        return mixed, none, none
'''
OPTION = "_target_: half_masking.Half\nstart_layer: ${models.start_layer}\nshare: 0.5\n"


@pytest.mark.slow
def test_a_new_masking_variant_is_one_file_and_one_yaml(full: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "half_masking.py").write_text(VARIANT)
    (tmp_path / "conf/encode").mkdir(parents=True)
    (tmp_path / "conf/encode/half.yaml").write_text(OPTION)
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ["--config-dir", str(tmp_path / "conf"), "encode=half", "data.subset=first:2", "pictures=0"]
    first = record(zgs(full, *words)[-1])
    assert first["variant"] == "half", "the yaml, not its module"
    assert first["store"]["segment"]["made"] == first["store"]["trunk"]["made"] == 0 < first["store"]["encode"]["made"]
    changed = record(zgs(full, *words, "encode.share=0.25")[-1])
    assert changed["store"]["encode"]["made"] > 0, "another option is another key"


@pytest.mark.slow
def test_a_sweep_over_any_key_tells_its_jobs_apart(full: Path, capsys) -> None:
    words = ["-m", "merge.threshold=0.7,0.8", "data.subset=first:2", "pictures=0"]
    zgs(full, *words, out="thresholds")
    told = capsys.readouterr().out
    assert "global_subtraction merge.threshold=0.7" in told and "global_subtraction merge.threshold=0.8" in told


@pytest.mark.slow
def test_an_experiment_that_is_changed_says_so(full: Path) -> None:
    run = zgs(full, "experiment=full", "merge=none", "data.subset=first:2", "pictures=0", out="changed")[-1]
    assert record(run)["variant"] == "full merge=none"


@pytest.mark.slow
def test_a_run_can_be_scored_by_other_mappings(full: Path) -> None:
    words = ["data.subset=first:2", "experiment=full", "pictures=0", "controls=[]"]
    *_, run = zgs(full, *words, "score.mapping=[exact,hungarian,grounded-st]")
    mappings = {parse(name).mapping for name in pd.read_csv(run.parent / "scores.csv")["metric"]}
    assert mappings == {"exact", "hungarian", "grounded-st", "tt", "st"}, "the last two by TGQ"
    zgs(full, *words, "score.verify=human", code=2)


def test_a_run_that_finds_everything_starts_no_worker_and_loads_no_model(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(*given: object, **named: object) -> None:
        asked.append("work")
        raise UserError("a worker was started or a model loaded")

    monkeypatch.setattr("bench.system.crew.Crew._pool", property(refuse))
    monkeypatch.setattr("bench.run.parts.load_once", refuse)
    own = [word for word in FULL if word != "executor=serial"]
    run = ["run", *own, "executor.workers=2", "pictures=0", f"store={full / 'store'}", f"out={tmp_path}"]
    for start, code in ((2.0, 0), (-1.0, 1)):
        monkeypatch.setattr(predict, "PREDICTED", Memory[Predicted](1))
        monkeypatch.setattr(predict, "START", start)
        assert main(run) == code and bool(asked) == bool(code)
    assert "merge 2 of 2" in capsys.readouterr().out
