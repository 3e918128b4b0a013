"""Settings at the door: every number of every option has a finite range, and what is out of it is one line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Le
from hydra.utils import get_object

from bench.bounds import is_bounded, read_hints, read_span, split_union
from bench.commands.settings import compose_settings
from bench.errors import UsageError
from bench.settings import room
from bench.settings.check import BASELINE, GROUPS, check_settings
from bench.settings.compose import list_options
from bench.settings.ranges import DEFAULTS, MODELS, RUN

HUGE = (10**12, 1e300)
KEYS = 81
"""At least so many keys take a number, over all options of all groups."""
ODD = (math.nan, math.inf, -math.inf, 0, -1, *HUGE)
NEEDED = {
    "data=folder": ["data.root=photos"],
    "data=hub": ["data.root=photos", "data.layout=own.yaml"],
    "caption=retrieval": ["caption.words=[dog]"],
    "caption=captions": ["caption.words=[a dog]"],
}


@cache
def options() -> tuple[tuple[str, str], ...]:
    """Every option of every group that is no set of choices in others."""
    parts = [f"models/{part}" for part in ("clip", "dino", "language", "sentence", "groupvit", "sam")]
    return tuple((group, option) for group in (*GROUPS, BASELINE, *parts) for option in list_options(group))


@cache
def settings_with(group: str, option: str) -> dict[str, Any]:
    """The whole configuration with one option."""
    whole = ["models=paper", "baseline=groupvit", "segment=sam"] * group.startswith("models/")
    words = [*whole, f"{group}={option}", *NEEDED.get(f"{group}={option}", [])]
    return compose_settings(words)


def walked(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every leaf of a group with its key."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walked(value, f"{where}.{key}")
    else:
        yield where, node


def parameters(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every parameter of the classes that a group names, those that its yaml leaves out too, with its hint."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield from ((f"{where}.{key}", hint) for key, hint in read_hints(get_object(node["_target_"])).items())
        for key, value in node.items():
            yield from parameters(value, f"{where}.{key}")


def numbers(group: str, option: str) -> dict[str, Any]:
    """Every key of an option that takes a number, by its hint or since its value is one, with the hint if any."""
    name = group.partition("/")[0]
    node = settings_with(group, option)[name]
    hints = {key: (DEFAULTS | MODELS).get(key, hint) for key, hint in parameters(node, name)} | DEFAULTS
    taken = [key for key, value in walked(node, name) if type(value) in (int, float)]
    taken += [k for k, hint in hints.items() if any(e in (int, float) or read_span(e) for e in split_union(hint))]
    return {key: hints.get(key) for key in taken if key.startswith(f"{name}.")}


def changed(settings: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Settings with one of them changed; the rest is shared."""
    first, *rest = key.split(".")
    return {**settings, first: changed(settings[first], ".".join(rest), value) if rest else value}


@pytest.mark.slow
def test_every_number_of_every_option_has_a_finite_range_and_nothing_else_is_taken(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "measure_memory", lambda: 1 << 34)
    tried: list[tuple[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for group, option in options():
        settings, found = settings_with(group, option), numbers(group, option)
        for key, hint in found.items():
            assert hint is not None and is_bounded(read_span(hint)), f"{key} of {group}={option} has no finite range"
            if (key, str(hint)) in seen:  # of another option of the same class
                continue
            seen.add((key, str(hint)))
            tried += [(key, odd) for odd in ODD]
            for odd in ODD:
                told = refusal(changed(settings, key, odd))
                if told is None:
                    ends = read_span(hint)
                    assert odd in (0, -1) and ends["ge"] <= odd <= ends["le"], f"{key}={odd} was taken"
                else:
                    assert key.rpartition(".")[2] in told and "\n" not in told, told
    keys = {key for key, _ in tried}
    assert len(keys) >= KEYS and len(tried) >= len(ODD) * KEYS, (len(keys), len(tried), sorted(keys))


def refusal(settings: dict[str, Any]) -> str | None:
    """What the door says of settings; None where it lets them in."""
    try:
        check_settings(settings)
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.thinned(6)
@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("segment.n", 2.0, "segment.n=2.0: needs a whole number from 1 to 32767"),
        ("segment.n", True, "segment.n=True: needs a whole number from 1 to 32767"),
        ("segment.n", 1e3, "segment.n=1000.0: needs a whole number from 1 to 32767"),
        ("encode.sigma2", True, "encode.sigma2=True: needs a number from 1e-09 to 1e+06"),
        ("encode.sigma2", 2, None),
        ("segment.prune_threshold", math.nan, "segment.prune_threshold=nan: must be from -1 to 2 (it is compared"),
        ("segment.prune_threshold", math.inf, "segment.prune_threshold=inf: must be from -1 to 2 (it is compared"),
        ("merge.threshold", 5, "merge.threshold=5: must be from -1 to 1 (it is compared with a cosine; merge=none"),
        ("merge.threshold", -1, None),
        ("score.level", 1, "score.level=1: must be above 0 and below 1"),
        ("score.tau_sbert", 2, "score.tau_sbert=2: must be from -1 to 1"),
        ("score.tau_sbert", None, None),
        ("score.metrics", ["iou", "tgq", "iou"], "score.metrics=[iou, tgq, iou]: iou stands there twice; name each"),
        ("score.mapping", ["tt", "tt"], "score.mapping=[tt, tt]: tt stands there twice"),
        ("score.aggregation", ["image", "image"], "image stands there twice"),
        ("score.breakdown", ["size", "size"], "size stands there twice"),
        ("controls", ["shuffled", "shuffled"], "shuffled stands there twice"),
        ("segment.crf.bilateral_srgb", 0, "segment.crf.bilateral_srgb=0: must be from 0.5 to 1000"),
        ("segment.crf.iterations", -1, "segment.crf.iterations=-1: must be from 0 to 1000"),
        ("executor.workers", "some", "executor.workers=some: needs a whole number from 1 to 1000000000 or one of auto"),
        ("executor.workers", "auto", None),
        ("store", " ", "store= : is empty; name one, store=PATH"),
        ("data.root", "", "data.root=: is empty; name one, data.root=PATH, or none, data.root=null"),
        ("data.root", 2012, "data.root=2012: needs a text or a path or null"),
        ("device", "meta", "device=meta: known are auto, cpu, cuda"),
        ("device", "cuda:x", "device=cuda:x: known are"),
        ("models.dino", None, "models.dino=null: segment=dino_ward needs it; leave that out, or choose models/dino=…"),
        ("models.clip", None, "models.clip=null: "),
        ("models.sentence", None, "models.sentence=null: scoring by text (TT) needs it"),
        ("models.sam", None, None),  # which nothing of this run names
        ("encode.saliency", "output", "encode.saliency=output: needs one of outputs, weights"),
        ("encode.heads", "all", "encode.heads=all: needs one of concat, per_head_mean, per_head_separate"),
        ("models.dino.size", "big", "models.dino.size=big: needs a whole number from 1 to 100000"),
    ],
)
def test_one_setting(key: str, value: Any, told: str | None) -> None:
    settings = compose_settings([]) | {"choices": {"segment": "dino_ward"}}  # as a command's words leave them
    found = refusal(changed(settings, key, value))
    assert found == told if told is None else told in str(found)


