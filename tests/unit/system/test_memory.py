"""Where memory does not suffice for a batch, its halves are done, and nothing of the result changes."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from bench.caption.candidates import CandidateFeatures, Vocabulary
from bench.errors import UserError
from bench.system.memory import run_in_halves
from tests.unit.caption import tiny

LIMITED = """
import resource
import numpy as np
from bench.system.memory import run_in_halves

def allocate(items):
    sizes.append(len(items))
    block = np.ones(len(items) << 22, np.float32)  # 16 MB each
    return [float(block[item << 22]) + item for item in items]

sizes = []
assert len(allocate(range(8))) == 8
used = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (used + (48 << 20), resource.RLIM_INFINITY))
sizes.clear()
made = run_in_halves(lambda items: allocate([i - items[0] for i in items]), range(8))
print(made, sizes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process's memory is Linux's")
def test_a_process_with_a_limit_goes_on_with_halves() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    # 128 MB and 64 MB are more than is left, 32 MB fit
    assert done.stdout.strip() == f"{[1.0, 2.0] * 4} [8, 4, 2, 2, 4, 2, 2]", done.stdout


def test_only_a_lack_of_memory_is_answered_and_one_item_has_no_halves() -> None:
    def fail(error: Exception) -> list[int]:
        raise error

    with pytest.raises(UserError):
        run_in_halves(lambda _: fail(UserError("wrong")), [1, 2])
    with pytest.raises(MemoryError):
        run_in_halves(lambda _: fail(MemoryError()), [1, 2])
    assert run_in_halves(lambda items: list(items), []) == []


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
