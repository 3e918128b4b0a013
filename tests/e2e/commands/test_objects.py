"""Objects through `zgs score`: a Hugging Face data set with objects, and predictions that find some of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from tests.e2e.commands.theirs import coded
from tests.unit.data.test_hub import LAYOUT, LIST, MAPS, OBJECTS, save_dict

pytestmark = pytest.mark.usefixtures("blank_figures")


def test_pq_and_recall_of_objects_of_a_hub_data_set(tmp_path: Path) -> None:
    """Of b9 (a cat, two dogs, sky) the cat, a dog and the sky are found; of b8 (a cat, a dog, cats untold) nothing."""
    save_dict(tmp_path / "set")
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "mine.yaml").write_text(LAYOUT + "id: key\nobjects: instance\n")
    said = [("cat", MAPS[0] == 1), ("dog", OBJECTS[0] == 9), ("sky", MAPS[0] == 2)]
    segments = [{"text": text, "segmentation": coded(mask.astype(int).tolist())} for text, mask in said]
    lines = [{"format": "zgs-predictions/1", "about": {"variant": "theirs"}}]
    lines += [{"image_id": "b9", "height": 2, "width": 4, "segments": segments}]
    lines += [{"image_id": "b8", "height": 2, "width": 3, "segments": []}]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    words = [
        "data=hub",
        f"data.root={tmp_path / 'set'}",
        f"data.layout={tmp_path / 'mine.yaml'}",
        "score.mapping=[exact]",
    ]
    table = tmp_path / "t.csv"
    words += ["score.metrics=[panoptic,objects,recall]", "score.resamples=50", f"store={tmp_path / 'store'}"]
    assert main(["score", str(tmp_path / "p.jsonl"), *words, "--csv", str(table)]) == 0
    scores = pd.read_csv(table).set_index("measure")["value"]
    assert pd.read_csv(table)["dataset"].eq("mine:validation").all()
    true = [(c, o) for labels, numbers in zip(MAPS, OBJECTS, strict=True) for c in (1, 3) for o in np.unique(numbers)
            if o and ((labels == c) & (numbers == o)).any()] + ["sky"]  # fmt: skip
    assert scores["recall.objects>0.5"] == pytest.approx(3 / len(true))
    cats, dogs = (sum(one[0] == c for one in true) for c in (1, 3))
    assert scores["pq"] == pytest.approx(np.mean([1 / (1 + (cats - 1) / 2), 1 / (1 + (dogs - 1) / 2), 1]))
    kinds = sum(len(set(labels[(labels > 0) & (labels < 255)].tolist())) for labels in MAPS)
    assert scores["recall>0.5"] == pytest.approx(2 / kinds), "the paper's: both dogs are one, of which half was found"
