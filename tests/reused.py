"""What libraries read from the same files again and again is read once a test session; products of it stay apart.

Hydra parses every yaml of `conf/` each time that it composes, and open_clip its vocabulary for each CLIP: a tenth of
all tests' time. Commands that tests start as processes of their own read everything as they do for a user.
"""

from __future__ import annotations

import pickle
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import Any


def reuse_files() -> None:
    """Of the libraries that are loaded."""
    if source := sys.modules.get("hydra._internal.core_plugins.file_config_source"):
        reuse_yaml(source.FileConfigSource)
    if factory := sys.modules.get("open_clip.factory"):
        factory.SimpleTokenizer = cache(factory.SimpleTokenizer)  # type: ignore[attr-defined]


def reuse_yaml(source: Any) -> None:
    """Parse a yaml once for each place, time and size; each composition has a copy of its own, which it may change."""
    plain = source.load_config

    @lru_cache(maxsize=1024)
    def parse(provider: str, folder: str, name: str, time: int, size: int) -> bytes:
        return pickle.dumps(plain(source(provider, folder), name))

    def load(self: Any, config_path: str) -> Any:
        file = Path(self.path, self._normalize_file_name(config_path))
        if not file.is_file():
            return plain(self, config_path)
        status = file.stat()
        return pickle.loads(parse(self.provider, self.path, config_path, status.st_mtime_ns, status.st_size))

    source.load_config = load
