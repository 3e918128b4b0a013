"""Objects through `zgs score`: a Hugging Face data set with objects, and predictions that find some of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.cli import main
from tests.e2e.commands.theirs import coded
from tests.unit.data.hub_sets import LAYOUT, LIST, MAPS, OBJECTS, save_dict
from tests.unit.prepare import scenes, test_voc_objects
from tests.unit.prepare.planned import PANOPTIC
from tests.unit.prepare.scenes import save

PANOPTICAPI = {
    "pq": 0.7477859370853511, "sq": 0.8203631563333503, "rq": 0.9094076655052264,
    "pq.kind.things": 0.662361843034933, "sq.kind.things": 0.8075162815309314, "rq.kind.things": 0.8188153310104529,
    "pq.kind.stuff": 0.8332100311357694, "sq.kind.stuff": 0.8332100311357694, "rq.kind.stuff": 1.0,
    "recall.objects>0.5": 0.8666666666666667,
}  # fmt: skip
"""What panopticapi 7bb4655 says of the 24 images below (`pq_compute_single_core`, `PQStat.pq_average`); the last is
TP / (TP + FN) of all its classes, of 120 true segments."""

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


def predict_badly(truth: Path, to: Path) -> Path:
    """Predictions as COCO panoptic: the truth with faults, a crowd told as an object, a wrong class, two made one."""
    content, said = json.loads((truth / "panoptic_val2017.json").read_text()), []
    for n, one in enumerate(content["annotations"]):
        colours = np.asarray(Image.open(truth / "panoptic_val2017" / one["file_name"])).astype(int)
        numbers, draw = colours @ np.array([1, 256, 65536]), np.random.default_rng(n)
        classes = {segment["id"]: segment["category_id"] for segment in one["segments_info"]}
        keep = draw.random(numbers.shape) < 0.88
        numbers = np.where(keep, numbers, draw.choice([0, *classes], numbers.shape))
        classes |= {9: 3} if n % 3 == 0 else {}
        numbers = np.where((numbers == 70000) & (n % 4 == 1), 9, numbers)
        save(
            to / one["file_name"], np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], 2).astype(np.uint8)
        )
        segments = [{"id": k, "category_id": classes[k]} for k in np.unique(numbers).tolist() if k]
        said.append(one | {"segments_info": segments})
    to.with_suffix(".json").write_text(json.dumps(content | {"annotations": said}))
    return to


def test_vocs_objects_are_an_option_of_voc_alone(tmp_path: Path, blank_sheet: None, capsys) -> None:
    test_voc_objects.draw(tmp_path / "from")
    words = ["--from", str(tmp_path / "from"), "--to", str(tmp_path / "to"), "--partial", "--objects"]
    assert main(["prepare", "voc", *words]) == 0
    assert "objects: 4, which PQ and recall.objects count" in capsys.readouterr().out
    assert main(["prepare", "ade20k", *words]) == 2
    assert "prepare ade20k: --objects is for voc; leave it out" in capsys.readouterr().err


@pytest.mark.slow
def test_from_coco_panoptic_to_the_numbers_of_its_own_script_with_crowds(tmp_path: Path, blank_sheet: None) -> None:
    scenes.coco_panoptic(tmp_path / "gt", PANOPTIC, tuple(range(100, 124)))
    theirs = predict_badly(tmp_path / "gt/annotations", tmp_path / "pred")
    data, file, store = tmp_path / "data", tmp_path / "p.jsonl", f"store={tmp_path / 'store'}"
    assert main(["prepare", "coco_panoptic", "--from", str(tmp_path / "gt"), "--to", str(data), "--partial"]) == 0
    assert main(["import", "coco-panoptic", f"{theirs}.json", f"maps={theirs}", f"to={file}"]) == 0
    words = ["score", str(file), "data=coco_panoptic", f"data.root={data}", "score.mapping=[exact]", store]
    found: dict[str, float] = {}
    for more in (
        ["score=panopticapi", "score.metrics=[panoptic]", "score.breakdown=[kind]"],
        ["score.metrics=[objects]"],
    ):
        assert main([*words, *more, "score.resamples=50", "--csv", str(tmp_path / "t.csv")]) == 0
        names = pd.read_csv(tmp_path / "t.csv").assign(last=lambda table: table["metric"].str.split("/").str[-1])
        found |= dict(zip(names["last"], names["value"], strict=True))
    assert found == pytest.approx(PANOPTICAPI, abs=1e-6)
