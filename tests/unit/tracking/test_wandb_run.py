"""W&B as it really is, offline: tables beyond its limit, no account, a run that breaks off."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.errors import UsageError
from bench.tracking import wandb_kinds
from bench.tracking.content import read_tracked_run
from bench.tracking.told import ImageRow, Place
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


@pytest.mark.thinned(2)
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


@pytest.mark.slow
def test_what_a_killed_job_left_is_replaced(tmp_path: Path) -> None:
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0}])
    for name in ("offline-run-20260101_000000-abc/run-abc.wandb", "data-1234/artifacts/staging/tmp1"):
        (folder / "wandb" / name).parent.mkdir(parents=True)
        (folder / "wandb" / name).write_bytes(b":W&B")
    Wandb().log(read_tracked_run(folder))
    (file,) = find_offline_runs(folder)
    assert read_offline_run(file).exits == [0] and len(list((folder / "wandb").glob("data-*"))) == 1


@pytest.mark.slow
def test_a_second_tracker_of_the_same_process_is_another_run(tmp_path: Path) -> None:
    """The service of W&B is stopped with each run, and started again for the next."""
    folders = fabricate(tmp_path, ["a", "b"], [{"pictures": 0}] * 2)
    for folder in folders:
        Wandb().log(read_tracked_run(folder))
    told = [read_offline_run(file) for file in find_offline_runs(tmp_path)]
    assert len({run.run.run_id for run in told}) == 2 and [run.exits for run in told] == [[0], [0]]


class Listener(http.server.BaseHTTPRequestHandler):
    """A server that keeps the paths that were asked for."""

    asked: list[str] = []

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.mark.slow
def test_offline_nothing_is_sent_and_the_process_is_as_it_was(tmp_path: Path) -> None:
    """wandb 0.31 sends how it is used where only ``mode="offline"`` says that it should not."""
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0}])
    code = (
        "import os, sys, threading; from pathlib import Path\n"
        "before = sys.excepthook, dict(os.environ)\n"
        "from bench.tracking.tell import track_run\n"
        f"track_run(Path({str(folder)!r}), {{'_target_': 'bench.tracking.wandb_run.Wandb'}})\n"
        "assert (sys.excepthook, dict(os.environ)) == before\n"
        "print([thread.name for thread in threading.enumerate()])"
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {**os.environ, "WANDB_BASE_URL": f"http://127.0.0.1:{server.server_port}"}
        env.pop("WANDB_MODE", None)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
        server.shutdown()
    assert Listener.asked == [] and done.stdout.strip() == "['MainThread']", done.stderr
    assert read_offline_run(*find_offline_runs(folder)).exits == [0]


def test_no_labels_and_no_pictures(tmp_path: Path) -> None:
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0, "segment": {"n": 10}}])
    run = read_tracked_run(folder)
    empty = replace(run, scores=run.scores.iloc[:0], charts=[], confusion=pd.DataFrame(), list_images=lambda: iter(()))
    place = Place("group", ("encode", "score." + "x" * 90), ("encode=masked",))
    Wandb(group="mine").log(replace(empty, image_metrics=[], place=place))
    (file,) = find_offline_runs(folder)
    told = read_offline_run(file)
    assert told.run.run_group == "mine" and told.exits == [0] and told.config["segment"] == {"n": 10}
    assert (told.run.run_id, told.run.display_name, told.run.job_type) == (run.identity, folder.name, "run")
    assert list(told.run.tags) == ["encode", "score." + "x" * 58], "the changed keys, as long as W&B takes them"
