"""Section 4 (data sets): how the stuff of the toy world looks: one texture function a class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from bench.data.toyworld.classes import SIDE, Colour

Texture = np.ndarray
"""float32 [SIDE, SIDE, 3] (or anything that broadcasts to it), 0 to 255, not clipped."""

_Y, _X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)

LOOKS: dict[str, tuple[tuple[str, Colour], ...]] = {
    "sky": (("blue", (120, 180, 240)), ("blue", (85, 150, 225)), ("pink", (245, 165, 150)), ("black", (22, 26, 58)),
            ("grey", (175, 182, 192))),
    "grass": (("green", (85, 150, 60)), ("green", (60, 125, 50)), ("golden", (175, 160, 75))),
    "road": (("grey", (112, 112, 118)), ("black", (66, 66, 72)), ("brown", (135, 112, 92))),
    "water": (("blue", (45, 105, 185)), ("green", (45, 140, 140)), ("blue", (30, 70, 130))),
    "sand": (("golden", (228, 200, 140)), ("brown", (200, 165, 115)), ("white", (240, 225, 190))),
    "snow": (("white", (240, 243, 250)), ("blue", (215, 226, 245)), ("white", (228, 230, 236))),
    "mountain": (("grey", (125, 125, 135)), ("brown", (130, 100, 80)), ("purple", (120, 100, 145))),
    "wall": (("red", (170, 82, 66)), ("yellow", (235, 215, 150)), ("white", (232, 228, 220)), ("grey", (160, 158, 150)),
             ("green", (150, 185, 150)), ("pink", (230, 180, 180)), ("blue", (155, 180, 210))),
    "floor": (("brown", (155, 105, 62)), ("white", (222, 216, 205)), ("red", (150, 50, 55)), ("grey", (150, 150, 150))),
    "fence": (("white", (242, 240, 232)), ("brown", (140, 95, 58)), ("green", (80, 130, 95))),
    "curtain": (("red", (180, 45, 55)), ("green", (60, 125, 95)), ("purple", (120, 75, 150)),
                ("golden", (215, 170, 90)), ("blue", (75, 105, 180))),
}  # fmt: skip
"""For each class of stuff its looks: the word for the colour and the colour."""


def _rgb(red: float, green: float, blue: float) -> np.ndarray:
    return np.array((red, green, blue), dtype=np.float32)


def _noise(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Smooth noise between -1 and 1, float32 [SIDE, SIDE, 1], with about that many bumps down and across."""
    grid = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
    return np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BILINEAR))[:, :, None]


def _grain(rng: np.random.Generator, amount: int) -> np.ndarray:
    return rng.integers(-amount, amount + 1, (SIDE, SIDE, 1), dtype=np.int8).astype(np.float32)


