"""`method=`, `score=` and `protocol=`: every difference between the paper and its implementation, row by row."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bench.merge.siblings import Siblings
from bench.records import Sample
from bench.run.context import RunContext
from bench.run.job import prepare_folder
from bench.run.similarities import SimilarityModels
from bench.settings.check import check_settings
from bench.settings.instantiate import make_object
from bench.system.resources import find_conf_dir
from tests.unit.encode import tiny

METHOD = [
    # row of the protocol, key, the paper's value, the reference's, another value (None: the two are all there are)
    ("second stage: threshold", "segment.prune_threshold", 0.9, 0.95, 0.5),
    ("second stage: splits", "segment.splits", "all", "first_half", None),
    ("refinement: size", "segment.crf.size", "loaded", "loaded", "image"),
    ("leaf lost in the CRF", "segment.lost", "promote", "shift", None),
    ("saliency S_l", "encode.saliency", "outputs", "weights", None),
    ("heads", "encode.heads", "concat", "per_head_mean", "per_head_separate"),
    ("ZeroCap: probabilities", "caption.normalisation", "beam", "joint", None),
    ("ZeroCap: end of the text", "caption.final", "stop", "cut_last", None),
    ("merging: order of labels", "merge.order", "leaves", "reference", None),
]
NO_CLASS = ["background", "unlabelled", "unlabeled", "void", "nothing", "none", "unknown", "other", "n/a"]
SCORE = [
    ("floating point", "score.rounding", 6, None, 4),
    ("segment recall", "score.recall", "paper", "reference", None),
    ("TGQ: mean", "score.tgq", "micro", "macro", None),
    ("empty prediction", "score.empty", "zero", "skip", None),
    ("texts that mean no class", "score.no_class", NO_CLASS, [], ["sky"]),
]
SAME = [
    # what the reference settles where the paper is silent: one value for both, and one that may be chosen
    ("input", "models.dino.size", 224, 112),
    ("stride", "models.dino.stride", 2, 4),
    ("backbone: layer", "models.dino.layer", -1, 5),
    ("backbone: facet", "models.dino.facet", "key", "token"),
    ("clustering", "segment.n", 20, 30),
    ("refinement: iterations", "segment.crf.iterations", 10, 5),
    ("refinement: kernel", "segment.crf.gaussian_sxy", 1.0, 3.0),
    ("refinement: kernel", "segment.crf.gaussian_compat", 25.0, 3.0),
    ("refinement: kernel", "segment.crf.bilateral_sxy", 5.0, 67.0),
    ("refinement: kernel", "segment.crf.bilateral_srgb", 13.0, 3.0),
    ("refinement: kernel", "segment.crf.bilateral_compat", 100.0, 4.0),
    ("layers", "encode.start_layer", 21, 20),
    ("weight", "encode.sigma2", 2.5, 5.0),
    ("ZeroCap: prompt", "caption.prompt", "Image of a", "A photo of"),
    ("ZeroCap: beams", "caption.beams", 5, 3),
    ("ZeroCap: tokens", "caption.tokens", 15, 4),
    ("ZeroCap: iterations", "caption.iterations", 5, 1),
    ("ZeroCap: step", "caption.step", 0.3, 1.0),
    ("ZeroCap: gradient norm", "caption.grad_norm_factor", 0.9, 1.0),
    ("ZeroCap: clip scale", "caption.clip_scale", 1.0, 2.0),
    ("ZeroCap: fluency", "caption.fluency_scale", 0.2, 0.4),
    ("ZeroCap: temperature", "caption.clip_temperature", 0.01, 0.1),
    ("ZeroCap: candidates", "caption.candidates", 512, 64),
    ("ZeroCap: fusion", "caption.fusion", 0.99, 0.9),
    ("ZeroCap: repetition", "caption.repetition_penalty", 1.0, 1.2),
    ("ZeroCap: end token", "caption.end_token", ".", "!"),
    ("ZeroCap: end factor", "caption.end_factor", 1.1, 1.0),
    ("ZeroCap: end factor", "caption.end_start_factor", 1.6, 1.0),
    ("ZeroCap: forbidden ids", "caption.forbidden", "gpt2", "none"),
    ("ZeroCap: forbidden ids", "caption.forbidden_factor", 20, 1.0),
    ("ZeroCap: choice among beams", "caption.clip_prompt", "Image of a {}.", "{}"),
    ("merging", "merge.threshold", 0.8, 0.7),
    ("threshold", "score.tau_sbert", 0.5, 0.4),
    ("threshold", "score.tau_clip", 0.1, 0.2),
    ("segment recall: threshold", "score.tau_iou", 0.5, 0.25),
    ("IoU", "score.aggregation", ["image"], ["dataset"]),
    ("representative", "score.representative", "union", "argmax"),
    ("void", "score.void", "ignore", "count"),
    ("background", "score.background", "auto", "voc"),
]
CHOICES = [
    (key, paper if base == "reference" else reference, base)
    for _, key, paper, reference, _ in METHOD + SCORE
    for base in ("paper", "reference")
    if paper != reference
]
OTHERS = [(key, other, "paper") for *_, key, _, other in SAME]
OTHERS += [(key, other, base) for _, key, _, _, other in METHOD + SCORE if other for base in ("paper", "reference")]


@cache
def compose_once(*words: str) -> Any:
    """A composition, its references not yet resolved; composing takes a fifth of a second, so each is done once."""
    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        return compose("config", ["models=paper", *words])


@cache
def settings(*words: str) -> dict[str, Any]:
    """The resolved configuration with the paper's models. Look, do not touch."""
    found: dict[str, Any] = OmegaConf.to_container(compose_once(*words), resolve=True)  # type: ignore[assignment]
    return found


