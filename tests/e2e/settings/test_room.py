"""Absurd sizes are refused from an estimate, before anything is tried; estimates are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.commands.settings import compose_settings
from bench.errors import UsageError
from bench.settings import room
from bench.settings.check import GROUPS
from bench.settings.room import NEEDS, Need, check_need, check_room
from bench.system import resources


def needs(*words: str) -> dict[str, Need]:
    """All estimates of a configuration by key."""
    settings = compose_settings(words)
    return {need.key: need for group in NEEDS for need in NEEDS[group](settings)}


def test_estimates_by_hand() -> None:
    # The small CLIP: 16 x 16 patches of width 96 in 3 heads of 32; the small language model: 4 layers, width 128, 800.
    found = needs("segment.n=4000")
    assert found["encode.micro_batch"].each == 4 * (8 * 257 * 96 + 3 * 257 * 257)
    assert needs("encode=crop")["encode.micro_batch"].each == 4 * 8 * 257 * 96
    assert found["caption.beams"].each == 4 * 4 * (2 * 4 * 128 * 2 + 3 * 800)
    assert found["caption.rows"].each == 4 * (6 * 4 * 128 * 2 + 4 * 800)
    assert found["score.resamples"].each == 808 and found["score.resamples"].value == 10000
    # 128 pixels, patch 4, stride 4: 32 x 32 features, more than which no parts can be.
    assert found["segment.n"].total == 1024 * 28 * 128 * 128
    assert found["models.dino.size"].total == pytest.approx(512 * 1024)
    # The paper's CLIP has 24 x 24 patches as its yaml states; DINO 109 x 109 features at stride 2 of 224 pixels.
    paper = needs("models=paper")
    assert paper["encode.micro_batch"].each == 4 * (8 * 577 * 768 + 12 * 577 * 577)
    assert paper["models.dino.size"].total == pytest.approx(512 * 109**2)


@pytest.mark.thinned(6)
@pytest.mark.parametrize(
    "word",
    ["encode.micro_batch=1000000000", "caption.beams=100000000", "caption.rows=100000000", "+caption.store_mb=1000000",
     "score.resamples=1000000000", "executor.workers=1000000"],
)  # fmt: skip
def test_what_cannot_fit_is_one_line_and_nothing_is_made(
    word: str, tmp_path: Path, capfd: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(room, "measure_memory", lambda: 64 << 30)
    key = word.partition("=")[0].lstrip("+")
    assert main(["run", word, "device=cpu", f"store={tmp_path}/s", f"out={tmp_path}/o"]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"zgs: {word.lstrip('+')}: ") and error.count("\n") == 1
    assert "need at least" in error and "this machine has 64.0 GiB; at most" in error and not any(tmp_path.iterdir())
    most = int(error.rpartition(f"{key}=")[2].split()[0])
    check_room(compose_settings([f"++{key}={most}", "device=cpu"]), GROUPS)
    with pytest.raises(UsageError):
        check_room(compose_settings([f"++{key}={most + 1}", "device=cpu"]), GROUPS)


def test_the_limit_is_the_memory_that_there_is(monkeypatch: Any) -> None:
    need = Need("encode.micro_batch", 1024, 2**20, "these")
    monkeypatch.setattr(room, "measure_memory", lambda: 2**30)
    check_need(need)
    monkeypatch.setattr(room, "measure_memory", lambda: 2**30 - 1)
    with pytest.raises(UsageError, match="these need at least 1.0 GiB.*at most encode.micro_batch=1023 fits"):
        check_need(need)
    monkeypatch.setattr(room, "measure_memory", lambda: None)
    check_need(need)


def test_more_features_than_can_be_clustered_are_told_before_the_first_image() -> None:
    with pytest.raises(UsageError, match="models.dino.size=9000 .*: 2250x2250 features even of a square picture"):
        check_room(compose_settings(["models.dino.size=9000"]), GROUPS)
    check_room(compose_settings(["models.dino.size=9000", "segment=whole"]), GROUPS)


def test_every_choice_of_models_and_stages_fits_a_laptop(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "measure_memory", lambda: 8 << 30)
    for words in ([], ["models=paper"], ["encode=crop"], ["caption=retrieval", "caption.words=[a]"], ["merge=none"]):
        check_room(compose_settings([*words, "device=cpu"]), GROUPS)


def test_limits_of_control_groups_of_both_kinds(tmp_path: Path) -> None:
    groups, root = tmp_path / "cgroup", tmp_path / "fs"
    (root / "a/b").mkdir(parents=True)
    (root / "a/memory.max").write_text("1000\n")
    (root / "a/b/memory.max").write_text("max\n")
    groups.write_text("0::/a/b\n")
    assert resources._read_limits(groups, root) == [1000]
    (root / "memory/c").mkdir(parents=True)
    (root / "memory/c/memory.limit_in_bytes").write_text("500\n")
    groups.write_text("5:cpu:/c\n4:memory:/c\n0::/\n")
    assert resources._read_limits(groups, root) == [500]
    assert resources._read_limits(tmp_path / "none", root) == []
    assert (resources.measure_memory() or 1) > 0


def test_what_is_free_is_what_the_least_limit_leaves(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "memory.stat").write_text("anon 600\ninactive_file 150\nactive_file 20\ntotal_inactive_file 200\n")
    (tmp_path / "memory.current").write_text("800\n")
    (tmp_path / "memory.usage_in_bytes").write_text("700\n")
    assert resources._read_used(tmp_path / "memory.max") == 600  # files that were read and lie idle can be given back
    assert resources._read_used(tmp_path / "memory.limit_in_bytes") == 500
    assert resources._read_used(tmp_path / "none/memory.max") is None
    free, whole = resources.measure_free_memory(), resources.measure_memory()
    assert free is None or whole is None or 0 < free <= whole
    monkeypatch.setattr(resources, "_list_limits", lambda *_: [(tmp_path / "memory.max", 1000)])
    monkeypatch.setattr(resources, "_read_kilobytes", lambda *_: 10**6)
    assert resources.measure_free_memory() == 400
    monkeypatch.setattr(resources, "_list_limits", lambda *_: [])
    assert resources.measure_free_memory() == 10**6
