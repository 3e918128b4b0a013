"""The layers of the house hold, and the check sees what breaks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import layers

ROOT = Path(__file__).resolve().parents[3]


def faults(folder: Path, **sources: str) -> dict[str, str]:
    """The faults of a house of modules, named with two underscores for a dot."""
    for name, source in sources.items():
        path = folder / "bench" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return layers.find_faults(layers.read_imports(folder))


@pytest.mark.slow
def test_the_house_keeps_its_layers() -> None:
    """As `make lint` asks of every commit; it parses every file."""
    assert layers.main() == 0


def test_the_table_names_every_room() -> None:
    paths = (ROOT / "bench").iterdir()
    rooms = {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(layers.LAYERS.split()) == sorted(rooms - {"__init__"})


@pytest.mark.parametrize(
    "source",
    [
        "from bench.run.job import Job",
        "import bench.run.job",
        "from bench.run import job",
        "def late():\n    from bench.run.job import Job",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bench.run.job import Job",
        "try:\n    import bench.run.job as job\nexcept ImportError:\n    pass",
    ],
)
def test_a_room_that_imports_a_higher_one_is_a_fault(tmp_path: Path, source: str) -> None:
    assert list(faults(tmp_path, metrics__iou=source, run__job="")) == ["metrics run"]


def test_rooms_of_one_line_and_rooms_that_the_table_lacks_are_faults(tmp_path: Path) -> None:
    source = "import bench.caption.texts\nimport bench.attic.old"
    found = faults(tmp_path, encode__crop=source, caption__texts="", attic__old="")
    assert sorted(found) == ["encode attic", "encode caption"]


def test_a_lower_room_and_an_import_by_a_text_are_none(tmp_path: Path) -> None:
    source = "from bench.errors import UserError\nimport_module('bench.run.job')"
    assert faults(tmp_path, metrics__iou=source, errors="", run__job="") == {}


def test_files_and_folders_in_a_circle_are_a_fault(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        data__a="import bench.data.b",
        data__b="def late():\n    import bench.data.c",
        data__c="import bench.data.a",
        report__tables__cells="import bench.report.figures.style",
        report__figures__style="",
        report__figures__forest="import bench.report.tables.pairs",
        report__tables__pairs="",
        store__files="import bench.store.facts.parsed",
        store__facts__closure="import bench.store.locks",
        store__facts__parsed="",
        store__locks="",
        merge__base="",
        merge__none="import bench.merge.base",
    )
    assert found == {
        "files data": "bench.data: a → b → c → a is a circle",
        "files report": "bench.report: figures → tables → figures is a circle",
    }


def test_a_model_behind_the_report_is_a_fault_unless_it_is_loaded_late(tmp_path: Path) -> None:
    house = {"report__report": "import bench.run.folder", "models__clip": ""}
    assert faults(tmp_path, **house, run__folder="def late():\n    import bench.models.clip") == {}
    assert list(faults(tmp_path, **house, run__folder="import bench.models.clip")) == ["never report"]
