"""scripts/prepare_speed.py: a set in the publisher's layout is measured, and the page says what was measured."""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bench.prepare.choices import Choices
from bench.prepare.tree import open_tree

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def speed() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield import_module("prepare_speed")
    sys.path.remove(str(ROOT / "scripts"))


@pytest.mark.parametrize("objects", [False, True])
def test_the_drawn_set_is_one_that_prepare_takes(speed: Any, objects: bool, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(speed, "SIZE", (24, 32))
    speed.draw_set(tmp_path, 50, objects)
    made = import_module("bench.prepare.ade20k").plan(open_tree(tmp_path), Choices("ade20k", partial=True))
    assert len(made.items) == 50 and made.has_objects == objects and not made.missing
    labels = made.reader.read_item(made.items[49])
    assert labels.classes.shape == (24, 32) and (labels.objects is not None) == objects


def test_the_page_has_the_numbers_of_the_file() -> None:
    with (ROOT / "results/prepare_speed.csv").open(encoding="utf-8") as stream:
        rates = {row["set"]: row["images_a_second"] for row in csv.DictReader(stream)}
    page = " ".join((ROOT / "DATA.md").read_text(encoding="utf-8").split())
    assert f"makes [{rates['ade20k']} images a second](results/prepare_speed.csv) ready, and " in page
    assert f"and {rates['ade20k with objects']} with objects: 100 a second are just reached" in page
    assert float(rates["ade20k with objects"]) >= 100, "the page says that it is reached"
    assert "2,000 files of 512 by 683 that are 41 drawn pictures, hard-linked" in " ".join(page.split())
