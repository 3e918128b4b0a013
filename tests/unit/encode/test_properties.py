"""What every option of encode= keeps to, whoever wrote it: none is left out, for they are listed from conf/encode."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra.utils import get_object

from bench.commands.settings import compose_settings
from bench.encode.dense import DenseEncoder
from bench.run.loading import list_needs
from bench.settings.compose import list_options
from tests.unit.encode import tiny
from tests.unit.encode.test_dense import Dino

VARIANTS = sorted(list_options("encode"))
WHOLE = {"blur_outside", "crop", "crop_blur", "crop_mean", "crop_white", "mask_tokens", "masked", "unmasked"}
"""With a mask over the whole image these are CLIP's own embedding of it."""
DIRECTION = {"projected_subtraction"}
"""These are a part of it."""


def make(name: str) -> Any:
    """The encoder as its yaml makes it, over a small tower of random weights, from its second layer on."""
    options, models = compose_settings([f"encode={name}"])["encode"], {"clip": tiny.clip(), "dino": Dino()}
    options |= {"start_layer": 2} if "start_layer" in options else {}
    needed = {need: models[need] for need in list_needs(options)}
    return get_object(options.pop("_target_"))(**options, **needed)


def find_class(name: str) -> type:
    """The class that the option's yaml names, without composing a whole configuration for each."""
    return get_object(yaml.safe_load(list_options("encode")[name].read_text())["_target_"])


def draw_masks() -> np.ndarray:
    """The whole image, nothing of it, two parts of whole patches, and both together: 5 x 18 x 24."""
    masks = np.zeros((5, 18, 24), bool)
    masks[0], masks[2, :6, :6], masks[3, 6:18, 6:12] = True, True, True
    masks[4] = masks[2] | masks[3]
    return masks


def test_all_variants_are_here() -> None:
    assert len(VARIANTS) >= 19 and set(VARIANTS) >= WHOLE | DIRECTION


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_one_short_file_that_says_where_it_is_from(name: str) -> None:
    kind = find_class(name)
    module, lines = sys.modules[kind.__module__], Path(inspect.getfile(kind)).read_text().splitlines()
    assert len(lines) <= 40, f"{len(lines)} lines: what it shares with others goes into a base class"
    assert module.__doc__ and kind.__doc__, "a line on the file, and one on what it computes"
    assert kind.source and kind.cost and kind.training_free in (True, False), "what `zgs variants` says of it"
    if kind.source.startswith("arXiv "):
        assert kind.source in module.__doc__, "its paper"
    if kind.source.startswith("the paper"):
        assert re.search(r"[Ee]quations? \d|section 5\.3", module.__doc__.splitlines()[0]), "where in the paper"


@pytest.mark.thinned(10)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_segment_is_embedded_alike_whatever_stands_beside_it(name: str) -> None:
    encoder, sample, masks = make(name), tiny.sample(), draw_masks()
    vectors = encoder(sample, masks).vectors
    assert vectors.shape == (5, 8) and np.isfinite(vectors).all(), "numbers, also of an empty mask (masks[1])"
    order = [3, 0, 4, 2, 1]
    assert encoder(sample, masks[order]).vectors.tobytes() == vectors[order].tobytes()
    assert encoder(sample, masks[2:3]).vectors.tobytes() == vectors[2:3].tobytes()
    assert encoder(sample, masks[:0]).vectors.shape == (0, 8)
    assert (np.abs(vectors[2] - vectors[3]).max() > 1e-4) == (name != "unmasked"), "another segment, another embedding"


@pytest.mark.thinned(6)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_full_mask_is_the_whole_image_where_that_is_promised(name: str) -> None:
    encoder, sample = make(name), tiny.sample()
    found = encoder(sample, draw_masks()[:1]).vectors[0]
    plain = encoder.clip.visual(encoder.clip.preprocess(sample.image)).numpy()[0]
    assert np.allclose(found, plain, rtol=0, atol=1e-5) == (name in WHOLE)
    if name in WHOLE | DIRECTION:
        assert found @ plain / np.linalg.norm(found) / np.linalg.norm(plain) > 1 - 1e-6


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_union_is_the_weighted_mean_where_patches_are_averaged(name: str) -> None:
    encoder = make(name)
    one, two, both = encoder(tiny.sample(), draw_masks()[2:]).vectors  # 1 and 2 patches
    found = np.allclose(both, (one + 2 * two) / 3, rtol=0, atol=1e-6)
    assert found == (isinstance(encoder, DenseEncoder) or name == "unmasked")


@pytest.mark.thinned(6)
@pytest.mark.parametrize("name", [name for name in VARIANTS if issubclass(find_class(name), DenseEncoder)])
def test_an_empty_mask_means_the_whole_image_where_patches_are_averaged(name: str) -> None:
    full, empty = make(name)(tiny.sample(), draw_masks()[:2]).vectors
    np.testing.assert_allclose(empty, full, rtol=0, atol=1e-6)
