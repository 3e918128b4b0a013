"""What a command does first: the collector of garbage waits for the start, and NumPy starts no threads."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from bench.system import start
from bench.system.start import pause_collection

TEXT = """
import gc, weakref
from bench.system.start import STARTING, put_off_collection
class Knot: pass
def lose():
    knot = Knot(); knot.self = knot
    return weakref.ref(knot)
usual = gc.get_threshold()
put_off_collection()
kept = lose()
some = [[] for _ in range(10_000)]
assert kept() and gc.get_threshold()[0] == STARTING, "nothing is collected at first"
more = [[] for _ in range(STARTING)]
assert gc.get_threshold() == usual and not gc.callbacks and gc.get_freeze_count() > STARTING / 2
later = lose()
rest = [[] for _ in range(10_000)]
assert later() is None, "what is lost after the start is collected"
"""


def test_the_collector_waits_for_the_start_and_then_works_as_ever() -> None:
    done = subprocess.run([sys.executable, "-c", TEXT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


COUNT = """
import os
from bench.system.start import keep_blas_alone
keep_blas_alone()
import numpy
(numpy.ones((300, 300)) @ numpy.ones((300, 300))).sum()
print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="no /proc, by which threads are counted")  # noqa: PTH112
@pytest.mark.parametrize(("stated", "threads"), [("", 1), ("2", 2)])
def test_numpy_multiplies_in_one_thread_unless_told_otherwise(stated: str, threads: int) -> None:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    alone = {name: value for name, value in os.environ.items() if name not in names}
    environment = alone | ({names[0]: stated} if stated else {})
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, env=environment)
    running = min(threads, len(os.sched_getaffinity(0)))  # OpenBLAS starts no more than there are processors
    assert (done.stdout.split(), done.returncode) == ([str(threads), str(running)], 0), done.stderr


@pytest.mark.parametrize("was", [True, False])
def test_the_search_pauses_and_is_then_as_before(was: bool) -> None:
    (gc.enable if was else gc.disable)()
    try:
        with pytest.raises(ImportError), pause_collection():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() is was
    finally:
        gc.enable()


FREED = """
import platform, resource
import numpy as np
from bench.system.start import keep_freed_memory
def count_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        held = [np.ones(2 << 20, np.uint8) for _ in range(10)]
        del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
if keep_freed_memory():
    first, again = count_faults(), count_faults()
    assert first < 2 * 20 * 256 and again < 256, (first, again)
"""


def test_memory_that_is_freed_is_mapped_once() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_kernels_are_bounded_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {start.KERNELS[1]: "7"}
    monkeypatch.setattr(os, "environ", environment)
    start.bound_kernels()
    assert environment == {start.KERNELS[0]: start.SHAPES_KEPT, start.KERNELS[1]: "7"}


GROWTH = """
import sys
import torch
from bench.system.products import takes, call_onednn
from bench.system.resources import read_own_memory
from bench.system.start import bound_kernels

if sys.argv[1] == "bounded":
    bound_kernels()
weight, x = torch.zeros(768, 768), torch.zeros(1024, 768)
torch.set_num_threads(1)
assert takes(x, weight, x.numel() * 768)
call_onednn(x, weight, None)
before = read_own_memory("RssAnon")
for rows in range(16, 1024, 4):
    call_onednn(x[:rows], weight, None)
print(read_own_memory("RssAnon") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process holds")
def test_products_of_ever_new_shapes_keep_what_a_bound_allows() -> None:
    """Read when the first product is made: torch is loaded long before. It fails where neither library reads it."""
    free = {name: value for name, value in os.environ.items() if name not in start.KERNELS}  # other tests may set them
    grown = [
        int(subprocess.check_output([sys.executable, "-c", GROWTH, word], env=free, text=True))
        for word in ("bounded", "as ever")
    ]
    assert grown[0] < 0.7 * grown[1], grown
