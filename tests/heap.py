"""Heap numbering by bits: node i is the number i + 1 in binary, whose leading digits are its ancestors."""

from __future__ import annotations


def is_descendant(node: int, ancestor: int) -> bool:
    """Whether ``node`` lies strictly below ``ancestor``."""
    deeper = (node + 1).bit_length() - (ancestor + 1).bit_length()
    return deeper > 0 and (node + 1) >> deeper == ancestor + 1
