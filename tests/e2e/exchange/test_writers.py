"""A real writer → import → score is the library's own score; what readers decide differently is asked of themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.cli import main
from bench.predictions.source import PredictionFile
from tests.e2e.commands.theirs import values, zgs
from tests.e2e.exchange.writers import CITY_IDS, MISSING, NAMES, SHAPES
from tests.golden.test_libraries import BESIDE, SOURCES
from tests.unit.exchange.drawn import masks_of, read, read_noted

pytestmark = [pytest.mark.extra, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[3]
PINS = (
    "mmsegmentation==1.2.2", "cityscapesscripts==2.3.0", "hotcoco==1.3.0", "faster-coco-eval==1.8.0", "lvis==0.5.3",
    "label-studio-converter==0.0.59", "labelme==6.3.1", "h5py==3.16.0", "ujson",
    "datumaro==1.13.12", "attrs", "defusedxml", "imagesize", "lxml", "nibabel", "networkx", "orjson", "shapely",
    "json-stream", "json-stream-rs-tokenizer", "openvino-telemetry", "tritonclient", "cryptography", "ovmsclient",
)  # fmt: skip
"""labelme 6.3.1 is the last for Python 3.11; 7 is not asked here."""


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the libraries, without what they would pull in."""
    if folder := os.environ.get("ZGS_WRITERS"):
        return Path(folder)
    folder = tmp_path_factory.mktemp("writers")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    told = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, *PINS, *BESIDE], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    return Path(folder)


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Images, truth and predicted label maps of three drawn scenes, and their layout."""
    chance = np.random.default_rng(3)
    for part in ("img", "ann", "said"):
        (tmp_path / part).mkdir()
    for number in range(3):
        truth = np.kron(chance.integers(0, 4, (6, 8)), np.ones((4, 4), int)).astype(np.uint8)
        said = np.where(chance.random(truth.shape) < 0.3, chance.integers(0, 4, truth.shape), truth).astype(np.uint8)
        truth[chance.random(truth.shape) < 0.05] = 255
        name = f"town_{number:06d}_000019"
        Image.fromarray(chance.integers(0, 255, (*truth.shape, 3), np.uint8)).save(tmp_path / "img" / f"{name}.png")
        for part, labels in (("ann", truth), ("said", said)):
            Image.fromarray(labels).save(tmp_path / part / f"{name}.png")
    (tmp_path / "classes.txt").write_text("".join(f"{n}: {name}\n" for n, name in enumerate(NAMES)))
    (tmp_path / "layout.yaml").write_text(
        "images: img/{id}.png\nmasks: ann/{id}.png\nclasses: classes.txt\nvoid: 255\n"
    )
    return tmp_path


def ask(libraries: Path, name: str, folder: Path) -> dict[str, Any]:
    """Ask a library in a process of its own."""
    paths = os.pathsep.join(filter(None, [str(ROOT), str(libraries), os.environ.get("PYTHONPATH", "")]))
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.e2e.exchange.writers", name, str(folder)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    if told.returncode == MISSING and name in SOURCES:
        pytest.skip(f"{name} is in no registry, and no clone of it is on PYTHONPATH")
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def score(scene: Path, place: Path, protocol: str, *words: str) -> dict[str, float]:
    """The numbers of a protocol by metric."""
    data = ["data=folder", f"data.root={scene}", f"data.layout={scene / 'layout.yaml'}", "executor=serial"]
    found = values(zgs(scene, None, place, *data, f"score={protocol}", "score.mapping=[exact]", *words))
    return {name.rpartition("/")[2]: value for name, value in found.items()}


@pytest.mark.parametrize(("name", "folder", "words"), [
    ("mmseg", "mmseg0", ()), ("mmseg reduced", "mmseg1", ("import.first=1",)),
])  # fmt: skip
def test_maps_of_mmsegmentation(libraries: Path, scene: Path, name: str, folder: str, words: tuple[str, ...]) -> None:
    """With and without a reduced zero label the score is mmsegmentation's own, which it rounds to 0.01 %.

    Its files are called as Cityscapes' photographs.
    """
    own = ask(libraries, name, scene)
    found = score(scene, scene / folder, "mmseg", *words)
    assert {key: found[key] for key in own} == pytest.approx(own, abs=5.1e-5)
    shown = np.asarray(Image.open(next((scene / folder).glob("*.png"))))
    assert shown.min() == int(name != "mmseg")


def test_label_ids_of_cityscapes(libraries: Path, scene: Path) -> None:
    own = ask(libraries, "cityscapes", scene)
    found = score(scene, scene / "city/pred", "cityscapes")
    assert {key: found[key] for key in own} == pytest.approx(own, abs=1e-6) and len(CITY_IDS) == len(NAMES)


def test_panoptic_files_and_hotcoco(libraries: Path, scene: Path) -> None:
    own = ask(libraries, "hotcoco", scene)
    found = score(scene, scene / "panoptic_said.json", "hotcoco")
    assert {key: found[key] for key in own} == pytest.approx(own, abs=1e-6)


def test_panoptic_files_and_panopticapi(libraries: Path, scene: Path) -> None:
    own = ask(libraries, "panopticapi", scene)
    found = score(scene, scene / "panoptic_said.json", "panopticapi")
    assert {key: found[key] for key in own} == pytest.approx(own, abs=1e-6)


def test_predictions_of_detectron2(libraries: Path, scene: Path) -> None:
    """Its file holds the ids of the data set, with gaps, where it was told of them."""
    own = ask(libraries, "detectron2", scene)
    (scene / "ids.txt").write_text("".join(f"{n}: {name}\n" for n, name in zip(CITY_IDS, NAMES, strict=True)))
    place = scene / "detectron2/sem_seg_predictions.json"
    found = score(scene, place, "detectron2_semseg", f"import.classes={scene / 'ids.txt'}")
    assert {key: found[key] for key in own} == pytest.approx(own, abs=1e-6)


def test_brushes_of_label_studio(libraries: Path, scene: Path) -> None:
    """Label Studio scores nothing: its masks come back pixel by pixel, and their score is that of the maps."""
    ask(libraries, "label-studio", scene)
    found = score(scene, scene / "studio.json", "mmseg")
    assert found == score(scene, scene / "said", "mmseg")


def test_shapes_of_labelme(libraries: Path, tmp_path: Path) -> None:
    own = ask(libraries, "labelme", tmp_path)
    (image,) = read("labelme", tmp_path / "labelme.json")
    found = {text: mask[0].astype(int).tolist() for text, mask in masks_of(image).items()}
    assert found == own and len(own) == len(SHAPES)


def test_what_lvis_keeps_of_an_image(libraries: Path, tmp_path: Path) -> None:
    own = ask(libraries, "lvis", tmp_path)["kept"]
    lists = str(tmp_path / "lvis.json")
    (image,) = read("lvis", tmp_path / "lvis_results.json", images=lists, limit="300")
    assert sorted(int(segment.text.removeprefix("thing_")) for segment in image.segments) == own
    assert image.image_id == "000000000005" and len(own) == 300


def test_the_border_of_voc_through_datumaro(libraries: Path, tmp_path: Path) -> None:
    """The border comes out as a category "ignored", and every mask as crowd: all read, counted, and taken away."""
    areas = ask(libraries, "datumaro", tmp_path)["area"]
    place = next((tmp_path / "coco").rglob("*.json"))
    (image,), notes = read_noted("coco", place)
    found = {text: int(mask[0].sum()) for text, mask in masks_of(image).items()}
    assert found == {"aeroplane": areas["1"], "person": areas["15"], "ignored": areas["255"]}
    assert any(note.startswith("3 segments are marked as crowd: read as any other") for note in notes)
    (tmp_path / "t.yaml").write_text("ignored:\n")
    assert main(["import", str(place), f"to={tmp_path}/a.jsonl"]) == 0
    assert (
        main(["convert", f"{tmp_path}/a.jsonl", f"table={tmp_path}/t.yaml", f"to={tmp_path}/b.jsonl", "rest=keep"]) == 0
    )
    texts = PredictionFile(tmp_path / "b.jsonl").read_texts("a")
    assert sorted(texts) == ["", "aeroplane", "person"]


def test_readers_differ_as_the_page_says(libraries: Path, tmp_path: Path) -> None:
    """EXCHANGE.md's table, of the versions that it names."""
    assert ask(libraries, "masks", tmp_path) == {
        "square": {"opencv": 9, "skimage": 9, "pillow": 9, "pycocotools": 4, "faster_coco_eval": 4, "hotcoco": 4},
        "several": {"pycocotools": 2, "faster_coco_eval": 2, "hotcoco": 5},
        "nearest": {"opencv": [[0, 2]], "opencv exact": [[1, 3]], "pillow": [[1, 3]]},
        "matlab": [3, 2],
    }
