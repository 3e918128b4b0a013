"""Section 3.2 (models): the weights of a TorchScript archive (OpenAI's own CLIP files), read as data.

`torch.jit.load` compiles the code that such an archive carries. Here the pickle of its modules is looked through first:
only opcodes that build plain values, and only the names that tensors need, pass. Then it is read with an unpickler that
knows these names alone; modules of the archive become holders of attributes. Nothing is imported, compiled or called.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError

if TYPE_CHECKING:
    import torch

OPCODES = frozenset({
    "PROTO", "STOP", "MARK", "GLOBAL", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "BINPERSID", "REDUCE",
    "NEWOBJ", "BUILD", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND",
    "APPENDS",
})  # fmt: skip
STORAGES = {"FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
            "DoubleStorage": "float64", "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16",
            "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool"}  # fmt: skip
BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2,
         "int8": 1, "uint8": 1, "bool": 1}  # fmt: skip
REBUILD, ORDERED = ("torch._utils", "_rebuild_tensor_v2"), ("collections", "OrderedDict")
LISTS = {("torch.jit._pickle", f"build_{kind}list") for kind in ("int", "double", "bool", "tensor")}
LARGEST_PICKLE = 2**26
"""Bytes; that of the largest published file takes 0.3 MB."""
LARGEST_CODE = 2**24


DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, OSError, EOFError, LookupError, TypeError, ValueError,
          AttributeError, ArithmeticError, RuntimeError)  # fmt: skip
"""What zipfile, pickle and torch raise over entries that were cut or changed."""


class NotReadable(UserError):
    """The archive cannot be read safely, or is damaged."""


@dataclass(frozen=True)
class Stored:
    """A tensor as the archive describes it; offset and strides count elements of its storage."""

    storage: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def is_archive(path: Path) -> bool:
    """Whether a file is a TorchScript archive: torch tells it by the same entry."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.count("/") == 1 and name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def read_stored_tensors(path: Path) -> dict[str, Stored]:
    """Read every tensor by its name in a state dict, from the archive's pickle alone. Raises `NotReadable`."""
    with _open_archive(path) as (archive, root):
        data = _read_entry(archive, f"{root}/data.pkl", LARGEST_PICKLE)
        _look_through(data)
        tensors_by_name = dict(_walk_tensors(_Reader(data).load()))
        sizes = {info.filename.removeprefix(f"{root}/data/"): info.file_size for info in archive.infolist()}
        for name, tensor in tensors_by_name.items():
            _check(name, tensor, sizes)
    return tensors_by_name


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read the state dict, in the number types of the file, on the CPU. Raises `NotReadable`."""
    import torch

    stored = read_stored_tensors(path)
    storages: dict[str, bytearray] = {}
    with _open_archive(path) as (archive, root):
        if f"{root}/byteorder" in archive.namelist() and _read_entry(archive, f"{root}/byteorder", 16) != b"little":
            raise NotReadable("its numbers are big-endian: save it again on a machine of today")
        for tensor in stored.values():
            if tensor.storage not in storages and 0 not in tensor.shape:
                storages[tensor.storage] = bytearray(_read_entry(archive, f"{root}/data/{tensor.storage}"))
    return {name: _make_tensor(tensor, storages.get(tensor.storage), torch) for name, tensor in stored.items()}


def read_activation(path: Path) -> str | None:
    """``gelu`` or ``quick_gelu``, from the text of the archive's code, which is searched and not run; None: unsaid."""
    with _open_archive(path) as (archive, root):
        names = [name for name in archive.namelist() if name.startswith(f"{root}/code/") and name.endswith(".py")]
        text = "".join(_read_text(archive, name) for name in names)
    plain, quick = "torch.gelu(" in text or "torch.gelu_(" in text, "torch.sigmoid(" in text
    return None if plain == quick else "gelu" if plain else "quick_gelu"


