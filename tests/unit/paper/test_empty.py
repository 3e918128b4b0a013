"""What fills an empty cell: every line that is printed can be pasted, and then says what it is to say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from bench.commands.paper import OWN, _plan
from bench.commands.words import prepare_words
from bench.metrics.iou import compute_iou
from bench.metrics.registry import Metric
from bench.paper import empty
from bench.paper.cells import make_table
from bench.paper.definition import TABLE, Item
from bench.paper.empty import find_settings, find_word, list_missing
from bench.paper.plan import Need, Plan, compose_need
from bench.paper.reading import read_definitions
from bench.paper.sources import Sources
from bench.settings.check import check_settings

PAPER_SIZE = ("models=paper", "data=voc")


def list_fillers(item: Item, typed: Sequence[str]) -> Iterator[str]:
    """All lines that fill something of an item of which nothing is there, and of which all but ratings are."""
    plan = _plan([item], typed, [])
    nothing = Sources({}, {}, dict.fromkeys(plan.distinct, "no finished run"), typed=typed)
    yield from (lack.fills for lack in list_missing(plan, nothing))
    if item.kind == TABLE:
        yield from (cell.fills for cell in make_table(item, plan, nothing).cells.values() if cell.fills)


def paste(line: str, tmp: Path) -> None:
    """Let a line of `zgs run` or `zgs paper` through everything that looks at words and settings before any model."""
    words = shlex.split(line)
    assert words[0] == "zgs" and words[1] in ("run", "paper"), line
    settings = [word for word in words[2:] if "=" in word]
    names = [word for word in words[2:] if "=" not in word]
    settings = [word.replace("=FOLDER", f"={tmp}").replace("=FILE", f"={tmp / 'file.csv'}") for word in settings]
    if words[1] == "run":
        assert not names
        check(compose_need(tuple(settings), tuple(prepare_words(settings))))
        return
    own = [word for word in settings if word.partition("=")[0] in OWN]
    plan: Plan = _plan(read_definitions(names), [word for word in settings if word not in own], [])
    assert plan.named
    for need in plan.distinct.values():
        check(need)


def check(need: Need) -> None:
    check_settings({key: value for key, value in need.settings.items() if key != "choices"})


@pytest.mark.parametrize(
    ("typed", "items", "least"),
    [
        pytest.param((), ["table1", "table4", "figure7"], 3, id="drawn, some"),
        pytest.param((), ["all"], 20, id="drawn", marks=pytest.mark.slow),
        pytest.param(PAPER_SIZE, ["all"], 20, id="paper", marks=pytest.mark.slow),
    ],
)
def test_every_line_that_fills_something_can_be_pasted(
    typed: tuple[str, ...], items: list[str], least: int, tmp_path: Path
) -> None:
    lines = {line for item in read_definitions(items) for line in list_fillers(item, typed)}
    assert len(lines) >= least and any("models.groupvit.source=FOLDER" in line for line in lines)
    for line in lines:
        paste(line, tmp_path)


def test_weights_that_are_typed_count_for_the_row_that_has_them(tmp_path: Path) -> None:
    weights = f"models.groupvit.source={tmp_path}"
    plan = _plan(read_definitions(["table4", "figure7"]), [weights, "baseline.size=64"], [])
    assert plan.partial == {weights: ("GroupViT",), "baseline.size=64": ("GroupViT",)}
    for item in plan.items:
        rows = {row.name: plan.list_needs(item, row)[0] for row in item.rows}
        assert rows["GroupViT"].settings["models"]["groupvit"]["source"] == str(tmp_path)
        assert weights in rows["GroupViT"].words and weights not in rows["Ours"].words
        (row,) = (row for row in item.rows if row.optional)
        assert row.is_given([weights]) and not row.is_given(["models=paper"])


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("models.groupvit.sorce=x", "models.groupvit.sorce: no such key"),
        ("models.gruopvit.source=x", "models.gruopvit.source: no such key"),
        ("encode.sigmaa2=1", "encode.sigmaa2: no such key; did you mean encode.sigma2"),
    ],
)
def test_a_word_that_no_run_has_is_an_error(word: str, told: str) -> None:
    from bench.errors import UsageError

    with pytest.raises(UsageError, match=told):
        _plan(read_definitions(["table4"]), [word], [])


def test_a_failed_run_whose_weights_were_typed_says_what_failed(tmp_path: Path) -> None:
    """Untyped, the row is what not everybody has; typed, it is a run like any other."""
    (item,) = read_definitions(["table4"])
    for typed, why in (((), "GroupViT's weights are not here"), ((f"models.groupvit.source={tmp_path}",), "damaged")):
        plan = _plan([item], typed, [])
        lacks = list_missing(plan, Sources({}, {}, dict.fromkeys(plan.distinct, "damaged"), typed=typed))
        (lack,) = (lack for lack in lacks if "groupvit" in lack.fills)
        assert lack.why.startswith(why)
        assert lack.fills.startswith("zgs run" if typed else "zgs paper table4 models.groupvit.source=FOLDER")


def test_flags_of_the_command_stand_in_what_fills() -> None:
    (item,) = read_definitions(["table2"])
    plan = _plan([item], (), [])
    (lack,) = list_missing(plan, Sources({}, {}, dict.fromkeys(plan.distinct, "x"), flags=["-cd", "my own"]))
    assert shlex.split(lack.fills)[:4] == ["zgs", "run", "-cd", "my own"]


def test_settings_of_metrics_are_those_that_make_them() -> None:
    """Each word is of a metric that the protocol measures by another name otherwise; a user's own is no exception."""
    usual = ("iou.image.union", "recall>0.5", "tgq.micro>0.5", "recall.mean101.union")
    for metric, score, words in (
        ("iou.dataset.union", {"aggregation": ["image"]}, ["aggregation=[image,dataset]"]),
        ("iou.dataset.union", {"aggregation": ["dataset", "image"]}, []),  # something else is wrong
        ("iou.dataset.argmax", {}, ["aggregation=[image,dataset]", "representative=argmax"]),
        ("recall.mean101.argmax", {}, ["representative=argmax"]),
        ("recall>0.75", {}, ["tau_iou=0.75"]),
        ("recall>0.75", {"tau_iou": 0.6}, []),
        ("tgq.macro>=0.5", {"tgq": "micro"}, ["tgq=macro"]),
        ("tgq.macro>=0.4", {}, ["tgq=macro", "tau_sbert=0.4"]),
        ("iou.dataset.unoin", {}, []),
        ("iou.image", {}, []),
    ):
        assert find_settings(metric, score, usual) == tuple(f"score.{word}" for word in words), metric
    own = ("mine.image.soft>0.5", "mine.ignore")
    for bound in ("0.50", ".6", "x", ""):
        assert find_settings(f"recall>{bound}", {}, ["recall>0.5"]) == (), "no run would have a number of this name"
    assert find_settings("mine.pair.soft>0.5", {}, own) == ("score.aggregation=[image,pair]",)
    assert find_settings("mine.zero", {}, own) == (), "of unseen, or of unmatched?"
    with patch.object(empty, "REGISTRY", [*empty.REGISTRY, Metric("mine", compute_iou, {"mine": "Mine"}, "labels")]):
        assert find_settings("mine.image.soft>0.9", {}, own) == ("score.tau_iou=0.9",)
    assert find_settings("mine.image.soft>0.9", {}, own) == (), "no line says whose bound it is"
    assert [find_word(name) for name in ("pq", "jaccard.nearest.image", "masks.recall", "open_miou")] == [
        "panoptic", "nearest", "masks", "open",
    ]  # fmt: skip
