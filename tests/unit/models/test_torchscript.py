"""TorchScript archives read as data: the tensors of torch's own loader, and nothing else gets through."""

from __future__ import annotations

import io
import os
import pickle
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.errors import UserError
from bench.models import checkpoints, torchscript
from tests.unit.models.archives import save_archive


class Parts(nn.Module):
    """Parameters, buffers, a plain tensor, shapes with strides, no dimension and no numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.inner = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
        self.turned = nn.Parameter(torch.randn(5, 6).t())
        self.scale = nn.Parameter(torch.tensor(2.5))
        self.register_buffer("none", torch.zeros(0, 3))
        self.register_buffer("count", torch.tensor(7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(self.norm(x)) * self.scale


@pytest.fixture(params=["trace", "script"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Parts().eval()
        scripted = torch.jit.trace(model, torch.randn(2, 6)) if request.param == "trace" else torch.jit.script(model)
        torch.jit.save(scripted.half(), str(tmp_path / "a.pt"))
    return tmp_path / "a.pt"


def test_tensors_are_those_of_torch_s_own_loader(archive: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.jit.load(str(archive)).state_dict()
    own = torchscript.read_tensors(archive)
    assert own.keys() == theirs.keys() and len(own) == 13
    for name, value in theirs.items():
        assert own[name].dtype == value.dtype and torch.equal(own[name], value), name
    shapes = {name: tuple(value.shape) for name, value in checkpoints.read_tensors("x", archive, values=False).items()}
    assert shapes == {name: tuple(value.shape) for name, value in theirs.items()}


def test_archives_are_told_from_other_files(archive: Path, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "b.pt")
    (tmp_path / "c.pt").write_bytes(b"words")
    assert torchscript.is_archive(archive)
    assert not torchscript.is_archive(tmp_path / "b.pt") and not torchscript.is_archive(tmp_path / "c.pt")


def rewritten(source: Path, to: Path, change: Callable[[str, bytes], bytes], how: int = zipfile.ZIP_STORED) -> Path:
    """A copy with entries changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(to, "w", how) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return to


def stops(file: Path, words: str) -> None:
    for values in (True, False):
        with pytest.raises(UserError, match=words) as caught:
            checkpoints.read_tensors("CLIP", file, values)
        assert "\n" not in str(caught.value) and str(file) in str(caught.value)


class Names:
    """Pickles as a call of a harmless name with harmless words."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return self.target, ("ab",)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return save_archive(tmp_path / "tiny.pt", {"a.weight": torch.arange(6.0).reshape(2, 3)})


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_name_that_weights_do_not_need_is_refused_and_never_called(
    tiny: Path, tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    data = pickle.dumps({"a": Names(Counter)}, protocol)
    monkeypatch.setattr("collections.Counter", lambda *words: calls.append(words))
    file = rewritten(tiny, tmp_path / "b.pt", lambda name, old: data if name.endswith("data.pkl") else old)
    stops(file, "cannot be read safely.*(names collections.Counter|uses [A-Z_]+), which no weights need")
    assert not calls


def test_the_same_in_a_file_of_torch_save(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2), "b": Names(os.path.join)}, tmp_path / "a.pt")
    stops(tmp_path / "a.pt", "cannot be read safely: its pickle names posixpath.join, which no weights need")


def test_opcodes_are_looked_at_before_anything_is_built(tiny: Path, tmp_path: Path) -> None:
    many = b"\x80\x02}r\xff\xff\xff\x0f."  # the memo's 268 millionth place
    for data, words in ((many, "numbers more values than it holds"), (b"\x80\x02Ni.", "damaged"), (b"", "damaged")):
        file = rewritten(tiny, tmp_path / "b.pt", lambda name, old, d=data: d if name.endswith("data.pkl") else old)
        stops(file, words)


def described(tiny: Path, to: Path, find: bytes, put: bytes) -> Path:
    def change(name: str, old: bytes) -> bytes:
        assert not name.endswith("/data.pkl") or find in old
        return old.replace(find, put) if name.endswith("/data.pkl") else old

    return rewritten(tiny, to, change)


def test_tensors_stay_within_their_numbers(tiny: Path, tmp_path: Path) -> None:
    """Shape (2, 3) with steps (3, 1) in a storage of 6: more rows, a negative size, and numbers shown again."""
    rows, steps = b"(K\x02K\x03t", b"(K\x03K\x01t"
    assert list(torchscript.read_stored_tensors(described(tiny, tmp_path / "a.pt", rows, rows)))
    stops(described(tiny, tmp_path / "b.pt", rows, b"(K\x03K\x03t"), "reaches beyond its numbers")
    stops(described(tiny, tmp_path / "c.pt", rows, b"(J\xfe\xff\xff\xffK\x03t"), "reaches beyond its numbers")
    seen_again = described(tiny, tmp_path / "d.pt", rows, b"(K\x7fK\x7ft")
    stops(described(seen_again, tmp_path / "e.pt", steps, b"(K\x00K\x00t"), "reaches beyond its numbers")


def test_entries_that_are_compressed_cut_or_missing(tiny: Path, tmp_path: Path) -> None:
    keep = lambda name, old: old  # noqa: E731
    stops(rewritten(tiny, tmp_path / "a.pt", keep, zipfile.ZIP_DEFLATED), "compressed or larger than weights need")
    short = rewritten(tiny, tmp_path / "b.pt", lambda name, old: old[:4] if name.endswith("/data/0") else old)
    stops(short, "reaches beyond its numbers")
    whole = tiny.read_bytes()
    (tmp_path / "c.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="CLIP .*c.pt' (is damaged|cannot be read safely)"):
        checkpoints.read_tensors("CLIP", tmp_path / "c.pt")


def test_a_module_that_holds_itself_ends() -> None:
    inner = torchscript._Module()
    inner.__setstate__({"self": inner, "w": torchscript.Stored("0", "float32", 0, (1,), (1,))})
    assert [name for name, _ in torchscript._walk_tensors(inner)] == ["w"]


def test_a_damaged_number_is_seen(tiny: Path, tmp_path: Path) -> None:
    data = bytearray(tiny.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith("/data/0"))
        values = archive.read(info)
    place = bytes(data).index(values)
    data[place] ^= 1
    (tmp_path / "d.pt").write_bytes(bytes(data))
    with pytest.raises(UserError, match="damaged"):
        checkpoints.read_tensors("CLIP", tmp_path / "d.pt")
