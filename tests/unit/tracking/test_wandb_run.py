"""W&B as it really is, offline: tables beyond its limit, no account, a run that breaks off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.errors import UsageError
from bench.tracking import wandb_kinds
from bench.tracking.content import read_tracked_run
from bench.tracking.told import ImageRow
from bench.tracking.wandb_run import Wandb
from tests.unit.report.fabricated import fabricate
from tests.unit.tracking.wandb_file import find_offline_runs, read_offline_run


def rows_of(pictured: int, others: int) -> Any:
    return iter([ImageRow(str(i), {"input": 1} if i < pictured else {}, {}) for i in range(pictured + others)])  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("pictured", "others", "parts"),
    [(0, 0, []), (2, 5, [7]), (0, 10, [10]), (0, 11, [10, 1]), (9, 0, [4, 4, 1]), (4, 0, [4]), (5, 12, [4, 10, 3])],
)
def test_parts_hold_so_many_rows_and_pictures(
    pictured: int, others: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandb_kinds, "LIMIT", 10)
    monkeypatch.setattr(wandb_kinds, "HELD", 4)
    split = list(wandb_kinds._split_images(rows_of(pictured, others)))
    assert [len(part) for part in split] == parts
    assert [row.image_id for part in split for row in part] == [str(i) for i in range(pictured + others)]


@pytest.mark.slow
def test_no_row_is_lost_beyond_the_limit(tmp_path: Path) -> None:
    """Of a table of 12,000 rows wandb writes 10,000 and says nothing; the history says 12,000."""
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0}], images=12_000)
    run = read_tracked_run(folder)
    names = [f"class {i}" for i in range(104)]
    pairs = pd.DataFrame([(a, b) for a in names for b in names], columns=["true", "said"])
    confusion = pairs.assign(protocol="paper", mapping="tt", threshold=0.5, pixels=1, images=1)
    Wandb().log(replace(run, confusion=confusion))
    (file,) = find_offline_runs(folder)
    told = read_offline_run(file)
    images = [row[0] for key in ("images", "images/2") for row in told.read_table(key)["data"]]
    assert sorted(images) == [f"{i:03}" for i in sorted(range(12_000), key=lambda i: f"{i:03}")]
    assert [told.history[-1][key]["nrows"] for key in ("images", "images/2")] == [10_000, 2000]
    said = [row[:2] for key in ("confusion/tt", "confusion/tt/2") for row in told.read_table(key)["data"]]
    assert said == pairs.to_numpy().tolist() and len(said) == 10_816
    scores = json.loads(told.artifacts[f"scores-{run.identity}"].metadata)
    assert scores["rows"]["per_image.parquet"] == 12_000


def fake_init(monkeypatch: pytest.MonkeyPatch, raises: str, **known: Any) -> list[str]:
    """W&B whose `init` fails in some modes; returns the modes that were asked for."""
    wandb, asked = pytest.importorskip("wandb"), list[str]()
    real: Callable[..., Any] = wandb.init

    def init(*, mode: str, **options: Any) -> Any:
        asked.append(mode)
        if mode == raises:
            raise RuntimeError("no\nservice")
        return real(mode=mode, **options)

    monkeypatch.setattr(wandb, "init", init)
    for name, value in known.items():
        monkeypatch.setattr(wandb, name, value)
    return asked


@pytest.mark.parametrize(("account", "reason"), [(False, "no API key"), (True, "no service")])
def test_without_account_or_network_it_is_kept_offline_with_one_warning(
    account: bool, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    asked = fake_init(monkeypatch, "online", login=lambda **_: account)
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0}])
    Wandb(mode="online").log(read_tracked_run(folder))
    (file,) = find_offline_runs(folder)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert reason in line and line.endswith(f"later: wandb sync {file.parent}")
    assert asked == ["online"] * account + ["offline"] and read_offline_run(file).exits == [0]


def test_a_run_that_breaks_off_is_finished_as_failed(tmp_path: Path) -> None:
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0}])
    run = read_tracked_run(folder)

    def fail() -> Any:
        raise OSError("no picture")
        yield

    with pytest.raises(OSError, match="no picture"):
        Wandb().log(replace(run, list_images=fail))
    (file,) = find_offline_runs(folder)
    assert read_offline_run(file).exits == [1]


@pytest.mark.parametrize("options", [{"project": "a/b"}, {"project": " "}, {"project": "x" * 129}, {"group": ""}])
def test_what_wandb_would_refuse_after_the_work_is_refused_before(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=rf"^tracking\.{next(iter(options))}=.*1 to 128 characters"):
        Wandb(**options)  # type: ignore[arg-type]


def test_no_labels_and_no_pictures(tmp_path: Path) -> None:
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0, "segment": {"n": 10}}])
    run = read_tracked_run(folder)
    empty = replace(run, scores=run.scores.iloc[:0], charts=[], confusion=pd.DataFrame(), list_images=lambda: iter(()))
    Wandb(group="mine").log(replace(empty, image_metrics=[]))
    (file,) = find_offline_runs(folder)
    told = read_offline_run(file)
    assert told.run.run_group == "mine" and told.exits == [0] and told.config["segment"] == {"n": 10}
