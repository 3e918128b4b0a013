"""Section 3.2: upon which first masked layer the shared trunk depends."""

from __future__ import annotations

import pytest

from bench.encode.masked import Masked
from bench.errors import UsageError
from bench.settings.depends import collect_trunk_inputs
from bench.settings.start_layer import find_start_layer


class Fourth(Masked):
    def __init__(self, clip, start_layer: int = 4) -> None:
        super().__init__(clip, start_layer)


class Own(Masked):
    def __init__(self, clip, depth: int = 2) -> None:
        super().__init__(clip, clip.depth - depth)


@pytest.fixture(autouse=True)
def importable(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "own_masking", sys.modules[__name__])


def test_as_configured_and_else_as_the_constructor_says() -> None:
    assert find_start_layer({"_target_": "bench.encode.masked.Masked", "start_layer": 5}) == 5
    assert find_start_layer({"_target_": "own_masking.Fourth"}) == 4


def test_a_yaml_without_it_is_one_line_with_the_line_to_add() -> None:
    with pytest.raises(UsageError) as caught:
        find_start_layer({"_target_": "bench.encode.masked.Masked", "micro_batch": 1})
    told = str(caught.value)
    assert "encode.start_layer is missing" in told and "start_layer: ${models.start_layer}" in told
    assert "\n" not in told


def test_a_constructor_that_decides_by_itself_shares_a_trunk_with_nobody() -> None:
    two, three = (collect_trunk_inputs({"_target_": "own_masking.Own", "depth": depth}) for depth in (2, 3))
    assert two and three and two != three and two["source"]
