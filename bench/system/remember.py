"""What this process has made once and need not make again: found by the content of all that it was made of.

The jobs of a sweep differ in a few settings, so most of what they make is the same. A key is hashed as a whole, arrays
with every byte, and code does not change while a process runs: what is remembered is what would be made. No part of
the paper.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")


class Memory(Generic[T]):
    """The ``most`` results that were used last, by the content of their keys. Nobody may change what it gives."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[str, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, *key: Any) -> T | None:
        """Find what was kept for a key; None where there is nothing (any more)."""
        digest = hash_values(*key)
        if digest in self._kept:
            self._kept.move_to_end(digest)
        return self._kept.get(digest)

    def keep(self, value: T, *key: Any) -> T:
        """Keep a result, and let go of the one that was not used for the longest; return it."""
        digest = hash_values(*key)
        self._kept[digest] = value
        self._kept.move_to_end(digest)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return value

    def make_once(self, make: Callable[[], T], *key: Any) -> T:
        """Return what ``make`` gives, from memory where it was made for the same key; ``key`` is all that it reads."""
        known = self.find(*key)
        return self.keep(make(), *key) if known is None else known

    def clear(self) -> None:
        """Forget everything, as another process would know nothing."""
        self._kept.clear()


def hash_values(*values: Any) -> str:
    """Hash texts, numbers, arrays, sequences, mappings and dataclasses by type and content: 64 hex digits.

    Raises TypeError for anything else, of which nobody knows what its content is.
    """
    digest = hashlib.sha256()
    _feed(digest.update, values)
    return digest.hexdigest()


def _feed(update: Callable[[bytes | memoryview], object], value: Any) -> None:
    """Feed a value to a hash, each part behind its type and length, so that no two values give the same bytes."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        update(f"{value.dtype.str}{value.shape}".encode())
        update(np.ascontiguousarray(value).data)
    elif value is None or isinstance(value, str | bytes | bool | int | float):
        content = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        update(f"{type(value).__name__}{len(content)}:".encode() + content)
    elif isinstance(value, Mapping):
        update(b"mapping:")
        _feed(update, tuple(value.items()))
    elif isinstance(value, tuple | list):
        update(f"{type(value).__name__}{len(value)}:".encode())
        for part in value:
            _feed(update, part)
    elif is_dataclass(value) and not isinstance(value, type):
        update(f"{type(value).__module__}.{type(value).__qualname__}:".encode())
        _feed(update, [(field.name, getattr(value, field.name)) for field in fields(value)])
    else:
        raise TypeError(f"a {type(value).__name__} cannot be remembered by its content")
