"""What a target is made of: every import of ours however it is written, libraries by version, files beside a module."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bench
from bench.errors import UserError
from bench.store.facts import beside
from bench.store.facts.closure import find_closure, find_targets, forget_sources, join_closures

Write = Callable[..., None]
FILES = {
    "mine/__init__.py": "",
    "mine/variant.py": "IMPORT\nclass Variant:\n    class Inner:\n        @classmethod\n        def build(cls): ...\n",
    "mine/strength.py": "STRENGTH = 0.3\n",
    "mine/deep/__init__.py": "",
    "mine/deep/er.py": "from ..strength import STRENGTH\n",
    "alone.py": "VALUE = 1\n",
    "spaces/inner/thing.py": "VALUE = 1\n",
}
IMPORTS = {
    "relative": ("from .strength import STRENGTH", "mine/strength.py"),
    "relative module": ("from . import strength", "mine/strength.py"),
    "relative, two levels": ("from .deep import er", "mine/strength.py"),
    "own package": ("from mine.strength import STRENGTH", "mine/strength.py"),
    "under another name": ("import mine.strength as s", "mine/strength.py"),
    "star": ("from .strength import *", "mine/strength.py"),
    "inside a function": ("def f():\n    from .strength import STRENGTH", "mine/strength.py"),
    "inside try": ("try:\n    from .strength import STRENGTH\nexcept ImportError:\n    pass", "mine/strength.py"),
    "for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .strength import STRENGTH", "mine/strength.py",
    ),
    "import_module": ('import importlib\nm = importlib.import_module("mine.strength")', "mine/strength.py"),
    "import_module, relative": (
        'from importlib import import_module\nm = import_module(".strength", __package__)', "mine/strength.py",
    ),
    "import_module, renamed": (
        'from importlib import import_module as load\nm = load("mine.strength")', "mine/strength.py",
    ),
    "__import__": ('m = __import__("mine.strength")', "mine/strength.py"),
    "get_object": ('from hydra.utils import get_object\nm = get_object("mine.strength.STRENGTH")', "mine/strength.py"),
    "_target_ in the code": ('OPTIONS = {"_target_": "mine.strength.Strength"}', "mine/strength.py"),
    "the package's own file": ("", "mine/__init__.py"),
    "single file of the working folder": ("import alone", "alone.py"),
    "namespace package": ("from spaces.inner.thing import VALUE", "spaces/inner/thing.py"),
}  # fmt: skip


def digest(target: str = "mine.variant.Variant") -> str:
    forget_sources()
    return find_closure(target).digest


@pytest.mark.thinned(4)
@pytest.mark.parametrize("way", IMPORTS)
def test_an_edit_of_what_is_imported_counts(way: str, write: Write) -> None:
    told, edited = IMPORTS[way]
    write(FILES | {"mine/variant.py": FILES["mine/variant.py"].replace("IMPORT", told)})
    before = digest()
    write({edited: "# a comment\n" + FILES[edited]})
    assert digest() == before, "a comment is no code"
    write({edited: FILES[edited] + "MORE = 2\n"})
    assert digest() != before and not find_closure("mine.variant.Variant").unknown


def test_what_is_not_imported_does_not_count(write: Write) -> None:
    write(FILES)
    before = digest()
    write({"mine/strength.py": "STRENGTH = 3.0\n", "mine/new.py": "A = 1\n", "mine/notes.txt": "hello"})
    assert digest() == before


def test_comments_docstrings_layout_and_versions_do_not_count(write: Write) -> None:
    source = '"""A."""\nA = 1\n"""What A is."""\n\ndef f(x):\n    """Doc."""\n    return x + A  # add\n'
    write({"one.py": source})
    before = digest("one.f")
    same = source.replace("# add", "# sum").replace("Doc.", "Other.").replace("What A is", "More")
    for text in (same, source.replace("x + A", "(x\n            + A)"), source + '__version__ = "2"\n'):
        write({"one.py": text})
        assert digest("one.f") == before
    for text in (source.replace("A = 1", "A = 2"), source.replace("x + A", "x - A"), source + 'B = "2"\n'):
        write({"one.py": text})
        assert digest("one.f") != before


@pytest.mark.parametrize("target", ["mine.Name", "mine.variant.Variant.Inner.build", "mine.variant.Variant"])
def test_a_target_is_found_however_deep_it_is(target: str, write: Write) -> None:
    write(FILES | {"mine/__init__.py": "from .variant import Variant as Name\n"})
    before = digest(target)
    write({"mine/variant.py": FILES["mine/variant.py"].replace("IMPORT", "A = 1")})
    assert digest(target) != before and "mine.variant" in find_closure(target).modules


def test_a_base_class_counts_across_packages_both_ways(write: Write) -> None:
    write({"base/__init__.py": "", "base/encoder.py": "class Base: ...\n"})
    write({"user.py": "from base.encoder import Base\n"})
    before = digest("user.Variant")
    write({"base/encoder.py": "class Base:\n    ones = True\n"})
    assert digest("user.Variant") != before
    write({"user.py": "from bench.encode.masking import MaskedEncoder\nclass Variant(MaskedEncoder): ...\n"})
    assert {"user", "bench.encode.trunk", "bench.models.clip"} <= set(find_closure("user.Variant").modules)


@pytest.mark.thinned(4)
@pytest.mark.parametrize("module", ["encode/masked.py", "encode/trunk.py", "records.py", "models/sources.py"])
def test_this_package_counts_for_a_users_variant_wherever_it_lies(module: str, tmp_path: Path, write: Write) -> None:
    """In a process of its own over a copy of a few modules, for this one has this package in memory."""
    copied = [f"encode/{name}.py" for name in ("masked", "masking", "trunk", "layers", "segments", "attention")]
    for name in (*copied, "records.py", "models/sources.py"):
        write({f"bench/{name}": (Path(bench.__file__).parent / name).read_text()}, tmp_path)
    for name in ("__init__.py", "encode/__init__.py", "models/__init__.py"):
        write({f"bench/{name}": ""}, tmp_path)
    write({"bench/encode/half.py": "from .masked import Masked\nfrom bench.models import sources\n"}, tmp_path)
    code = (
        f"import sys; import bench.store.facts.closure as c; from bench.store.facts import modules as m;"
        f"from pathlib import Path; top = m.Module('bench', Path(r'{tmp_path}/bench/__init__.py'),"
        f" (Path(r'{tmp_path}/bench'),)); old = m._find_top; m._find_top = lambda n: top if n == 'bench' else old(n);"
        "print(c.find_closure('bench.encode.half.Half').digest)"
    )

    def told() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    before = told()
    path = tmp_path / "bench" / module
    path.write_text(path.read_text() + "\nMORE = 1\n")
    assert told() != before


def test_a_variant_knows_what_it_is_made_of() -> None:
    modules = set(find_closure("bench.encode.global_subtraction").modules)
    assert {"bench.encode.trunk", "bench.encode.attention", "bench.models.clip"} <= modules
    assert not {m for m in modules if m.startswith(("bench.segment", "bench.metrics", "bench.encode.crop"))}


@pytest.mark.parametrize("group", ["segment", "encode", "caption", "merge", "baseline", "models", "data"])
def test_of_all_that_the_settings_name_every_part_is_known(group: str) -> None:
    """So that a run of ours never says beware for what its key cannot hold."""
    files = (Path(__file__).parents[4] / "conf" / group).rglob("*.yaml")
    targets = {name for file in files for name in re.findall(r"_target_:\s*(bench\.[\w.]+)", file.read_text())}
    assert targets and join_closures(targets).unknown == ()


@pytest.mark.thinned(3)
@pytest.mark.parametrize("line", ["import bench", "from bench import Method", "import bench as b"])
def test_what_the_package_has_for_scripts_counts_for_others_alone(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "theirs_by_api.py").write_text(line + "\n")
    forget_sources("theirs_by_api")
    assert "bench.api" in find_closure("theirs_by_api").modules
    ours = find_closure("bench.encode.global_subtraction")
    assert "bench" in ours.modules and "bench.api" not in ours.modules and not ours.unknown
    (tmp_path / "theirs_by_api.py").write_text("from bench.encode.masking import MaskedEncoder\n")
    forget_sources("theirs_by_api")
    assert "bench.api" not in find_closure("theirs_by_api").modules


COMPUTED = {
    "import_module": "import importlib\ndef f(name): return importlib.import_module(name)",
    "f-string": 'import importlib\ndef f(name): return importlib.import_module(f"mine.{name}")',
    "__import__": "def f(name): return __import__(name)",
    "handed on": "from importlib import import_module\ndef f(names): return list(map(import_module, names))",
    "from a file": "import importlib.util as u\ndef f(p): return u.spec_from_file_location('a', p)",
    "runpy": "import runpy\ndef f(p): return runpy.run_path(p)",
}


@pytest.mark.parametrize("way", COMPUTED)
def test_an_import_by_a_computed_name_is_said(way: str, write: Write) -> None:
    write({"one.py": COMPUTED[way] + "\n"})
    (line,) = find_closure("one.f").unknown
    assert line.startswith("one: what ") and "store=FOLDER" in line


def test_libraries_count_by_version_and_only_those_imported(write: Write, tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/site-packages"
    write({"venv/lib/site-packages/lib.py": "A = 1\n"}, tmp_path)
    sys.path.insert(0, str(site))
    try:
        for version in ("1.0", "2.0"):
            info = f"venv/lib/site-packages/lib_dist-{version}.dist-info"
            for old in site.glob("*.dist-info"):
                old.rename(tmp_path / old.name)
            write({f"{info}/METADATA": f"Name: Lib-Dist\nVersion: {version}\n"}, tmp_path)
            write({f"{info}/RECORD": "lib.py,sha256=x,1\n"}, tmp_path)
            write({"one.py": "import lib, json\nfrom PIL import Image\n"})
            found = find_closure("one.f").libraries
            assert f"lib-dist=={version}" in found and any(each.startswith("pillow==") for each in found)
            assert any(each.startswith("python==") for each in found) and not any("torch" in e for e in found)
        before = digest("one.f")
        write({"venv/lib/site-packages/lib.py": "A = 2\n"}, tmp_path)
        assert digest("one.f") == before, "an installed library counts by its version"
        write({f"{info}/direct_url.json": '{"url": "file:///x", "dir_info": {}}'}, tmp_path)
        before = digest("one.f")
        write({"venv/lib/site-packages/lib.py": "A = 3\n"}, tmp_path)
        assert digest("one.f") != before, "one that pip copied from a folder counts by its source"
        write({f"{info}/direct_url.json": '{"url": "u", "vcs_info": {"commit_id": "abc"}}'}, tmp_path)
        assert any("abc" in each for each in find_closure("one.f").libraries)
    finally:
        sys.path.remove(str(site))


BESIDE = {
    "name": ('Path(__file__).with_name("words.txt")', "words.txt"),
    "resources": ('files("mine") / "words.txt"', "words.txt"),
    "below": ('Path(__file__).parent / "tables/words.txt"', "tables/words.txt"),
    "folder": ('(Path(__file__).parent / "tables").glob(pattern)', "tables/words.txt"),
    "ending": ('Path(__file__).parent / f"{name}.txt"', "words.txt"),
    "pattern": ('Path(__file__).parent.glob("*.txt")', "words.txt"),
}


@pytest.mark.parametrize("way", BESIDE)
def test_files_beside_a_module_count(way: str, write: Write) -> None:
    code, file = BESIDE[way]
    write({"mine/__init__.py": "", f"mine/{file}": "cat\n", "mine/other.md": "a\n"})
    write({"mine/variant.py": f"def f(name, pattern): return {code}\n"})
    before = digest("mine.variant.f")
    assert not find_closure("mine.variant.f").unknown
    write({"mine/other.md": "b\n"})
    assert digest("mine.variant.f") == before
    write({f"mine/{file}": "dog\n"})
    assert digest("mine.variant.f") != before


def test_neither_code_nor_what_lies_above_is_a_file_beside_a_module(write: Write) -> None:
    """Code counts where it is imported; an ending and a name that are written of it name no data."""
    write({"own/__init__.py": "", "own/other.py": "", "own/table.csv": "a", "own/deep/list.csv": "b", "out.csv": "c"})
    write({"own/seen.py": "NAMES = ('deep/../../out.csv', 'other.py', 'deep/list.csv')\nENDINGS = '*.py', '*.csv'\n"})
    assert set(beside.find_named("own.seen")) == {"table.csv", "deep/list.csv"}


def test_a_folder_of_compiled_code_does_not_count_though_a_module_names_it(write: Write) -> None:
    write({"mine/__init__.py": "", "mine/variant.py": 'SKIPPED = "__pycache__"\n', "mine/__pycache__/a.pyc": "1"})
    before = digest("mine.variant.SKIPPED")
    write({"mine/__pycache__/a.pyc": "2", "mine/__pycache__/b.pyc": "1"})
    assert digest("mine.variant.SKIPPED") == before


def test_files_beside_a_module_that_cannot_be_told_are_said(write: Write, tmp_path: Path, monkeypatch) -> None:
    write({"mine/__init__.py": "", "mine/variant.py": "def f(name): return open(__file__ + name)\n"})
    (line,) = find_closure("mine.variant.f").unknown
    assert "files beside it" in line
    monkeypatch.chdir(tmp_path)
    write({"mine/variant.py": 'def f(): return open("log.txt")\n', "../log.txt": "a\n"})
    (line,) = find_closure("mine.variant.f").unknown
    assert "log.txt of the working folder does not count" in line


def test_a_file_beside_a_module_that_changes_meanwhile_stops(write: Write) -> None:
    write({"mine/__init__.py": "", "mine/variant.py": 'A = "words.txt"\n', "mine/words.txt": "cat\n"})
    found = find_closure("mine.variant.f")
    assert found.digest == found.digest
    (Path(sys.path[0]) / "mine/words.txt").write_text("a dog\n")
    with pytest.raises(UserError, match="words.txt of mine.variant changed after this process had begun"):
        _ = found.digest


def test_targets_of_options_at_any_depth_and_names_of_our_modules(write: Write) -> None:
    write(FILES)
    options = {
        "_target_": "mine.variant.Variant", "crf": {"_target_": "mine.deep.er.Er"}, "list": [{"_target_": "a.b"}],
        "function": "mine.strength.STRENGTH", "text": "torch.nn", "word": "cat", "number": 1,
    }  # fmt: skip
    assert set(find_targets(options)) == {"mine.variant.Variant", "mine.deep.er.Er", "a.b", "mine.strength.STRENGTH"}
    assert join_closures(["mine.variant", "alone"]).digest != join_closures(["mine.variant"]).digest


def test_a_source_that_is_no_python_counts_as_text(write: Write) -> None:
    write({"one.py": "def f(:\n"})
    before = digest("one.f")
    write({"one.py": "def g(:\n"})
    assert digest("one.f") != before
