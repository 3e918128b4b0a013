"""A benchmark harness for zero-guidance segmentation: images to named segments, and trustworthy numbers for them.

For scripts: `bench.Method`, `bench.Scorer` and `bench.Results` (`bench.api` says how, in ten lines each).
"""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's, which takes as long to load as a bare interpreter
if TYPE_CHECKING:
    from typing import Any

    from bench.api import Method as Method
    from bench.api import Results as Results
    from bench.api import Scorer as Scorer

__version__ = "0.1.0"
_OF_API = ("Method", "Results", "Scorer")


def __getattr__(name: str) -> Any:
    """Load the interface for scripts when one of its names is first used: `import bench` alone loads nothing."""
    if name not in _OF_API:
        raise AttributeError(f"module 'bench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("bench.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_OF_API])
