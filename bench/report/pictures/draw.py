"""Figures 1 and 5: a picture under translucent segments, each with its text written where it fits best."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8
from PIL import Image, ImageDraw

from bench.records import BACKGROUND, VOID
from bench.report.pictures.label_placement import TOLERATED, Box, place_labels
from bench.report.pictures.lettering import load_font, measure_text, wrap_text

SMALLEST, LARGEST = 384, 640
"""Long side of a drawn picture in pixels: a smaller one is enlarged by a whole factor, a larger one shrunk."""
LINES = 18.5
"""Lines of letters that a picture's long side has."""
_OPACITY = 0.5
_GOLDEN = 0.6180339887
# Five pairs of lightness and saturation: hues that come near each other again (8, 13, 21 steps on) differ in these.
_TONES = ((0.50, 0.90), (0.38, 0.75), (0.64, 0.85), (0.45, 0.60), (0.72, 0.70))
Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a row: segments over the image, as a label map or as masks (neither: the image alone).

    ``labels`` holds the position of a pixel's segment in ``texts``, or `BACKGROUND` or `VOID`; of ``masks`` that
    overlap the smaller lies on top. Either may have another size than the image. Without ``texts`` segments are
    only told apart by colour. ``note`` stands below the picture (a score, a count).
    """

    title: str
    labels: Int[np.ndarray, "h w"] | None = None
    masks: Bool[np.ndarray, "n h w"] | None = None
    texts: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.labels is not None and self.masks is not None:
            raise ValueError(f"panel {self.title}: give labels or masks, not both")
        if self.masks is not None and self.texts and len(self.texts) != len(self.masks):
            raise ValueError(f"panel {self.title}: {len(self.texts)} texts for {len(self.masks)} masks")
        if self.labels is not None and self.texts and self.labels.max(initial=-1) >= len(self.texts):
            raise ValueError(f"panel {self.title}: label {self.labels.max()} has no text")


class Colours:
    """A colour for each text, the same wherever it is asked for; given out in order, so neighbours differ most."""

    def __init__(self) -> None:
        self._given: dict[str, Colour] = {}

    @property
    def given(self) -> tuple[str, ...]:
        """The texts that have a colour."""
        return tuple(self._given)

    def __getitem__(self, text: str) -> Colour:
        if text not in self._given:
            self._given[text] = choose_colour(len(self._given))
        return self._given[text]


def choose_colour(position: int) -> Colour:
    """Choose the colour of a position: hues by the golden ratio, so that any first few are far apart."""
    lightness, saturation = _TONES[position % len(_TONES)]
    rgb = colorsys.hls_to_rgb((0.58 + position * _GOLDEN) % 1, lightness, saturation)
    return tuple(round(255 * part) for part in rgb)  # type: ignore[return-value]


def make_label_map(panel: Panel) -> Int[np.ndarray, "h w"] | None:
    """Make the panel's segments as one map: masks painted from large to small, `BACKGROUND` where there is none."""
    if panel.masks is None:
        return panel.labels
    painted = np.full(panel.masks.shape[1:], BACKGROUND, dtype=np.int32)
    areas = panel.masks.sum(axis=(1, 2))
    for position in np.argsort(-areas, kind="stable"):
        painted[panel.masks[position]] = position
    return painted


def draw(image: UInt8[np.ndarray, "h w 3"], panel: Panel, colours: Colours, lines: float = LINES) -> Image.Image:
    """Draw the finished picture of a panel, RGB, its long side between `SMALLEST` and `LARGEST` pixels.

    Its letters are as high as the long side over ``lines``: fewer where it will be shown small.

    A small image keeps its pixels as squares: enlarging invents nothing, and the file stays small.
    """
    picture, labels = draw_segments(image, panel, colours), make_label_map(panel)
    if labels is not None and panel.texts:
        _write(picture, labels, panel.texts, lines)
    return picture


