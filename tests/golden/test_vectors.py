"""Every golden array and every result in a json, of every seed in the folder, against the production path."""

from __future__ import annotations

import pytest

from tests.golden import attention, crf, golden, merge, ward, zerocap
from tests.golden.golden import Family

pytestmark = pytest.mark.golden
MADE = (attention.FAMILY, ward.FAMILY, crf.FAMILY, zerocap.FAMILY, merge.FAMILY)
DEAR = (attention.FAMILY, zerocap.FAMILY, crf.FAMILY)
PAIRS = [(family, seed) for family in MADE for seed in golden.seeds(family.name)]


def mark(family: Family, seed: str) -> list[pytest.MarkDecorator]:
    """Of what takes longer than all other families together the first seed alone is quick."""
    return [pytest.mark.slow] * (family in DEAR and seed != golden.seeds(family.name)[0])


SEEDS = [pytest.param(family, seed, id=f"{family.name}-{seed}", marks=mark(family, seed)) for family, seed in PAIRS]
RESULTS = [
    pytest.param(family, seed, entry, id=f"{family.name}-{seed}-{entry}", marks=mark(family, seed))
    for family, seed in PAIRS
    for entry in golden.list_entries(family.name, seed)
    if family.kind(entry) == "result"
]


@pytest.mark.parametrize(("family", "seed", "entry"), RESULTS)
def test_production_makes_it(family: Family, seed: str, entry: str) -> None:
    vectors, found, _ = golden.produced(family, seed)
    assert entry in found, f"{entry} of {family.name}_{seed} is neither given nor compared"
    family.check(entry, found[entry], vectors.entries[entry])


@pytest.mark.parametrize(("family", "seed"), SEEDS)
def test_no_entry_is_left_out_and_no_expected_number_is_read(family: Family, seed: str) -> None:
    """Production read what is given and nothing else, and every other entry is compared or said to be no result."""
    vectors, found, read = golden.produced(family, seed)
    kinds = {kind: {e for e in vectors if family.kind(e) == kind} for kind in ("given", "not a result", "result")}
    assert found.keys() == kinds["result"]
    assert read == kinds["given"]
    assert all(reason for reason in family.not_results.values())
