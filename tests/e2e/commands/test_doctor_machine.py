"""`zgs doctor` on what is no model: disk, device, memory, CRF, libraries, tracking; and words that it does not know."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from bench.cli import main
from bench.doctor import machine
from tests.e2e.commands.test_doctor import examined


def test_disk_device_and_memory(tmp_path: Path, capfd, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(machine, "measure_free_memory", lambda: 0.001)
    _, told, mends = examined([f"store={tmp_path / 'file' / 'store'}", "device=cuda"], capfd)
    assert set(mends) == {"store", "device", "memory"} and mends["device"] == "add device=cpu"
    assert "cannot be written" in told["store"] and mends["store"] == "add store=FOLDER"
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**20))
    assert set(examined([f"store={tmp_path / 'new'}", "device=cpu"], capfd)[2]) >= {"store", "out"}


def test_a_crf_that_fails_or_labels_wrongly(capfd, monkeypatch) -> None:
    monkeypatch.setattr("bench.segment.crf.DenseCrf.choose_labels", lambda self, unary, image: unary.argmax(-1))
    assert "pydensecrf2" in examined(["device=cpu"], capfd)[2]["crf"]
    monkeypatch.setattr("bench.segment.crf.DenseCrf._make_model", lambda *_: {}["no"])
    monkeypatch.setattr("bench.segment.crf.DenseCrf.choose_labels", lambda self, *a: self.compute_marginals(*a))
    _, told, mends = examined(["device=cpu"], capfd)
    assert "does not run: KeyError" in told["crf"] and set(mends) == {"crf"}
    assert "not used" in examined(["device=cpu", "segment.crf=none"], capfd)[1]["crf"]


def test_a_library_that_is_absent_or_old(capfd, monkeypatch) -> None:
    needed = ["torch>=99", "no-such-package", "ray; extra == 'ray'"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: needed)
    _, told, mends = examined(["device=cpu"], capfd)
    assert mends == {"versions": "pip install 'torch>=99' 'no-such-package'"}
    assert "no-such-package absent" in told["versions"]


def test_tracking_is_told(capfd) -> None:
    assert "nothing is sent" in examined(["device=cpu"], capfd)[1]["tracking"]
    assert "mode offline" in examined(["device=cpu", "tracking=wandb"], capfd)[1]["tracking"]


def test_every_tracker_and_what_it_lacks(capfd, monkeypatch) -> None:
    monkeypatch.setattr(machine, "_read_version", lambda name: None if name in ("tensorboard", "mlflow") else "1")
    _, told, mends = examined(["device=cpu", "tracking=all", "tracking.mlflow=null"], capfd)
    assert "W&B, mode offline" in told["tracking"] and "not installed: tensorboard" in told["tracking"]
    assert mends["tracking"] == "pip install tensorboard"
    _, told, mends = examined(["device=cpu", "tracking=mlflow", "tracking.uri=http://host"], capfd)
    assert "MLflow, http://host" in told["tracking"] and "tracking" not in mends


def test_a_part_that_breaks_is_a_line(capfd, monkeypatch) -> None:
    monkeypatch.setattr(machine, "examine_memory", lambda _: {}["no"])
    _, told, _ = examined(["device=cpu"], capfd)
    assert "cannot be examined: KeyError" in told["memory"] and "works" in told["crf"]


def test_wrong_words_are_usage_errors(capfd) -> None:
    assert main(["doctor", "models=papre"]) == 2
    assert "did you mean paper?" in capfd.readouterr().err
