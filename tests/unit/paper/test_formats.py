"""The forms of a table: LaTeX that is whole and compiles where a TeX is, markdown and a page that show any name."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.paper.formats.latex import escape_latex, write_latex
from bench.paper.formats.markdown import write_markdown
from bench.paper.formats.page import Part, write_page
from bench.paper.grid import Grid, lay_out
from bench.paper.reading import read_definitions
from tests.unit.paper.made import YAML, make

NASTY = r"50% & $x_1$ #2 {a} ~b^c \d <e> |f| “g” τ≥0.5 σ²–−"
TEX = next(filter(None, map(shutil.which, ("pdflatex", "tectonic", "lualatex", "xelatex"))), None)


def write(tmp: Path, text: str = YAML) -> tuple[str, str, Grid]:
    table = make(tmp, text.replace("  other: [", f"  '{NASTY}': ["))
    grid = lay_out(table)
    return write_latex(table.item, grid), write_markdown(table.item, grid), grid


def check_latex(source: str) -> None:
    """Environments and braces balance, rows of a tabular have its columns, no sign is left bare."""
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert not stack
    bare = re.sub(r"\\.", "", "\n".join(line for line in source.splitlines() if not line.startswith("%")))
    depth = 0
    for sign in bare:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0 and bare.count("$") % 2 == 0
    columns = re.search(r"\\begin\{tabular\}\{([lrc]+)\}", source)
    assert columns is not None
    body = source[columns.end() : source.index(r"\end{tabular}")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert rows
    for row in rows:
        spans = [int(span) for span in re.findall(r"\\multicolumn\{(\d+)\}", row)]
        cells = len(re.findall(r"(?<!\\)&", row)) + 1
        assert cells + sum(spans) - len(spans) == len(columns[1]), row
    outside = re.sub(r"\$[^$]*\$", "", bare)
    told = "\n".join(line for line in outside.splitlines() if "&" not in line)
    assert not re.search(r"[#%_^~<>|]", re.sub(r"label\{.*", "", told))
    rules = [r"\toprule", r"\midrule", r"\bottomrule"]
    assert [source.index(rule) for rule in rules] == sorted(source.index(rule) for rule in rules)
    assert re.findall(r"\\cmidrule\(lr\)\{(\d+)-(\d+)\}", source) or "multicolumn" not in source


def test_latex_is_whole_whatever_a_row_is_called(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    check_latex(source)
    assert r"50\% \& \$x\_1\$ \#2 \{a\} \textasciitilde{}b\textasciicircum{}c \textbackslash{}d" in source
    assert r"\caption{Crops \& 100 \% of the method\_x}" in source


def test_the_check_of_latex_sees_what_is_wrong(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    for before, after in ((r"\&", "&"), (r"\end{tabular}", ""), (r"\midrule", ""), ("{rrr", "{rr"), (r"\_x", "_x")):
        with pytest.raises((AssertionError, ValueError, IndexError)):
            check_latex(source.replace(before, after).replace("{lrr}", "{lr}" if before == "{rrr" else "{lrr}"))


@pytest.mark.skipif(TEX is None, reason="no TeX is here: its source is checked instead")
def test_latex_compiles(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    page = f"\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{source}\n\\end{{document}}\n"
    (tmp_path / "page.tex").write_text(page)
    assert TEX is not None
    quiet = [] if "tectonic" in TEX else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([TEX, *quiet, "page.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and (tmp_path / "page.pdf").is_file(), done.stdout[-2000:]


@pytest.mark.parametrize("name", [item.name for item in read_definitions(["all"])])
def test_words_of_our_yamls_need_no_sign_that_latex_lacks(name: str) -> None:
    (item,) = read_definitions([name])
    told = escape_latex(" ".join([item.caption, item.shows, *(row.name for row in item.rows), *item.columns]))
    assert told.isascii()


def test_markdown_rows_have_as_many_cells_as_the_head(tmp_path: Path) -> None:
    _, text, grid = write(tmp_path)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == len(grid.rows) + 2
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(grid.heads) + 2}


def test_a_page_shows_names_and_not_markup(tmp_path: Path) -> None:
    table = make(tmp_path, YAML.replace("  other: [", "  '<b>&bold': ["))
    page = write_page([Part(table.item, lay_out(table), [tmp_path / "x.png"], ["a < b"])], tmp_path)
    assert "&lt;b&gt;&amp;bold" in page and "<b>&bold" not in page
    assert '<img src="x.png"' in page and "a &lt; b" in page
