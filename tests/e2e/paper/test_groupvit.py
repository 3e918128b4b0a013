"""Table 4 and figure 7 with GroupViT in them: its weights by a plain key, its number recomputed from its texts."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pycocotools import mask

from bench.run.context import RunContext
from bench.settings.saved import read_run_settings
from tests.e2e.paper.conftest import TYPED, run_paper
from tests.shared_runs import make_groupvit_weights

pytestmark = [
    pytest.mark.usefixtures("blank_pictures"),
    pytest.mark.filterwarnings("ignore:__array__ implementation"),  # of pycocotools under numpy 2
]
SMALL = ("baseline.size=32", "baseline.window=32", "baseline.stride=16")
"""Keys of GroupViT alone, which count for its row; random as its weights are, it then hits a few pixels."""


@pytest.fixture
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_groupvit_weights(tmp_path_factory)


def measure_iou(file: Path) -> float:
    """Mean over images of the mean over true or predicted classes; each text is the name of its class."""
    context = RunContext(read_run_settings(file.parent))
    names, means = list(context.classes.names), []
    for image in json.loads(file.read_text())["images"]:
        truth = context.dataset.load(image["image_id"]).truth
        masks = {names.index(s["text"]): mask.decode(s["segmentation"]).astype(bool) for s in image["segments"]}
        blank = np.zeros_like(truth, bool)
        classes = {*masks, *np.unique(truth[truth >= 0]).tolist()}
        pairs = [(masks.get(c, blank), truth == c) for c in classes]
        means.append(np.mean([(own & true).sum() / (own | true).sum() for own, true in pairs]))
    return float(np.mean(means))


@pytest.mark.slow
def test_table_4_and_figure_7_have_both_rows(copied: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = (f"models.groupvit.source={weights}", *SMALL)
    assert run_paper(copied, "table4", "figure7", *typed, to="again") == 0
    told = capsys.readouterr().out
    assert f"models.groupvit.source={weights} counts for GroupViT; the other rows state" in told
    assert "4 runs named, 2 distinct: 1 finished before, 1 made" in told and "missing" not in told
    table = pd.read_csv(copied / "again/table4.csv").set_index(["row", "set", "column"])
    (file,) = (copied / "out").glob("toyscenes-test-groupvit-*/predictions.json")
    cell = table.loc[("GroupViT", "toyscenes", "IoU_c")]
    assert cell["value"] == pytest.approx(measure_iou(file), abs=1e-6) and cell["n"] == 2
    assert cell["value"] > 0 and np.isfinite([cell["low"], cell["high"]]).all()
    assert cell["metric"].endswith("/iou.image.union")
    assert re.fullmatch(rf"weights {re.escape(str(weights))}@[0-9a-f]{{8}}", cell["remark"])
    for ending in ("md", "html"):
        assert "IoU_c: weights " in (copied / f"again/table4.{ending}").read_text().replace("\\_", "_")
    assert np.isfinite(table.loc[("Ours", "toyscenes", "IoU_c"), "value"])
    shown = pd.read_csv(copied / "again/figure7.csv")
    assert list(dict.fromkeys(shown["row"])) == ["GroupViT", "Ours"]
    images = {each["image_id"]: each["segments"] for each in json.loads(file.read_text())["images"]}
    theirs = shown[shown["row"] == "GroupViT"]
    assert {(line.image_id, line.text) for line in theirs.itertuples()} == {
        (image_id, segment["text"]) for image_id, segments in images.items() for segment in segments
    }
    assert "not here" not in (copied / "again/figure7.html").read_text()


@pytest.mark.slow
def test_the_line_that_is_printed_fills_the_cell(copied: Path, weights: Path) -> None:
    """Pasted with a folder where it says FOLDER; without weights the table is whole, with wrong ones it failed."""
    assert run_paper(copied, "table4", *SMALL, to="again") == 0
    cell = read_cell(copied)
    assert cell["empty"].startswith("GroupViT's weights are not here") and np.isnan(cell["value"])
    words = shlex.split(cell["fills"].replace("FOLDER", str(weights)))
    assert words[:3] == ["zgs", "paper", "table4"] and f"models.groupvit.source={weights}" in words
    from bench.cli import main

    assert set(TYPED) < set(words) and main(words[1:]) == 0
    assert np.isfinite(read_cell(copied)["value"])
    (copied / "nothing").mkdir()
    assert run_paper(copied, "table4", *SMALL, f"models.groupvit.source={copied / 'nothing'}", to="again") == 1
    assert re.search(r"/nothing holds no weight files", read_cell(copied)["empty"])


def read_cell(folder: Path) -> pd.Series:
    table = pd.read_csv(folder / "again/table4.csv").set_index(["row", "set", "column"])
    return table.loc[("GroupViT", "toyscenes", "IoU_c")]
