"""Seeds in another folder are found by themselves, a wrong number in one fails, and a wrong folder is an error."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.golden import golden, ward
from tests.golden.golden import Family
from tests.golden.test_vectors import MADE

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
TESTS, OWN = str(HERE.relative_to(ROOT)), HERE / "data"


def suite(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`pytest tests/golden` with ZGS_GOLDEN set to a folder, slow tests too: of some families one in n is not slow."""
    command = [sys.executable, "-m", "pytest", TESTS, "-q", "-p", "no:cacheprovider", "-m", "not extra", *words]
    environment = os.environ | {"ZGS_GOLDEN": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def third_seed(to: Path) -> None:
    """A seed c of every family beside the others: a's numbers, with the features of the Ward family turned round.

    An orthogonal matrix leaves every distance and cosine as it is, so the tree is a's and the centroids turn too.
    The repository's own a: the folder under test need not hold one.
    """
    shutil.copytree(OWN, to)
    for path in sorted(path for path in to.iterdir() if re.search(r"_a[._]", path.name)):
        text = re.sub(r"_a([._])", r"_c\1", path.name)
        if path.suffix == ".json":
            (to / text).write_text(path.read_text().replace("zerocap_a_", "zerocap_c_"))
        else:
            shutil.copy(path, to / text)
    arrays, _ = golden.load("ward_tree", "a", OWN)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(arrays["features"].shape[1],) * 2))[0]
    for name in arrays:
        if name == "features" or name.endswith("centroids"):
            arrays[name] = (arrays[name] @ turn).astype(arrays[name].dtype)
    np.savez(to / "ward_tree_c.npz", **arrays)


def test_a_third_seed_is_found_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third_seed(tmp_path / "vectors")
    monkeypatch.setenv("ZGS_GOLDEN", str(tmp_path / "vectors"))
    assert all("c" in golden.seeds(family) for family in golden.FAMILIES)
    vectors, found, _ = golden.produced(ward.FAMILY, "c")
    for entry, made in found.items():
        ward.FAMILY.check(entry, made, vectors.entries[entry])
    assert abs(vectors.entries["node_centroids"] - golden.load("ward_tree", "a", OWN)[0]["node_centroids"]).max() > 0.1


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_folder_without_vectors_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("ZGS_GOLDEN", str(tmp_path / folder))
    for family in golden.FAMILIES:
        with pytest.raises(FileNotFoundError, match=f"no golden vectors {family}.*{folder}: check ZGS_GOLDEN"):
            golden.seeds(family)


@pytest.mark.slow
def test_the_command_finds_a_third_seed_and_fails_for_a_wrong_number_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    third_seed(folder)
    arrays, facts = golden.load("ward_tree", "a", OWN)
    found = suite(folder, "--collect-only").stdout
    assert all(f"[{family.name}-c-" in found for family in MADE)
    assert any("test_metrics.py" in line and "[c" in line for line in found.splitlines())
    with np.load(folder / "ward_tree_c.npz") as archive:
        wrong = dict(archive)
    wrong["thr0.95_leaf_compact"] = wrong["thr0.95_leaf_compact"].copy()
    wrong["thr0.95_leaf_compact"][3, 5] += 1
    np.savez(folder / "ward_tree_c.npz", **wrong)
    facts["leaves"]["0.9"] += 1
    (folder / "ward_tree_c.json").write_text(json.dumps(facts))
    told = suite(folder, "-k", "ward_tree-c", "-rfE")
    failed = {line.rpartition("-c-")[2].partition("]")[0] for line in told.stdout.splitlines() if "FAILED" in line}
    assert told.returncode == 1 and failed == {"thr0.95_leaf_compact", "json/leaves"}, told.stdout
    assert f"2 failed, {len(arrays) - 2 + 5 - 2} passed" in told.stdout, told.stdout


@pytest.mark.slow
def test_the_command_fails_where_a_family_is_missing(tmp_path: Path) -> None:
    for path in golden.folder().glob("ward_tree_*"):
        shutil.copy(path, tmp_path)
    told = suite(tmp_path)
    assert told.returncode not in (0, 5)
    assert f"no golden vectors masked_attention_*.npz in {tmp_path}: check ZGS_GOLDEN" in told.stdout


def test_every_file_of_the_folder_belongs_to_a_family_and_has_its_json() -> None:
    for path in golden.folder().glob("*.npz"):
        family = next((name for name in golden.FAMILIES if path.name.startswith(f"{name}_")), None)
        assert family, f"{path} is of no known family ({', '.join(golden.FAMILIES)}): it would never be read"
        assert path.with_suffix(".json").is_file(), f"{path} has no json beside it"


def corrupted(value: Any, by: float) -> Any:
    """The same entry with one number moved by a little more than is allowed, or one word changed."""
    if isinstance(value, dict):
        return {key: corrupted(item, by) if i == 0 else item for i, (key, item) in enumerate(value.items())}
    if isinstance(value, list):
        return [*value[:-1], corrupted(value[-1], by)]
    if isinstance(value, np.ndarray):
        wrong = value.copy()
        at = np.unravel_index(wrong.size * 2 // 3, wrong.shape)
        wrong[at] = corrupted(wrong[at].item(), by)
        return wrong
    if isinstance(value, bool):
        return not value
    return value + by if isinstance(value, float) else value + 1 if isinstance(value, int) else f"{value}x"


@pytest.mark.thinned(6)
@pytest.mark.parametrize("family", MADE, ids=lambda family: family.name)
def test_every_single_wrong_number_is_noticed(family: Family) -> None:
    """Every compared entry of the first seed with one number wrong by three tolerances: all must fail."""
    vectors, found, _ = golden.produced(family, golden.seeds(family.name)[0])
    unnoticed = []
    for entry, made in found.items():
        expected = family.parse.get(entry, lambda value: value)(vectors.entries[entry])
        try:
            golden.same(made.value, corrupted(expected, 3 * made.atol), made.atol)
            unnoticed.append(entry)
        except AssertionError:
            pass
    assert not unnoticed and len(found) >= 17
