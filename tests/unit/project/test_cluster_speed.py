"""The medians of `scripts/cluster_speed.py`: of which runs, and that a case measured again leaves the other's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.csv_files import read_csv

ROOT = Path(__file__).resolve().parents[3]


def test_a_case_measured_again_takes_the_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from cluster_speed import describe_sides, make_sides, write_sides
    from processes import Cost

    sweep = make_sides("sweep", {"1 job": [Cost(2, 1), Cost(4, 2), Cost(3, 9)], "8 jobs": [Cost(6, 3)] * 3}, 24)
    for wall in (3.25, 3):
        write_sides(sweep, tmp_path / "speed.csv")
        ray = make_sides("ray", {"local": [Cost(2, 2)], "ray": [Cost(1, wall)]}, 24)
        write_sides(ray, tmp_path / "speed.csv")
    write_sides(make_sides("ray", {"local": [Cost(2, 4)], "ray": [Cost(1, 5.5)]}, 80), tmp_path / "speed.csv")
    assert (tmp_path / "speed.csv").read_text().splitlines() == [
        "case,side,wall,wall_ratio,processor,processor_ratio,runs,n,wall_min,wall_max",
        "ray,local,2.00,1.00,,,1,24,2.00,2.00", "ray,ray,3.00,1.50,,,1,24,3.00,3.00",
        "ray,local,4.00,1.00,,,1,80,4.00,4.00", "ray,ray,5.50,1.38,,,1,80,5.50,5.50",
        "sweep,1 job,2.00,1.00,3.00,1.00,3,24,1.00,9.00", "sweep,8 jobs,3.00,1.50,6.00,2.00,3,24,3.00,3.00",
    ]  # fmt: skip
    assert describe_sides(read_csv(tmp_path / "speed.csv")) == [
        "- `executor=ray` on one machine took 1.50 of `executor=local` in wall time (n = 24 images, medians of 1 runs: "
        "3.0 s (3.0 to 3.0) beside 2.0 s (2.0 to 2.0)): the goal of 1.15 is missed.",
        "- `executor=ray` on one machine took 1.38 of `executor=local` in wall time (n = 80 images, medians of 1 runs: "
        "5.5 s (5.5 to 5.5) beside 4.0 s (4.0 to 4.0)): the goal of 1.15 is missed.",
        "  The difference is 1.0 s at 24 images, 1.5 s at 80 images: 0.8 s to start and 9 ms an image, by a line "
        "through both.",
        "- Eight jobs that differ in the merging threshold took 1.50 of one job in wall time (n = 24 images, medians "
        "of 3 runs: 3.0 s (3.0 to 3.0) beside 2.0 s (1.0 to 9.0)): single runs differ by more than that, so that "
        "these do not decide whether the goal of 1.50 is met.",
    ]
    assert describe_sides(read_csv(tmp_path / "speed.csv").query("n == 24"))[1] == (
        "  The difference is 1.0 s at 24 images; of one number of images it does not tell start-up from what images "
        "cost."
    )
    write_sides(make_sides("ray", {"local": [Cost(2, 2), Cost(2, 9)], "ray": [Cost(1, 3)]}, 24), tmp_path / "speed.csv")
    assert describe_sides(read_csv(tmp_path / "speed.csv").query("n == 24"))[1] == (
        "  The difference is -2.5 s at 24 images; single runs differ by more: start-up is not told from what images "
        "cost."
    )


def test_the_page_says_what_the_csv_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from cluster_speed import describe_sides

    lines = describe_sides(read_csv(ROOT / "results/cluster_speed.csv"))
    assert len(lines) >= 3
    assert "\n".join(lines) in (ROOT / "CLUSTER.md").read_text(encoding="utf-8")
