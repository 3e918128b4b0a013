"""A variant that cannot begin: one line, and nothing is left where nothing was done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.cli import main
from bench.system.resources import find_conf_dir


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["encode.start_layer=7"], "encode.start_layer=7: the image tower has layers 1 to 6, or -1 to -6", 2),
        (["encode=proxyclip", "models.dino.source=nothing/here"], "model weights 'nothing/here': not in", 1),
        (["encode=proxyclip", "segment=grid", "models=less"], "encode=proxyclip needs the model dino, and models=l", 2),
        (["encode=mask", "segment=grid"], "encode=mask: no such option", 2),
    ],
)
def test_a_variant_that_cannot_begin_leaves_nothing(
    words: list[str], told: str, code: int, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    models = yaml.safe_load((find_conf_dir() / "models/embedded.yaml").read_text())
    (tmp_path / "conf/models").mkdir(parents=True)
    (tmp_path / "conf/models/less.yaml").write_text(yaml.safe_dump({k: v for k, v in models.items() if k != "dino"}))
    more = ["caption=retrieval", "caption.words=[cat]", "--config-dir", str(tmp_path / "conf")]
    assert main(["run", *words, *more, f"out={tmp_path / 'o'}", f"store={tmp_path / 's'}"]) == code
    error = capfd.readouterr().err
    assert error.startswith(f"zgs: {told}") and error.count("\n") == 1, error
    assert not list((tmp_path / "o").rglob("*"))
