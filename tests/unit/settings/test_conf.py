"""The configuration: every option names a signature that fits, and the fixed names stay."""

import inspect
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.utils import get_object

from bench.commands.overrides import list_keys
from bench.protocol import UNTIL_KNOWN, Protocol
from bench.run.loading import MODELS
from bench.score.presets import list_libraries, list_presets, make_protocol
from bench.settings.compose import compose_config, list_groups, list_options, resolve_config
from bench.settings.ranges import RunSettings
from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

GROUPS = "data models segment encode caption merge baseline method score protocol experiment tracking executor"
KEYS = """segment.n segment.prune_threshold segment.crf encode.start_layer encode.sigma2 encode.saliency encode.heads
merge.threshold score.tau_sbert score.tau_clip score.tau_iou score.mapping score.aggregation
data.root data.split data.subset data.names device dtype seed store out"""
OPTIONS = [(group, option) for group in GROUPS.split() for option in list_options(group)]


def settings(*words: str) -> dict[str, Any]:
    """The configuration with some choices, unresolved where something has to be given."""
    return resolve_config(compose_config(words), complete=False)


def read_yaml(group: str, option: str) -> dict[str, Any]:
    found: dict[str, Any] = read_conf_yaml(find_conf_dir() / group / f"{option}.yaml") or {}
    return found


def chooses(group: str, option: str) -> bool:
    """Whether an option chooses those of other groups, so that only Hydra can say what it is."""
    return not all(isinstance(name, str) for name in read_yaml(group, option).get("defaults", ()))


def read_option(group: str, option: str) -> dict[str, Any]:
    """An option with what it inherits from options of its own group; its references are not resolved."""
    own = read_yaml(group, option)
    named = [name.partition("@") for name in own.pop("defaults", ()) if name != "_self_"]  # an option, or one at a key
    parents = [read_option(group, name) if not at else {at: read_option(group, name)} for name, _, at in named]
    return {key: value for one in [*parents, own] for key, value in one.items()}


def tuned(chosen: dict[str, Any]) -> tuple[Any, ...]:
    """What the tuning of a set of models may set: parts, T_DINO, start layer, sigma2, tau_merge."""
    segment, encode = chosen["segment"], chosen["encode"]
    cut = (segment["n"], segment["prune_threshold"])
    return (*cut, encode["start_layer"], encode["sigma2"], chosen["merge"]["threshold"])


def targets(node: Any, given: tuple[str, ...] = ()) -> list[tuple[str, set[str]]]:
    """Every `_target_` of a configuration with the arguments it will get."""
    if not isinstance(node, dict):
        return []
    own = [(node["_target_"], set(node) - {"_target_"})] if "_target_" in node else []
    return own + [t for value in node.values() for t in targets(value, given)]


def test_fixed_groups_and_keys() -> None:
    assert set(GROUPS.split()) == set(list_groups())
    assert set(KEYS.split()) <= set(list_keys())
    assert "none" in list_options("merge")


def test_the_page_of_runs_lists_the_fixed_names() -> None:
    text = (Path(__file__).parents[3] / "RUNS.md").read_text()
    assert all(f"`{group}`" in text or f" {group} " in text or f" {group}`" in text for group in GROUPS.split())


def test_keys_in_no_group_have_one_default_and_one_type_each() -> None:
    conf = yaml.safe_load((find_conf_dir() / "config.yaml").read_text())
    assert asdict(RunSettings()) == {key: conf[key] for key in conf if key not in ("defaults", "hydra")}
    assert asdict(RunSettings.read({"seed": 3, "data": {}})) == {**asdict(RunSettings()), "seed": 3}


def test_number_of_options_visited() -> None:
    """A test over the options is worth nothing if it visits few of them."""
    assert len(OPTIONS) == len(list(find_conf_dir().glob("*/*.yaml"))) >= 28


def check_signatures(found: list[tuple[str, set[str]]]) -> None:
    """Each target takes what it gets, and gets what it needs."""
    for target, arguments in found:
        parameters = inspect.signature(get_object(target)).parameters
        unknown = arguments - set(parameters)
        assert not unknown, f"{target} has no {unknown}"
        missing = {
            name for name, p in parameters.items()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        } - arguments - {*MODELS, "device", "dtype"}  # fmt: skip
        assert not missing, f"{target} needs {missing}"


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if not chooses(*pair)])
def test_every_option_fits_the_signature_it_names(group: str, option: str) -> None:
    found = targets(read_option(group, option))
    assert found or group == "method"
    check_signatures(found)


