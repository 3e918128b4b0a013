"""Section 4.4: a contact sheet of a prepared set: photographs, labels in colour with names, and the key to both.

The last check is by eye: a wrong order of classes is consistent with every number but not with the pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench.data.images import read_image, read_labels
from bench.data.prepared import CROWD, NO_CLASS, NO_SCORE, OBJECTS, open_arrow
from bench.prepare.plan import BEYOND
from bench.prepare.tally import list_names
from bench.records import BACKGROUND, VOID
from bench.report.pictures.contact_sheet import draw_contact_sheet
from bench.report.pictures.draw import Colours, Panel, draw
from bench.report.pictures.lettering import load_font, shorten_text

SHOWN, PAIRS = 12, 2
"""Images on the sheet, evenly spread over the split, and how many of them in a row."""
_ENTRY, _LINE, _EDGE = 150, 20, 18


def draw_sheet(folder: Path, about: Mapping[str, Any]) -> Image.Image:
    """Draw the sheet of a prepared set, RGB: each image beside its labels, and below all colours with their names."""
    rows = open_arrow(folder, about["images"])
    places = np.unique(np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).round().astype(int)).tolist()
    names, colours = list_names(about["class_list"]), Colours()
    cells = [cell for place in places for cell in _draw_pair(rows[place], names, colours)]
    across = PAIRS * (3 if "objects" in about else 2)
    lines = [cells[i : i + across] for i in range(0, len(cells), across)]
    table = [("", [(title, note) for title, note, _ in line], [picture for *_, picture in line]) for line in lines]
    title = f"{about['name']} {about['split']}: {len(places)} of {about['images']:,} images"
    footer = "white: void, grey: background or no class of the list"
    footer += "; of objects white: several together, grey: none" if "objects" in about else ""
    upper = draw_contact_sheet(table, title=title, footer=footer)
    return _add_key(upper, {name: i for i, name in names.items()}, colours)


def _draw_pair(
    row: Mapping[str, Any], names: Mapping[int, str], colours: Colours
) -> list[tuple[str, str, Image.Image]]:
    image = read_image(row["image_id"], orient=False, data=row["image"]["bytes"])
    ids = read_labels(row["image_id"], data=row["label"])
    seen = [i for i in np.unique(ids).tolist() if i not in (NO_CLASS, NO_SCORE)]
    labels = np.full(ids.shape, BACKGROUND, np.int32)
    labels[ids == NO_SCORE] = VOID
    for position, i in enumerate(seen):
        labels[ids == i] = position
    texts = tuple(names[i] for i in seen)
    note = ", ".join(f"{names[i]} {i}" for i in seen)
    plain = draw(image, Panel(row["image_id"]), colours)
    cells = [(row["image_id"], "", plain), ("labels", note, draw(image, Panel("", labels, None, texts), colours))]
    return cells + ([_draw_objects(row, image, ids, names)] if OBJECTS in row else [])


def _draw_objects(
    row: Mapping[str, Any], image: np.ndarray, ids: np.ndarray, names: Mapping[int, str]
) -> tuple[str, str, Image.Image]:
    """Draw every object in a colour of its own; crowds and what is no object stay as pixels that do not count."""
    objects = read_labels(row["image_id"], data=row[OBJECTS])
    told = (objects > 0) & (objects != CROWD)
    pairs, places = np.unique(ids[told].astype(np.int64) * BEYOND + objects[told], return_inverse=True)
    labels = np.full(ids.shape, BACKGROUND, np.int32)
    labels[objects == CROWD] = VOID
    labels[told] = places
    numbers = Counter((pairs // BEYOND).tolist())
    crowds = ["crowds"] if (objects == CROWD).any() else []
    note = ", ".join([*(f"{n} {names[i]}" for i, n in numbers.items()), *crowds])
    texts = tuple(f"{names[int(pair) // BEYOND]} {place + 1}" for place, pair in enumerate(pairs))
    return "objects", note, draw(image, Panel("", labels, None, texts), Colours())


def _add_key(upper: Image.Image, ids: Mapping[str, int], colours: Colours) -> Image.Image:
    """Add the key below a sheet: colour, name, id."""
    names = sorted(colours.given)
    across = max(1, (upper.width - 2 * _EDGE) // _ENTRY)
    whole = Image.new("RGB", (upper.width, upper.height + _LINE * -(-len(names) // across) + _EDGE), "white")
    whole.paste(upper)
    pen = ImageDraw.Draw(whole)
    for place, name in enumerate(names):
        x, y = _EDGE + place % across * _ENTRY, upper.height + place // across * _LINE
        pen.rectangle((x, y + 3, x + 14, y + 15), fill=colours[name])
        pen.text(
            (x + 20, y + 1),
            shorten_text(f"{name} {ids[name]}", 12, _ENTRY - 26, False),
            font=load_font(12, False),
            fill=(28, 30, 36),
        )
    return whole
