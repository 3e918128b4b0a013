"""From folders to differences, breakdown and gallery: older runs, damaged files, what an earlier report left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.errors import UserError
from bench.report.comparison_files import write_comparisons
from bench.report.tables.comparisons import list_pairs
from bench.score.segments import KNOWN, MEASURED

pytestmark = pytest.mark.usefixtures("blank_figures")

METRIC = "toy:test/five/paper/tt(tiny)/tgq.micro>0.5"


def folder(path: Path, seed: int, measured: bool = True) -> Path:
    """What a run leaves of these, four images of two segments."""
    path.mkdir(parents=True)
    draw, ids = np.random.default_rng(seed), list("abcd")
    hits = draw.random((4, 2)) < 0.5
    pd.DataFrame({"image_id": ids, METRIC: hits.mean(axis=1)}).to_parquet(path / "per_image.parquet")
    pd.DataFrame({"image_id": ids, METRIC: [2.0] * 4}).to_parquet(path / "per_image_n.parquet")
    lines = [
        (i, c, c == "cat", 9, 0.3, "a", 0.5, hit, hit, 0.5, hit)
        for i, pair in zip(ids, hits, strict=True) for c, hit in zip(("cat", "sky"), pair, strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=[*KNOWN, *MEASURED])
    table[[*KNOWN, *MEASURED] if measured else list(KNOWN)].to_parquet(path / "segments.parquet")
    return path


def write(runs: list[tuple[str, Path]], to: Path) -> tuple[list[str], set[str]]:
    to.mkdir(exist_ok=True)
    texts, files = write_comparisons(runs, to, list_pairs([name for name, _ in runs]), title="t", embedded=True)
    assert {path.name for path in files} == {path.name for path in to.iterdir()}
    return texts, {path.name for path in files}


ALL = {f"{stem}.{end}" for stem in ("differences", "breakdown") for end in ("csv", "png", "svg")}


def test_two_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [(name, folder(tmp_path / name, seed)) for seed, name in enumerate(("full", "crop"))]
    texts, files = write(runs, tmp_path / "to")
    assert files == ALL and capsys.readouterr().out == ""
    assert texts[0].startswith("| difference |") and texts[1].startswith("| true segments")
    means = [pd.read_parquet(path / "per_image.parquet")[METRIC].mean() for _, path in runs]
    (line,) = pd.read_csv(tmp_path / "to/differences.csv").to_dict("records")
    assert line["value"] == pytest.approx(means[0] - means[1], abs=1e-6) and (line["metric"], line["n"]) == (METRIC, 4)


@pytest.mark.slow
def test_runs_of_an_earlier_version_are_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [(name, folder(tmp_path / name, seed)) for seed, name in enumerate(("full", "crop", "masked"))]
    write(runs, tmp_path / "to")
    (runs[1][1] / "per_image_n.parquet").unlink()
    assert write(runs, tmp_path / "to")[1] == ALL
    assert set(pd.read_csv(tmp_path / "to/differences.csv")["against"]) == {"masked"}
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1 and told[0].startswith("no comparisons with crop:")
    (runs[0][1] / "segments.parquet").unlink()
    _, files = write(runs, tmp_path / "to")
    assert files == {name for name in ALL if name.startswith("breakdown")}, "without the first nothing is compared"
    assert set(pd.read_csv(tmp_path / "to/breakdown.csv")["variant"]) == {"masked"}
    (runs[2][1] / "segments.parquet").unlink()
    assert write(runs, tmp_path / "to") == ([], set()), "files of the earlier report are gone"


def test_a_variant_without_oracle_has_differences_but_no_breakdown(tmp_path: Path) -> None:
    runs = [("full", folder(tmp_path / "full", 0)), ("no_merge", folder(tmp_path / "no_merge", 1, measured=False))]
    assert write(runs, tmp_path / "to")[1] == ALL
    assert set(pd.read_csv(tmp_path / "to/breakdown.csv")["variant"]) == {"full"}


@pytest.mark.parametrize("name", ["per_image_n.parquet", "segments.parquet"])
def test_damaged_files_are_one_line(tmp_path: Path, name: str) -> None:
    runs = [("full", folder(tmp_path / "full", 0)), ("crop", folder(tmp_path / "crop", 1))]
    path = runs[1][1] / name
    pd.read_parquet(path).drop(columns="image_id").to_parquet(path)
    with pytest.raises(UserError, match=f"{name}: column 'image_id' is missing"):
        write(runs, tmp_path / "to")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=f"{name}: cannot be read") as caught:
        write(runs, tmp_path / "to")
    assert "\n" not in str(caught.value)
