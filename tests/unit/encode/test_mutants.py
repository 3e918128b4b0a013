"""The tests of section 3.2 can fail: each mutant of masked attention is noticed by the oracle and the golden vectors.

A mutant is the production source with one line changed, run in place of the modules. `loop_oracle.py` beside it
is asked first, then the golden vectors; each says which of its comparisons fail.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bench.encode
from bench.errors import UserError
from tests.golden import attention, golden
from tests.unit.encode import loop_oracle, tiny
from tests.unit.encode.test_encode import SHAPES, pixel_means

MODULES = ("layers", "segments", "attention", "trunk", "masking", "masked", "saliency", "global_subtraction")
"""In the order in which they import each other."""


@dataclass(frozen=True)
class Mutant:
    """One wrong line: in which module, what stands there, what stands there instead."""

    name: str
    module: str
    old: str
    new: str


EQUATIONS, SALIENCY, TRUNK, ATTENTION = "global_subtraction", "saliency", "trunk", "attention"
LAYERS, MASKING, SEGMENTS = "layers", "masking", "segments"
A_0, MEAN, AREA = "* attention.unmasked[:, :, :1]", "cosine.mean(-1)", "averaged.flatten(1)"
MIXED, PLAIN = "attention.masked - subtracted", "join_heads(attention.unmasked)"
FIRST = "= number_layer(self.start_layer, self.clip.depth)"
DIVISOR, MASK = "/ denominator.clamp_min(", "mask = self.mask[:, None, :, None]"
FIRST_SUM = "block.add(self.tokens[:, : heads"
MEANS, SUM = "return exponential @ (mask * self.values) /", "self.exponential.sum(-1, keepdim=True)"
MUTANTS = (
    Mutant("sigma instead of sigma^2", SALIENCY, "(2 * sigma2)", "(2 * sigma2**0.5)"),
    Mutant("sigma^2 instead of 2 sigma^2", SALIENCY, "(2 * sigma2)", "sigma2"),
    Mutant("sign of the exponent of w", SALIENCY, "exp(-((", "exp(((" ),
    Mutant("S - 1 in w", SALIENCY, "(saliency + 1)", "(saliency - 1)"),
    Mutant("S + 1 not squared", SALIENCY, ") ** 2)", ") ** 1)"),
    Mutant("added instead of subtracted", EQUATIONS, MIXED, MIXED.replace("-", "+")),
    Mutant("A_0 of the masked attention", EQUATIONS, A_0, A_0.replace("unmasked", "masked")),
    Mutant("every token's own output subtracted", EQUATIONS, A_0, A_0.replace("[:, :, :1]", "")),
    Mutant("another token than the global one subtracted", EQUATIONS, A_0, A_0.replace(":1", "1:2")),
    Mutant("saliency skips the global token", SALIENCY, MEAN, "cosine[..., 1:].mean(-1)"),
    Mutant("saliency of the global token alone", SALIENCY, MEAN, "cosine[..., 0]"),
    Mutant("saliency is 1 - S", SALIENCY, "per_head = cosine.mean(-1)", "per_head = 1 - cosine.mean(-1)"),
    Mutant("masked compared with itself", SALIENCY, PLAIN, PLAIN.replace("un", "")),
    Mutant("one layer later", TRUNK, FIRST, FIRST + " + 1"),
    Mutant("one layer earlier", TRUNK, FIRST, FIRST + " - 1"),
    Mutant("mask binarised", SEGMENTS, AREA, AREA.replace(".", ".gt(0).float().", 1)),
    Mutant("mask binarised at a half", SEGMENTS, AREA, AREA.replace(".", ".ge(0.5).float().", 1)),
    Mutant("mask turned round", SEGMENTS, AREA, AREA.replace(".", ".neg().add(1).", 1)),
    Mutant("mask mirrored", SEGMENTS, AREA, AREA.replace(".", ".flip(-1).", 1)),
    Mutant("the global token's entry 0", SEGMENTS, "value=1.0", "value=0.0"),
    Mutant("the global token's entry a half", SEGMENTS, "value=1.0", "value=0.5"),
    Mutant("logits not scaled in masked layers", LAYERS, "query.shape[-1] ** -0.5", "1.0"),
    Mutant("S of the last layer from the global token alone", MASKING, "all_queries = True", "all_queries = False"),
    Mutant("no residual in masked layers", LAYERS, FIRST_SUM, FIRST_SUM.replace("(", "(0 * ", 1)),
    Mutant(
        "mask not applied for the global query", ATTENTION,
        MEANS, "mixed = exponential @ (mask * self.values) / denominator\n        "
        "return torch.cat([self.unmasked[:, :, :1].expand(len(self.mask), -1, -1, -1), mixed[:, :, 1:]], dim=2)\n"
        f"        {MEANS}",
    ),
    Mutant("rows not normalised after masking", ATTENTION, DIVISOR, DIVISOR.replace("denominator", SUM)),
    Mutant("mask squared", ATTENTION, MASK, MASK + " ** 2"),
    Mutant("mask on values, not on weights", ATTENTION, "= exponential @ mask", "= exponential @ (0 * mask + 1)"),
)  # fmt: skip


def load(monkeypatch: pytest.MonkeyPatch, mutant: Mutant | None) -> ModuleType:
    """The modules made anew from their sources, one of them changed, until the test ends; gives the last one."""
    for name in MODULES:
        original = import_module(f"bench.encode.{name}")
        assert original.__file__
        source = Path(original.__file__).read_text()
        if mutant and name == mutant.module:
            assert source.count(mutant.old) == 1, f"{mutant.name}: the line is no longer there; write the mutant anew"
            source = source.replace(mutant.old, mutant.new)
        module = ModuleType(original.__name__)
        module.__file__ = original.__file__
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(bench.encode, name, module)
        exec(compile(source, f"<{mutant.name if mutant else 'no'} mutant of {name}>", "exec"), module.__dict__)
    return module


def oracle_notices(module: ModuleType) -> list[str]:
    """The mask shapes for which production and the oracle differ, layer 3 of 4 first, and whose embedding does."""
    clip, sample, told = tiny.clip(), tiny.sample(), []
    for name, mask in SHAPES.items():
        if differs(lambda: module.GlobalSubtraction(clip, 3, sigma2=1.5)(sample, mask[None]), expect(name)):  # noqa: B023
            told.append(name)
    return told


def differs(run: Any, expected: Any) -> bool:
    """Whether a run gives other numbers than expected, or none at all."""
    try:
        found = run()
    except (UserError, RuntimeError, IndexError, ValueError):
        return True
    vector, s, w = (np.concatenate(part) if isinstance(part, list) else part for part in expected)
    return not (
        np.allclose(found.vectors[0], vector, rtol=0, atol=1e-4)
        and found.saliency[0].shape == s.shape
        and np.allclose(found.saliency[0], s, rtol=0, atol=1e-5)
        and np.allclose(found.weight[0], w, rtol=0, atol=1e-5)
    )


@cache
def load_golden() -> tuple[golden.Vectors, SimpleNamespace]:
    """The first seed's vectors and their tower."""
    vectors = golden.Vectors(*golden.load("masked_attention", golden.seeds("masked_attention")[0]))
    return vectors, attention.tower(vectors)


