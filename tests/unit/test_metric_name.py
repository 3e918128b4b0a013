"""The grammar of names: round trip, and errors one can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.metric_name import MetricName, Naming, parse

EXAMPLES = [
    "toyscenes:test[first:48]/own30/paper/tt(minilm-static)>=0.5/iou.image.union",
    "voc2012:val/voc20/paper{background=voc}/st(ViT-L-14-336@openai)>=0.1/recall>0.5",
    "toyscenes:test/own30/paper/tt(minilm-static)/tgq.micro>0.5",
    "toyscenes:test/own30/reference{background=voc,rounding=6}/tt(a/b@c:d)>=1e-07/recall.mean101.allseg",
    "toyscenes:test/own30/paper/tt(static-minilm@129a720d,fp32)>=0.5/recall>0.5",
    "voc:val/own20/paper/st+human(ViT-L-14-336-openai,fp32,prompt=image-of-a,ratings=9f31ab20)>=2/iou.image.union",
    "voc:val/own20/dataset_miou{overlap=highest_score}/table(0c1d2e3f)/iou.dataset.union",
    "folder:all[list:ids/of mine.txt]/none/paper/none/mask_quality",
]
word = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]{0,8}", fullmatch=True)
number = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_read_and_write(text: str) -> None:
    assert str(parse(text)) == text


def test_parts() -> None:
    name = parse(EXAMPLES[0])
    assert (name.dataset, name.split, name.subset, name.classlist) == ("toyscenes", "test", "first:48", "own30")
    assert (name.mapping, name.model, name.threshold, name.metric) == ("tt", "minilm-static", 0.5, "iou.image.union")
    assert (parse(EXAMPLES[1]).relation, parse(EXAMPLES[1]).bound) == (">", 0.5)


@given(
    st.builds(
        MetricName,
        dataset=word,
        split=word,
        classlist=word,
        score=word,
        metric=word,
        subset=st.none() | st.from_regex(r"[^\[\]\r\n]{1,12}", fullmatch=True),
        options=st.lists(st.tuples(word, word), max_size=3).map(tuple),
        mapping=word,
        model=st.none() | st.from_regex(r"[^()\s]{1,12}", fullmatch=True),
        threshold=number,
    ),
    st.sampled_from([None, ">", ">="]),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_every_name_reads_back(name: MetricName, relation: str | None, bound: float) -> None:
    full = MetricName(**{**vars(name), "relation": relation, "bound": bound if relation else None})
    assert parse(str(full)) == full


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("toyscenes/test", "data set"),
        ("toyscenes:test[first:48/own30/paper/none/x", "split"),
        ("toyscenes:test/own30", "class list"),
        ("toyscenes:test/own30/paper{background}/none/x", "score"),
        ("toyscenes:test/own30/paper/tt(minilm)>=half/x", "mapping"),
        ("toyscenes:test/own30/paper/none/recall>", "metric"),
        ("toyscenes:test/own30/paper/none/recall>0.5 ", "metric"),
        ("", "data set"),
    ],
)
def test_errors_name_the_part_and_show_a_right_name(text: str, part: str) -> None:
    with pytest.raises(UserError, match=rf"no {part} at .*a right name is toyscenes:test"):
        parse(text)


def test_naming_writes_full_names_and_refuses_what_cannot_be_read_back() -> None:
    naming = Naming("toyscenes", "test", "own30", "first:48", {"tt": "minilm-static"})
    assert naming("paper", "iou.image.union", "tt", 0.5) == EXAMPLES[0]
    assert naming("paper", "quality") == "toyscenes:test[first:48]/own30/paper/none/quality"
    with pytest.raises(UserError, match="no class list"):
        Naming("toyscenes", "test", "own 30")("paper", "x")
