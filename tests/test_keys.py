"""Keys: an edited constant misses, an edited comment hits, and everything a result depends on counts."""

import importlib
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from bench import keys


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function from the sources of two modules, the first of which imports the second, to their joint code."""
    monkeypatch.syspath_prepend(str(tmp_path))
    keys._path.cache_clear()
    keys._parsed.cache_clear()
    names = (f"pack{i}" for i in count())

    def code(first: str, second: str = "B = 1\n") -> str:
        name = next(names)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "first.py").write_text(first.replace("PACK", name))
        (tmp_path / name / "second.py").write_text(second)
        importlib.invalidate_caches()
        return "".join(keys._parsed(m)[1] for m in sorted(keys._closure(f"{name}.first"))).replace(name, "PACK")

    return code


SOURCE = '''"""A module."""
from PACK.second import B

A = 1
"""What A is."""


def f(x):
    """Doc."""
    return x + B  # add
'''


def test_comments_docstrings_and_layout_do_not_count(package) -> None:
    plain = package(SOURCE)
    assert package(SOURCE.replace("# add", "# sum").replace("Doc.", "Other.").replace("What A is", "More")) == plain
    assert package(SOURCE.replace("return x + B", "return (x\n            + B)")) == plain


def test_constants_and_imported_modules_count(package) -> None:
    plain = package(SOURCE)
    assert package(SOURCE.replace("A = 1", "A = 2")) != plain
    assert package(SOURCE.replace("x + B", "x - B")) != plain
    assert package(SOURCE, "B = 2\n") != plain
    assert package(SOURCE, "B = 1  # one\n") == plain


def test_a_variant_knows_what_it_is_made_of() -> None:
    closure = keys._closure("bench.encode.global_subtraction")
    assert {"bench.encode.trunk", "bench.encode.attention", "bench.models.clip"} <= closure
    assert not {m for m in closure if m.startswith(("bench.segment", "bench.evaluate", "bench.encode.crop"))}


def test_every_part_changes_the_key() -> None:
    parts = {"options": {"sigma2": 2.5}, "seed": 0, "dtype": "float32"}
    key = keys.stage_key("encode", parts)
    assert key == keys.stage_key("encode", dict(reversed(parts.items())))
    others = [{**parts, "seed": 1}, {**parts, "dtype": "float16"}, {**parts, "options": {"sigma2": 2.0}}]
    assert len({key, keys.stage_key("caption", parts), *(keys.stage_key("encode", o) for o in others)}) == 5


def test_content_tells_shape_and_dtype_apart() -> None:
    a = np.zeros((2, 3), np.uint8)
    assert len({keys.content_digest(x) for x in (a, a.reshape(3, 2), a.astype(bool), a + 1)}) == 4
    assert keys.content_digest(a[:, ::-1]) == keys.content_digest(a.copy())