def draw_texts(size: tuple[int, int], panel: Panel, lines: float = LINES) -> Image.Image:
    """Draw the texts of a panel alone, RGBA on nothing: what lies over a picture of ``size`` (width, height).

    They stay clear of its edges, where a border may be drawn between the two.
    """
    layer, labels = Image.new("RGBA", size), make_label_map(panel)
    if labels is not None and panel.texts:
        _write(layer, labels, panel.texts, lines, max(size) // 100)
    return layer


def draw_segments(image: UInt8[np.ndarray, "h w 3"], panel: Panel, colours: Colours) -> Image.Image:
    """Draw what `draw` does, without texts."""
    base = image if max(image.shape) <= LARGEST else _shrink(image)
    height, width = base.shape[:2]
    factor = max(1, -(-SMALLEST // max(height, width)))
    labels = make_label_map(panel)
    if labels is None:
        return _enlarge(base, factor)
    tinted = _blend(base, _resize(labels, height, width), choose_panel_colours(panel, labels, colours))
    picture = _enlarge(tinted, factor)
    edges = _find_borders(_resize(labels, height * factor, width * factor))
    picture.paste((255, 255, 255), mask=Image.fromarray(edges))
    return picture


def _shrink(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    size = max(1, round(width * LARGEST / max(height, width))), max(1, round(height * LARGEST / max(height, width)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))


def _enlarge(pixels: np.ndarray, factor: int) -> Image.Image:
    picture = Image.fromarray(pixels)
    size = picture.width * factor, picture.height * factor
    return picture.resize(size, Image.Resampling.NEAREST) if factor > 1 else picture


def _resize(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    if labels.shape == (height, width):
        return labels
    return np.asarray(Image.fromarray(labels.astype(np.int32)).resize((width, height), Image.Resampling.NEAREST))


def choose_panel_colours(panel: Panel, labels: np.ndarray, colours: Colours) -> list[Colour]:
    """Choose the colour of each segment: by text where there are texts, else by position."""
    if panel.texts:
        # Only what is seen takes a colour: of a long class list few would be left that differ.
        seen = set(np.unique(labels).tolist())
        return [colours[text] if position in seen else (0, 0, 0) for position, text in enumerate(panel.texts)]
    return [choose_colour(position) for position in range(int(labels.max(initial=-1)) + 1)]


def _blend(base: np.ndarray, shown: np.ndarray, table: list[Colour]) -> np.ndarray:
    # Fixed point: a picture is blended in two passes over small integers instead of six over floats.
    tint = np.array([*table, (255, 255, 255), (236, 238, 241)], dtype=np.uint16)  # the last two: VOID, BACKGROUND
    share = np.array([_OPACITY] * len(table) + [0.85, 0.72])
    weight = np.round(share * 256).astype(np.uint16)[:, None]
    mixed = (base * (256 - weight[shown]) + tint[shown] * weight[shown]) >> 8
    return mixed.astype(np.uint8)


def _find_borders(shown: np.ndarray) -> np.ndarray:
    edge = np.zeros(shown.shape, dtype=bool)
    down, right = shown[1:] != shown[:-1], shown[:, 1:] != shown[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= right
    edge[:, :-1] |= right
    return edge


def _write(picture: Image.Image, labels: np.ndarray, texts: tuple[str, ...], lines: float, margin: int = 0) -> None:
    """Write texts with their outline, ``margin`` pixels and that outline away from the picture's edges."""
    size = max(13, round(max(picture.size) / lines))
    pen, away = ImageDraw.Draw(picture), margin and margin + size // 9
    boxes = [wrap_text(text, size, 0.92 * picture.width) for text in texts]
    # Large letters, as for print, hide more of each other.
    tolerated, places = (TOLERATED if lines >= LINES else 0.0), [Box(*measure_text(text, size)) for text in boxes]
    placed = place_labels(labels, places, (picture.height, picture.width), tolerated)
    for text, corner in zip(boxes, placed, strict=True):
        if text and corner is not None:
            high, wide = measure_text(text, size)
            y, x = max(away, min(corner[0], picture.height - high - away)), corner[1]
            x = max(away, min(x, picture.width - wide - away))
            pen.multiline_text(
                (x, y), text, font=load_font(size, True, text), fill="white", align="center",
                stroke_width=max(1, size // 9), stroke_fill=(20, 20, 24), anchor="la", spacing=1,
            )  # fmt: skip


assert (VOID, BACKGROUND) == (-2, -1)  # `_blend` reaches its last two entries by these numbers
