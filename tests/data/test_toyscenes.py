"""The toy world: the same scenes everywhere, exact labels, honest captions."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from bench.data.toyscenes import ToyScenes
from bench.data.toyworld.captions import WORDS, sample_captions
from bench.data.toyworld.classes import INDEX, KINDS, NAMES, SIDE, STUFF, class_list
from bench.data.toyworld.layouts import Plan, Stuff, Thing
from bench.data.toyworld.pen import UNLABELLED, Canvas
from bench.data.toyworld.render import _stand, render
from bench.data.toyworld.scene import SPLITS, compose, draw
from bench.data.toyworld.textures import LOOKS
from bench.errors import UsageError, UserError
from bench.records import BACKGROUND

MAGENTA = (255, 0, 255)
_PLURALS = {"people": "person", "men": "man", "women": "woman", "buses": "bus", "puppies": "puppy", "ponies": "pony",
            "coaches": "coach"}  # fmt: skip


@pytest.fixture(scope="module")
def scenes() -> list:
    return [draw("test", index) for index in range(40)]


def test_class_list_has_things_and_stuff() -> None:
    classes = class_list()
    assert len(classes) == 32
    assert sum(classes.things) == len(KINDS) == 21
    assert all(re.fullmatch(r"[a-z]+", name) for name in classes.names)


def test_a_scene_is_the_same_each_time_and_no_other(scenes: list) -> None:
    again = draw("test", 7)
    assert again.image.tobytes() == scenes[7].image.tobytes()
    assert again.truth.tobytes() == scenes[7].truth.tobytes()
    assert again.captions == scenes[7].captions
    images = {draw(split, index).image.tobytes() for split in SPLITS for index in range(5)}
    assert len(images) == 5 * len(SPLITS)


def test_shapes_types_and_values(scenes: list) -> None:
    for scene in scenes:
        assert scene.image.shape == (SIDE, SIDE, 3) and scene.image.dtype == np.uint8
        assert scene.truth.shape == (SIDE, SIDE) and scene.truth.dtype == np.int16
        # Full scenes leave no pixel without a class.
        assert scene.truth.min() >= 0 and scene.truth.max() < len(NAMES)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("look", range(3))
def test_labels_of_a_thing_are_exactly_the_pixels_it_paints(name: str, look: int) -> None:
    canvas = Canvas(MAGENTA)
    box = (30.0, 40.0, float(KINDS[name].width), float(KINDS[name].height))
    _stand(canvas, Thing(name, look, KINDS[name].colours[0], box, look == 1, 0.1 * look, 5))
    painted = (np.asarray(canvas.image) != MAGENTA).any(axis=2)
    labels = np.asarray(canvas.labels)
    np.testing.assert_array_equal(painted, labels == INDEX[name])
    np.testing.assert_array_equal(~painted, labels == UNLABELLED)
    assert 0.2 < painted.sum() / (box[2] * box[3]) < 1.2


@pytest.mark.parametrize("name", STUFF)
def test_labels_of_stuff_fill_its_outline_and_paper_is_background(name: str) -> None:
    outline = ((0.0, 64.0), (127.0, 64.0), (127.0, 127.0), (0.0, 127.0))
    for look, (colour, _) in enumerate(LOOKS[name]):
        image, truth = render(Plan((Stuff(name, look, colour, outline, 3),), (), (0, 255, 0), 1.0, 1))
        assert (truth[64:] == INDEX[name]).all() and (truth[:64] == BACKGROUND).all()
        green = (image[..., 1] > 200) & (image[..., 0] < 40) & (image[..., 2] < 40)
        assert green[:64].all() and not green[64:].any()


def test_things_in_front_hide_what_is_behind() -> None:
    box = (40.0, 40.0, 40.0, 40.0)
    ball, house = (Thing(name, 0, "red", box, False, 0.0, 1) for name in ("ball", "house"))
    _, front = render(Plan((), (house, ball), MAGENTA, 1.0, 1))
    _, back = render(Plan((), (ball, house), MAGENTA, 1.0, 1))
    assert front[60, 60] == INDEX["ball"] and back[60, 60] == INDEX["house"]


def test_test_split_has_every_class_and_enough_segments(scenes: list) -> None:
    present = [np.unique(scene.truth) for scene in scenes]
    assert set(np.concatenate(present)) == set(range(len(NAMES)))
    assert sum(len(classes) for classes in present) >= 200
    assert 5 <= np.mean([len(classes) for classes in present]) <= 9


def _named(caption: str) -> set[str]:
    """The classes that a caption names, by its words."""
    meaning = {word: name for name in NAMES for word in (*WORDS.get(name, ()), name)}
    words = re.findall(r"[a-z]+", caption)
    singular = [word if word in meaning else _PLURALS.get(word, word.removesuffix("s")) for word in words]
    return {meaning[word] for word in singular if word in meaning}


def test_captions_name_only_what_is_there(scenes: list) -> None:
    for scene in [*scenes, *(draw("train", index) for index in range(60))]:
        present = {NAMES[c] for c in np.unique(scene.truth[scene.truth >= 0])}
        assert len(scene.captions) == 5
        for caption in scene.captions:
            assert _named(caption) and _named(caption) <= present, caption
            assert caption.endswith(".") and caption.count(".") == 1


def test_captions_can_be_sampled_without_drawing() -> None:
    texts = sample_captions(3, 2000)
    assert texts == sample_captions(3, 2000) and texts != sample_captions(4, 2000)
    assert len(texts) == 2000
    assert 0.4 < np.mean([text.startswith("Image of a ") for text in texts]) < 0.65
    assert set().union(*map(_named, texts)) == set(NAMES)


def test_train_mixes_framings_and_the_others_do_not() -> None:
    def share_of_full(split: str) -> float:
        return float(np.mean([len(compose(split, index)[0].things) >= 3 for index in range(100)]))

    assert 0.35 < share_of_full("train") < 0.65
    assert all(share_of_full(split) == 1.0 for split in ("tune", "val", "test"))


def test_snapshot_of_labels_captions_and_colours() -> None:
    """Seeds of stored results rest on this: a change here means a new VERSION."""
    scene = draw("test", 0)
    seen = hashlib.sha256(scene.truth.tobytes() + repr(scene.captions).encode()).hexdigest()[:16]
    assert seen == "7f2206823c5fbe58"
    # Colours pass through sines and so may differ by a level between processors.
    np.testing.assert_allclose(scene.image.mean(axis=(0, 1)), (115.6, 114.61, 107.81), atol=0.2)


def test_dataset_interface() -> None:
    data = ToyScenes(split="val", subset="first:3")
    assert data.ids() == ("val-0000", "val-0001", "val-0002") and data.subset == "first:3"
    sample = data.load("val-0002")
    assert sample.image_id == "val-0002" and sample.truth is not None
    np.testing.assert_array_equal(sample.truth, draw("val", 2).truth)
    assert data.fingerprint == ToyScenes(split="val").fingerprint != ToyScenes(split="test").fingerprint
    assert ToyScenes(split="train").ids()[12345] == "train-012345"


def test_bad_options_are_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'test'"):
        ToyScenes(split="tset")
    with pytest.raises(UsageError, match="data.names=voc"):
        ToyScenes(names="voc")
    with pytest.raises(UserError, match="drawn, not read"):
        ToyScenes(root="somewhere")
    with pytest.raises(UserError, match="no scene 'test-0900'"):
        ToyScenes().load("test-0900")