@contextmanager
def _open_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, str]]:
    """Open the archive and find the folder that all its entries lie in; whatever damage does is `NotReadable`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, next(iter(archive.namelist()), "").partition("/")[0]
    except DAMAGE as error:
        raise NotReadable(f"it is damaged ({type(error).__name__}: {' '.join(str(error).split())[:100]})") from error


def _read_entry(archive: zipfile.ZipFile, name: str, largest: int | None = None) -> bytes:
    """torch stores entries as they are, so that none is larger than the file that holds it."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or (largest is not None and info.file_size > largest):
        raise NotReadable(f"its entry {name} is compressed or larger than weights need")
    return archive.read(info)


def _read_text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return file.read(LARGEST_CODE).decode("utf-8", "replace")


def _look_through(data: bytes) -> None:
    """Refuse a pickle by its opcodes and the names in it before anything of it is built."""
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name not in OPCODES:
            raise NotReadable(f"its data.pkl uses {opcode.name}, which no weights need")
        if opcode.name.endswith("PUT") and int(argument or 0) > len(data):
            raise NotReadable("its data.pkl numbers more values than it holds")
        if opcode.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            _find_role(module, name)


def _find_role(module: str, name: str) -> str:
    """What a name in a pickle stands for; `NotReadable` for every name that tensors and modules do not need."""
    if (module + ".").startswith("__torch__."):
        return "module"
    if (module, name) in (REBUILD, ORDERED):
        return name
    if (module, name) in LISTS:
        return "list"
    if module == "torch" and name in STORAGES:
        return "storage"
    raise NotReadable(f"its data.pkl names {module}.{name}, which no weights need")


class _Module:
    """A module of the archive: its attributes, and nothing that acts."""

    def __setstate__(self, state: Any) -> None:
        self.attributes = dict(state) if isinstance(state, dict) else {}


class _Reader(pickle.Unpickler):
    """Gives each name in the pickle a stand-in of its own, so that no pickle reaches what is shared."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), fix_imports=False)

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name; see `_find_role`."""
        stand_in = {"module": lambda: type("Module", (_Module,), {}), "list": lambda: lambda *parts: list(*parts),
                    "storage": lambda: STORAGES[name],
                    "_rebuild_tensor_v2": lambda: lambda *told: _describe_tensor(*told),
                    "OrderedDict": lambda: lambda *parts: OrderedDict(*parts)}  # fmt: skip
        return stand_in[_find_role(module, name)]()

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        """A storage: the name of its entry and its number type."""
        kind, dtype, name = pid[:3]
        if kind != "storage" or dtype not in STORAGES.values() or not isinstance(name, str):
            raise NotReadable("its data.pkl describes a storage that torch would not write")
        return name, dtype


def _describe_tensor(
    storage: tuple[str, str], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> Any:
    return Stored(*storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _walk_tensors(module: Any) -> Iterator[tuple[str, Stored]]:
    """Walk through tensors, named as in a state dict; each module once: one that held itself would never end."""
    seen: set[int] = set()
    waiting = [("", module)]
    while waiting:
        prefix, holder = waiting.pop(0)
        if not isinstance(holder, _Module) or id(holder) in seen:
            continue
        seen.add(id(holder))
        for name, value in getattr(holder, "attributes", {}).items():
            if isinstance(value, Stored):
                yield f"{prefix}{name}", value
            waiting.append((f"{prefix}{name}.", value))


def _check(name: str, tensor: Stored, sizes: Mapping[str, int]) -> None:
    """A tensor must lie within its storage, and no number may be shown twice (a small file, a huge tensor)."""
    numbers = (tensor.offset, *tensor.shape, *tensor.strides)
    plain = isinstance(tensor.storage, str) and tensor.dtype in BYTES and all(type(n) is int for n in numbers)
    count = sizes.get(tensor.storage, -1) // BYTES[tensor.dtype] if plain else -1
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((n - 1) * step for n, step in steps) if plain and 0 not in tensor.shape else -1
    if count < 0 or min(numbers) < 0 or last >= count or math.prod(tensor.shape) > count:
        raise NotReadable(f"it is damaged ({name} reaches beyond its numbers)")


def _make_tensor(tensor: Stored, storage: bytearray | None, torch: Any) -> Any:
    kind = getattr(torch, tensor.dtype)
    if storage is None:
        return torch.empty(tensor.shape, dtype=kind)
    return torch.frombuffer(storage, dtype=kind).as_strided(tensor.shape, tensor.strides, tensor.offset)
