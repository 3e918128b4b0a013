"""What is no fault of a file of predictions but means nothing is said and counted, by scoring and by --check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.cli import main
from bench.predictions.remarks import list_prediction_remarks
from bench.predictions.source import PredictionFile
from tests.e2e.commands.theirs import IMAGES, write, zgs


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ({"embedings": None}, "head: 'embedings' is not read (did you mean 'embeddings'?)"),
        ({"licence": "x"}, "head: 'licence' is not read (known: format, about, embeddings, images)"),
        ({"about": {"varient": "mine"}}, "head: about.'varient' is not read (did you mean 'variant'?)"),
        (
            {"embeddings": {"file": "t.npz", "sha265": "x"}},
            "head: embeddings.'sha265' is not read (did you mean 'sha256'?)",
        ),
        ({"about": {"variant": "mine", "version": 1, "models": "y"}}, None),
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_keys_of_the_head_that_nobody_reads(head: dict[str, Any], told: str | None, name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz")
    file = PredictionFile(write(tmp_path / name, IMAGES, **head))
    assert list_prediction_remarks(file, file) == ([] if told is None else [f"{file.path}: {told}"])


def test_embeddings_of_zeros_are_counted(tmp_path: Path, voc: Path, capsys: Any) -> None:  # noqa: F811
    rows = np.eye(2, 64, dtype=np.float32)
    np.savez(tmp_path / "t.npz", **{"0": rows * [[1], [0]], "1": rows * 0, "2": rows[:1]})
    path = write(tmp_path / "t.json", IMAGES, embeddings={"file": "t.npz"}, lisence="x")
    told = (
        f"{path}: 3 embeddings in 2 images are all zeros, the first: {path}: image 0 (a), segment 1; under ST they are "
        "as near to one class as to another"
    )
    zgs(tmp_path, voc, path, "score.mapping=[exact]")
    out = capsys.readouterr().out.splitlines()
    assert told in out and f"{path}: head: 'lisence' is not read (known: format, about, embeddings, images)" in out
    assert main(["score", str(path), "--check"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert f"note: {told}" in out and out[-1] == f"{path}: 3 images, 0 faults, 2 notes"
