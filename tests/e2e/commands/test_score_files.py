"""`zgs score` on files as people have them: nothing is lost, invented or turned, and what was made of them is said."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.cli import main
from tests.e2e.commands.theirs import coded

HEIGHT, WIDTH = 12, 16
LAYOUT = "images: img/{id}.png\nmasks: ann/{id}.png\nclasses: {1: cat, 2: dog}\nvoid: 255\n"
IDS = ("0", "1", "2", "3")


def half(columns: int = 8) -> np.ndarray:
    """1 in the left columns, 2 in the others."""
    labels = np.full((HEIGHT, WIDTH), 2, np.uint8)
    labels[:, :columns] = 1
    return labels


def picture(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels).save(path, "PNG")


def entry(name: str, labels: np.ndarray, texts: dict[int, str]) -> dict[str, Any]:
    listed = [{"text": text, "segmentation": coded((labels == n).astype(int).tolist())} for n, text in texts.items()]
    return {"image_id": name, "height": labels.shape[0], "width": labels.shape[1], "segments": listed}


def predictions(root: Path, images: list[dict[str, Any]]) -> Path:
    lines = [{"format": "zgs-predictions/1", "about": {"variant": "mine"}}, *images]
    path = root / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four images whose masks have a cat on the left and a dog on the right, and predictions that say just that."""
    base = tmp_path / "data"
    for name in IDS:
        picture(base / f"img/{name}.png", np.zeros((HEIGHT, WIDTH), np.uint8))
        picture(base / f"ann/{name}.png", half())
    (base / "m.yaml").write_text(LAYOUT)
    predictions(base, [entry(name, half(), {1: "cat", 2: "dog"}) for name in IDS])
    return base


class Result:
    """What a command left: its exit code, what it printed, the one value of its table, and n."""

    def __init__(self, root: Path, capfd: Any, *words: str) -> None:
        more = ["executor.workers=1", "score.resamples=20", f"store={root.parent / 's'}", f"out={root.parent / 'o'}"]
        data = ["data=folder", f"data.root={root}", f"data.layout={root / 'm.yaml'}", "score=dataset_miou"]
        metric = ["score.metrics=[iou]", "score.mapping=[exact]", f"--csv={root.parent / 't.csv'}"]
        capfd.readouterr()
        self.code = main(["score", str(root / "p.jsonl"), *data, *metric, *more, *words])
        self.told, self.error = capfd.readouterr()
        self.told += self.error
        if self.code in (0, 3) and "--check" not in words:
            table = pd.read_csv(root.parent / "t.csv")
            self.metric, self.value = table["metric"][0], float(table["value"][0])
            self.n, self.found = int(table["expected"][0]), int(table["found"][0])


@pytest.fixture
def zgs(root: Path, capfd: Any) -> Any:
    return lambda *words: Result(root, capfd, *words)


@pytest.mark.slow
def test_the_data_as_they_are(zgs: Any) -> None:
    found = zgs()
    assert (found.code, found.value, found.n) == (0, 1.0, 4) and "exact:" not in found.told


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", ["objectInfo.txt", "info.csv"])
def test_publishers_class_lists(name: str, root: Path, zgs: Any) -> None:
    lines = ["Idx,Ratio,Train,Val,Stuff,Name", "1,0.1,9,9,0,cat", '2,0.1,6,6,0,"dog, hound"']
    text = "\n".join(lines) if name.endswith("csv") else "\n".join(lines).replace(",", "\t").replace('"', "")
    (root / name).write_text(text.replace("dog\t ", "dog, "))
    (root / "m.yaml").write_text(LAYOUT.replace("{1: cat, 2: dog}", name))
    found = zgs()
    assert found.value == 1.0 and "1 of 2 classes have several names, e.g. 'dog' with the alias 'hound'" in found.told


