"""Label maps as PNGs: what another library reads of them is what was written, to the last number."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from bench.prepare.label_png import write_png
from tests.unit.prepare.scenes import scatter


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 65535)))
def test_pillow_reads_what_was_written(labels: np.ndarray) -> None:
    image = Image.open(io.BytesIO(write_png(labels)))
    image.verify()  # every chunk has the checksum that the specification asks for
    image = Image.open(io.BytesIO(write_png(labels)))
    assert (image.format, image.size) == ("PNG", labels.shape[::-1]) and image.mode.startswith("I;16")
    assert (np.asarray(image) == labels).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_order_in_memory_and_byte_order_change_nothing(order: str) -> None:
    labels = scatter(0, [0, 1, 300, 65535]).astype(np.uint16)
    expected = write_png(labels)
    assert write_png(np.asarray(labels, order=order)) == expected == write_png(labels.astype(">u2"))
    assert write_png(labels[::-1][::-1]) == expected
