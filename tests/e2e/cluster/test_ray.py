"""`executor=ray`: two nodes of which one is killed in the middle; the bytes are those of one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.cluster.slowly import RUN, count_images, read_bytes, read_log, run_command, write_slowly

pytestmark = [pytest.mark.extra, pytest.mark.timeout(300)]
IMAGES = 12
TWO_NODES = """
import sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster
from bench.cli import main

folder = Path(sys.argv[1])
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = [cluster.add_node(num_cpus=1, include_dashboard=False) for _ in range(2)]

def kill():
    log = folder / "log"
    while not log.exists() or len(log.read_text().splitlines()) < 5:
        time.sleep(0.05)
    cluster.remove_node(nodes[1], allow_graceful=False)

threading.Thread(target=kill, daemon=True).start()
code = main(["run", *sys.argv[2:], f"executor.address={cluster.address}"])
sys.exit(code)
"""


def test_a_killed_node_changes_no_byte_and_only_what_was_under_way_is_made_again(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    words = [*write_slowly(tmp_path, 0.7), f"data.subset=first:{IMAGES}"]
    done = run_command(tmp_path, TWO_NODES, [*words, "executor=ray", "store=store", f"out={tmp_path / 'out'}"])
    assert done.returncode == 0, done.stderr
    assert "a Ray worker died over predict of" in done.stderr + done.stdout
    times = count_images(tmp_path)
    assert len(times) == IMAGES and sum(times.values()) - IMAGES <= 1, times
    assert len({process for _, process in read_log(tmp_path)}) == 2
    alone = run_command(tmp_path, RUN, [*words, "executor=serial", "store=other", f"out={tmp_path / 'alone'}"])
    assert alone.returncode == 0, alone.stderr
    assert read_bytes(tmp_path / "out") == read_bytes(tmp_path / "alone")


def test_an_address_where_nobody_answers_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    words = [*write_slowly(tmp_path, 0.0), "executor=ray", "executor.address=127.0.0.1:1"]
    done = run_command(tmp_path, RUN, words)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("zgs: ")]
    assert "executor.address=127.0.0.1:1: no Ray cluster answers" in line
