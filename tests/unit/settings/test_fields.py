"""Fields of a stage's class are keys of a run, whether its yaml lists them or not; a mistyped one stays unknown."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from hydra.utils import get_object

from bench.commands.settings import compose_settings
from bench.errors import UsageError
from bench.settings.compose import list_options
from bench.settings.fields import list_fields

MINE = """
from dataclasses import dataclass
from typing import Annotated, ClassVar

from bench.encode.masking import MaskedEncoder


@dataclass(eq=False)
class Keys(MaskedEncoder):
    share: Annotated[float, "0 to 1"] = 0.5
    needed: int
    fixed: ClassVar[int] = 3
    source = "mine"


raise RuntimeError("read, never run")
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_masked_keys.py").write_text(MINE)
    (tmp_path / "encode").mkdir()
    text = "_target_: my_masked_keys.Keys\nstart_layer: ${models.start_layer}\n"
    (tmp_path / "encode/mine.yaml").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return str(tmp_path)


def test_a_field_that_the_yaml_does_not_list_is_a_key(mine: str) -> None:
    settings = compose_settings(["encode=mine", "encode.share=0.3", "encode.micro_batch=2"], mine)
    assert settings["encode"]["share"] == 0.3 and settings["encode"]["micro_batch"] == 2
    assert "my_masked_keys" not in sys.modules


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", ["shar", "fixed", "source", "clip", "needed", "share.more"])
def test_what_is_no_field_with_a_default_is_no_key(key: str, mine: str) -> None:
    with pytest.raises(UsageError, match=f"encode.{key}: no such key"):
        compose_settings(["encode=mine", f"encode.{key}=1"], mine)


def test_the_fields_are_those_that_the_class_says() -> None:
    """Read from the source as Python reads them: all with a default of every encoder's dataclass."""
    for name, file in list_options("encode").items():
        target = yaml.safe_load(file.read_text())["_target_"]
        made = [field.name for field in fields(get_object(target)) if field.name in get_object(target).__annotations__]
        assert set(made) - {"clip", "dino", "start_layer"} <= set(list_fields(target)), name
    assert list_fields("no_such_module.Class") == list_fields("bench.encode.crop.None") == list_fields("x") == []
