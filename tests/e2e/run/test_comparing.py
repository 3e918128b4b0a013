"""The rows that a run leaves beside its scores, and what `zgs report` makes of several runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from bench.cli import main
from bench.data.toyscenes import ToyScenes
from bench.data.truth_masks import make_truth_masks
from bench.errors import UserError
from bench.report.runs import find_runs
from bench.run.run_folder import read_rows, read_segments
from tests.e2e.run.resealed import reseal, strip
from tests.e2e.run.running import zgs
from tests.shared_runs import find_run


@pytest.fixture(scope="module")
def runs(full: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of three variants on two scenes."""
    tmp, words = tmp_path_factory.mktemp("runs"), ["data.subset=first:2", "pictures=0"]
    shutil.copytree(full / "store", tmp / "store")
    return [zgs(tmp, *words, f"experiment={name}")[-1].parent for name in ("full", "no_subtraction", "no_merge")]


def test_the_rows_of_a_run_give_every_mean_and_every_true_segment(full: Path) -> None:
    run = find_run(full)
    scores = pd.read_csv(run / "scores.csv").query("variant == 'full'").set_index("metric")["value"]
    rows, segments = read_rows(run), read_segments(run)
    assert set(rows) == set(scores.index) and segments is not None
    for name, row in rows.items():
        assert row.value() == pytest.approx(scores[name], abs=1e-6)
    for sample in map(ToyScenes(split="test").load, ("test-0000", "test-0001")):
        masks, classes = make_truth_masks(sample)
        own = segments[segments["image_id"] == sample.image_id]
        assert own["area"].tolist() == masks.sum(axis=(1, 2)).tolist() and len(own) == len(classes) > 2
        assert own["share"].to_numpy() == pytest.approx(masks.mean(axis=(1, 2)))
    ends = {"tt_hit": "tgq.micro>0.5", "tt_cosine": "tgq.micro.cosine", "st_top1": "tgq.micro.top1"}
    for column, end in ends.items():
        (metric,) = (name for name in scores.index if name.endswith(end) and f"/{column[:2]}(" in name)
        assert segments[column].mean() == pytest.approx(scores[metric], abs=1e-6)


@pytest.mark.slow
def test_without_merging_the_true_segments_are_there_but_nothing_is_said_of_them(runs: list[Path]) -> None:
    known = ["image_id", "class", "thing", "area", "share"]
    bare = pd.read_parquet(runs[2] / "segments.parquet")
    pd.testing.assert_frame_equal(bare, pd.read_parquet(runs[0] / "segments.parquet")[known])
    assert read_segments(runs[2]) is None


ASKED = """
import sys
from bench.cli import main
code = main(sys.argv[1:])
rooms = ("torch", *(f"bench.{room}." for room in ("models", "segment", "encode", "caption", "merge")))
print("loaded:", [name for name in sys.modules if name.startswith(rooms)])
sys.exit(code)
"""


@pytest.mark.slow
def test_a_report_with_pictures_loads_no_model_and_says_where_the_store_is_gone(full: Path, tmp_path: Path) -> None:
    """The segmenter of this run does not even exist any more: its over-segments come from the store, or nowhere."""
    run = Path(shutil.copytree(find_run(full), tmp_path / "run"))
    settings = yaml.safe_load((run / "config.yaml").read_text())
    settings["segment"] = {"_target_": "bench.segment.no_such.Segmenter"}
    for store, note in ((settings["store"], " segments"), (str(tmp_path / "gone"), "not in the store")):
        (run / "config.yaml").write_text(yaml.safe_dump({**settings, "store": store}))
        reseal(run)
        words = ["report", str(run), f"to={tmp_path / 'to'}", "pictures=1"]
        done = subprocess.run([sys.executable, "-c", ASKED, *words], capture_output=True, text=True, check=True)
        assert "loaded: []" in done.stdout
        page = (tmp_path / "to/gallery/index.html").read_text()
        assert note in page and "over-segments" in page
    assert not (tmp_path / "gone").exists()


@pytest.mark.slow
def test_a_report_compares_the_first_run_with_the_others(runs: list[Path], tmp_path: Path) -> None:
    assert main(["report", *map(str, runs), f"to={tmp_path}", "pictures=1"]) == 0
    files = {f"{stem}.{end}" for stem in ("differences", "breakdown") for end in ("csv", "png", "svg")}
    assert files <= {path.name for path in tmp_path.iterdir()}
    table = (tmp_path / "table.md").read_text()
    assert table.index("| variant |") < table.index("| difference |") < table.index("| true segments named right |")
    lines = pd.read_csv(tmp_path / "differences.csv")
    assert set(lines["variant"]) == {"full"} and set(lines["against"]) == {"no_subtraction", "no_merge"}
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["variant", "metric"])["value"]
    for line in lines.to_dict("records"):
        apart = scores["full", line["metric"]] - scores[line["against"], line["metric"]]
        assert line["value"] == pytest.approx(apart, abs=2e-6), "all images are common here"


@pytest.mark.slow
def test_the_gallery_shows_where_variants_disagree_and_an_earlier_picture_goes(
    runs: list[Path], tmp_path: Path
) -> None:
    first, other = shutil.copytree(runs[0], tmp_path / "first"), shutil.copytree(runs[1], tmp_path / "other")
    segments = pd.read_parquet(runs[0] / "segments.parquet")
    segments.assign(tt_hit=True).to_parquet(first / "segments.parquet")
    changed = segments.assign(tt_hit=False, tt_cosine=segments["tt_cosine"] - 0.1, text="nothing")
    changed.to_parquet(other / "segments.parquet")
    reseal(first), reseal(other)
    page = tmp_path / "to/gallery/index.html"
    for folders, there in (([first, other], True), ([first, runs[2]], False)):
        assert main(["report", *map(str, folders), f"to={tmp_path / 'to'}", "pictures=1"]) == 0
        assert (page.parent / "where.png").exists() == ('src="where.png"' in page.read_text()) == there


@pytest.mark.slow
def test_a_run_of_an_earlier_version_is_named_and_left_out(runs: list[Path], tmp_path: Path, capsys) -> None:
    old = strip(Path(shutil.copytree(runs[1], tmp_path / "old")))
    (old / "per_image_n.parquet").unlink()
    assert main(["report", str(runs[0]), str(old), str(runs[2]), f"to={tmp_path}", "pictures=0"]) == 0
    told = capsys.readouterr().out
    assert told.count("no comparisons with no_subtraction:") == 1
    assert told.count(f"{old}: made by an earlier version, without checksums") == 1
    assert set(pd.read_csv(tmp_path / "differences.csv")["against"]) == {"no_merge"}


@pytest.mark.slow
def test_a_folder_of_runs_stands_for_its_runs_in_the_order_of_their_labels(runs: list[Path], tmp_path: Path) -> None:
    for name, value in (("c", 10), ("a", 2), ("b", 0.5)):
        shutil.copytree(runs[0], tmp_path / "sweep" / name)
        settings = yaml.safe_load((tmp_path / "sweep" / name / "config.yaml").read_text())
        settings["encode"]["sigma2"] = value
        (tmp_path / "sweep" / name / "config.yaml").write_text(yaml.safe_dump(settings))
        reseal(tmp_path / "sweep" / name)
    assert [run.name for run in find_runs([tmp_path / "sweep", runs[1]])] == ["b", "a", "c", runs[1].name]
    with pytest.raises(UserError, match=r"run\.json is missing"):
        find_runs([tmp_path])
