"""The forms of a table: LaTeX that is whole and compiles where a TeX is, markdown and a page that show any name."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.paper.formats.blocks import ROOM, cut, measure_columns, measure_labels, split_columns
from bench.paper.formats.latex import escape_latex, write_latex
from bench.paper.formats.markdown import write_markdown
from bench.paper.formats.page import Part, write_page
from bench.paper.grid import Grid, Text, lay_out
from bench.paper.reading import read_definitions
from bench.system.resources import find_published_dir
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
    tabulars = re.findall(
        r"\\begin\{tabular\}\{@\{\}(?:l|p\{\d+pt\})(r+)@\{\}\}\n(.*?)\\end\{tabular\}", source, re.DOTALL
    )
    assert len(tabulars) == source.count(r"\begin{tabular}") >= 1
    for columns, body in tabulars:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert rows
        for row in rows:
            spans = [int(span) for span in re.findall(r"\\multicolumn\{(\d+)\}", row)]
            cells = len(re.findall(r"(?<!\\)&", row)) + 1
            assert cells + sum(spans) - len(spans) == len(columns) + 1, row
        rules = [r"\toprule", r"\midrule", r"\bottomrule"]
        assert [body.index(rule) for rule in rules] == sorted(body.index(rule) for rule in rules)
    outside = re.sub(r"\$[^$]*\$", "", bare)
    told = "\n".join(line for line in outside.splitlines() if "&" not in line)
    assert not re.search(r"[#%_^~<>|]", re.sub(r"label\{.*", "", told))
    assert re.findall(r"\\cmidrule\(lr\)\{(\d+)-(\d+)\}", source) or "multicolumn" not in source


def test_latex_is_whole_whatever_a_row_is_called(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    check_latex(source)
    assert r"50\% \& \$x\_1\$ \#2 \{a\} \textasciitilde{}b\textasciicircum{}c \textbackslash{}d" in source
    assert escape_latex("tau_SBERT >= 0.5") == r"$\tau_{\mathrm{SBERT}}$ $\geq$ 0.5"
    assert escape_latex("score.tau_clip=0.1") == r"score.tau\_clip=0.1", "a key stays as it is typed"
    assert r"\caption{Crops \& 100 \% of the method\_x}" in source


def test_the_check_of_latex_sees_what_is_wrong(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    for before, after in ((r"\&", "&"), (r"\end{tabular}", ""), (r"\midrule", ""), ("rr@{}}", "r@{}}"), (r"\_x", "_x")):
        assert before in source
        with pytest.raises((AssertionError, ValueError, IndexError)):
            check_latex(source.replace(before, after))


SHIPPED = sorted((find_published_dir().parent / "paper_tables").glob("table*.tex"))


def test_shipped_tables_are_whole_and_fit_on_a_page() -> None:
    assert [path.stem for path in SHIPPED] == [f"table{number}" for number in range(1, 8)]
    for path in SHIPPED:
        check_latex(path.read_text())


def compile_latex(source: str, folder: Path) -> str:
    """Compile a table as a paper would paste it; return what TeX says of it."""
    page = f"\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{source}\n\\end{{document}}\n"
    (folder / "page.tex").write_text(page)
    assert TEX is not None
    quiet = [] if "tectonic" in TEX else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([TEX, *quiet, "page.tex"], cwd=folder, capture_output=True, timeout=100)
    told = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0 and (folder / "page.pdf").is_file(), told[-2000:]
    return told


@pytest.mark.skipif(TEX is None, reason="no TeX is here: its source is checked instead")
def test_latex_compiles_whatever_a_row_is_called(tmp_path: Path) -> None:
    source, _, _ = write(tmp_path)
    compile_latex(source, tmp_path)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", ["[third]", "*third", "[2pt] third"])
def test_a_name_is_no_option_of_the_rule_or_row_above_it(name: str, tmp_path: Path) -> None:
    """TeX takes a star or a bracket behind a row's end, or a rule, for a part of that."""
    text = YAML.replace("third: [", f"'{name}': [").replace("  other: [", f"  '{name[:-1]}x': [")
    table = make(tmp_path / "a", text)
    source = write_latex(table.item, lay_out(table))
    lines = source.splitlines()
    for at, line in enumerate(lines[:-1]):
        if line.endswith((r"\\", "rule")):
            assert not lines[at + 1].startswith(("*", "[")), lines[at + 1]
    if TEX and shutil.which("pdftotext"):
        compile_latex(source, tmp_path)
        told = subprocess.run(["pdftotext", "-layout", "page.pdf", "-"], cwd=tmp_path, capture_output=True, text=True)
        assert name in told.stdout and f"{name[:-1]}x" in told.stdout


@pytest.mark.thinned(6)
@pytest.mark.skipif(TEX is None, reason="no TeX is here: its source is checked instead")
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_tables_compile_and_nothing_stands_out_of_the_page(path: Path, tmp_path: Path) -> None:
    told = compile_latex(path.read_text(), tmp_path)
    assert "Overfull" not in told and "Missing character" not in told


def make_grid(groups: Sequence[tuple[str, int]], widths: Sequence[int]) -> Grid:
    """One row, each column so many digits wide."""
    cells = tuple(Text("0" * width) for width in widths)
    return Grid(tuple(groups), tuple("x" for _ in widths), (("row", cells),), (), ())


@pytest.mark.parametrize(
    ("groups", "widths", "blocks"),
    [
        ((("a", 2), ("b", 1)), [10] * 3, [(0, 3)]),
        ((("a", 3), ("b", 3)), [15] * 6, [(0, 3), (3, 6)]),  # each fits alone
        ((("a", 6),), [15] * 6, [(0, 3), (3, 6)]),  # in equal parts
        ((), [15] * 7, [(0, 3), (3, 7)]),
        ((("a", 1), ("b", 6)), [15] * 7, [(0, 1), (1, 4), (4, 7)]),
        ((("a", 1), ("b", 1)), [400, 1], [(0, 1), (1, 2)]),  # one that is too wide stands alone
    ],
)
def test_columns_that_find_no_room_stand_below_each_other(
    groups: Sequence[tuple[str, int]], widths: Sequence[int], blocks: list[tuple[int, int]]
) -> None:
    grid = make_grid(groups, widths)
    found = split_columns(grid)
    assert [(block.start, block.stop) for block in found] == blocks
    parts = [cut(grid, block) for block in found]
    assert [cell for part in parts for cell in part.rows[0][1]] == list(grid.rows[0][1])
    for part in parts:
        assert sum(span for _, span in part.groups) == (len(part.heads) if groups else 0)
        assert len(part.heads) == 1 or sum(measure_columns(part)) + measure_labels(part) <= ROOM


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
