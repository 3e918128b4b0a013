"""`zgs run` from the command line: what a run finds in the store, and what it makes again."""

from pathlib import Path

import pytest

from tests.e2e.run.running import copy_of_full, record, zgs  # noqa: F401 (a fixture)
from tests.shared_runs import find_run


def test_a_second_time_everything_comes_from_the_store(full: Path) -> None:
    before = (find_run(full) / "scores.csv").read_bytes()
    (run,) = zgs(full, "data.subset=first:2", "experiment=full", "pictures=0")
    assert all(stage["made"] == 0 for stage in record(run)["store"].values())
    assert (run.parent / "scores.csv").read_bytes() == before


@pytest.mark.slow
def test_a_new_store_gives_the_same_bytes(full: Path) -> None:
    (old,) = (full / "out").glob("*full*/run.json")
    new = zgs(full, "data.subset=first:2", "experiment=full", "pictures=0", store="other", out="again")[-1]
    assert record(new)["store"]["segment"]["made"] == 2
    rows = "per_image.parquet", "per_image_n.parquet", "segments.parquet"
    for name in ("scores.csv", *rows, "predictions.json", "predictions.npz", "curves.csv"):
        assert (old.parent / name).read_bytes() == (new.parent / name).read_bytes(), name


@pytest.mark.slow
def test_a_second_variant_reuses_what_lies_upstream_of_the_difference(full: Path, capsys) -> None:
    none = record(zgs(full, "data.subset=first:2", "experiment=no_merge", "pictures=0")[-1])["store"]
    assert all(none[stage]["made"] == 0 for stage in ("segment", "encode", "caption"))
    assert none["merge"] == {"reused": 0, "made": 2}, "the merged predictions of two images"
    masked = record(zgs(full, "data.subset=first:2", "experiment=no_subtraction", "pictures=0")[-1])["store"]
    assert masked["segment"] == masked["trunk"] == {"reused": 2, "made": 0}
    assert masked["encode"]["made"] > 0
    crop = record(zgs(full, "data.subset=first:2", "experiment=crop_and_mask", "pictures=0")[-1])["store"]
    assert crop["segment"]["made"] == 0 and "trunk" not in crop
    assert "from the store: segment" in capsys.readouterr().out


@pytest.mark.slow
def test_another_threshold_asks_no_model_again(full: Path) -> None:
    words = ["data.subset=first:2", "experiment=full", "pictures=0", "score.tau_sbert=0.3", "score.tau_clip=0.2"]
    found = record(zgs(full, *words)[-1])["store"]
    assert set(found) == {"merge", "table", "texts"} and all(stage["made"] == 0 for stage in found.values())


@pytest.mark.slow
def test_a_damaged_store_file_is_made_again_and_counted(full: Path, capsys) -> None:
    words = ["data.subset=first:2", "experiment=full", "pictures=0"]
    before = zgs(full, *words)[-1].parent.joinpath("scores.csv").read_bytes()
    for path in [*(full / "store/segment").rglob("*.safetensors"), *(full / "store/merge").rglob("*.safetensors")]:
        path.write_bytes(path.read_bytes()[:-7])
    run = zgs(full, *words)[-1]
    assert record(run)["damaged"]["segment"] == 2
    assert run.parent.joinpath("scores.csv").read_bytes() == before
    assert "set aside" in capsys.readouterr().out
