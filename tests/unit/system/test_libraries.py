"""Libraries that a fork server imports for its workers: named in its environment alone, and no fault ends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.system import libraries


def test_what_is_named_is_imported_once_and_a_fault_is_left_to_who_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zgs_broken.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')\n")
    (tmp_path / "zgs_whole.py").write_text("import gc\nwas_collected = gc.isenabled()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    frozen: list[bool] = []
    monkeypatch.setattr(libraries.gc, "freeze", lambda: frozen.append("zgs_whole" in sys.modules))
    with libraries.name_libraries(["zgs_absent", "zgs_broken", "zgs_whole"]):
        libraries.import_named()
        assert libraries.VARIABLE not in os.environ, "no worker's own children look for it"
    assert libraries.VARIABLE not in os.environ and frozen == [True]
    assert not sys.modules.pop("zgs_whole").was_collected


def test_the_name_goes_also_where_the_server_does_not_start() -> None:
    with pytest.raises(OSError, match="no process"), libraries.name_libraries(["bench.models.dino"]):
        assert os.environ[libraries.VARIABLE] == "bench.models.dino"
        raise OSError("no process")
    assert libraries.VARIABLE not in os.environ
