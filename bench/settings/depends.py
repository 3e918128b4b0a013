"""What results depend on besides a stage's own options, and what keeps a run from mixing two states of it (KEYS.md)."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hydra.utils import get_object

from bench.errors import UserError
from bench.settings.naming import make_run_name
from bench.settings.start_layer import find_start_layer
from bench.store.facts.closure import find_targets, join_closures
from bench.store.facts.contents import is_word_for_folder
from bench.store.facts.machine import describe_machine
from bench.store.facts.modules import OURS
from bench.store.keys import collect_inputs, hash_alone, read_library_versions

GROUPS = ("data", "models", "segment", "encode", "caption", "merge", "baseline", "score")
"""Settings that name code on which a number depends."""
HOOKS = (
    "compute_trunk", "run_trunk", "clip", "start_layer", "__new__", "__getattr__", "__getattribute__", "__setattr__",
)  # fmt: skip
"""What a masking variant may change of the trunk, besides its constructor."""


@dataclass(frozen=True)
class Dependence:
    """``settings`` of the whole run."""

    settings: Mapping[str, Any]

    @property
    def threads(self) -> int:
        """Threads of torch in every process of the run: matrix products may round by their number."""
        threads: int = self.settings["executor"].get("threads", 1)
        return threads

    def collect_machine_facts(self, device: str, *callers: str) -> dict[str, Any]:
        """Collect parts of every key; ``callers`` are modules around the stage whose code decides what it is given."""
        return {
            "machine": describe_machine(device),
            "threads": self.threads,
            "libraries": read_library_versions(),
            "calling": hash_alone(callers),
        }

    @property
    def unknown(self) -> list[str]:
        """What of the code that is used cannot be followed, a line each."""
        chosen = {group: self.settings[group] for group in GROUPS if group in self.settings}
        named = [name for options in chosen.values() for name in find_targets(options)]
        lines = [f"beware: {line}" for line in join_closures(named).unknown]
        return [*lines, *(line for group, options in chosen.items() for line in _find_bare_folders(group, options))]


def _find_bare_folders(where: str, options: Any) -> Iterator[str]:
    """Find options of a class of one's own that may mean a folder of the working folder, and count as a word."""
    if not isinstance(options, Mapping):
        return
    own = str(options.get("_target_", OURS)).partition(".")[0] != OURS
    for key, value in options.items():
        if isinstance(value, Mapping):
            yield from _find_bare_folders(f"{where}.{key}", value)
        elif own and isinstance(value, str) and is_word_for_folder(value):
            yield f"beware: {where}.{key}={value} counts as a word; if the folder is meant, write ./{value}"


@contextmanager
def check_unchanged(stage: str, parts: Callable[[], Any]) -> Iterator[None]:
    """Check that what a stage reads when it is made is what its key was made of; else UserError."""
    before = parts()
    yield
    if parts() != before:
        raise UserError(f"{stage}: a file that it reads changed in that moment; run the same command again")


def check_same(began: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Check that a worker finds the keys of the process that began the run; else UserError."""
    other = [stage for stage in began if began[stage] != here.get(stage)]
    if other:
        raise UserError(
            f"sources, files or environment of {', '.join(other)} changed after this run began, or are others in its "
            "workers; run the same command again"
        )


def check_name(settings: Mapping[str, Any], began: str) -> None:
    """Check that all files that settings name are as when the run ``began``, by its name; else UserError."""
    if make_run_name(settings) != began:
        raise UserError("a file that the settings name changed while the run went on; run the same command again")


def collect_trunk_inputs(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Collect what the trunk of an encoder depends on, alike for all variants that leave it alone; None without one.

    The start layer is no part of it: the tokens that enter each layer are entries beside each other.
    """
    made = get_object(options["_target_"])
    if not hasattr(made, "compute_trunk"):
        return None
    if not _leaves_trunk_alone(made):
        return collect_inputs(options)
    find_start_layer(options)  # a variant must have one
    return collect_inputs({}, "bench.encode.trunk")


def _leaves_trunk_alone(made: Any) -> bool:
    from bench.encode.trunk import TrunkEncoder

    if not (inspect.isclass(made) and issubclass(made, TrunkEncoder)):
        return False
    own = [cls for cls in made.__mro__[: made.__mro__.index(TrunkEncoder)] if cls is not object]
    if any(name in vars(cls) for cls in own for name in HOOKS):
        return False
    made_by = ((vars(cls)[name], calls) for cls in own for name, calls in MAKERS.items() if name in vars(cls))
    return all(_is_handing_on(maker, *calls) for maker, calls in made_by)


MAKERS = {"__init__": ("super().__init__", "clip", "start_layer"), "__post_init__": ("super().__post_init__",)}
"""What makes a variant, with the call of its base class and the arguments that it begins with."""


def _is_handing_on(maker: Any, called: str, *first: str) -> bool:
    """Whether a method that makes a variant gives ``clip`` and ``start_layer`` to its base class, and no more of them.

    One that a dataclass wrote takes all fields in turn; what it calls is looked at beside it.
    """
    if inspect.isfunction(maker) and maker.__code__.co_filename == "<string>" and maker.__name__ == "__init__":
        return True
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(maker))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return False
    calls = [node for node in ast.walk(function) if ast.unparse(node).startswith(f"{called}(")]
    call = next((node for node in calls if isinstance(node, ast.Call)), None)
    if call is None or [ast.unparse(each) for each in call.args[: len(first)]] != list(first):
        return False
    handed = {id(node) for each in call.args[: len(first)] for node in ast.walk(each)}
    names = (node for node in ast.walk(function) if id(node) not in handed)
    told = {getattr(node, "id", None) or getattr(node, "attr", None) for node in names}
    return not told & {"clip", "start_layer", "setattr", "__dict__", "vars"}
