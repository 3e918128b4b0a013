"""What a board says of its parts: who made segments and texts, columns that are one thing, why TGQ is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.commands.settings import compose_settings
from bench.report.board_parts import describe_copies, describe_missing_tgq, describe_parts, is_handed_names
from bench.score.ranks import find_copies, order_by_mean_rank
from bench.settings.instantiate import make_object
from tests.unit.report.fabricated import METRICS, fabricate

RETRIEVAL = "bench.caption.retrieval.Retrieval"


def make_table(*columns: tuple[str, list[float], list[int]]) -> pd.DataFrame:
    """Three variants by some metrics: name, values, ranks."""
    return pd.DataFrame([
        {"metric": METRICS[metric], "variant": variant, "value": value, "rank": rank, "n": 9}
        for metric, values, ranks in columns for variant, value, rank in zip("abc", values, ranks, strict=True)
    ])  # fmt: skip


def test_a_column_that_repeats_another_counts_once_in_the_mean_rank() -> None:
    """a is first twice by one and the same numbers, and last once: b is as good."""
    table = make_table(
        ("iou_tt", [3, 2, 1], [1, 2, 3]), ("iou_st", [3, 2, 1], [1, 2, 3]), ("top1", [1, 2, 3], [3, 2, 1])
    )
    assert find_copies(table) == {METRICS["iou_st"]: METRICS["iou_tt"]}
    assert order_by_mean_rank(table).to_dict() == {"a": 2, "b": 2, "c": 2}
    assert len(list(describe_copies(table))) == 1 and "in the mean rank both count once" in next(describe_copies(table))


@pytest.mark.parametrize("other", [[3, 2, 1 + 1e-6], [2, 3, 1]])
def test_columns_that_merely_agree_both_count(other: list[float]) -> None:
    table = make_table(("iou_tt", [3, 2, 1], [1, 2, 3]), ("iou_st", other, [1, 2, 3]))
    assert find_copies(table) == {} and list(describe_copies(table)) == []
    more = table.assign(n=[9, 9, 9, 8, 8, 8], value=[3, 2, 1] * 2)
    assert find_copies(more) == {}, "of other segments"


def caption(words: Any) -> dict[str, Any]:
    return {"caption": {"_target_": RETRIEVAL, "words": words}}


def test_class_names_for_a_captioner_are_told(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("cat\nsky\n\n")
    told = [["cat", "sky"], str(tmp_path / "words.txt"), ["cat", "puppy"], str(tmp_path / "gone.txt"), []]
    runs = fabricate(tmp_path / "runs", list("abcde"), [caption(words) for words in told])
    for run in runs:
        (run / "confusion.csv").write_text("true,said\ncat,sky\n")
    settings = [caption(words) for words in told]
    found = [is_handed_names(run, own) for run, own in zip(runs, settings, strict=True)]
    assert found == [True, True, False, False, False]
    assert not is_handed_names(runs[0], {"caption": {"_target_": "mine.Words", "words": ["cat"]}})
    lines = describe_parts(runs[:3])
    assert "2 of 3 captioners were handed the class names" in lines[1] and "TT and ST find the same class" in lines[1]
    assert "the captioner was handed" in describe_parts(runs[:1])[1] and len(describe_parts(runs[2:])) == 1


def test_class_names_are_those_of_the_data_where_they_can_be_opened(tmp_path: Path) -> None:
    """Also of classes that no image of the run has."""
    data = compose_settings([])["data"]
    words = list(make_object(data).classes.names)
    assert len(words) > 20
    for own, told in ((words, True), (words[:3], True), ([*words, "something else"], False)):
        assert is_handed_names(tmp_path, {"data": data, **caption(own)}) == told
    assert not is_handed_names(tmp_path, {"data": {**data, "root": str(tmp_path / "gone")}, **caption(["puppy"])})


def test_segmenter_and_captioner_are_named(tmp_path: Path) -> None:
    own = {"choices": {"segment": "oracle", "caption": "zerocap_embedded", "merge": "none"}}
    own |= {key: {"_target_": "a.B"} for key in ("segment", "caption", "merge")}
    other = own | {"choices": {}, "segment": {"_target_": "mine.Cut"}}
    runs = fabricate(tmp_path, ["a", "b", "c"], [own, own, other])
    (line,) = describe_parts(runs)
    assert "Segments: oracle (2 runs), Cut (1 run)" in line and "Texts: zerocap_embedded (2 runs)" in line
    assert describe_parts(runs[:1]) == ["Segments: oracle; Texts: zerocap_embedded; Merging: none."]


def test_a_missing_tgq_has_its_reason(tmp_path: Path) -> None:
    merge = {"merge": {"_target_": "bench.merge.none.NoMerge"}}
    runs = fabricate(tmp_path, ["a", "b"], [merge, merge])
    assert list(describe_missing_tgq(runs, [METRICS["iou_tt"]])) == [
        "TGQ is missing: merge=none describes no true segments; merge.oracle=true does."
    ]
    assert list(describe_missing_tgq(runs, METRICS.values())) == []
