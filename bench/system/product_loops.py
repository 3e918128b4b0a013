"""No part of the paper: products of rows with a matrix that is too large for a cache and is read from memory once.

There are loops for the matrix as it lies and for it turned, so that neither needs a copy. Every sum is added up in one
order, whatever the number of rows. `bench.system.streamed` is the door for tensors.
"""

from __future__ import annotations

from typing import Any

from bench.system.loops import compile_exact
from bench.system.tile_loops import LANES, VECTORS, add_dots_of_tile, add_rows_of_tile, copy_row, make_tile

COLUMNS = LANES * VECTORS
"""A tile's."""
ROWS, WIDE = 4, 3
"""Rows of a tile, and of one that is twice as wide: either's sums fit into the registers."""
MANY = 16
"""Rows from which wide tiles pay, and that a part of the matrix is copied into the cache for them."""
FEW = 8
"""Rows of the matrix that fewer rows take at a time."""
AHEAD = 2 * COLUMNS
"""Numbers of a row that are fetched ahead: a processor stops of itself at the end of a page."""

_add_rows_4, _add_rows_1 = (make_tile(rows, VECTORS, add_rows_of_tile, (COLUMNS, AHEAD)) for rows in (ROWS, 1))
_add_copied_4, _add_copied_1 = (make_tile(rows, VECTORS, add_rows_of_tile) for rows in (ROWS, 1))
_add_row = make_tile(1, 2 * VECTORS, add_rows_of_tile, (AHEAD,))
_add_dots_4, _add_dots_1 = (make_tile(rows, VECTORS, add_dots_of_tile, (2 * AHEAD,)) for rows in (ROWS, 1))
_add_dots_3, _add_more_dots_3 = (make_tile(WIDE, 2 * VECTORS, add_dots_of_tile, far) for far in ((AHEAD,), ()))
_add_dot = make_tile(1, 1, add_dots_of_tile)


@compile_exact
def add_rows(x: Any, w: Any, start: Any, first: Any, last: Any, y: Any) -> None:
    """Add few rows x [r, d] times the rows of w [i, o] from start on to y [r, o], in the columns from first to last.

    There are whole tiles of them, as in `add_rows_of_copy`.
    """
    rows, deep = x.shape
    for k in range(0, deep, FEW):
        depth = min(FEW, deep - k)
        column = first
        while rows == 1 and column + 2 * COLUMNS <= last:  # of one row there is room for a wide tile
            _add_row(x, 0, k, w, start + k, column, y, column, depth)
            column += 2 * COLUMNS
        while column < last:
            row = 0
            while row + ROWS <= rows:
                _add_rows_4(x, row, k, w, start + k, column, y, column, depth)
                row += ROWS
            while row < rows:
                _add_rows_1(x, row, k, w, start + k, column, y, column, depth)
                row += 1
            column += COLUMNS


@compile_exact
def add_rows_of_copy(x: Any, w: Any, start: Any, first: Any, last: Any, panel: Any, y: Any) -> None:
    """As `add_rows`, of many rows: each part of w is copied into the panel [b, 64] first, which stays in the cache."""
    rows, deep = x.shape
    for k in range(0, deep, len(panel)):
        depth = min(len(panel), deep - k)
        for column in range(first, last, COLUMNS):
            for at in range(depth):
                copy_row(w, start + k + at, column, panel, at)
            row = 0
            while row + ROWS <= rows:
                _add_copied_4(x, row, k, panel, 0, 0, y, column, depth)
                row += ROWS
            while row < rows:
                _add_copied_1(x, row, k, panel, 0, 0, y, column, depth)
                row += 1


@compile_exact
def add_dots(x: Any, w: Any, first: Any, last: Any, block: Any, y: Any) -> None:
    """Add the dot products of few rows x [r, i] with w's rows first to last [o, i] to y [r, o], block by block."""
    rows, deep = x.shape
    whole = first + (last - first) // VECTORS * VECTORS
    for at in range(first, whole, VECTORS):
        for k in range(0, deep, block):
            depth = min(block, deep - k)
            row = 0
            while row + ROWS <= rows:
                _add_dots_4(x, row, k, w, at, k, y, at, depth)
                row += ROWS
            while row < rows:
                _add_dots_1(x, row, k, w, at, k, y, at, depth)
                row += 1
    for at in range(whole, last):
        for k in range(0, deep, block):
            for row in range(rows):
                _add_dot(x, row, k, w, at, k, y, at, min(block, deep - k))


@compile_exact
def add_dots_of_many(x: Any, w: Any, start: Any, first: Any, last: Any, y: Any) -> None:
    """As `add_dots`, of many rows by wide tiles, a single block: x [r, d] with the numbers of w from start on."""
    rows, depth = x.shape
    whole = first + (last - first) // (2 * VECTORS) * (2 * VECTORS)
    for at in range(first, whole, 2 * VECTORS):
        _add_dots_3(x, 0, 0, w, at, start, y, at, depth)
        row = WIDE
        while row + WIDE <= rows:
            _add_more_dots_3(x, row, 0, w, at, start, y, at, depth)
            row += WIDE
        while row < rows:
            for half in range(at, at + 2 * VECTORS, VECTORS):
                _add_dots_1(x, row, 0, w, half, start, y, half, depth)
            row += 1
    for at in range(whole, last):
        for row in range(rows):
            _add_dot(x, row, 0, w, at, start, y, at, depth)
