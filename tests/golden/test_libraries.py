"""Every preset of another library says what that library says, on 264 sets of label maps with every corner."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.mapping.choose import make_strategies
from bench.overlap.table import make_overlap
from bench.protocol import CHOICES, Protocol
from bench.records import BACKGROUND, VOID, ClassList, LabelMap, Overlap, Sample
from bench.score.counts import count_metrics, gather
from bench.score.libraries import COUNTED, QUALITIES, READ
from bench.score.presets import list_libraries, make_protocol
from tests.golden import ask_libraries, library_maps
from tests.golden.library_maps import MapSet, Pair, draw_sets

HERE = Path(__file__).parent
SAID_BY = {"hotcoco_semantic": "mmseg"}
"""A library without a preset of its own, and the one whose rule it has."""
OF_LABELS = ("iou", "pixel_accuracy", "mean_accuracy", "fwiou")
CLOSE = {"rtol": 0, "atol": 1e-9}
SETS = draw_sets()


@cache
def read_frozen() -> pd.DataFrame:
    """A column for each number of each library; empty where a library takes no such maps, "nan" where it says so."""
    return read_table(HERE / "libraries.csv")


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False)


def list_numbers() -> list[str]:
    return list(read_frozen().columns)


def read_column(column: str) -> tuple[np.ndarray, np.ndarray]:
    """Which sets the library takes, and what it says of these."""
    cells = read_frozen()[column]
    taken = (cells != "").to_numpy()
    return taken, cells[taken].astype(float).to_numpy()


@cache
def make_overlaps(at: int) -> list[Overlap]:
    """The tables of a set, as `zgs score` makes them: a label is a class of the list by its name."""
    maps = SETS[at]
    return [_make_overlap(f"{number:02}", maps, pair) for number, pair in enumerate(maps.pairs)]


def _make_overlap(name: str, maps: MapSet, pair: Pair) -> Overlap:
    first = int(maps.background)
    truth = np.where(pair.truth < first, BACKGROUND, pair.truth - first)
    truth[pair.truth == library_maps.VOID] = VOID
    objects = np.where(np.isin(pair.truth, library_maps.THINGS), pair.true_objects, -1)
    known, labels = np.unique(pair.said * 3 + pair.said_objects, return_inverse=True)
    segments = known >= 3 * first  # holes and background are no segments
    numbers = np.where(segments, np.cumsum(segments), 0)[labels.reshape(pair.said.shape)]
    texts = tuple(library_maps.LABELS[number // 3] for number in known[segments])
    image = np.zeros((*truth.shape, 3), np.uint8)
    sample = Sample(name, image, truth.astype(np.int16), instances=objects.astype(np.int16))
    return make_overlap(LabelMap(name, numbers, texts), sample)


def read_rule(preset: str) -> Protocol:
    """The settings of a preset without its name, with every metric of its kind."""
    protocol = make_protocol(preset)
    metrics = OF_LABELS if "iou" in protocol.metrics else protocol.metrics
    return replace(protocol, name="", library=None, metrics=metrics)


@cache
def score(rule: Protocol, at: int) -> dict[str, float]:
    """The numbers of one set, by metric."""
    names, overlaps, protocol = SETS[at].names, make_overlaps(at), rule
    things = tuple(library_maps.LABELS.index(name) in library_maps.THINGS for name in names)
    classes = ClassList("maps", names, things)
    protocol = replace(protocol, mapping=make_strategies(protocol.mapping, classes.texts, None))
    counts = count_metrics(gather(overlaps, [], classes, protocol))
    return {metric: row.value() for (metric, _, _), row in counts.items()}


def test_every_preset_is_held_to_its_library() -> None:
    asked = {column.partition(":")[0] for column in list_numbers()}
    assert asked == {*list_libraries(), *SAID_BY} == set(ask_libraries.LIBRARIES)
    assert len(read_frozen()) == len(SETS) == library_maps.SETS
    for column in list_numbers():
        taken, values = read_column(column)
        assert taken.sum() >= 200 and len(np.unique(values.round(6))) > 60, column


@pytest.mark.thinned(8)
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in (1, 2))])
@pytest.mark.parametrize("column", list_numbers())
def test_a_preset_says_what_its_library_says(column: str, part: int) -> None:
    """On a third of the sets at a time, each with every kind of map."""
    name, _, metric = column.partition(":")
    taken, values = read_column(column)
    chosen = np.flatnonzero(taken)[part::3]
    own = np.array([score(read_rule(SAID_BY.get(name, name)), int(at))[metric] for at in chosen])
    np.testing.assert_allclose(own, values[part::3], **CLOSE)


def test_the_maps_have_every_corner() -> None:
    pairs = [pair for maps in SETS for pair in maps.pairs]
    assert any((pair.truth == library_maps.VOID).all() for pair in pairs), "void only"
    assert any(pair.truth.size == 1 for pair in pairs), "a single pixel"
    assert any((pair.truth != pair.said).all() for pair in pairs if (pair.truth >= 0).all()), "wholly wrong"
    assert any((pair.truth == pair.said).all() for pair in pairs), "wholly right"
    assert any((pair.said == library_maps.HOLE).all() for pair in pairs), "an empty prediction"
    labels = range(len(library_maps.LABELS))
    absent = [(set(labels) - set(p.truth.flat) - set(p.said.flat), set(p.said.flat) - set(p.truth.flat)) for p in pairs]
    assert any(neither for neither, _ in absent) and any(only_said for _, only_said in absent)
    assert {(maps.background, maps.holes) for maps in SETS} == {(True, False), (False, False), (False, True)}


@pytest.mark.parametrize("metric", READ)
def test_a_number_reads_only_what_is_said_of_it(metric: str) -> None:
    """A row of `score=libraries` stays the library's where only such settings are changed as its number never reads."""
    preset = read_rule("panopticapi" if metric in QUALITIES else "mmseg")
    for key in {*COUNTED} - READ[metric]:
        for word in CHOICES[key]:
            for at in range(0, 60, 3):
                before, after = (score(rule, at) for rule in (preset, replace(preset, **{key: word})))
                names = [name for name in before if name.partition(".")[0] == metric]
                assert names and [after[name] for name in names] == pytest.approx(
                    [before[name] for name in names], nan_ok=True
                )