def _sky(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    fade = np.clip((_Y - top) / max(bottom - top, 1), 0, 1)[:, :, None]
    if look == 3:
        stars = (rng.random((SIDE, SIDE, 1), dtype=np.float32) > 0.994) * np.float32(170)
        return base + fade * _rgb(14, 18, 46) + stars
    towards = _rgb(*((10, 30, -60) if look == 2 else (60, 40, 10)))
    return base + fade * towards + 6 * _noise(rng, 6, 3)


def _grass(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    return base + 30 * _noise(rng, 26, 110) + 12 * _noise(rng, 5, 5) + _grain(rng, 9)


def _road(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    plain = base + _grain(rng, 11) + 5 * _noise(rng, 4, 8)
    middle, half = top + 0.5 * (bottom - top), max(1.0, 0.035 * (bottom - top))
    period = float(rng.uniform(20, 34))
    dashes = (np.abs(_Y - middle) < half) & ((_X + rng.uniform(0, 30)) % period < 0.6 * period)
    kerb = (np.abs(_Y - top - 2) < 1) & (look != 2)
    paint = _rgb(*((240, 220, 120) if look == 1 else (238, 238, 232)))
    return np.where((dashes | kerb)[:, :, None], paint, plain)


def _water(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    waves = _noise(rng, 42, 9) + 0.6 * _noise(rng, 24, 6)
    return base + 26 * waves + 60 * (waves > 1.0) + 10 * _noise(rng, 3, 3)


def _sand(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    ripples = np.sin(_Y * 0.45 + 3 * _noise(rng, 5, 5)[:, :, 0])[:, :, None] if look != 2 else 0.0
    return base + _grain(rng, 20) + 7 * ripples


def _snow(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    drifts = _noise(rng, 7, 4)
    return base + _rgb(14, 10, 4) * drifts - 12 * (drifts < -0.35) + _grain(rng, 3)


def _mountain(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    ridges = np.abs(((_X + _Y * 0.8 + 22 * _noise(rng, 6, 6)[:, :, 0]) % 30) / 15 - 1)[:, :, None]
    snowline = top + 0.22 * (bottom - top) + 5 * _noise(rng, 3, 14)[:, :, 0]
    cap = (snowline > _Y)[:, :, None] & (look == 0)
    return np.where(cap, _rgb(236, 240, 246), base * (0.75 + 0.45 * ridges) + _grain(rng, 6))


def _wall(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    if look in (0, 3):
        tall, wide = (8, 18) if look == 0 else (14, 24)
        row = _Y // tall
        joint = ((_Y % tall) < 1.5) | (((_X + (row % 2) * wide / 2) % wide) < 1.5)
        bricks = base + 16 * _noise(rng, SIDE // tall, SIDE // wide) + _grain(rng, 5)
        return np.where(joint[:, :, None], base * 0.55 + 80, bricks)
    plain = base + _grain(rng, 3)
    if look == 2:
        return plain - 34 * (((_X % 16) < 1.5) | (((_Y - top) % 16) < 1.5))[:, :, None]
    if look in (1, 4):
        return plain - 20 * (((_X + rng.integers(16)) % 14) < 5)[:, :, None]
    dots = ((_X % 14 - 7) ** 2 + ((_Y + 7 * ((_X // 14) % 2)) % 14 - 7) ** 2) < 7
    return plain + 26 * dots[:, :, None]


def _floor(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    depth = np.sqrt(np.clip(_Y - top + 12, 4, None) * 12)
    across = (_X - SIDE / 2) / (depth + 14) * 3.2
    if look == 0:
        plank = np.floor(across * 1.3)
        seam = (across * 1.3 - plank < 0.08)[:, :, None]
        return np.where(seam, base * 0.6, base + 20 * np.sin(plank * 2.4)[:, :, None] + 8 * _noise(rng, 60, 5))
    if look == 2:
        lozenge = (np.floor(across * 1.2 + depth / 11) + np.floor(across * 1.2 - depth / 11)) % 2
        return base + 34 * lozenge[:, :, None] * _rgb(1, 0.8, 0.3) + _grain(rng, 7)
    check = ((np.floor(across) + np.floor(depth / 9)) % 2)[:, :, None]
    return base - (120 if look == 1 else 45) * check + _grain(rng, 3)


def _fence(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    wide = float((9, 12, 7)[look])
    gap = ((_X + rng.integers(9)) % wide) < (2.6 if look != 1 else 1.8)
    tall = bottom - top
    rail = (np.abs(_Y - top - 0.3 * tall) < 2.5) | (np.abs(_Y - top - 0.75 * tall) < 2.5)
    boards = base + 14 * np.sin(np.floor(_X / wide) * 1.7)[:, :, None] + _grain(rng, 5)
    return np.where((gap & ~rail)[:, :, None], _rgb(58, 62, 52), boards - 22 * (rail & gap)[:, :, None])


def _curtain(rng: np.random.Generator, look: int, base: np.ndarray, top: int, bottom: int) -> Texture:
    rate, phase = np.float32(rng.uniform(0.42, 0.6)), np.float32(rng.uniform(0, 6))
    folds = np.sin(_X * rate + np.float32(0.9) * np.sin(_Y * np.float32(0.03) + phase))[:, :, None]
    hem = (bottom - 6 < _Y)[:, :, None]
    return base * (0.78 + 0.3 * folds) - 25 * hem + _grain(rng, 4)


_TEXTURES: dict[str, Callable[[np.random.Generator, int, np.ndarray, int, int], Texture]] = {
    "sky": _sky, "grass": _grass, "road": _road, "water": _water, "sand": _sand, "snow": _snow,
    "mountain": _mountain, "wall": _wall, "floor": _floor, "fence": _fence, "curtain": _curtain,
}  # fmt: skip


def texture(name: str, look: int, rng: np.random.Generator, top: int, bottom: int) -> Image.Image:
    """A full picture of one stuff, `SIDE` pixels square; ``top`` and ``bottom`` (rows) anchor fades and markings."""
    base = _rgb(*LOOKS[name][look][1]) + rng.uniform(-12, 12, 3).astype(np.float32)
    drawn = _TEXTURES[name](rng, look, base[None, None], top, bottom)
    pixels = np.clip(np.broadcast_to(drawn, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)
