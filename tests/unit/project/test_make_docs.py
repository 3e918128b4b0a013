"""scripts/make_docs.py: Markdown becomes pages whose links lead somewhere; one that leads nowhere is named."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("make_docs")


def test_the_markdown_pages_of_this_project_have_no_broken_link(script: ModuleType, tmp_path: Path) -> None:
    pages = [script.write_page(page, tmp_path) for page in sorted(ROOT.glob("*.md"))]
    lost = [line for line in script.find_lost_links(tmp_path) if "api/index.html" not in line]
    assert lost == [] and len(pages) > 10
    readme = (tmp_path / "README.html").read_text()
    assert 'href="RUNS.html#' in readme and 'src="results/demo/curves.png"' in readme
    assert (tmp_path / "results/demo/curves.png").is_file() and "<script" not in readme


@pytest.mark.parametrize(("html", "lost"), [
    ('<a href="b.html">x</a>', 0), ('<a href="c.html">x</a>', 1), ('<a href="b.html#here">x</a>', 0),
    ('<a href="#there">x</a>', 1),
    ('<a href="b.html#nowhere">x</a>', 1), ('<img src="a%20b.png">', 0), ('<img src="b.png">', 1),
    ('<a href="https://example.org/c.html">x</a>', 0), ('<h2 id="there">x</h2><a href="#there">x</a>', 0),
])  # fmt: skip
def test_links_that_lead_nowhere_are_found(script: ModuleType, tmp_path: Path, html: str, lost: int) -> None:
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "b.html").write_text('<p id="here">')
    (tmp_path / "a b.png").write_bytes(b"")
    found = list(script.find_lost_links(tmp_path))
    assert len(found) == lost and all(line.startswith("a.html: ") and line.endswith("leads nowhere") for line in found)


def test_headings_have_the_ids_that_links_name(script: ModuleType) -> None:
    first, second = script.add_anchors("<h2>Because …</h2>\n<h3>A <code>b_c</code>, d&amp;e</h3>").split("\n")
    assert first == '<h2 id="because-">Because …</h2>'
    assert second == '<h3 id="a-b_c-de">A <code>b_c</code>, d&amp;e</h3>'


@pytest.mark.extra
def test_all_pages_are_built_without_a_broken_link(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pdoc", reason="needs pdoc: pip install 'zgs[docs]'")
    assert script.main(tmp_path / "docs") == 0
    assert " 0 links that lead nowhere" in capsys.readouterr().out
    page = (tmp_path / "docs/api/bench/api.html").read_text()
    assert "Scorer" in page and "float32 [n, d]" in page
