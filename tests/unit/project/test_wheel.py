"""From a wheel in an empty environment `zgs` works, with its configs and weights."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment with the wheel; the other packages are read from ours, our checkout not."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv/bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    # A path in a .pth file gives its packages but not its own .pth files, so no editable install comes along.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv/bin"


@pytest.mark.slow
def test_configs_and_weights_are_in_the_wheel(wheel: Path) -> None:
    expected = {f"bench/{f.relative_to(ROOT)}": f for f in (ROOT / "conf").rglob("*.yaml")}
    embedded = ROOT / "bench/models/embedded"
    expected |= {str(f.relative_to(ROOT)): f for f in embedded.rglob("*") if f.is_file() and f.suffix != ".pyc"}
    expected |= {str(f.relative_to(ROOT)): f for f in (ROOT / "bench/data/class_tables").glob("*.csv")}
    assert len(expected) > 30 and "bench/data/class_tables/context59.csv" in expected
    weights = {Path(name).parts[3] for name in expected if name.endswith(".safetensors")}
    assert weights == {"clip", "dino", "language", "sentence"}
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in expected if name not in archive.namelist()] == []
        assert [name for name, file in expected.items() if archive.read(name) != file.read_bytes()] == []
        others = [name for name in archive.namelist() if not name.startswith(("bench/", "zgs-"))]
        assert sorted(others) == ["hydra_plugins/zgs_launchers.py", "hydra_plugins/zgs_optuna.py"]


@pytest.mark.slow
def test_zgs_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import bench, bench.system.resources as r; print(bench.__file__); print(r.find_conf_dir())"
    for line in run(installed / "python", "-c", code, cwd=tmp_path).splitlines():
        assert line.startswith(str(installed.parent))
    assert "exit codes" in run(installed / "zgs", "--help", cwd=tmp_path)
    run(installed / "zgs", "run", "data.subset=first:1", "encode=masked", "merge=none", "executor=serial", cwd=tmp_path)
    assert len(list(tmp_path.glob("outputs/*/scores.csv"))) == 1
