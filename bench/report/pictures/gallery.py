"""Figures 1 and 5 for a whole run: a page from disk with the input, every variant's segments and the truth."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from bench.report.pictures.contact_sheet import Row, draw_contact_sheet, fit_cell
from bench.report.pictures.draw import SMALLEST, Colour, Colours, Panel, choose_panel_colours, draw, make_label_map
from bench.score.score_table import EMBEDDED_NOTE
from bench.system.remember import Memory
from bench.text.escape import escape_for_terminal

INPUT = "input"
_KINDS = {".png": "PNG", ".jpg": "JPEG"}
_QUALITY: dict[str, dict[str, Any]] = {".png": {"compress_level": 6}, ".jpg": {"quality": 90, "subsampling": 0}}
_LISTED = 14
"""Texts listed below a picture; the rest is counted."""


@dataclass(frozen=True, eq=False)
class GalleryRow:
    """One image and what is shown of it: the input comes first by itself, then the panels in their order."""

    image_id: str
    image: UInt8[np.ndarray, "h w 3"]
    panels: tuple[Panel, ...]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A panel's picture, and its file."""

    picture: Image.Image
    file: bytes

    @cached_property
    def small(self) -> Image.Image:
        """The picture as it stands on the overview."""
        return fit_cell(self.picture)


PICTURES: Memory[Drawn] = Memory(128)
OVERVIEWS: Memory[bytes] = Memory(4)
"""What this process remembers of its pages, at most some megabytes each: the jobs of a sweep show the same panels."""


@dataclass(frozen=True)
class Shown:
    """One picture as the page's template sees it."""

    title: str
    file: str
    width: int
    height: int
    note: str
    legend: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True)
class ShownRow:
    """One row as the page's template sees it."""

    image_id: str
    size: tuple[int, int]
    note: str
    pictures: tuple[Shown, ...]


def write_gallery(
    rows: Iterable[GalleryRow],
    folder: Path | str,
    *,
    title: str,
    facts: Mapping[str, str],
    embedded: bool,
    overview_rows: int = 6,
    figures: Sequence[tuple[str, str]] = (),
) -> tuple[Path, Path]:
    """Write ``folder/index.html``, ``folder/pictures/*`` and ``folder/overview.png``; return page and overview.

    The page needs nothing else and opens from disk. ``rows`` may be a generator: one row is held at a time (the
    first ``overview_rows`` are kept for the overview, a contact sheet). Pictures of an earlier page that are the same
    pixel by pixel stay, the others are removed.
    ``facts`` stand in the header; ``figures`` (heading, name of a PNG in ``folder``) above the rows; all texts are
    escaped.
    """
    folder = Path(folder)
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    colours, shown, kept = Colours(), [], []
    for number, row in enumerate(rows):
        panels = (Panel(INPUT), *row.panels)
        stem, ending = f"{number:04d}-{make_slug(row.image_id)}", _choose_ending(row)
        places = [f"{stem}-{at}-{make_slug(panel.title)}{ending}" for at, panel in enumerate(panels)]
        drawn = [
            _draw_once(row.image, panel, colours, pictures / name) for panel, name in zip(panels, places, strict=True)
        ]
        for one, name in zip(drawn, places, strict=True):
            (pictures / name).write_bytes(one.file)
        if number < overview_rows:
            kept.append((row.image_id, [(panel.title, panel.note) for panel in panels], [one.small for one in drawn]))
        parts = zip(panels, [one.picture for one in drawn], places, strict=True)
        listed = tuple(_describe_picture(panel, picture, f"pictures/{name}", colours) for panel, picture, name in parts)
        shown.append(ShownRow(row.image_id, row.image.shape[:2], row.note, listed))
    _remove_others(pictures, {Path(picture.file).name for row in shown for picture in row.pictures})
    overview = folder / "overview.png"
    overview.write_bytes(_draw_overview(kept, title, EMBEDDED_NOTE if embedded else ""))
    page = folder / "index.html"
    drawings = [(heading, name, *Image.open(folder / name).size) for heading, name in figures]
    content = {"rows": shown, "figures": drawings, "facts": dict(facts)}
    page.write_text(_render_page(content, title, embedded), encoding="utf-8")  # last: a page that is there is whole
    return page, overview