@pytest.mark.slow
def test_aliases_are_counted_and_said(root: Path, zgs: Any) -> None:
    predictions(root, [entry(name, half(), {1: "cat", 2: "hound"}) for name in IDS])
    (root / "m.yaml").write_text(LAYOUT.replace("{1: cat, 2: dog}", "[cat; kitten, dog; hound]").replace("255", "0"))
    found = zgs()
    said = "exact: 4 of 8 texts are other names of a class, e.g. 'hound' of 'dog': data.names=aliases counts them"
    assert found.value == 0.5 and said in found.told
    found = zgs("data.names=aliases")
    assert found.value == 1.0 and "exact: 4 of 8 texts are aliases of a class, e.g. 'hound' of 'dog'\n" in found.told


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", [".ipynb_checkpoints/1-checkpoint.png", "._0.png", "__MACOSX/0.png"])
def test_what_systems_leave_behind_is_no_image(name: str, root: Path, zgs: Any) -> None:
    for folder in ("img", "ann"):
        picture(root / folder / name, half())
    found = zgs()
    assert (found.code, found.value, found.n) == (0, 1.0, 4)


@pytest.mark.slow
def test_endings_in_any_case(root: Path, zgs: Any) -> None:
    for name in ("2", "3"):
        (root / f"img/{name}.png").rename(root / f"img/{name}.PNG")
    assert (zgs().n, zgs().code) == (4, 0)
    picture(root / "img/2.png", half())
    found = zgs()
    assert found.code == 1 and "2.PNG and " in found.told and "have the same id '2'; keep one" in found.told


@pytest.mark.thinned(3)
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_file", ["NFC", "NFD"])
def test_ids_in_two_normal_forms(on_disk: str, in_file: str, root: Path, zgs: Any) -> None:
    name = "stra\u00dfe_caf\u00e9"
    for folder in ("img", "ann"):
        (root / folder / "0.png").rename(root / folder / f"{unicodedata.normalize(on_disk, name)}.png")
    ids = [unicodedata.normalize(in_file, name), *IDS[1:]]
    predictions(root, [entry(i, half(), {1: "cat", 2: "dog"}) for i in ids])
    found = zgs()
    assert (found.code, found.value, found.n, found.found) == (0, 1.0, 4, 4)
    both = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    predictions(root, [entry(i, half(), {1: "cat"}) for i in (*both, *IDS[1:])])
    found = zgs()
    assert found.code == 1 and "stands there twice; keep one" in found.told


def test_two_numbers_of_one_class(root: Path, zgs: Any) -> None:
    (root / "m.yaml").write_text(LAYOUT.replace("{1: cat, 2: dog}", "{1: water, 2: water}"))
    predictions(root, [entry(name, half(), {1: "water", 2: "water"}) for name in IDS])
    found = zgs()
    assert found.value == 1.0 and "2 numbers, 1 and 2, are 'water': one class" in found.told
    assert "2 numbers, 1 and 2, are 'water': one class" in zgs("--check").told


@pytest.mark.slow
def test_a_score_of_nothing_says_why(root: Path, zgs: Any) -> None:
    predictions(root, [entry(name, half(), {1: "Cat", 2: "dog."}) for name in IDS])
    found = zgs()
    assert found.value == 0.0 and "exact: 0 of 8 texts are class names; 'Cat' is nearly 'cat'" in found.told
    (root / "m.yaml").write_text(LAYOUT.replace("{1: cat, 2: dog}", "{1: cat, 2: dog, 3: a, 4: b, 5: c, 6: d}"))
    assert "4 of 6 classes occur in no image of the split, e.g. 'a'" in zgs().told
    assert "occur in no image" not in zgs("data.subset=first:1").told, "a part says nothing of the list"


@pytest.mark.slow
def test_masks_written_as_width_and_height_are_a_fault(root: Path, zgs: Any) -> None:
    turned = [entry(name, half().T, {1: "cat", 2: "dog"}) for name in IDS]
    predictions(root, turned)
    said = "masks are 16x12 (height x width) but the image is 12x16 (written as width x height, or turned?)"
    found = zgs()
    assert found.code == 1 and found.told.count("zgs: ") == 1 and f"p.jsonl: image 0 (0): {said}" in found.told
    assert "3 more images" in found.told
    checked = zgs("--check")
    assert checked.code == 1 and checked.told.count(said) == 4 and "4 images, 4 faults" in checked.told
    found = zgs("score.proportions=any")
    assert found.code == 0 and found.value < 0.5 and "of other proportions than the truth: 4 (stretched" in found.told
    assert zgs("score.proportions=any", "--check").code == 0 and zgs().code == 1, "whatever the store holds"
    predictions(root, [turned[0] | {"segments": []}, *(entry(n, half(), {1: "cat", 2: "dog"}) for n in IDS[1:])])
    assert zgs().code == 0, "without a segment a size says nothing"
    double = [entry(name, half().repeat(2, 0).repeat(2, 1), {1: "cat", 2: "dog"}) for name in IDS]
    predictions(root, double)
    found = zgs()
    assert found.value == 1.0 and "predictions of another size than the truth: 4 (resized" in found.told


