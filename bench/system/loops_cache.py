"""No part of the paper: compiled loops kept on disk, read back only as they were written.

numba reads what it kept without a check: an empty file, as a full disk or a loss of power leaves it, ends every later
run, and damaged machine code ends the process. Here both are compiled anew.
"""

from __future__ import annotations

import hashlib
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.serialize import dumps

from bench.errors import UserError


class _CheckedCode(CompileResultCacheImpl):
    """What is kept of a loop: its machine code with types, pickled, and the sha256 of that."""

    def check_cachable(self, cres: Any) -> bool:
        """Whether a loop can be kept: not with numba's option OPT=0, whose code numba cannot move.

        numba would warn of each one: it is compiled anew in each process, which takes longer and changes no number.
        """
        return not cres.library.has_dynamic_globals and all(part.can_cache for part in cres.lifted)

    def reduce(self, cres: Any) -> tuple[bytes, bytes]:
        """Turn a compiled loop into what is kept."""
        data = dumps(super().reduce(cres))
        return hashlib.sha256(data).digest(), data

    def rebuild(self, target_context: Any, payload: tuple[bytes, bytes]) -> Any:
        """Turn what was kept into a loop that can be called. Raises ValueError where it is not as it was written."""
        digest, data = payload
        if hashlib.sha256(data).digest() != digest:
            raise ValueError("not as it was written")
        return super().rebuild(target_context, pickle.loads(data))


class LoopCache(FunctionCache):
    """What numba asks for a loop before it compiles it, and gives what it compiled."""

    _impl_class = _CheckedCode

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load a loop for types of arguments; None where there is none, or a damaged one, whose index is removed.

        Raises UserError where that cannot be removed.
        """
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # pickle raises whatever the bytes happen to ask for
            self._remove_index(f"{type(error).__name__}: {error}")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a loop, unless that is impossible, as on a full disk: it can be called all the same."""
        with suppress(OSError):
            super().save_overload(sig, data)

    def _remove_index(self, why: str) -> None:
        index = Path(self._cache_file._index_path)
        try:
            index.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"{index.parent}: a compiled loop that is kept here is damaged ({why}) and cannot be removed "
                f"({error.strerror}): delete this folder, it is made anew"
            ) from error