def _remove_others(pictures: Path, shown: set[str]) -> None:
    """Remove the pictures of an earlier page that this one does not show."""
    for old in pictures.iterdir():
        if old.name not in shown and re.fullmatch(r"\d{4,}-.*\.(png|jpg)", old.name):
            old.unlink()


def _draw_once(image: UInt8[np.ndarray, "h w 3"], panel: Panel, colours: Colours, path: Path) -> Drawn:
    """Draw a panel, and make its file, which is to lie at that path."""
    labels = make_label_map(panel)
    table = None if labels is None else choose_panel_colours(panel, labels, colours)  # which are given out in order

    def make() -> Drawn:
        picture = draw(image, panel, colours)
        return Drawn(picture, _read_same(path, picture) or _encode(picture, path.suffix, **_QUALITY[path.suffix]))

    return PICTURES.make_once(make, image, labels, panel.texts, table, path.suffix)


def _read_same(path: Path, picture: Image.Image) -> bytes:
    """Read a PNG that shows this picture, pixel by pixel, and says nothing else; empty where there is none.

    To read one takes a third of the time that making it takes.
    """
    if path.suffix != ".png" or not path.is_file():
        return b""
    try:
        file = path.read_bytes()
        with Image.open(io.BytesIO(file), formats=["PNG"]) as old:
            if (old.size, old.mode) != (picture.size, picture.mode):  # before its pixels are unpacked
                return b""
            return file if old.tobytes() == picture.tobytes() and not old.info else b""
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # damaged: it is made anew
        return b""


def _draw_overview(rows: Sequence[Row], title: str, footer: str) -> bytes:
    """Draw the contact sheet, and write its file: in an eighth of the time of the smallest, for a tenth more."""
    sheet = partial(draw_contact_sheet, rows, title=title, footer=footer)
    shown = [(image_id, texts, [np.asarray(picture) for picture in pictures]) for image_id, texts, pictures in rows]
    return OVERVIEWS.make_once(lambda: _encode(sheet(), ".png", compress_level=1), shown, title, footer)


def _encode(picture: Image.Image, ending: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, _KINDS[ending], **options)
    return file.getvalue()


def _choose_ending(row: GalleryRow) -> str:
    # A photograph as PNG takes five times the space of a JPEG that looks the same; enlarged pixels are the reverse.
    return ".png" if max(row.image.shape) < SMALLEST else ".jpg"


def make_slug(text: str) -> str:
    """Make a name of letters, digits and dashes: safe as a file name and in a link, whatever an id holds."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60] or "x"


def _describe_picture(panel: Panel, picture: Image.Image, file: str, colours: Colours) -> Shown:
    legend = _make_legend(panel, colours)
    width, height = picture.size
    return Shown(panel.title, file, width, height, panel.note, legend[:_LISTED], max(0, len(legend) - _LISTED))


def _make_legend(panel: Panel, colours: Colours) -> tuple[tuple[str, str], ...]:
    """Colour and text of every segment that is seen, the largest first; a text that comes again is counted."""
    labels = make_label_map(panel)
    if labels is None or not panel.texts:
        return ()
    areas = np.bincount(labels[labels >= 0].ravel(), minlength=len(panel.texts))
    table = choose_panel_colours(panel, labels, colours)
    count: dict[str, int] = {}
    rgb: dict[str, Colour] = {}
    for position in np.argsort(-areas, kind="stable"):
        if areas[position]:
            text = panel.texts[position]
            count[text] = count.get(text, 0) + 1
            rgb[text] = table[position]
    return tuple((f"rgb{rgb[text]}", text + (f" ×{n}" if n > 1 else "")) for text, n in count.items())


def _show_on_page(value: Any) -> Any:
    """Show every text of the page; line ends are kept, for a note may have several lines."""
    return "\n".join(map(escape_for_terminal, value.split("\n"))) if isinstance(value, str) else value


def _render_page(content: Mapping[str, Any], title: str, embedded: bool) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.report.pictures"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, finalize=_show_on_page,
    )  # fmt: skip
    template = environment.get_template("gallery.html")
    return template.render(**content, title=title, banner=EMBEDDED_NOTE if embedded else "")
