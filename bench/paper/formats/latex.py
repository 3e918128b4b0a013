"""A table of the paper as LaTeX with booktabs: a float to paste, which needs that package and no other."""

from __future__ import annotations

import re

from bench.paper.definition import Item
from bench.paper.grid import Grid, Text

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", "–": "--",
    "−": "$-$", "τ": r"$\tau$", "σ": r"$\sigma$", "²": "$^2$", "≥": r"$\geq$", "≤": r"$\leq$", "…": r"\dots{}",
    "·": r"$\cdot$", "×": r"$\times$", "`": r"\textasciigrave{}", '"': "''",
}  # fmt: skip


def write_latex(item: Item, grid: Grid) -> str:
    """Write the table: groups over rules of their own, intervals and p below each number, notes below the table."""
    columns = "l" + "r" * len(grid.heads)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        r"\scriptsize",
        rf"\caption{{{escape_latex(item.caption or item.shows)}}}",
        rf"\label{{tab:{re.sub(r'[^A-Za-z0-9]', '', item.name)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        *_write_heads(grid),
        r"\midrule",
    ]
    for label, cells in grid.rows:
        deep = max(len(cell.below) for cell in cells)
        lines.append(_join([escape_latex(label), *map(_write_value, cells)]))
        lines += [_join(["", *(_write_below(cell, at) for cell in cells)]) for at in range(deep)]
    lines += [r"\bottomrule", r"\end{tabular}"]
    notes = [*(f"({at}) {note}" for at, note in enumerate(grid.empties, 1)), *grid.notes]
    lines += [rf"\par\smallskip\raggedright {escape_latex(note)}" for note in notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def escape_latex(text: str) -> str:
    """Escape a text for LaTeX: every sign that means something there, and Greek and signs that our tables use."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _write_heads(grid: Grid) -> list[str]:
    lines, at = [], 2
    if grid.groups:
        spans = [rf"\multicolumn{{{span}}}{{c}}{{{escape_latex(name)}}}" for name, span in grid.groups]
        lines.append(_join(["", *spans]))
        for _, span in grid.groups:
            lines.append(rf"\cmidrule(lr){{{at}-{at + span - 1}}}")
            at += span
    split = [head.split("\n") for head in grid.heads]
    for line in range(max(map(len, split))):
        lines.append(_join(["", *(escape_latex(head[line]) if line < len(head) else "" for head in split)]))
    return lines


def _write_value(text: Text) -> str:
    value = rf"\textbf{{{escape_latex(text.value)}}}" if text.best else escape_latex(text.value)
    return f"{value} ({text.note})" if text.note else value


def _write_below(text: Text, at: int) -> str:
    # In braces: a "[" behind the end of a row would be read as a length.
    return "{" + escape_latex(text.below[at]) + "}" if at < len(text.below) else ""


def _join(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
