"""What commands read stays as it is: none writes over it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bench.cli import main
from tests.unit.report.fabricated import fabricate

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


SHOWN = {
    "to=p.png": (["p.png", "to=p"], ["./p.png", "to=link"]),
    "to=show/q.png": (["show/q.png"],),
    "to=w.svg": (["p.png", "words=w.svg", "to=w"], ["p.png", "report.blocklist=w.svg", "to=w"]),
    "to=d/a.png": (["a", "data=folder", "data.root=d", "to=d/a"],),
}


@pytest.mark.parametrize("told, words", [(told, words) for told, several in SHOWN.items() for words in several])
def test_show_draws_over_no_picture_and_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], told: str, words: list[str]
) -> None:
    """``show/q.png`` is where the picture of an image q goes without a word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bench.run.explain.explain_image", lambda *_: pytest.fail("models were asked"))
    for name in ("p.png", "show/q.png", "d/a.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(name)
    Path("w.svg").write_text("dog\n")
    Path("link.png").symlink_to("p.png")
    held = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["show", *words, f"store={tmp_path}/store"]) == 2
    told = told if "to=link" not in words else "to=link.png"
    assert capsys.readouterr().err == f"zgs: {told}: is a file that is read; choose another name\n"
    assert all(path.read_bytes() == content for path, content in held.items())


def test_a_report_does_not_replace_the_scores_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It wrote scores.csv, areas.csv and curves.csv over those of the run, which no command took from then on."""
    runs = fabricate(tmp_path, ["full", "crop"])
    monkeypatch.chdir(runs[1])
    held = {file: file.read_bytes() for file in runs[1].iterdir()}
    for to in (str(runs[1]), "."):
        assert main(["report", *map(str, runs), f"to={to}", "pictures=0"]) == 2
        assert f"report: to={to}: is a run that is read; choose another folder, such as" in capsys.readouterr().err
    assert main(["report", str(runs[0]), f"to={runs[1]}", "pictures=0"]) == 2, "of another run"
    assert f"to={runs[1]}: is a run, whose scores would be replaced; choose another folder" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in runs[1].iterdir()} == held


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
