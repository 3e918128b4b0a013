"""`zgs run report.blocklist=FILE`: words that no picture of a run shows, while every score is as ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.predictions.source import PredictionFile
from bench.report.pictures import gallery
from bench.tracking.content import read_tracked_run
from tests.shared_runs import FULL, find_run


def run(full: Path, to: Path, *words: str) -> int:
    return main(["run", f"store={full / 'store'}", f"out={to}", *FULL, "pictures=1", *words])


@contextmanager
def watch_texts(monkeypatch: pytest.MonkeyPatch, *modules: Any) -> Iterator[set[str]]:
    """Every text that these modules draw on a picture."""
    seen: set[str] = set()
    with monkeypatch.context() as patch:
        for module in modules:
            draw = module.draw
            patch.setattr(module, "draw", lambda i, p, *more, draw=draw: seen.update(p.texts) or draw(i, p, *more))
        yield seen


def test_words_are_hidden_in_the_gallery_of_a_run_and_its_scores_stay(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.tracking import content

    said = PredictionFile(find_run(full) / "predictions.json")["test-0000"].texts
    word = max(said[0].split(), key=len)
    (tmp_path / "block.txt").write_text(f"{word.upper()}\n")
    count = sum(text.split().count(word) for text in said)
    with watch_texts(monkeypatch, gallery) as drawn:
        assert run(full, tmp_path / "out", f"report.blocklist={tmp_path / 'block.txt'}") == 0
    made, before = find_run(tmp_path), find_run(full)
    assert made.name == before.name, "what is hidden makes no other run"
    told = f"{count} words hidden, of a list of 1 (scores count them as ever)"
    assert f"{made / 'gallery'}: {told}" in capsys.readouterr().out
    assert drawn and not any(word in text.split() for text in drawn) and any("[hidden]" in text for text in drawn)
    page, old = ((each / "gallery/index.html").read_text() for each in (made, before))
    assert "the words of a list of 1 ([hidden]); scores count them as ever" in page and "[hidden]" not in old
    assert word in old.split("ground truth")[0]
    for name in ("scores.csv", "per_image.parquet", "predictions.json", "predictions.npz"):
        assert (made / name).read_bytes() == (before / name).read_bytes(), name
    with watch_texts(monkeypatch, content) as tracked:
        list(read_tracked_run(made).list_images())
    assert "[hidden]" in " ".join(tracked) and not any(word in text.split() for text in tracked)


def test_a_list_that_is_none_stops_a_run_before_it_begins(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value, told in (("nowhere.txt", "give a text file"), ("", "is empty"), ("7", "needs a text or null")):
        assert run(full, tmp_path / "out", f"report.blocklist={value}") != 0
        err = capsys.readouterr().err.strip().splitlines()
        assert told in err[-1] and "report.blocklist" in err[-1], err
    assert run(full, tmp_path / "out", "report.blocklst=a.txt") == 2 and "blocklist" in capsys.readouterr().err
    assert run(full, tmp_path / "out", "+report.words=a.txt") == 2
    assert "report.words: no such key; there is report.blocklist" in capsys.readouterr().err
    assert main(["paper", "figure5", "report.blocklist=a.txt"]) == 2
    assert not list(tmp_path.rglob("scores.csv")) and "show every text" in capsys.readouterr().err
