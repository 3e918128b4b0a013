"""Hosts that share a disk and little else: clocks a day apart, a disk that is full on one, another version's store."""

from __future__ import annotations

import csv
import importlib.util
import re
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bench.cli import main
from tests.e2e.cluster.slowly import RUN, count_images, read_bytes, run_command, write_slowly

DAY = 86400.0
NODES = """
import os
import platform
import tempfile
from slowly import Slowly

plain = tempfile.mkstemp


def refuse(*args, dir=None, **more):
    if "store" in str(dir).split(os.sep):
        raise OSError(28, "No space left on device")
    return plain(*args, dir=dir, **more)


class Full(Slowly):
    def __call__(self, sample):
        if os.environ.get("FULL"):
            try:
                os.close(os.open(os.environ["FULL"], os.O_CREAT | os.O_EXCL))
                platform.node, tempfile.mkstemp = (lambda: "node-7"), refuse
            except FileExistsError:
                pass
        return super().__call__(sample)
"""
"""A segmenter in whose first process, which counts as a host of its own, the disk of the store is full."""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a run in this process whose segmenter notes its images in ``log``."""
    own = write_slowly(tmp_path, 0.0)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SLOWLY", str(tmp_path / "log"))
    monkeypatch.chdir(tmp_path)
    return ["run", *own, "data.subset=first:1", "executor=serial", "store=store", "out=out"]


@pytest.mark.slow
def test_clocks_a_day_apart_change_nothing(words: list[str], tmp_path: Path, monkeypatch, capsys) -> None:
    """One sweep by a host that is a day ahead, then one by a host that is a day behind, over one disk."""
    real = time.time
    for shift, merges in ((DAY, "none,siblings"), (-DAY, "siblings,none")):
        monkeypatch.setattr(time, "time", lambda shift=shift: real() + shift)
        monkeypatch.setattr(time, "strftime", lambda *_, shift=shift: f"host-{int(real() + shift)}")
        assert main([*words, "-m", f"merge={merges}"]) == 0
        (tmp_path / "log").replace(tmp_path / "first") if shift > 0 else None
    assert not (tmp_path / "log").exists(), "the second finds all in the store"
    capsys.readouterr()
    assert main(["status", "out"]) == 0
    shown = capsys.readouterr().out
    assert "merge=siblings,none" in shown and "merge=none,siblings" not in shown, "the last is that which came last"
    for file in (tmp_path / "out/sweeps").glob("*/jobs.csv"):
        rows = list(csv.DictReader(file.open(newline="")))
        assert [0 < float(row["seconds"]) < 300 for row in rows] == [True, True]
    for age, goes in (("12h", "0 files (0 B) would go"), ("0s", "would go of")):
        assert main(["store", "prune", f"older={age}"]) == 0
        assert goes in capsys.readouterr().out
    assert main(["store"]) == 0
    table = capsys.readouterr().out
    assert re.search(r" \d s ago", table) and not re.search(r"-\d|\d (min|h|d) ago", table)


@pytest.mark.slow
def test_what_another_version_left_is_neither_read_nor_changed(words: list[str], tmp_path: Path, capsys) -> None:
    """Its keys, stages and words are its own; what it wrote under ours in another form is made again, and told."""
    assert main(words) == 0
    theirs = tmp_path / "store/decode/0123456789abcdef"
    theirs.mkdir(parents=True)
    (theirs / "key.json").write_text('{"options": {"_target_": "bench.later.Decoder"}, "format": {"version": 9}}')
    save_file({"x": np.ones(3)}, theirs / "image.safetensors", {"version": "9"})
    (ours,) = (tmp_path / "store/segment").glob("*/*.safetensors")
    save_file({"x": np.ones(3)}, ours, {"version": "9"})
    odd = ours.read_bytes()
    for stage in ("encode", "merge"):
        for file in (tmp_path / "store" / stage).rglob("*.safetensors"):
            file.unlink()
    before = {path: path.read_bytes() for path in theirs.iterdir()}
    capsys.readouterr()
    assert main([word.replace("out=out", "out=again") for word in words]) == 0
    assert f"store: {ours.relative_to(tmp_path)} is damaged" in "".join(capsys.readouterr())
    assert ours.with_name(ours.name + ".damaged").read_bytes() == odd
    assert read_bytes(tmp_path / "out") == read_bytes(tmp_path / "again")
    assert main(["store"]) == 0 and "Decoder" in capsys.readouterr().out
    assert main(["store", "check"]) == 1
    told = "".join(capsys.readouterr())
    assert "decode/0123456789abcdef/image: carries no checksum that this version knows" in told
    assert {path: path.read_bytes() for path in theirs.iterdir()} == before


@pytest.mark.extra
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("package", "executor"), [
    ("submitit", ["executor=slurm", "executor.where=local", "executor.shards=2"]), ("ray", ["executor=ray"]),
])  # fmt: skip
def test_a_disk_that_is_full_on_one_node_is_told_with_its_node_and_the_same_command_goes_on(
    package: str, executor: list[str], tmp_path: Path
) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")
    words = [*write_slowly(tmp_path, 0.3), "data.subset=first:6", "store=store"]
    (tmp_path / "nodes.py").write_text(NODES)
    (tmp_path / "conf/segment/slowly.yaml").write_text("{_target_: nodes.Full, seconds: 0.3}")
    full = run_command(tmp_path, RUN, [*words, *executor, "out=out"], {"FULL": str(tmp_path / "full")})
    assert full.returncode == 1, full.stderr
    (line,) = [line for line in full.stderr.splitlines() if line.startswith("zgs: ")]
    assert line.startswith("zgs: on node-7: cannot write store/") and "No space left on device; free some space" in line
    assert "Traceback" not in full.stderr
    kept = len(list((tmp_path / "store").glob("merge/*/*.safetensors")))
    done = run_command(tmp_path, RUN, [*words, *executor, "out=out"])
    assert done.returncode == 0, done.stderr
    assert sum(count_images(tmp_path).values()) <= 6 + 2 + (6 - kept), "what was finished is not made again"
    alone = run_command(tmp_path, RUN, [*words[:-1], "store=other", "executor=serial", "out=alone"])
    assert alone.returncode == 0 and read_bytes(tmp_path / "out") == read_bytes(tmp_path / "alone")
