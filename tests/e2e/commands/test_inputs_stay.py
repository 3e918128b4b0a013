"""What commands read stays as it is: none writes over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli import main

EMPTY = '{"format": "zgs-predictions/1", "about": {}, "embeddings": null}\n'
COMMANDS = {
    "to=p.jsonl: is": [["convert", "p.jsonl", "table=t.yaml", "to=p.jsonl"],
                       ["export", "coco", "p.jsonl", "to=p.json"]],
    "json=p.jsonl: is": [["vocabulary", "p.jsonl", "json=p.jsonl"]],
    "csv=p.jsonl: is": [["vocabulary", "p.jsonl", "csv=./p.jsonl"]],
    "json=t.yaml: is": [["vocabulary", "p.jsonl", "table=t.yaml", "json=t.yaml"]],
    "--csv=p.jsonl: is": [["score", "p.jsonl", "data=toyscenes", "--csv", "p.jsonl"]],
    "--csv=t.yaml: is": [["score", "p.jsonl", "data=toyscenes", "score.table=t.yaml", "score.mapping=[table]",
                          "--csv", "t.yaml"]],
    "to=r.json: is": [["import", "coco", "r.json", "to=r.json"]],
    "to=r.images.json: is": [["import", "coco", "r.json", "to=r.images.json"]],
    "to=c.json: is": [["import", "coco", "r.json", "images=c.json", "to=c.json"],
                      ["export", "coco", "p.jsonl", "classes=c.json", "to=c.json"]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "words"), [(told, words) for told, all_words in COMMANDS.items() for words in all_words]
)
def test_no_command_writes_over_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], told: str, words: list[str]
) -> None:
    """Predictions that were converted in place lost their texts, a table that was filled by hand its answers."""
    monkeypatch.chdir(tmp_path)
    held = {"p.jsonl": EMPTY, "t.yaml": "cat: dog\n", "r.json": "[]", "r.images.json": "{}", "c.json": '{"1": "cat"}'}
    for name, text in held.items():
        Path(name).write_text(text)
    if words[0] == "export" and words[-1] == "to=p.json":
        Path("p.json").symlink_to("p.jsonl")
        told = "to=p.json: is"
    assert main(words) == 2
    assert f"{told} a file that is read; choose another name" in capsys.readouterr().err
    assert {name: Path(name).read_text() for name in held} == held
