"""Which room of the house may import which, checked by `make lint`: reads the imports, runs nothing.

Two rules. A room imports only rooms of lower lines, and no other of its own line. And in no folder do files and folders
import each other in a circle. Imports inside functions and for type checkers count like any other; an import by a name
in a text (`bench.cli` calls a command, a configuration names a stage) is how the layers are joined, and does not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LAYERS = """
cli api
commands
prepare doctor paper speed tracking study
report
run
settings
pipeline interfaces
score
metrics
mapping
exchange
predictions
data
overlap
store
merge
segment encode caption baselines
models
cluster
toyworld protocol
metric_name system bounds resize lookup records csv_files booleans
errors
text
"""
"""From top to bottom; a file of `bench` is a room like a folder."""
_STAGES = ("models", "encode", "caption", "segment", "baselines", "merge")
NEVER = {"report": _STAGES, "paper": _STAGES}
"""What a room does not even load when its modules are imported, through whatever lies between."""

Edge = tuple[str, str]


def read_imports(root: Path) -> dict[Edge, bool]:
    """Read what every module of ``root``/bench imports of it, as (importer, imported): True where it is at once."""
    files = {_name(path.relative_to(root)): path for path in sorted(root.glob("bench/**/*.py"))}
    edges: dict[Edge, bool] = {}
    for module, path in files.items():
        for name, at_once in _walk(ast.parse(path.read_bytes()), True):
            imported = name if name in files else name.rpartition(".")[0]
            if imported in files and imported not in (module, "bench") and module != "bench":
                edges[module, imported] = edges.get((module, imported), False) or at_once
    return edges


def find_faults(edges: Mapping[Edge, bool]) -> dict[str, str]:
    """Find what breaks the rules: a sentence by fault; faults are "UPPER LOWER", "files FOLDER" and "never ROOM"."""
    level = {room: line for line, rooms in enumerate(LAYERS.strip().split("\n")) for room in rooms.split()}
    faults = {}
    for importer, imported in sorted(edges):
        upper, lower = _room(importer), _room(imported)
        if upper != lower and level.get(upper, -1) >= level.get(lower, -1):
            faults[f"{upper} {lower}"] = f"{importer} imports {imported}, which does not lie below it"
    for folder in {folder for edge in edges for name in edge for folder in _folders(name)}:
        inside = {(_child(a, folder), _child(b, folder)) for a, b in edges}
        if circle := _circle({(a, b) for a, b in inside if a and b and a != b}):
            faults[f"files {folder.partition('.')[2]}"] = f"{folder}: {' → '.join(circle)} is a circle"
    for room, banned in NEVER.items():
        loaded = _reached({edge for edge, at_once in edges.items() if at_once}, room)
        if wrong := sorted(name for name in loaded if _room(name) in banned):
            faults[f"never {room}"] = f"importing bench.{room} loads {wrong[0]}"
    return faults


def main() -> int:
    """Print every fault; 1 where there is any."""
    faults = find_faults(read_imports(Path(__file__).resolve().parents[1]))
    print("\n".join(faults[name] for name in sorted(faults)) or "layers: no fault")
    return 1 if faults else 0


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _room(module: str) -> str:
    return module.split(".")[1]


def _folders(module: str) -> list[str]:
    """The folders of ``bench`` in which a module lies."""
    parts = module.split(".")
    return [".".join(parts[:depth]) for depth in range(2, len(parts))]


def _child(module: str, folder: str) -> str:
    """The file or folder of ``folder`` in which a module lies; empty where it lies elsewhere."""
    inside = module.removeprefix(f"{folder}.")
    return "" if inside == module else inside.partition(".")[0]


def _walk(node: ast.AST, at_once: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((f"{child.module}.{alias.name}", at_once) for alias in child.names)
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        )
        yield from _walk(child, at_once and not later)


def _reached(edges: Iterable[Edge], room: str) -> set[str]:
    reached = {a for a, _ in edges if _room(a) == room}
    while more := {b for a, b in edges if a in reached} - reached:
        reached |= more
    return reached


def _circle(edges: Iterable[Edge]) -> list[str]:
    """One circle, its first name repeated at the end; empty where there is none."""
    left = set(edges)
    while ends := {b for _, b in left} - {a for a, _ in left}:  # what imports nothing is in no circle
        left = {(a, b) for a, b in left if b not in ends}
    if not left:
        return []
    path = [min(left)[0]]
    while path[-1] not in path[:-1]:
        path.append(min(b for a, b in left if a == path[-1]))
    return path[path.index(path[-1]) :]


if __name__ == "__main__":
    sys.exit(main())