@cache
def expect(name: str) -> tuple[Any, ...]:
    """What the loop oracle makes of a mask shape."""
    clip, sample = tiny.clip(), tiny.sample()
    embedded = loop_oracle.embed(clip.visual, tiny.preprocess(sample.image), pixel_means(SHAPES[name]), 3, "gsub", 1.5)
    return tuple(embedded)


def golden_notices() -> list[str]:
    """The golden entries that differ; the paper's reading with one w over all heads, and masking alone."""
    (vectors, clip), told = load_golden(), []
    runs = {"ref_masked": ("encode=masked",), "paper_eq_outputs_concat": ("encode.saliency=outputs",)}
    for entry, words in runs.items():
        try:
            found = attention.embed(vectors, clip, *words)
            parts = {"": found.vectors, "_S": found.saliency, "_w": found.weight}
            for part, value in parts.items():
                if entry + part in vectors:
                    atol = attention.SALIENCY if part else attention.EMBEDDING
                    attention.FAMILY.check(entry + part, golden.Found(value, atol), vectors[entry + part])
        except (UserError, AssertionError, RuntimeError, IndexError, ValueError):
            told.append(entry)
    return told


def test_without_a_mutant_both_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machinery itself is no reason to fail."""
    assert oracle_notices(load(monkeypatch, None)) == [] and golden_notices() == []


@pytest.mark.thinned(16)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_noticed_by_the_oracle_and_by_the_golden_vectors(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load(monkeypatch, mutant)
    by_oracle, by_golden = oracle_notices(module), golden_notices()
    print(f"| {mutant.name} | {mutant.module} | {', '.join(by_oracle)} | {', '.join(by_golden)} |")
    assert by_oracle, "the loop oracle agrees with a wrong implementation"
    assert by_golden, "the golden vectors agree with a wrong implementation"
