"""Section 3.2: upon which first masked layer the shared trunk depends."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands.settings import compose_settings
from bench.encode.masked import Masked
from bench.errors import UsageError
from bench.models.inspected import count_layers
from bench.settings.check import check_settings
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


@pytest.mark.parametrize("layer", [7, 0, -7])
def test_a_layer_beyond_the_tower_is_one_line_before_anything_is_made(layer: int) -> None:
    told = f"^encode.start_layer={layer}: the image tower has layers 1 to 6, or -1 to -6 from its end$"
    with pytest.raises(UsageError, match=told):
        check_settings(compose_settings([f"encode.start_layer={layer}"]))


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    "words",
    [
        ["encode.start_layer=6"], ["encode.start_layer=-6"], ["encode=crop"],
        ["encode.start_layer=7", "baseline=groupvit", "models=paper"],
        ["encode.start_layer=24", "models=paper"], ["encode.start_layer=7", "models.clip.source=nobody/nothing"],
    ],
)  # fmt: skip
def test_a_layer_of_the_tower_or_of_one_that_does_not_tell_passes(words: list[str]) -> None:
    check_settings(compose_settings(words))


def test_layers_are_counted_by_name_folder_and_nothing(tmp_path: Path) -> None:
    assert count_layers({"source": "ViT-L-14-336-quickgelu", "pretrained": "openai"}) == 24
    assert count_layers({"source": "embedded:clip"}) == 6
    (tmp_path / "clip").mkdir()
    assert count_layers({"source": str(tmp_path / "clip")}) is None
    assert count_layers({"source": "RN50", "pretrained": "openai"}) is None
    assert count_layers({"source": str(tmp_path / "none")}) is None