def test_a_fill_that_is_none_is_refused_at_the_door() -> None:
    told = "encode.fill=pink: needs one of black, mean, white, blur"
    assert refusal(changed(compose_settings(["encode=crop"]), "encode.fill", "pink")) == told


class Mine:
    """A variant with keys of its own: one with a range, one without."""

    def __init__(self, clip: Any, share: Annotated[float, Ge(0), Le(1)] = 0.5, far: float = 1, more: Any = 0) -> None:
        raise AssertionError("never made at the door")

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"share": 1.5}, "encode.share=1.5: must be from 0 to 1"),
        ({"share": 1.0, "far": 1e300}, None),
        ({"far": math.nan}, "encode.far=nan: must be a finite number"),
        ({"more": [1, {"deep": -math.inf}]}, "encode.more.deep=-inf: must be a finite number"),
        ({"shrae": 1}, f"encode.shrae: no such key of {__name__}.Mine (did you mean 'share'?)"),
    ],
)
def test_variants_of_ones_own_are_looked_at_too(own: dict[str, Any], told: str | None) -> None:
    settings = compose_settings([])
    assert refusal({**settings, "encode": {"_target_": f"{__name__}.Mine", **own}}) == told


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nothing.at.all", "encode._target_=nothing.at.all: cannot be imported (No module named 'nothing'); write"),
        ("bench.encode.masked.Maskd", "encode._target_=bench.encode.masked.Maskd: cannot be imported ("),
        ("os.getcwd", "encode._target_=os.getcwd: is no encode; it has to be a class with __call__()"),
        ("collections.OrderedDict", "is no encode; it has to be a class with __call__()"),
        ("", "encode._target_=: cannot be imported"),
    ],
)
def test_a_target_exists_and_is_a_stage(target: str, told: str, capfd: Any) -> None:
    found = str(refusal(changed(compose_settings([]), "encode._target_", target)))
    assert told in found and "\n" not in found
    assert capfd.readouterr() == ("", ""), "nothing beside the line"


def test_a_group_that_was_taken_away_is_named() -> None:
    settings = compose_settings([])
    assert refusal({k: v for k, v in settings.items() if k != "encode"}) == (
        "encode: is not there, and every run needs it; give encode=…"
    )
    assert "data.subset={'x': 1}: needs a text or null" in str(refusal(changed(settings, "data.subset", {"x": 1})))
    told = str(refusal(changed(settings, "models.clip._target_", "os.getcwd")))
    assert told == "models.clip._target_=os.getcwd: is no models.clip; it has to be a class"
    assert "encode: names no class" in str(refusal({**settings, "encode": {"micro_batch": 1}}))


@pytest.mark.parametrize("odd", ODD)
def test_numbers_in_no_group(odd: float) -> None:
    settings = compose_settings([])
    keys = [key for key, hint in RUN.items() if read_span(hint)]
    assert keys == ["seed", "pictures"]
    for key in keys:
        if odd != 0:
            with pytest.raises(UsageError, match=f"^{key}=.*0 to"):
                check_settings(changed(settings, key, odd))
