"""The toy world: the same scenes everywhere, exact labels, honest captions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest

from bench.data.toyscenes import ToyScenes
from bench.errors import UsageError, UserError
from bench.records import BACKGROUND, VOID
from bench.toyworld.captions import list_items
from bench.toyworld.classes import INDEX, KINDS, NAMES, SIDE, STUFF, make_class_list
from bench.toyworld.pen import FINE, UNLABELLED, Canvas
from bench.toyworld.plan import Plan, Stuff, Thing
from bench.toyworld.render import VISIBLE, _draw_stand, render
from bench.toyworld.scene import SPLITS, choose_framing, compose, draw, sample_captions
from bench.toyworld.textures.looks import LOOKS
from bench.toyworld.words import PLACES, TOLD_PARTS, WORDS, choose_colour_word
from tests.unit.data.scenes import draw_once

MAGENTA = (255, 0, 255)
_PLURALS = {"people": "person", "men": "man", "women": "woman", "children": "child", "buses": "bus",
            "puppies": "puppy", "ponies": "pony", "coaches": "coach", "benches": "bench", "couches": "couch",
            "bushes": "bush"}  # fmt: skip


@pytest.fixture(scope="module")
def scenes() -> list:
    return [draw_once("test", index) for index in range(60)]


def test_class_list_has_things_and_stuff() -> None:
    classes = make_class_list()
    assert len(classes) == 45 and sum(classes.things) == len(KINDS) == 33
    assert all(re.fullmatch(r"[a-z]+", name) for name in classes.names)


def test_a_scene_is_the_same_each_time_and_no_other(scenes: list) -> None:
    again = draw("test", 7)
    assert again.image.tobytes() == scenes[7].image.tobytes()
    assert again.truth.tobytes() == scenes[7].truth.tobytes()
    assert again.captions == scenes[7].captions
    images = {draw(split, index).image.tobytes() for split in SPLITS for index in range(5)}
    assert len(images) == 5 * len(SPLITS)


def test_what_is_done_to_a_loaded_image_harms_no_other(scenes: list) -> None:
    dataset = ToyScenes()
    for _ in range(2):
        sample = dataset.load("test-0001")
        for array, drawn in ((sample.image, scenes[1].image), (sample.truth, scenes[1].truth)):
            np.testing.assert_array_equal(array, drawn)
            array[:] = 0


def test_shapes_types_and_values(scenes: list) -> None:
    for scene in scenes:
        assert scene.image.shape == (SIDE, SIDE, 3) and scene.image.dtype == np.uint8
        assert scene.truth.shape == (SIDE, SIDE) and scene.truth.dtype == np.int16
        assert scene.instances.shape == (SIDE, SIDE) and scene.instances.dtype == np.int16
        # Full scenes leave no pixel without a class but for specks.
        assert BACKGROUND not in scene.truth and scene.truth.max() < len(NAMES)
        assert (scene.truth == VOID).mean() < 0.01


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", KINDS)
def test_labels_of_a_thing_are_exactly_the_pixels_it_paints(name: str) -> None:
    kind = KINDS[name]
    for look in range(kind.looks):
        canvas = Canvas(MAGENTA)
        box = (20.0, 30.0, float(kind.width), float(kind.height))
        _draw_stand(canvas, Thing(name, look, kind.colours[0], box, look == 1, 0.05 * look, 5), 0)
        painted = (np.asarray(canvas.image) != MAGENTA).any(axis=2)
        np.testing.assert_array_equal(painted, np.asarray(canvas.codes) != UNLABELLED)
        assert {label for label, _, _ in canvas.keys} == {INDEX[name]}
        assert 0.15 < painted.sum() / (FINE**2 * box[2] * box[3]) < 1.2


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", KINDS)
def test_looks_and_colours_of_a_thing_differ(name: str) -> None:
    kind = KINDS[name]

    def picture(look: int, colour: str) -> bytes:
        canvas = Canvas(MAGENTA)
        _draw_stand(canvas, Thing(name, look, colour, (20.0, 30.0, kind.width, kind.height), False, 0.0, 5), 0)
        return canvas.image.tobytes()

    options = {(look, colour) for look in range(kind.looks) for colour in kind.colours}
    assert len({picture(*option) for option in options}) == len(options)


@pytest.mark.parametrize("name", STUFF)
def test_labels_of_stuff_fill_its_outline_and_paper_is_background(name: str) -> None:
    outline = ((0.0, 64.0), (128.0, 64.0), (128.0, 128.0), (0.0, 128.0))
    for look, (colour, _) in enumerate(LOOKS[name]):
        drawn = render(Plan((Stuff(name, look, colour, outline, 3),), (0, 255, 0), 1.0, 1))
        truth = drawn.make_truth()
        assert (truth[65:] == INDEX[name]).all() and (truth[:64] == BACKGROUND).all()
        image = drawn.image
        green = (image[..., 1] > 200) & (image[..., 0] < 40) & (image[..., 2] < 40)
        assert green[:64].all() and not green[65:].any()


def _box(size: float) -> tuple[float, float, float, float]:
    return (64 - size / 2, 64 - size / 2, size, size)


def test_things_in_front_hide_what_is_behind() -> None:
    ball, house = (Thing(name, 0, "red", _box(40.0), False, 0.0, 1) for name in ("ball", "house"))
    front, back = (render(Plan(layers, MAGENTA, 1.0, 1)) for layers in ((house, ball), (ball, house)))
    assert front.make_truth()[64, 64] == INDEX["ball"] and back.make_truth()[64, 64] == INDEX["house"]
    assert (
        front.make_instances()[64, 64] == 1
        and back.make_instances()[64, 64] == 1
        and front.make_instances()[0, 0] == -1
    )


def test_specks_are_void_and_never_told_of() -> None:
    house = Thing("house", 0, "red", _box(100.0), False, 0.0, 1)
    ball = replace(house, name="ball", box=_box(4.0))
    plan = Plan((house, ball), MAGENTA, 1.0, 1)
    drawn = render(plan)
    speck = drawn.make_instances() == 1
    assert 0 < speck.sum() < VISIBLE
    assert (drawn.make_truth()[speck] == VOID).all()
    assert [item.name for item in list_items(plan, drawn)] == ["house"]


def test_a_camera_that_sees_a_quarter_shows_it_twice_as_large() -> None:
    ball = Thing("ball", 0, "red", (8.0, 12.0, 20.0, 20.0), False, 0.0, 1)
    plan = Plan((ball,), MAGENTA, 1.0, 1)
    wide, near = (render(seen).make_truth() == INDEX["ball"] for seen in (plan, plan.look_at(0, 0, 64)))
    assert 3.5 < near.sum() / wide.sum() < 4.5
    rows, columns = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
    assert abs(rows.mean() - 2 * 22) < 1.5 and abs(columns.mean() - 2 * 18) < 1.5


def test_test_split_has_every_class_and_enough_segments(scenes: list) -> None:
    present = [np.unique(scene.truth[scene.truth >= 0]) for scene in scenes]
    assert set(np.concatenate(present)) == set(range(len(NAMES)))
    assert 5 <= np.mean([len(classes) for classes in present]) <= 9


def test_weather_and_light_leave_the_labels_alone() -> None:
    plan, _ = compose("test", 3)
    drawn = {weather: render(replace(plan, weather=weather)) for weather in ("", "rain", "snowfall", "fog", "night")}
    assert len({one.codes.tobytes() for one in drawn.values()}) == 1
    assert len({one.image.tobytes() for one in drawn.values()}) == len(drawn)
    assert drawn["night"].image.mean() < 0.85 * drawn[""].image.mean()


def _named(caption: str) -> set[str]:
    """The classes that a caption names, by its words; parts, and what the place is called, are left out."""
    meaning = {word: name for name in NAMES for word in (*WORDS.get(name, ()), name)}
    caption = re.sub(rf" with (an? )?[a-z]+ ({'|'.join(TOLD_PARTS)})s?\b", "", caption)
    caption = re.sub(rf"^(Image of )?an? ({'|'.join(sum(PLACES.values(), ()))}) with", "", caption)
    words = re.findall(r"[a-z]+", caption.replace("falling snow", ""))
    singular = [word if word in meaning else _PLURALS.get(word, word.removesuffix("s")) for word in words]
    return {meaning[word] for word in singular if word in meaning}


def test_captions_name_only_what_is_there(scenes: list) -> None:
    named = []
    for scene in [*scenes, *(draw_once("train", index) for index in range(100))]:
        present = {NAMES[c] for c in np.unique(scene.truth[scene.truth >= 0])}
        assert len(scene.captions) == 5
        for caption in scene.captions:
            named.append(len(_named(caption)))
            assert _named(caption) <= present, caption
            assert caption.endswith(".") and caption.count(".") == 1
    assert np.mean(np.array(named) > 0) > 0.98 and 1.5 < np.mean(named) < 3


@pytest.mark.slow
def test_captions_tell_counts_colours_parts_and_weather() -> None:
    texts = [text for index in range(400) for text in draw("train", index).captions]
    for pattern in (r"\b(two|three)\b", r"\bred\b", r"with (a )?[a-z]+ (roof|wheels|sails)", r"at night|in the rain"):
        assert 0.003 < np.mean([bool(re.search(pattern, text)) for text in texts]) < 0.4, pattern
    assert choose_colour_word((250, 10, 10)) == "red" and choose_colour_word((20, 20, 20)) == "black"


@pytest.mark.slow
def test_more_captions_of_a_scene_begin_with_its_own() -> None:
    texts = list(sample_captions("train", 23))
    assert len(texts) == 23 and texts[:5] == list(draw("train", 0).captions)
    assert texts[10:15] == list(draw("train", 1).captions)
    many = list(sample_captions("train", 4000))
    assert 0.35 < np.mean([text.startswith(("Image of a ", "Image of an ")) for text in many]) < 0.65
    assert set().union(*map(_named, many)) == set(NAMES)


def test_train_mixes_framings_and_the_others_do_not() -> None:
    kinds = np.array([choose_framing(index) for index in range(2000)])
    assert np.allclose([(kinds == kind).mean() for kind in range(3)], (0.48, 0.36, 0.16), atol=0.03)
    stuff_views = [compose("train", int(index))[0] for index in np.flatnonzero(kinds == 2)[:20]]
    assert not any(plan.things for plan in stuff_views) and not any(plan.place for plan in stuff_views)
    assert all(compose(split, index)[0].place for split in ("tune", "val", "test") for index in range(40))


def test_snapshot_of_labels_captions_and_colours() -> None:
    """Seeds of stored results rest on this: a change here means a new VERSION."""
    scenes = [draw("test", index) for index in range(5)]
    total = b"".join(scene.truth.tobytes() + repr(scene.captions).encode() for scene in scenes)
    assert hashlib.sha256(total).hexdigest()[:16] == "3001f580d2b23d90"
    # Colours pass through sines and so may differ by a level between processors.
    mean = np.mean([scene.image.mean(axis=(0, 1)) for scene in scenes], axis=0)
    np.testing.assert_allclose(mean, (152.61, 129.42, 102.45), atol=0.2)


def test_snapshot_of_what_scenes_of_every_split_and_place_consist_of() -> None:
    """Plans are cheap, so this sees places, weathers and framings that the few drawn scenes above do not have."""
    plans = {split: [compose(split, index)[0] for index in range(150)] for split in SPLITS}
    full = [plan for split in ("tune", "val", "test") for plan in plans[split]]
    assert {plan.place for plan in full} == set(PLACES) and len({plan.weather for plan in full}) == 6
    told = {split: hashlib.sha256(repr(list(map(_told, own))).encode()).hexdigest()[:8] for split, own in plans.items()}
    assert told == {"train": "382a45eb", "tune": "dfe9b336", "val": "6fd545d6", "test": "fc3bd69b"}


def _told(plan: Plan) -> tuple[object, ...]:
    """A plan in words and whole numbers; a layer's seed depends on all that was drawn at random before it."""
    layers = [(type(of).__name__, of.name, of.look, of.colour, of.seed) for of in plan.layers]
    return (plan.place, plan.weather, plan.paper, plan.seed, layers)


def test_dataset_interface() -> None:
    data = ToyScenes(split="val", subset="first:3")
    assert data.list_ids() == ("val-0000", "val-0001", "val-0002") and data.subset == "first:3"
    sample = data.load("val-0002")
    assert sample.image_id == "val-0002" and sample.truth is not None
    np.testing.assert_array_equal(sample.truth, draw("val", 2).truth)
    assert data.fingerprint == ToyScenes(split="val").fingerprint != ToyScenes(split="test").fingerprint
    assert ToyScenes(split="tune").list_ids()[123] == "tune-0123"


def test_bad_options_are_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'test'"):
        ToyScenes(split="tset")
    with pytest.raises(UsageError, match="data.names=voc"):
        ToyScenes(names="voc")
    with pytest.raises(UserError, match="drawn, not read"):
        ToyScenes(root="somewhere")
    with pytest.raises(UserError, match="scene 'test-0900' is not in toyscenes:test"):
        ToyScenes().load("test-0900")
