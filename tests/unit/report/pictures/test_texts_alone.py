"""Texts over a picture: on nothing, within its edges, and together with the segments what a whole picture shows."""

from __future__ import annotations

import numpy as np
import pytest

from bench.report.pictures.draw import Colours, Panel, draw, draw_segments, draw_texts


def make_strips(side: int = 200) -> Panel:
    """Thin segments along all four edges, with long texts."""
    labels = np.full((side, side), -1, np.int32)
    labels[:, -6:], labels[:, :6], labels[:5], labels[-5:] = 0, 1, 2, 3
    return Panel("", labels=labels, texts=("red front", "a grey wall", "sky", "wet grass"))


@pytest.mark.parametrize("size", [(400, 400), (1200, 1200), (1200, 700)])
def test_texts_stay_clear_of_the_edges(size: tuple[int, int]) -> None:
    layer = np.asarray(draw_texts(size, make_strips(), 22))
    assert layer.shape == (size[1], size[0], 4)
    rows, columns = np.nonzero(layer[..., 3])
    away = max(size) // 100
    assert min(rows.min(), columns.min()) >= away, "with the outline of its letters"
    assert rows.max() < size[1] - away and columns.max() < size[0] - away
    assert columns.max() > 0.9 * size[0] and (layer[..., 3] == 0).mean() > 0.5, "written, and on nothing"


def test_segments_and_texts_are_what_a_whole_picture_is_made_of() -> None:
    image, panel = np.full((200, 200, 3), 90, np.uint8), make_strips()
    whole, below = (np.asarray(one) for one in (draw(image, panel, Colours()), draw_segments(image, panel, Colours())))
    assert whole.shape == below.shape and (whole != below).any() and (whole == below).all(axis=2).mean() > 0.5
    silent = Panel("", labels=panel.labels)
    assert np.asarray(draw_texts((9, 9), silent)).max() == 0
