"""No part of the paper: products of rows with a matrix that is too large for a cache and is read from memory once.

There is one loop for the matrix as it lies and one for it turned, so that neither needs a copy. Every sum is added up in
one order, whatever the number of rows. `bench.system.streamed` is the door for tensors.
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
AHEAD = 4
"""Rows of the matrix that fewer rows take at a time, while the next ones are fetched."""

_add_rows_4, _add_rows_1 = (make_tile(rows, VECTORS, add_rows_of_tile) for rows in (ROWS, 1))
_add_dots_4, _add_dots_1 = (make_tile(rows, VECTORS, add_dots_of_tile) for rows in (ROWS, 1))
_add_dots_3 = make_tile(WIDE, 2 * VECTORS, add_dots_of_tile)
_add_dot = make_tile(1, 1, add_dots_of_tile)


@compile_exact
def add_rows(x: Any, w: Any, start: Any, first: Any, last: Any, panel: Any, y: Any) -> None:
    """Add x [r, d] times the rows of w [i, o] from start on to y [r, o], in the columns from first to last.

    There are whole tiles of them. ``panel`` [b, 64] is room for a part of w.
    """
    rows, deep = x.shape
    block = len(panel) if rows >= MANY else AHEAD
    for k in range(0, deep, block):
        depth = min(block, deep - k)
        for column in range(first, last, COLUMNS):
            if rows < MANY:
                _add_tiles(x, k, w, start + k, column, y, column, depth, AHEAD)
                continue
            for at in range(depth):
                copy_row(w, start + k + at, column, panel, at)
            _add_tiles(x, k, panel, 0, 0, y, column, depth, 0)


@compile_exact
def _add_tiles(x: Any, k: Any, w: Any, at: Any, column: Any, y: Any, out: Any, depth: Any, ahead: Any) -> None:
    """Add the tiles of all rows of x in a tile's columns; the first of them fetches ahead."""
    row = 0
    while row + ROWS <= len(x):
        _add_rows_4(x, row, k, w, at, column, y, out, depth, ahead)
        row, ahead = row + ROWS, 0
    while row < len(x):
        _add_rows_1(x, row, k, w, at, column, y, out, depth, ahead)
        row, ahead = row + 1, 0


@compile_exact
def add_dots(x: Any, w: Any, start: Any, first: Any, last: Any, y: Any) -> None:
    """Add the dot products of x [r, d] with the numbers from start on of w's [o, i] rows first to last to y [r, o]."""
    many = len(x) >= MANY
    wide = 2 * VECTORS if many else VECTORS
    whole = first + (last - first) // wide * wide
    for at in range(first, whole, wide):
        if many:
            _add_dots_of_many(x, w, at, start, y)
        else:
            _add_dots_of_few(x, w, at, start, y)
    for at in range(whole, last):
        for row in range(len(x)):
            _add_dot(x, row, 0, w, at, start, y, at, x.shape[1], 0)


@compile_exact
def _add_dots_of_few(x: Any, w: Any, at: Any, start: Any, y: Any) -> None:
    row, ahead, depth = 0, VECTORS, x.shape[1]
    while row + ROWS <= len(x):
        _add_dots_4(x, row, 0, w, at, start, y, at, depth, ahead)
        row, ahead = row + ROWS, 0
    while row < len(x):
        _add_dots_1(x, row, 0, w, at, start, y, at, depth, ahead)
        row, ahead = row + 1, 0


@compile_exact
def _add_dots_of_many(x: Any, w: Any, at: Any, start: Any, y: Any) -> None:
    row, ahead, depth = 0, 2 * VECTORS, x.shape[1]
    while row + WIDE <= len(x):
        _add_dots_3(x, row, 0, w, at, start, y, at, depth, ahead)
        row, ahead = row + WIDE, 0
    while row < len(x):
        for half in (0, VECTORS):
            _add_dots_1(x, row, 0, w, at + half, start, y, at + half, depth, 0)
        row += 1
