"""What a report of a study holds, before it is a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bench.study.agreement import Agreement
from bench.study.calibration import Calibration
from bench.study.collected import Collected
from bench.study.exclusion import ExclusionRule


@dataclass(frozen=True, eq=False)
class Report:
    """All numbers of a report; ``before`` is of all raters, ``after`` without the excluded (or the same).

    ``distribution`` and ``ratings_a_question`` are of both.
    """

    collected: Collected
    rule: ExclusionRule
    excluded: Mapping[str, str]
    before: list[Agreement]
    after: list[Agreement]
    raters: pd.DataFrame
    distribution: tuple[pd.DataFrame, pd.DataFrame]
    calibrations: list[Calibration]
    ratings_a_question: tuple[float, float]
    missing: Mapping[int, int]
    whole: list[int]
    embedded: bool
