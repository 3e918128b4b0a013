"""A variant is called by the yaml that was chosen."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bench.settings.naming import USUAL, make_data_name, make_run_name, make_variant_name, name_by_choices
from bench.system.resources import find_conf_dir

SHIPPED = {"segment": "dino_ward", "caption": "zerocap_embedded", "merge": "siblings", "models": "embedded"}
TARGETS = {
    "encode": {"_target_": "mine.half_masking.Half"},
    "merge": {"_target_": "bench.merge.siblings.Siblings"},
    "data": {"_target_": "bench.data.toyscenes.ToyScenes", "split": "test", "name": "toyscenes"},
}


def settings(**choices: str) -> dict[str, Any]:
    return {**TARGETS, "choices": {**SHIPPED, **choices}}


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({"encode": "global_subtraction"}, "global_subtraction"),
        ({"encode": "crop"}, "crop"),
        ({"encode": "masked", "merge": "none"}, "masked-no_merge"),
        ({"encode": "unmasked", "segment": "whole", "merge": "none"}, "unmasked-whole-no_merge"),
        ({"encode": "half", "caption": "retrieval"}, "half-retrieval"),
        ({"encode": "half", "caption": "zerocap_paper", "models": "paper"}, "half"),
        ({"encode": "half", "caption": "zerocap_paper"}, "half-zerocap_paper"),
        ({"encode": "half", "merge": "greedy"}, "half-greedy"),
    ],
)
def test_names(choices: dict[str, str], name: str) -> None:
    assert name_by_choices(settings(**choices)) == name


def test_three_yamls_of_one_class_are_three_names_and_three_folders() -> None:
    runs = [settings(encode=name) for name in ("half", "quarter", "third")]
    assert [make_variant_name(run) for run in runs] == ["half", "quarter", "third"]
    assert len({make_run_name(run) for run in runs}) == 3


def test_settings_of_an_earlier_version_are_called_by_the_module() -> None:
    assert name_by_choices(TARGETS) == "half_masking"
    assert name_by_choices({**TARGETS, "merge": {"_target_": "bench.merge.none.NoMerge"}}) == "half_masking-no_merge"


def test_choices_change_no_number_and_so_not_the_run() -> None:
    named = {**TARGETS, "variant": "full"}
    assert make_run_name(named) == make_run_name({**named, "choices": SHIPPED})


def test_what_a_name_leaves_out_is_the_default() -> None:
    defaults = yaml.safe_load((find_conf_dir() / "config.yaml").read_text())["defaults"]
    assert {stage: usual for item in defaults if isinstance(item, dict) for stage, usual in item.items()} | USUAL == {
        stage: usual for item in defaults if isinstance(item, dict) for stage, usual in item.items()
    }


def test_a_folder_is_named_by_its_data_as_ever() -> None:
    """The names of folders outlive those of the functions that open a data set."""
    opened = {
        file.stem: make_data_name({"data": yaml.safe_load(file.read_text())})
        for file in (find_conf_dir() / "data").glob("*.yaml")
    }
    assert opened["voc"] == "voc" and opened["folder"] == "folder"
    assert opened == {name: name for name in opened}
