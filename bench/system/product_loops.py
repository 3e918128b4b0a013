"""No part of the paper: products of rows with a matrix laid out in panels, which is read from memory once, in one go.

There is a loop for each side of the matrix. Every sum is added up in one order, whatever the number of rows.
`bench.system.panels` is the door for tensors.
"""

from __future__ import annotations

from typing import Any

from bench.system.loops import compile_exact
from bench.system.tile_loops import LANES, VECTORS, WIDTH, add_dots_of_tile, add_rows_of_tile, make_tile

COLUMNS = LANES * VECTORS
"""A tile's: those of a panel or, where registers are of 8 numbers and half as many, a quarter of them."""
TALL, FEW = 6, 4
"""Rows of the largest tile on either side of the matrix: its sums fit into the registers."""
TOGETHER = 4 if LANES == 16 else 2
"""Rows of a panel that a tile of dot products takes at a time; one by one what is left."""
CHUNK = 128
"""Rows of a panel that stay in the first cache while several tiles are made of them: 32 kB."""
AHEAD = 1024
"""Numbers that are fetched ahead, a page: a processor stops of itself at the end of one."""

_add_rows_1, _add_rows_2, _add_rows_3, _add_rows_4, _add_rows_5, _add_rows_6 = (
    make_tile(rows, VECTORS, add_rows_of_tile, (AHEAD,)) for rows in range(1, TALL + 1)
)
_add_dots_1, _add_dots_2, _add_dots_3, _add_dots_4, _add_dot_1, _add_dot_2, _add_dot_3, _add_dot_4 = (
    make_tile(rows, together, add_dots_of_tile, (AHEAD,)) for together in (TOGETHER, 1) for rows in range(1, FEW + 1)
)


@compile_exact
def add_rows(x: Any, w: Any, start: Any, first: Any, last: Any, y: Any) -> None:
    """Add x [r, d] times the rows of W from start on to y [r, o], in the panels first to last of w [o / 64, i, 64]."""
    rows, deep = x.shape
    step = deep if rows <= TALL and COLUMNS == WIDTH else CHUNK
    for at in range(first, last):
        panel = w[at]
        for k in range(0, deep, step):
            depth = min(step, deep - k)
            for own in range(0, WIDTH, COLUMNS):
                row, out = 0, at * WIDTH + own
                while row < rows:
                    left = rows - row
                    tall = left // -(-left // TALL)  # tiles of about the same height, the smaller ones first
                    if tall == 1:
                        _add_rows_1(x, row, k, panel, start + k, own, y, out, depth)
                    elif tall == 2:
                        _add_rows_2(x, row, k, panel, start + k, own, y, out, depth)
                    elif tall == 3:
                        _add_rows_3(x, row, k, panel, start + k, own, y, out, depth)
                    elif tall == 4:
                        _add_rows_4(x, row, k, panel, start + k, own, y, out, depth)
                    elif tall == 5:
                        _add_rows_5(x, row, k, panel, start + k, own, y, out, depth)
                    else:
                        _add_rows_6(x, row, k, panel, start + k, own, y, out, depth)
                    row += tall


@compile_exact
def add_dots(x: Any, w: Any, first: Any, last: Any, y: Any) -> None:
    """Add the dot products of x [r, o] with W's rows first to last to y [r, i], panel by panel of w [o / 64, i, 64]."""
    rows = len(x)
    step = last - first if rows <= FEW else CHUNK
    for at in range(len(w)):
        panel, column = w[at], at * WIDTH
        for k in range(first, last, step):
            depth = min(step, last - k)
            whole = depth // TOGETHER * TOGETHER
            rest, row = depth - whole, 0
            while row < rows:
                tall = min(rows - row, FEW)
                if tall == 1:
                    _add_dots_1(x, row, column, panel, k, 0, y, k, whole)
                    _add_dot_1(x, row, column, panel, k + whole, 0, y, k + whole, rest)
                elif tall == 2:
                    _add_dots_2(x, row, column, panel, k, 0, y, k, whole)
                    _add_dot_2(x, row, column, panel, k + whole, 0, y, k + whole, rest)
                elif tall == 3:
                    _add_dots_3(x, row, column, panel, k, 0, y, k, whole)
                    _add_dot_3(x, row, column, panel, k + whole, 0, y, k + whole, rest)
                else:
                    _add_dots_4(x, row, column, panel, k, 0, y, k, whole)
                    _add_dot_4(x, row, column, panel, k + whole, 0, y, k + whole, rest)
                row += tall
