"""A configuration is what Hydra composes from the same words, whether a process has seen its options before or not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bench.settings import compose as composing
from bench.settings.compose import compose_config
from bench.system.resources import find_conf_dir

COMPOSED = [
    [],
    ["store=/tmp/x", "seed=3", "out='a b'", "variant=null"],
    ["encode=crop", "score.tau_sbert=0.25", "experiment=paper_sigma2", "merge.threshold=0.5"],
    [
        "score.mapping=[exact,tt]",
        "+score@others.at0=soft",
        "score=reference",
        "score.breakdown=[size]",
        "score.level=.9",
    ],
    ["+caption.more={a: 1}", "++seed=4", "models=embedded", "controls=[]", "data.subset='first:2'", "seed=5"],
    ["pictures=0", "hydra.verbose=true", "tuned_on=${out}"],
]
REFUSED = [
    ["score.tau_sbrt=1"],
    ["encode=crp"],
    ["encode.sigma2=1", "encode=crop"],
    ["sead=1"],
    ["out=a,b"],
    ["seed"],
    ["encode=1", "seed=[1"],
]


def compose_by_hydra(words: list[str]) -> OmegaConf:
    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        return compose("config", words, return_hydra_config=True)


@pytest.mark.thinned(4)
@pytest.mark.parametrize("words", COMPOSED)
def test_it_is_hydras(words: list[str]) -> None:
    wanted = OmegaConf.to_yaml(compose_by_hydra(words))
    assert [OmegaConf.to_yaml(compose_config(words)) for _ in range(2)] == [wanted, wanted]


@pytest.mark.thinned(2)
@pytest.mark.parametrize("words", REFUSED)
def test_what_hydra_refuses_is_refused_in_its_words(words: list[str]) -> None:
    said = []
    for make in (compose_by_hydra, compose_config):
        with pytest.raises((HydraException, OmegaConfBaseException)) as caught:
            make(words)
        said.append((type(caught.value), str(caught.value), str(caught.value.__cause__)))
    assert said[0] == said[1]


def test_tests_read_each_yaml_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a composition of the tests cheap, which a new version of Hydra might undo without a word."""
    composing._compose("config", ["encode=crop"])
    monkeypatch.setattr("yaml.load", None)
    assert composing._compose("config", ["encode=crop", "seed=3"]).seed == 3


def test_tests_merge_to_what_hydra_merges(monkeypatch: pytest.MonkeyPatch) -> None:
    """From where an earlier choice parts; after one that fails, too; with all that OmegaConf knows of each value."""
    words = (["encode=crop"], ["encode=crop", "experiment=paper_sigma2"], [])

    def compose_all() -> list[object]:
        with pytest.raises(HydraException, match="Could not find 'encode/crp'"):
            composing._compose("config", ["encode=crp"])
        return [list_values(composing._compose("config", each)) for each in words]

    found = compose_all()
    merge = ConfigLoaderImpl._compose_config_from_defaults_list
    monkeypatch.setattr(ConfigLoaderImpl, merge.__name__, merge.__wrapped__)
    assert found == compose_all()


def list_values(node: Any) -> list[object]:
    """List every value below a node with its types and flags."""
    about = node._metadata
    content = node.__dict__.get("_content")
    below = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    flags = {name: flag for name, flag in about.flags.items() if flag is not None}
    own = [type(node), about.ref_type, about.object_type, about.optional, about.key, flags]
    return [*own, [list_values(each) for each in below] or node._value()]


def test_an_edited_option_counts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = Path(shutil.copytree(find_conf_dir(), tmp_path / "conf"))
    monkeypatch.setattr(composing, "find_conf_dir", lambda: conf)
    assert compose_config(["score.seed=2"]).score.tau_iou == 0.5
    paper = conf / "score" / "paper.yaml"
    paper.write_text(paper.read_text().replace("tau_iou: 0.5", "tau_iou: 0.75"))
    assert compose_config(["score.seed=2"]).score.tau_iou == 0.75
    changed = compose_config([])
    changed.score.tau_iou = 0.1
    assert compose_config([]).score.tau_iou == 0.75, "what one caller does to it no other sees"


@pytest.mark.thinned(2)
@pytest.mark.parametrize("others", [0, 3])
def test_an_edited_option_of_one_s_own_counts_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """It is composed once however often it is asked for; with many files beside it, each time."""
    monkeypatch.setattr(composing, "_MANY", 4)
    (tmp_path / "encode").mkdir()
    for at in range(others):
        (tmp_path / f"{at}.png").touch()
    asked: list[object] = []
    plain = composing._compose
    monkeypatch.setattr(composing, "_compose", lambda *words: asked.append(words) or plain(*words))
    for value in (0.25, 0.5):
        (tmp_path / "encode/mine.yaml").write_text(f"{{_target_: own.Mine, share: {value}}}\n# {value}")
        found = [compose_config(["encode=mine", f"seed={seed}"], str(tmp_path)) for seed in (1, 2)]
        assert [(one.encode.share, one.seed) for one in found] == [(value, 1), (value, 2)]
        assert [list(one.hydra.overrides.task) for one in found] == [["encode=mine", f"seed={seed}"] for seed in (1, 2)]
        assert len(found[1].hydra.overrides.hydra) == 1, "where the folder is"
    assert len(asked) == (4 if others else 2)
