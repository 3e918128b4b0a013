"""A table of the paper as LaTeX with booktabs: a float to paste, which needs that package and no other."""

from __future__ import annotations

import re

from bench.paper.definition import Item
from bench.paper.formats.blocks import LABEL, cut, measure, split_columns
from bench.paper.grid import Grid, Text

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", "–": "--",
    "−": "$-$", "τ": r"$\tau$", "σ": r"$\sigma$", "²": "$^2$", "≥": r"$\geq$", "≤": r"$\leq$", "…": r"\dots{}",
    "·": r"$\cdot$", "†": r"\dag{}", "×": r"$\times$", "`": r"\textasciigrave{}", '"': "''",
}  # fmt: skip


_SYMBOLS = re.compile(r"(?<![\w.])tau_(\w+)|>=|<=")
"""What is written in letters of a keyboard and printed as mathematics."""


def write_latex(item: Item, grid: Grid) -> str:
    """Write the table: groups over rules of their own, intervals and p below each number, notes below the table.

    Columns that find no room beside each other stand below each other, in tabulars with the same rows.
    """
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(item.caption or item.shows)}}}",
        rf"\label{{tab:{re.sub(r'[^A-Za-z0-9]', '', item.name)}}}",
        r"\scriptsize",
        r"\setlength{\tabcolsep}{3pt}",
        r"\smallskip",
    ]
    blocks = [_write_tabular(cut(grid, columns)) for columns in split_columns(grid)]
    lines += (r"\par\medskip" + "\n").join("\n".join(block) + "\n" for block in blocks).splitlines()
    notes = [*(f"({at}) {note}" for at, note in enumerate(grid.empties, 1)), *grid.notes]
    lines += [rf"\par\smallskip\raggedright {_write_note(note)}" for note in notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _write_tabular(grid: Grid) -> list[str]:
    longest = max((measure(label) for label, _ in grid.rows), default=0.0)
    labels = rf"p{{{LABEL:.0f}pt}}" if longest > LABEL else "l"
    lines = [
        rf"\begin{{tabular}}{{@{{}}{labels}{'r' * len(grid.heads)}@{{}}}}",
        r"\toprule",
        *_write_heads(grid),
        r"\midrule",
    ]
    for label, cells in grid.rows:
        deep = max(len(cell.below) for cell in cells)
        # In braces: a star or a "[" behind the end of a row, or behind a rule, would be read as a part of that.
        head = rf"\raggedright {escape_latex(label)}" if longest > LABEL else f"{{{escape_latex(label)}}}"
        lines.append(_join([head, *map(_write_value, cells)]))
        lines += [_join(["", *(_write_below(cell, at) for cell in cells)]) for at in range(deep)]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def escape_latex(text: str) -> str:
    """Escape a text for LaTeX: every sign that means something there, and Greek and signs that our tables use."""
    parts, at = [], 0
    for match in _SYMBOLS.finditer(text):
        parts += [_escape_signs(text[at : match.start()]), _write_symbol(match)]
        at = match.end()
    return "".join([*parts, _escape_signs(text[at:])])


def _escape_signs(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _write_symbol(match: re.Match[str]) -> str:
    if match[1] is None:
        return {">=": r"$\geq$", "<=": r"$\leq$"}[match[0]]
    return rf"$\tau_{{\mathrm{{{_escape_signs(match[1])}}}}}$"


def _write_note(note: str) -> str:
    """Write a note, the commands between its back quotes as they are typed."""
    parts = note.split("`")
    return "".join(
        rf"\texttt{{{_escape_signs(part)}}}" if at % 2 and at < len(parts) - 1 else escape_latex(part)
        for at, part in enumerate(parts)
    )


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
