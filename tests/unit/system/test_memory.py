"""Where memory does not suffice for a batch, its halves are done, and nothing of the result changes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from bench.caption.candidates import CandidateFeatures, Vocabulary
from bench.errors import UserError
from bench.system import memory
from bench.system.memory import fit_batch, run_in_halves, run_in_parts, run_with_less
from tests.unit.caption import tiny
from tests.unit.system.batches import WHOLE, make_stages

LIMIT = """
def limit(megabytes):
    import resource
    used = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmSize"))
    resource.setrlimit(resource.RLIMIT_AS, (used + (megabytes << 20), resource.RLIM_INFINITY))
"""
LIMITED = (
    LIMIT
    + """
import numpy as np
from bench.system.memory import run_in_halves

def allocate(items):
    sizes.append(len(items))
    block = np.ones(len(items) << 22, np.float32)  # 16 MB each
    return [float(block[item << 22]) + item for item in items]

sizes = []
assert len(allocate(range(8))) == 8
limit(48)
sizes.clear()
made = run_in_halves(lambda items: allocate([i - items[0] for i in items]), range(8))
print(made, sizes)
"""
)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process's memory is Linux's")
def test_a_process_with_a_limit_goes_on_with_halves() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    # 128 MB and 64 MB are more than is left, 32 MB fit
    assert done.stdout.strip() == f"{[1.0, 2.0] * 4} [8, 4, 2, 2, 4, 2, 2]", done.stdout


STAGES = f"""{LIMIT}
import json
import numpy as np
import torch
from bench.system.memory import fit_batch
from tests.unit.system.batches import make_stages

def weigh(stage, rows):
    seen.setdefault(stage, []).append(rows)
    np.ones(rows << 23, np.float32)  # 32 MB each

torch.set_num_threads(1)
seen, stages = dict(), make_stages(weigh, setattr)
whole = [stage() for stage in stages]
most = {{stage: max(rows) for stage, rows in seen.items()}}
seen.clear()
limit(224)
for stage, one in zip(stages, whole):
    np.testing.assert_allclose(stage(), one, rtol=0, atol=1e-5)
print(json.dumps([most, {{stage: min(rows) for stage, rows in seen.items()}}, fit_batch(64, 32 << 20)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process's memory is Linux's")
def test_every_stage_goes_on_with_halves_in_a_process_with_a_limit() -> None:
    done = subprocess.run([sys.executable, "-c", STAGES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    most, least, fitting = json.loads(done.stdout.splitlines()[-1])
    assert most == WHOLE and least.keys() == WHOLE.keys()
    assert all(size <= 4 for size in least.values()) and 1 <= fitting <= 7


def test_every_stage_that_batches_goes_on_with_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    most, seen = 64, dict[str, list[int]]()

    def weigh(stage: str, rows: int) -> None:
        seen.setdefault(stage, []).append(rows)
        if rows > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    stages = make_stages(weigh, monkeypatch.setattr)
    whole = [stage() for stage in stages]
    assert {stage: max(rows) for stage, rows in seen.items()} == WHOLE
    most = 4
    for stage, one in zip(stages, whole, strict=True):
        np.testing.assert_allclose(stage(), one, rtol=0, atol=1e-5)
    most = 0
    for stage in stages:
        with pytest.raises(torch.OutOfMemoryError):
            stage()


def test_only_a_lack_of_memory_is_answered_and_one_item_has_no_halves() -> None:
    def fail(error: Exception) -> list[int]:
        raise error

    with pytest.raises(UserError):
        run_in_halves(lambda _: fail(UserError("wrong")), [1, 2])
    with pytest.raises(MemoryError):
        run_in_halves(lambda _: fail(MemoryError()), [1, 2])
    with pytest.raises(UserError):
        run_with_less(lambda _: fail(UserError("wrong")), 8)
    with pytest.raises(MemoryError):
        run_with_less(lambda _: fail(MemoryError()), 8)
    assert run_in_halves(lambda items: list(items), []) == [] and run_in_parts(len, []) == [0]


def test_a_library_that_batches_by_itself_is_given_half_until_it_fits() -> None:
    tried: list[int] = []

    def call(size: int) -> str:
        tried.append(size)
        if size > 3:
            raise MemoryError
        return f"{size} at once"

    assert run_with_less(call, 25) == "3 at once" and tried == [25, 12, 6, 3]


def test_a_batch_is_what_free_memory_holds_and_little_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[int | None] = [10 * 2**20]
    monkeypatch.setattr(memory, "measure_free_memory", lambda: free[0])
    assert [fit_batch(most, 2**20) for most in (5, 256, 257, 10**6)] == [5, 256, 10, 10]
    assert fit_batch(1000, 2**30) == 1  # one is tried whatever there is
    free[0] = None
    assert fit_batch(1000, 2**30) == 1000


def test_candidates_of_many_contexts_are_encoded_in_halves_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    language, clip = tiny.language(), tiny.clip()
    vocabulary = Vocabulary(language.tokenizer, language.model.config.vocab_size)
    asked = [((0, 20 + at), torch.arange(at, 40 + at)) for at in range(5)]
    expected = CandidateFeatures(vocabulary, clip, 1 << 30).compute_all(asked)
    whole, sizes = clip.text.encode_all, []

    def narrow(requests):
        if len(requests) > 2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        sizes.append(len(requests))
        return whole(requests)

    monkeypatch.setattr(clip.text, "encode_all", narrow)
    found = CandidateFeatures(vocabulary, clip, 1 << 30).compute_all(asked)
    assert all(map(torch.equal, found, expected)) and [size for size in sizes if size > 1] == [2, 2]
