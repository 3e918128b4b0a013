"""The metrics of tables 1 to 4: told by their kind, whatever their panels are called."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.paper.figures.panels import _mean_iou
from bench.report.comparison.changes import choose_metrics
from bench.report.tables import paper_metrics

HEAD = "toy:test/five/paper"
TT, ST = f"{HEAD}/tt(tiny)>=0.5/iou.image.union", f"{HEAD}/st(clip)>=0.1/iou.image.union"
RECALL = f"{HEAD}/tt(tiny)>=0.5/recall>0.5"


@pytest.mark.parametrize("renamed", [False, True])
def test_a_title_is_for_people_and_changes_nothing(renamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if renamed:
        titles = [f"IoU of no kind {at}" if kind != "iou" else f"overlap {at}"
                  for at, (_, kind, _) in enumerate(paper_metrics.PANELS)]  # fmt: skip
        panels = [(title, *rest) for title, (_, *rest) in zip(titles, paper_metrics.PANELS, strict=True)]
        monkeypatch.setattr(paper_metrics, "PANELS", panels)
        assert list(paper_metrics.select_paper_metrics([RECALL, TT])) == ["overlap 0", "IoU of no kind 2"]
    table = pd.DataFrame({RECALL: [0.9, 0.1], ST: [0.2, 0.4], TT: [0.4, 0.8]}, index=["i", "j"])
    assert paper_metrics.select_iou_metrics(list(table)) == choose_metrics([table]) == [TT, ST]
    run = type("Run", (), {"per_image": table})()
    assert _mean_iou(run).tolist() == pytest.approx([0.3, 0.6])
    assert choose_metrics([table[[RECALL]]]) == [RECALL], "the first there is where none is IoU"
