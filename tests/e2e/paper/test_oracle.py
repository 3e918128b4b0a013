"""Table 3's numbers, recomputed by a reader from predictions.json alone (`embeddings=inline`) in a few lines."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pycocotools import mask

from bench.run.context import RunContext
from bench.settings.saved import read_run_settings

ROWS = {"Crop and Mask": "crop_and_mask", "Ours w/o glob sub.": "no_subtraction", "Ours w/o merge": "no_merge",
        "Ours": "full"}  # fmt: skip


pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of pycocotools under numpy 2


def compare(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Cosines, to the six decimals that the protocol looks at."""
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors.astype(np.float64), others)]
    return np.round(unit[0] @ unit[1].T, 6)


@pytest.mark.parametrize("row", ROWS)
def test_every_cell_is_what_the_predictions_say(made: Path, row: str, tmp_path: Path) -> None:
    (run,) = (made / "out").glob(f"toyscenes-test-{ROWS[row]}-*")
    file, context = Path(shutil.copy(run / "predictions.json", tmp_path)), RunContext(read_run_settings(run))
    assert not (run / "predictions.npz").exists(), "there is nothing else to read"
    names = context.classes.names
    by_clip = np.asarray(context.give_encoder("st").encode([f"Image of a {name}." for name in names]), np.float64)
    by_text = np.asarray(context.give_encoder("tt").encode(list(names)), np.float64)
    ious, hits, named = [], [], []
    for image in json.loads(file.read_text())["images"]:
        truth = context.dataset.load(image["image_id"]).truth
        vectors = [np.frombuffer(base64.b64decode(s["embedding"]), "<f4") for s in image["segments"]]
        cosines = compare(np.stack(vectors), by_clip)
        label = np.where(cosines.max(axis=1) >= 0.1, cosines.argmax(axis=1), -1)
        masks = [
            mask.decode({**s["segmentation"], "counts": s["segmentation"]["counts"]}).astype(bool)
            for s in image["segments"]
        ]
        true, of_image = set(np.unique(truth[truth >= 0])) - {255, 254}, {}
        for c in sorted(true | set(label[label >= 0])):
            own = np.any(
                [m for m, name in zip(masks, label, strict=True) if name == c] or [np.zeros_like(truth, bool)], axis=0
            )
            of_image[c] = (own & (truth == c)).sum() / (own | (truth == c)).sum()
        ious.append(np.mean(list(of_image.values())))
        hits += [of_image[c] > 0.5 for c in true]
        for said in image.get("oracle", ()):
            told = np.asarray(context.give_encoder("tt").encode([said["text"]]), np.float64)
            named.append(compare(told, by_text[[names.index(said["class"])]])[0, 0] > 0.5)
    table = pd.read_csv(made / "to" / "table3.csv").set_index(["row", "set", "column"])["value"]
    assert table[row, "toyscenes", "IoU_c"] == pytest.approx(np.mean(ious), abs=1e-6)
    assert table[row, "toyscenes", "Recall_c"] == pytest.approx(np.mean(hits), abs=1e-6)
    if named:
        assert table[row, "toyscenes", "TGQ"] == pytest.approx(np.mean(named), abs=1e-6)
    else:
        assert np.isnan(table[row, "toyscenes", "TGQ"]) and row == "Ours w/o merge"
