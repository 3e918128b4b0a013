"""Section 4 (data sets): the toy world to look at: contact sheets of scenes, labels, things and stuff; and its speed.

python -m data_prep.world_sheet --to results/toyscenes
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from bench.report.pictures.lettering import load_font, shorten_text
from bench.toyworld.classes import INDEX, KINDS, NAMES, PALETTE, SIDE, STUFF
from bench.toyworld.pen import FINE, Canvas, Pen, jitter_colour
from bench.toyworld.render import find_drawer
from bench.toyworld.scene import draw
from bench.toyworld.textures.looks import LOOKS, paint_texture

GAP, LINE = 4, 16
MOST = 7
"""Looks in a row."""
_PAPERS = ((214, 226, 236), (222, 230, 208), (238, 228, 208), (226, 222, 232))


def lay_grid(pictures: list[Image.Image], columns: int, titles: list[str] | None = None) -> Image.Image:
    """Pictures of one size in rows on white, with a line of text above each where there are titles."""
    wide, tall = pictures[0].size
    line = LINE if titles else 0
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (wide + GAP) + GAP, rows * (tall + line + GAP) + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for i, picture in enumerate(pictures):
        x, y = GAP + i % columns * (wide + GAP), GAP + i // columns * (tall + line + GAP)
        if titles:
            pen.text(
                (x, y), shorten_text(titles[i], 11, wide, bold=False), fill="black", font=load_font(11, bold=False)
            )
        sheet.paste(picture, (x, y + line))
    return sheet


def make_colours() -> np.ndarray:
    """Make a colour for each class, uint8 [classes + 2, 3]; the last two for void and background."""
    turns = np.arange(len(NAMES)) * 0.381966
    hue = np.abs((turns[:, None] + np.array((0, 2 / 3, 1 / 3))) % 1 * 6 - 3) - 1
    value = np.array((1.0, 0.72, 0.5))[np.arange(len(NAMES)) % 3][:, None]
    table = 255 * value * (0.25 + 0.75 * np.clip(hue, 0, 1))
    return np.concatenate([table, ((255, 255, 255), (236, 238, 241))]).astype(np.uint8)


def draw_scenes(split: str, n: int, columns: int) -> Image.Image:
    """Draw the first scenes of a split."""
    return lay_grid([Image.fromarray(draw(split, i).image) for i in range(n)], columns)


def draw_labelled(split: str, n: int, columns: int) -> Image.Image:
    """Scenes beside their labels, twice as large, with class names on the labels and a caption above."""
    pairs, titles, side = [], [], 2 * SIDE
    for i in range(n):
        scene = draw(split, i)
        pair = Image.new("RGB", (2 * side, side))
        pair.paste(Image.fromarray(scene.image).resize((side, side), Image.Resampling.BICUBIC))
        pair.paste(
            Image.fromarray(make_colours()[scene.truth]).resize((side, side), Image.Resampling.NEAREST), (side, 0)
        )
        pen = ImageDraw.Draw(pair)
        for label in np.unique(scene.truth[scene.truth >= 0]):
            inside = ndimage.distance_transform_edt(np.pad(scene.truth == label, 1))[1:-1, 1:-1]
            row, column = np.unravel_index(inside.argmax(), inside.shape)
            where = (side + min(max(2 * column, 14), side - 14), min(max(2 * row, 6), side - 6))
            pen.text(where, NAMES[label], "white", load_font(10), anchor="mm", stroke_width=2, stroke_fill="black")
        pairs.append(pair)
        titles.append(min(scene.captions, key=lambda text: (len(text) > 40, -len(text))))
    return lay_grid(pairs, columns, titles)


def draw_things() -> Image.Image:
    """Draw every class of things in all its looks."""
    rows, titles = [], []
    for number, (name, kind) in enumerate(KINDS.items()):
        row = Image.new("RGB", (MOST * 64, 64), "white")
        for look in range(kind.looks):
            rng = np.random.default_rng((number, look))
            scale = 58 / max(kind.width, kind.height)
            width, height = kind.width * scale, kind.height * scale
            canvas = Canvas(_PAPERS[number % len(_PAPERS)])
            pen = Pen(canvas, INDEX[name], 0, (32 - width / 2, 62 - height, width, height), rng, look % 2 == 1)
            find_drawer(name)(pen, jitter_colour(PALETTE[kind.colours[look % len(kind.colours)]], rng), look)
            row.paste(canvas.image.reduce(FINE).crop((0, 0, 64, 64)), (look * 64, 0))
        rows.append(row)
        titles.append(name)
    return lay_grid(rows, 2, titles)


def draw_stuff() -> Image.Image:
    """Draw every class of stuff in all its looks."""
    rows = []
    for name in STUFF:
        row = Image.new("RGB", (MOST * 100, 76), "white")
        for look in range(len(LOOKS[name])):
            drawn = paint_texture(name, look, np.random.default_rng(look), 0, SIDE)
            row.paste(drawn.crop((0, 26, 96, 102)), (look * 100, 0))
        rows.append(row)
    return lay_grid(rows, 1, list(STUFF))


def measure_speed(split: str, n: int) -> float:
    """Scenes a second on one core, after a warm-up that makes the tiles."""
    for i in range(n, n + 100):
        draw(split, i)
    begun = time.perf_counter()
    for i in range(n):
        draw(split, i)
    return n / (time.perf_counter() - begun)


def main() -> None:
    """Writes the sheets and prints the speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results/toyscenes"))
    args = parser.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    sheets = {
        "scenes": draw_scenes("test", 40, 8),
        "labels": draw_labelled("test", 12, 2),
        "things": draw_things(),
        "stuff": draw_stuff(),
    }
    for name, sheet in sheets.items():
        sheet.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(args.to / f"{name}.png", optimize=True)
        print(args.to / f"{name}.png")
    for split in ("test", "train"):
        print(f"{split}: {measure_speed(split, 200):.0f} scenes a second on this core, n=200")


if __name__ == "__main__":
    main()