def test_no_two_rules_say_the_same_of_all_maps() -> None:
    """Presets differ from `mmseg` as SCORES.md says, and those that say the same have the same settings."""
    rules = {name: read_rule(name) for name in list_libraries()}
    for name in ("torchmetrics_jaccard", "sklearn", "cityscapes"):
        assert rules[name] == rules["mmseg"]
    others = ("torchmetrics_miou", "smp", "smp_imagewise", "monai", "detectron2_semseg")
    values = {name: [next(iter(score(rules[name], at).values())) for at in range(60)] for name in ("mmseg", *others)}
    assert len({tuple(np.round(each, 9)) for each in values.values()}) == len(values)


BESIDE = (
    "mmengine==0.10.7", "mmcv-lite==2.1.0", "addict==2.4.0", "yapf", "termcolor", "prettytable", "platformdirs", "rich",
    "ftfy", "wcwidth", "opencv-python-headless", "appdirs", "pyquaternion", "coloredlogs", "humanfriendly", "fvcore",
    "iopath", "yacs", "tabulate", "cloudpickle", "portalocker",
)  # fmt: skip
"""What packages need beside those of the set-up; all are installed without what they would pull in."""
SOURCES = ("detectron2", "panopticapi")
"""Those that no registry has: a clone of github.com/facebookresearch/detectron2 or cocodataset/panopticapi, at the
commit of the preset, has to be on PYTHONPATH."""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages that presets name, at their versions."""
    folder = tmp_path_factory.mktemp("libraries")
    pins = sorted({make_protocol(name).library or "" for name in list_libraries()})
    pins = [pin for pin in pins if pin.partition("@")[0] not in SOURCES]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    command = [sys.executable, "-m", "pip", "install", *options, *pins, *BESIDE]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return folder


BESIDE_THE_RULES = """
import contextlib, io, torch
from mmseg.evaluation.metrics.iou_metric import IoUMetric
from segmentation_models_pytorch.metrics import accuracy, get_stats

truth, said = torch.tensor([[0, 0, 0, 1, 1, 1, 2]]), torch.tensor([[0, 0, 1, 1, 1, 0, 0]])
metric = IoUMetric(iou_metrics=["mIoU", "mDice", "mFscore"])
metric.dataset_meta = {"classes": ["a", "b", "c"]}
with contextlib.redirect_stdout(io.StringIO()):
    found = metric.compute_metrics([metric.intersect_and_union(said, truth, 3, 255)])
stats = get_stats((truth + 1)[None], truth[None], mode="multiclass", num_classes=150)
print(*(float(found[name]) for name in ("mIoU", "mDice", "mFscore")), float(accuracy(*stats, reduction="micro")))
"""


@pytest.mark.extra
@pytest.mark.timeout(900)
def test_libraries_do_what_the_page_says_beside_their_rules(installed: Path) -> None:
    """IoU 2/5, 2/4 and 0: 30 %, rounded to two decimals of a percent as Dice 4/7, 2/3 and 0 are; F1 lacks the third."""
    told = subprocess.run(
        [sys.executable, "-c", BESIDE_THE_RULES], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    iou, dice, f1, accuracy = map(float, told.stdout.split()[-4:])
    assert (iou, dice, f1) == pytest.approx((30.0, 41.27, 61.9), abs=1e-5), "41.2698… and 61.9048… are rounded"
    assert accuracy == pytest.approx(148 / 150, abs=1e-6), "no pixel is right"


@pytest.mark.extra
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ask_libraries.LIBRARIES)
def test_a_library_says_what_is_frozen(installed: Path, tmp_path: Path, name: str) -> None:
    """Its own code in double precision says the frozen numbers, and as it is shipped the same to what floats hold."""
    paths = os.pathsep.join(filter(None, [str(HERE.parents[1]), str(installed), os.environ.get("PYTHONPATH", "")]))
    for shipped, tolerance in (("0", 1e-9), ("1", 2e-7)):
        surroundings = os.environ | {"PYTHONPATH": paths, "ZGS_AS_SHIPPED": shipped}
        command = [sys.executable, "-m", "tests.golden.ask_libraries", str(tmp_path / "said.csv"), name]
        told = subprocess.run(command, capture_output=True, text=True, env=surroundings)
        package = make_protocol(SAID_BY.get(name, name)).library.partition("@")[0]
        if told.returncode == ask_libraries.MISSING and package in SOURCES:
            pytest.skip(f"{name} is in no registry, and no clone of it is on PYTHONPATH")
        assert told.returncode == 0, told.stderr
        said = read_table(tmp_path / "said.csv")
        assert len(said.columns) == sum(column.startswith(f"{name}:") for column in list_numbers())
        for column in said:
            taken, frozen = read_column(column)
            assert ((said[column] != "") == taken).all()
            values = said[column][taken].astype(float).to_numpy()
            np.testing.assert_allclose(values, frozen, rtol=0, atol=tolerance, err_msg=column)