def set_key(key: str, value: Any, *words: str) -> dict[str, Any]:
    """The resolved configuration with one key set, as an override of a key sets it."""
    config = copy.deepcopy(compose_once(*words))
    OmegaConf.update(config, key, value, merge=False)
    found: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    return found


def read(node: dict[str, Any], key: str) -> Any:
    """A key with dots."""
    for part in key.split("."):
        node = node[part]
    return node


def flat(node: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(node, dict):
        return {name: node}
    return {k: v for key, value in node.items() for k, v in flat(value, f"{name}.{key}".strip(".")).items()}


@pytest.mark.thinned(3)
@pytest.mark.parametrize("models", ["paper", "embedded"])
@pytest.mark.parametrize("choice", ["method", "protocol"])
def test_reference_selects_every_difference_of_prediction(choice: str, models: str) -> None:
    found = settings(f"models={models}", f"{choice}=reference")
    assert {key: read(found, key) for _, key, *_ in METHOD} == {key: value for _, key, _, value, _ in METHOD}


def test_paper_is_the_default_of_every_row() -> None:
    expected = {key: value for _, key, value, *_ in METHOD + SCORE}
    for words in ((), ("method=paper", "score=paper"), ("protocol=paper",)):
        found = settings(*words)
        assert {key: read(found, key) for key in expected} == expected


@pytest.mark.thinned(2)
@pytest.mark.parametrize("choice", ["score", "protocol"])
def test_reference_selects_every_difference_of_scoring(choice: str) -> None:
    found = settings(f"{choice}=reference")
    assert {key: read(found, key) for _, key, *_ in SCORE} == {key: value for _, key, _, value, _ in SCORE}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("protocol", ["paper", "reference"])
def test_where_both_agree_both_have_the_value(protocol: str) -> None:
    found = settings(f"protocol={protocol}")
    assert [(key, read(found, key)) for _, key, *_ in SAME] == [(key, value) for _, key, value, _ in SAME]
    assert read(settings(f"protocol={protocol}", "encode=crop"), "encode.fill") == "black"


def test_nothing_else_differs_between_the_two() -> None:
    """The tables above are complete: a key that differs stands in them."""
    paper, reference = (flat(settings(f"protocol={name}")) for name in ("paper", "reference"))
    differ = {key for key in paper.keys() | reference.keys() if paper.get(key) != reference.get(key)}
    told = {key for _, key, first, second, _ in METHOD + SCORE if first != second}
    assert {key for key in differ if not key.startswith("method.")} == told | {"score.name"}


@pytest.mark.thinned(5)
@pytest.mark.parametrize(("key", "value", "base"), CHOICES + OTHERS)
def test_each_is_an_option_of_its_own(key: str, value: Any, base: str) -> None:
    before, after = settings(f"protocol={base}"), set_key(key, value, f"protocol={base}")
    check_settings(after)
    old = flat(before)
    changed = {k for k, v in flat(after).items() if old.get(k, "absent") != v}
    assert changed == {key} and read(after, key) == value != read(before, key)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("protocol", ["paper", "reference"])
def test_the_record_states_all_of_them(protocol: str, tmp_path: Path) -> None:
    folder = prepare_folder(settings(f"protocol={protocol}", f"out={tmp_path}"))
    record = flat(yaml.safe_load((folder / "config.yaml").read_text()))
    column = 2 if protocol == "paper" else 3
    assert {row[1]: record[row[1]] for row in METHOD + SCORE} == {row[1]: row[column] for row in METHOD + SCORE}
    assert record["method.name"] == record["score.name"] == protocol


def test_a_method_states_what_its_stages_take() -> None:
    """No key of a method that no stage reads, and none that only one of the two states."""
    keys = [set(settings(f"method={name}")["method"]) for name in ("paper", "reference")]
    assert keys[0] == keys[1]
    stages = [(words, flat(settings(*words))) for words in (("encode=crop",), ())]
    for key in keys[0] - {"name"}:
        moved = {
            k for words, old in stages for k, v in flat(set_key(f"method.{key}", 0.123, *words)).items() if old[k] != v
        }
        assert any(not k.startswith("method.") for k in moved), f"method.{key} changes no stage"


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("choice", "saliency"), [("paper", "outputs"), ("reference", "weights")])
def test_the_stages_obey(choice: str, saliency: str) -> None:
    """The objects that a run makes, not only its settings."""
    chosen = settings(f"method={choice}", "encode.start_layer=2")
    clip = tiny.clip()
    segmenter, encoder, merger = (
        make_object(chosen["segment"], dino=None),
        make_object(chosen["encode"], clip=clip),
        make_object(chosen["merge"]),
    )
    assert (segmenter.splits, segmenter.lost) == {"paper": ("all", "promote"), "reference": ("first_half", "shift")}[
        choice
    ]
    assert segmenter.prune_threshold == {"paper": 0.9, "reference": 0.95}[choice] and segmenter.crf.size == "loaded"
    assert isinstance(merger, Siblings) and merger.order == {"paper": "leaves", "reference": "reference"}[choice]
    other = {"outputs": "weights", "weights": "outputs"}[saliency]
    mask = np.zeros((1, 18, 24), bool)
    mask[:, 4:12, 6:14] = True
    both = [
        make_object(chosen["encode"] | {"saliency": s}, clip=clip)(tiny.sample(), mask).saliency
        for s in (saliency, other)
    ]
    made = encoder(Sample("noise", tiny.sample().image), mask).saliency
    assert (made == both[0]).all() and not np.allclose(made, both[1], atol=1e-3)


def test_mean_over_heads_is_what_the_reference_s_saliency_always_was() -> None:
    """With attention weights there are no concatenated heads: concat means the mean over heads, too."""
    clip, mask = tiny.clip(), torch.ones(1, 18, 24).bool().numpy()
    mask[:, :9] = False
    own = settings("method=reference", "encode.start_layer=2")["encode"]
    vectors = [
        make_object(own | {"heads": heads}, clip=clip)(tiny.sample(), mask).vectors
        for heads in ("concat", "per_head_mean")
    ]
    assert (vectors[0] == vectors[1]).all()


@pytest.mark.parametrize(("choice", "raw"), [("paper", False), ("reference", True)])
def test_identical_strings_stay_raw_where_nothing_is_rounded(choice: str, raw: bool, tmp_path: Path) -> None:
    """Protocol by protocol, whoever predicted."""
    context = RunContext(settings("models=embedded", f"score={choice}", f"store={tmp_path}"))
    models = SimilarityModels(context, None).round_by(context.settings["score"]["rounding"])  # type: ignore[arg-type]
    assert models.tt.raw is raw
    assert models.round_by(6).tt.raw is False and models.round_by(None).tt.raw is True
