"""Scenes that several tests look at, each drawn once: do not change them."""

from __future__ import annotations

from functools import cache

from bench.toyworld.scene import draw

draw_once = cache(draw)