@pytest.mark.thinned(6)
@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if chooses(*pair)])
def test_options_that_are_chosen_together_fit(group: str, option: str) -> None:
    found = targets(settings(f"{group}={option}"))
    assert len(found) >= 10
    check_signatures(found)


def test_a_protocol_states_what_differs_and_paper_every_default() -> None:
    defaults = {name: p.default for name, p in inspect.signature(Protocol).parameters.items()}
    assert len(list_presets()) == 16 and len(list_libraries()) == 12
    composed = settings(*(f"+score@all.{name}={name}" for name in list_presets()))["all"]
    assert composed["soft"] == settings("score=soft")["score"]
    for name in list_presets():
        options = dict(composed[name])
        own = read_conf_yaml(find_conf_dir() / f"score/{name}.yaml")
        if name == "paper":
            assert make_protocol("paper") == Protocol() and set(own) - {"_target_"} == set(defaults)
        else:
            parent, itself = own.pop("defaults")
            usual = composed[parent]
            assert itself == "_self_" and parent in list_presets()
            assert all(value != usual[key] for key, value in own.items()), f"{name} repeats what {parent} says"
        background = options.pop("background")
        assert background in ("auto", "ignore", "class_if_any")
        assert set(options) - {"_target_"} == set(defaults) - {"background"}, "the whole of it is composed"
        known = {"background": UNTIL_KNOWN.get(background, background)}
        stated = Protocol(**{key: value for key, value in (options | known).items() if key != "_target_"})
        assert stated == make_protocol(name)


def test_a_protocol_of_one_s_own_says_what_differs_from_any_of_ours(tmp_path: Path) -> None:
    own = {"name": "mine", "tau_iou": 0.25, "empty": "zero"}
    (tmp_path / "score").mkdir()
    (tmp_path / "score/mine.yaml").write_text(yaml.safe_dump({"defaults": ["reference", "_self_"], **own}))
    mine = settings(f"hydra.searchpath=[file://{tmp_path}]", "score=mine")["score"]
    assert mine == {**settings("score=reference")["score"], **own}


def test_protocol_sets_method_and_score_at_once() -> None:
    reference, mixed = settings("protocol=reference"), settings("protocol=reference", "score=paper")
    assert reference["method"]["name"] == reference["score"]["name"] == "reference"
    assert mixed["method"]["name"] == "reference" and mixed["score"]["name"] == "paper"
    assert reference["segment"]["splits"] == "first_half" and reference["encode"]["saliency"] == "weights"


def test_the_captioner_follows_the_models() -> None:
    assert settings()["caption"]["candidates"] is None
    paper = settings("models=paper")["caption"]
    assert (paper["candidates"], paper["beams"], paper["tokens"], paper["iterations"]) == (512, 5, 15, 5)


def test_every_option_opens_with_what_it_is() -> None:
    for file in find_conf_dir().glob("*/*.yaml"):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
        assert lines[0].startswith("# "), f"{file.name} has no first line that says what it is"
        assert read_conf_yaml(file) is not None or file.stem == "none"


def test_the_paper_s_models_keep_the_paper_s_settings_and_the_embedded_ones_have_their_own() -> None:
    paper = settings("models=paper")
    # The paper: 20 parts, sigma2 2.5, tau_merge 0.8; T_DINO is the method's.
    assert tuned(paper)[0] == 20 and tuned(paper)[3:] == (2.5, 0.8)
    assert tuned(paper)[1] == paper["method"]["prune_threshold"]
    small, keys = settings(), yaml.safe_load((Path(find_conf_dir()) / "models/embedded.yaml").read_text())
    names = ("parts", "prune_threshold", "start_layer", "sigma2", "merge_threshold")
    assert tuned(small) == tuple(keys[name] for name in names)


@pytest.mark.parametrize("models", ["embedded", "paper"])
def test_a_tuned_setting_is_overridden_from_the_command_line(models: str) -> None:
    words = (
        "segment.n=7",
        "segment.prune_threshold=0.25",
        "encode.start_layer=3",
        "encode.sigma2=9",
        "merge.threshold=0.125",
    )
    assert tuned(settings(f"models={models}", *words)) == (7, 0.25, 3, 9, 0.125)