@pytest.mark.slow
def test_predictions_of_more_images_than_a_subset_has(root: Path, zgs: Any) -> None:
    found = zgs("data.subset=first:2")
    assert (found.code, found.value, found.n) == (0, 1.0, 2)
    assert "2 of the file's 4 images are of the split, not of the subset, the first '2': left out" in found.told
    run = json.loads(max((root.parent / "o").glob("*/run.json")).read_text())
    assert run["outside"] == ["2", "3"] and run["unknown"] == []
    checked = zgs("data.subset=first:2", "--check")
    assert checked.code == 0 and "2 images are in the split but not in the subset ['2', '3']" in checked.told
    predictions(root, [entry(name, half(), {1: "cat", 2: "dog"}) for name in ("0", "1", "2", "33")])
    found = zgs("data.subset=first:2")
    assert found.code == 1 and "1 of its 4 images are not in the data set, the first '33'" in found.told
    found = zgs("data.subset=first:2", "--ignore-unknown")
    assert found.n == 2 and "1 of the file's 4 images are not in the data set and were ignored" in found.told


@pytest.mark.slow
def test_segments_that_say_background(root: Path, zgs: Any) -> None:
    """Half of each image is nothing that the list knows; the system says so. By the nearest name it would be wrong."""
    for name in IDS:
        picture(root / f"ann/{name}.png", np.where(half() == 2, 0, half()).astype(np.uint8))
    (root / "m.yaml").write_text(LAYOUT + "background: 0\n")
    predictions(root, [entry(name, half(), {1: "cat", 2: "Background"}) for name in IDS])
    paper = ["score=paper", "score.mapping=[tt]", "score.tau_sbert=null"]
    found = zgs(*paper)
    assert found.value == 1.0 and "4 segments say background: no class (score.no_class)" in found.told
    assert "/paper/" in found.metric and "no_class=background,unlabelled" in found.told
    other = zgs(*paper, "score.no_class=[]")
    assert other.value < 1.0 and "paper{no_class=none}/" in other.metric and "no class (score" not in other.told
    (root / "m.yaml").write_text(LAYOUT.replace("dog}", "dog, 0: background}"))
    found = zgs(*paper)
    assert found.value == 1.0 and "no class (score" not in found.told, "a class of that name stays one"


def test_a_table_may_say_what_background_is(root: Path, zgs: Any) -> None:
    predictions(root, [entry(name, half(), {1: "cat", 2: "background"}) for name in IDS])
    table = root / "t.json"
    words = ["score.mapping=[table]", f"score.table={table}", "score.unmapped=error"]
    table.write_text('{"cat": "cat"}')
    assert zgs(*words).value == 0.5, "a word that means no class is not missing"
    table.write_text('{"cat": "cat", "background": "dog"}')
    assert zgs(*words).value == 1.0, "and an answer stands"


@pytest.mark.slow
def test_masks_that_hold_what_the_list_lacks(root: Path, zgs: Any) -> None:
    """Colours that agree are numbers; below zero there may be void; what has no meaning is named."""
    Image.fromarray(half()).convert("RGBA").save(root / "ann/0.png")
    Image.fromarray(half()).convert("LA").save(root / "ann/1.png")
    found = zgs()
    assert (found.value, found.n, found.found) == (1.0, 4, 4)
    picture(root / "ann/2.png", half() + 5)
    found = zgs()
    assert found.code == 3 and "skipped 2: " in found.told and "label 6, 7 is none of m's (1 cat" in found.told
