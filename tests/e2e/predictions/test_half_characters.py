"""Texts that are valid JSON and no Unicode: in any place they are a fault that can be shown, or are never looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.commands.check import check_file
from bench.commands.vocabulary import count_texts
from bench.data.layout import read_layout
from bench.errors import UserError
from bench.mapping.table import read_words
from bench.predictions.source import PredictionFile
from bench.store.files import make_safe_name
from bench.text.characters import find_half_character, has_half_character
from tests.e2e.commands.theirs import IMAGES, LEFT, image, write

HALF = st.builds("{}{}{}".format, st.text(max_size=3), st.sampled_from(["\ud800", "\udcff", "\udfff"]), st.just("x"))


def put(content: dict[str, Any], place: str, text: str) -> None:
    first = content["images"][0]
    {
        "text": lambda: first["segments"][0].update(text=text),
        "id": lambda: first.update(image_id=text),
        "label_map": lambda: first.update(label_map=text),
        "class": lambda: first.update(oracle=[{"class": text, "text": "x"}]),
        "true text": lambda: first.update(oracle=[{"class": "x", "text": text}]),
        "variant": lambda: content.update(about={"variant": text}),
        "key of about": lambda: content.update(about={text: "x"}),
        "file": lambda: content.update(embeddings={"file": text}),
        "model": lambda: content.update(embeddings={"file": "e.npz", "model": text}),
        "counts": lambda: first["segments"][0]["segmentation"].update(counts=text),
        "format": lambda: content.update(format=text),
        "size": lambda: first["segments"][0]["segmentation"].update(size=[text, text]),
    }[place]()


PLACES = (
    "text", "id", "label_map", "class", "true text", "variant", "key of about", "file", "model", "counts", "format",
    "size",
)  # fmt: skip


@pytest.mark.thinned(8)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
@given(text=HALF)
def test_a_half_character_anywhere_is_a_fault_that_can_be_shown(
    place: str, ending: str, text: str, tmp_path: Path, capsys: Any
) -> None:
    content = {"format": "zgs-predictions/1", "images": json.loads(json.dumps(IMAGES))}
    put(content, place, text)
    np.savez(tmp_path / "e.npz", **{"0": np.ones((2, 3), np.float32)})
    path = tmp_path / f"p.{ending}"
    lines = [{k: v for k, v in content.items() if k != "images"}, *content["images"]]
    path.write_text("\n".join(map(json.dumps, lines)) if ending == "jsonl" else json.dumps(content))
    try:
        assert check_file(path) == 1, "a fault that is listed"
        told = capsys.readouterr().out
    except UserError as error:
        told = f"{error}\n"
    told.encode("utf-8")
    assert str(path) in told or str(tmp_path) in told
    with pytest.raises(UserError) as caught:
        file = PredictionFile(path)
        [(file[i], file.read_true_segments(i), file.read_embeddings(i)) for i in file]
    str(caught.value).encode("utf-8")


def test_vocabularies_and_tables(tmp_path: Path) -> None:
    path = write(tmp_path / "p.json", [image("a", **{"x\ud800": LEFT})])
    path.write_text(path.read_text())  # the escape, as JSON has it
    with pytest.raises(UserError, match="'text' is missing or broken"):
        count_texts(path)
    for words in ({"x\ud800": None}, {"x": "\udfff"}):
        (tmp_path / "t.json").write_text(json.dumps(words))
        with pytest.raises(UserError, match=r"t.json: .*\\\\?ud[8f].* holds half a character"):
            read_words(tmp_path / "t.json")
    (tmp_path / "t.json").write_text("null")
    with pytest.raises(UserError, match="null: a table is a JSON object"):
        read_words(tmp_path / "t.json")


@pytest.mark.parametrize("line", ['classes: ["a\\ud800"]', 'images: "{id}\\udfff.png"', 'name: "\\ud800"'])
def test_layouts(line: str, tmp_path: Path) -> None:
    lines = {"images": "images: img/{id}.png", "masks": "masks: ann/{id}.png", "classes": "classes: [a, b]"}
    lines[line.partition(":")[0]] = line
    (tmp_path / "l.yaml").write_text("\n".join(lines.values()))
    with pytest.raises(UserError, match="l.yaml: .* holds half a character"):
        read_layout(tmp_path / "l.yaml", tmp_path)


def test_what_is_shown_can_be_written_and_does_nothing_to_a_terminal() -> None:
    assert str(UserError("größer 犬 😀\n\t")) == "größer 犬 😀\n\t"
    assert str(UserError("a\ud800b\x1b[2J\x00\x9b")) == "a\\ud800b\\x1b[2J\\x00\\x9b"
    assert str(UserError("x\udcff")) == "x\\udcff"
    assert (
        has_half_character("\udc00")
        and not has_half_character("😀ü")
        and find_half_character({"a": [1, {"b\ud800": None}]}) == "b\ud800"
    )
    assert find_half_character({"a": ["ü", 3, None]}) is None
    assert make_safe_name("a\udcff").startswith("a_-"), "a name of no Unicode has an address in the store"
