"""One module read without running it: its code, what it imports, and which files beside it may be read (KEYS.md).

Comments, docstrings, layout and ``__version__`` are no code. What is imported inside functions, relatively, for type
checkers alone, or by a literal name counts; an import by a computed name can only be said.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BY_NAME = ("import_module", "__import__", "get_object")
"""Functions whose first argument names a module, or something in one."""
UNSEEN = ("spec_from_file_location", "run_path", "run_module", "SourceFileLoader")
"""Functions that run code which no import statement names."""
BESIDE = ("__file__", "__path__", "resources", "get_data")
"""Names by which a module finds the files that lie beside it."""


COLLECTED = (ast.Import, ast.ImportFrom, ast.Dict, ast.Call, ast.Name, ast.Attribute, ast.Constant)
LONGEST = 256
"""Characters of a file's name; a longer text is none."""


@dataclass(frozen=True)
class ParsedModule:
    """``imports`` are dotted names, perhaps with attributes behind; ``computed`` the calls that cannot be followed.

    ``texts`` are its literals, among them names of files; ``beside`` tells whether it looks for files beside itself.
    """

    code: str
    imports: tuple[str, ...]
    computed: tuple[str, ...]
    texts: tuple[str, ...]
    beside: bool


def parse_source(source: str | bytes, module: str, is_package: bool) -> ParsedModule:
    """Parse the source of a module. One that is no Python counts as text: importing it will say what is wrong."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        text = source if isinstance(source, str) else source.decode("utf-8", "replace")
        return ParsedModule(text, (), (), (), False)
    package = module if is_package else module.rpartition(".")[0]
    code: list[str] = []
    nodes: list[ast.AST] = []
    _write_tree(tree, code, nodes)
    known = _find_aliases(nodes)
    imports: list[str] = []
    computed: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports += _list_imported(node, package)
        elif isinstance(node, ast.Dict):
            imports += _find_targets(node)
    for node in _find_references(nodes, known):
        called = _find_called(node, package, known)
        (imports if called else computed).append(called or ast.unparse(node)[:80])
    literals = (_read_literal(node) for node in nodes)
    texts = {text for text in literals if text and len(text) < LONGEST and text.isprintable()}
    beside = any(_read_name(node) in BESIDE for node in nodes)
    return ParsedModule("".join(code), tuple(imports), tuple(dict.fromkeys(computed)), tuple(sorted(texts)), beside)


def _is_no_code(statement: object) -> bool:
    value = getattr(statement, "value", None)
    if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return False
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets] == ["__version__"]
    return isinstance(statement, ast.Expr)


def _list_imported(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """List what a statement imports: ``from a import b`` counts as a and a.b, of which one may be a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = _make_absolute("." * node.level + (node.module or ""), package)
    return [base, *(f"{base}.{alias.name}" for alias in node.names)] if base else []


def _make_absolute(name: str, package: str) -> str:
    """Make a relative name, ``..a`` seen from a package, absolute; empty where there is no such package."""
    level = len(name) - len(name.lstrip("."))
    parts = package.split(".") if package else []
    if level == 0:
        return name
    if level > len(parts):
        return ""
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name[level:]])])


def _find_aliases(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """Find functions that import by name, as this module calls them."""
    own = {name: name for name in (*BY_NAME, *UNSEEN)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            own |= {alias.asname: alias.name for alias in node.names if alias.asname and alias.name in own.values()}
    return own


def _find_references(nodes: Sequence[ast.AST], known: Mapping[str, str]) -> list[ast.AST]:
    """Find calls of those functions, and every other place where one is handed on."""
    calls = [n for n in nodes if isinstance(n, ast.Call) and _read_name(n.func) in known]
    called = {id(call.func) for call in calls}
    return [*calls, *(n for n in nodes if _read_name(n) in known and id(n) not in called)]


def _find_called(node: ast.AST, package: str, known: Mapping[str, str]) -> str:
    """Find the name that a call imports; empty where it cannot be told."""
    if not isinstance(node, ast.Call) or known[_read_name(node.func)] in UNSEEN:
        return ""
    arguments = [_read_literal(argument) for argument in (*node.args, *(keyword.value for keyword in node.keywords))]
    if not arguments or not arguments[0]:
        return ""
    base = arguments[1] if len(arguments) > 1 and arguments[1] else package
    return _make_absolute(arguments[0], base)


def _read_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _find_targets(node: ast.Dict) -> list[str]:
    """List what a mapping in the code names as ``_target_``."""
    pairs = zip(node.keys, node.values, strict=True)
    return [text for key, value in pairs if key and _read_literal(key) == "_target_" and (text := _read_literal(value))]


def _read_literal(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _write_tree(node: ast.AST, code: list[str], nodes: list[ast.AST]) -> None:
    """Write a tree without places, as `ast.dump` does, and collect what is looked at; one pass, for speed."""
    kind = type(node)
    if kind in COLLECTED:
        nodes.append(node)
    code.append(f"{kind.__name__}(")
    for name in kind._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            # A bare string is a docstring, at the head of a body or below an attribute: no code.
            kept = [each for each in value if not _is_no_code(each)] if name == "body" else value
            code.append(f"{name}=[")
            for each in kept:
                _write_tree(each, code, nodes) if isinstance(each, ast.AST) else code.append(f"{each!r},")
            code.append("]")
        elif isinstance(value, ast.AST):
            if not isinstance(value, ast.expr_context):
                code.append(f"{name}=")
                _write_tree(value, code, nodes)
        elif value is not None or kind is ast.Constant:
            code.append(f"{name}={value!r},")
    code.append(")")
