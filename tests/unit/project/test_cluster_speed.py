"""The medians of `scripts/cluster_speed.py`: of which runs, and that a case measured again leaves the other's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_a_case_measured_again_takes_the_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from cluster_speed import make_sides, write_sides
    from compare_speed import Cost

    sweep = make_sides("sweep", {"1 job": [Cost(2, 1), Cost(4, 2), Cost(3, 9)], "8 jobs": [Cost(6, 3)] * 3}, 24)
    for wall in (3.25, 3):
        write_sides(sweep, tmp_path / "speed.csv")
        ray = make_sides("ray", {"local": [Cost(2, 2)], "ray": [Cost(1, wall)]}, 24)
        write_sides(ray, tmp_path / "speed.csv")
    assert (tmp_path / "speed.csv").read_text().splitlines() == [
        "case,side,wall,wall_ratio,processor,processor_ratio,runs,n",
        "ray,local,2.00,1.00,,,1,24", "ray,ray,3.00,1.50,,,1,24",
        "sweep,1 job,2.00,1.00,3.00,1.00,3,24", "sweep,8 jobs,3.00,1.50,6.00,2.00,3,24",
    ]  # fmt: skip
