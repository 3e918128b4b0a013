"""The scripts that make the embedded CLIP: the optimizer, batches, resuming, exporting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from bench.models.clip import Clip
from bench.toyworld.classes import SIDE, VERSION
from bench.toyworld.scene import choose_framing, draw
from data_prep import clip_feed, clip_model, clip_pool, clip_quality, clip_report, clip_seeds, train_clip
from data_prep.muon import Muon, orthogonalise

RECIPE = train_clip.Recipe(
    steps=4, batch=8, close=0.5, stuff=0.25, scenes=24, near_sides=(24, 32), far_sides=(48, 128), warm_steps=2
)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> clip_pool.Pool:
    return clip_pool.fill(tmp_path_factory.mktemp("pool"), RECIPE.scenes, workers=2)


@pytest.fixture(scope="module")
def feed(pool: clip_pool.Pool) -> clip_feed.Feed:
    return clip_feed.Feed(pool, Tokenizer.from_file(str(clip_model.TARGET / "tokenizer.json")), RECIPE)


@pytest.mark.parametrize("shape", [(12, 30), (30, 12), (16, 16)])
def test_orthogonal_keeps_directions_and_evens_out_singular_values(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonalise(matrix)
    assert found.shape == matrix.shape
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.5 and values.max() < 1.4
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert torch.nn.functional.cosine_similarity(found.flatten(), (u @ v).flatten(), dim=0) > 0.97


def test_muon_moves_against_the_gradient_by_the_rate_and_forgets_nothing_untrained() -> None:
    weight, still = (torch.nn.Parameter(torch.randn(8, 20)) for _ in range(2))
    before, kept = weight.detach().clone(), still.detach().clone()
    optimizer = Muon([weight, still], lr=0.1)
    gradient = torch.randn(8, 20)
    weight.grad = gradient.clone()
    optimizer.step()
    moved = weight.detach() - before
    assert (moved * gradient).sum() < 0 and torch.equal(still, kept)
    # The root mean square of an orthogonal step, scaled as Adam's: 0.2 * lr.
    assert moved.square().mean().sqrt() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize(("kind", "most"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_muon_is_torchs_but_for_the_numbers_it_iterates_in(
    kind: torch.dtype, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(30, 12, generator=generator)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    options = {"lr": 0.02, "weight_decay": 0.05}
    optimizers = Muon([ours], **options), torch.optim.Muon([theirs], adjust_lr_fn="match_rms_adamw", **options)
    monkeypatch.setattr(torch, "bfloat16", kind)
    for _ in range(4):
        gradient = torch.randn(30, 12, generator=generator)
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    assert (ours - theirs).norm() < most * (ours - start).norm()


@pytest.mark.slow
def test_a_pool_holds_the_scenes_in_order_and_goes_on_after_a_kill(pool: clip_pool.Pool, tmp_path: Path) -> None:
    for index in (0, 11, 12, 23):
        scene = draw("train", index)
        np.testing.assert_array_equal(pool.images[index], scene.image)
        assert pool.captions[index] == list(scene.captions)
    clip_pool._open_images(tmp_path, 24, "w+").flush()
    clip_pool._draw(tmp_path, 24, 0, 2)
    (tmp_path / f"captions-v{VERSION}-24-1-of-2.jsonl").write_text('["half a li')
    with pytest.raises(SystemExit, match="holds 13 of 24"):
        clip_pool.open_pool(tmp_path, 24)
    again = clip_pool.fill(tmp_path, 24, workers=2)
    assert again.captions == pool.captions
    np.testing.assert_array_equal(again.images, pool.images)
    with pytest.raises(SystemExit, match="holds 0 of 48"):
        clip_pool.open_pool(tmp_path, 48)


def test_a_shrunk_picture_lies_in_the_patches_that_are_computed() -> None:
    images = torch.rand(30, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) + 1
    placed = clip_feed.place(np.random.default_rng(0), images, 48)
    wide, patches = placed.images, placed.patches
    assert wide.shape == images.shape and patches.shape == (30, 36)
    cells = torch.nn.functional.unfold(wide, 8, stride=8)
    for picture, cell, own in zip(wide, cells, patches, strict=True):
        assert (cell[:, own] > 0).all() and (picture > 0).sum() == 3 * 48 * 48
        rows, columns = own // 16, own % 16
        assert torch.equal(rows.unique(), torch.arange(int(rows[0]), int(rows[0]) + 6))
        assert torch.equal(columns.unique(), torch.arange(int(columns[0]), int(columns[0]) + 6))
    top = patches[:, 0]
    assert len(top.unique()) > 15
    torch.testing.assert_close(wide.sum(dim=(1, 2, 3)) / 48**2, images.mean(dim=(1, 2, 3)) * 3, atol=0.05, rtol=0)


def test_a_batch_depends_on_seed_and_step_alone(feed: clip_feed.Feed) -> None:
    (near, far), tokens = feed.batch(3)
    (near_again, far_again), tokens_again = feed.batch(3)
    assert torch.equal(near.images, near_again.images) and torch.equal(far.images, far_again.images)
    assert torch.equal(near.patches, near_again.patches) and torch.equal(tokens, tokens_again)
    assert not torch.equal(near.images, feed.batch(2)[0][0].images)
    other = replace(RECIPE, seed=1)
    feed.recipe, mine = other, feed.recipe
    assert not torch.equal(near.images, feed.batch(3)[0][0].images)
    feed.recipe = mine


def test_a_batch_holds_its_shares_of_close_ups_at_their_sizes_with_their_own_captions(feed: clip_feed.Feed) -> None:
    seen: dict[str, set[int]] = {"near": set(), "far": set()}
    for step in range(12):
        (near, far), tokens = feed.batch(step)
        assert near.images.shape == (4, 3, SIDE, SIDE) == far.images.shape and tokens.shape == (8, 32)
        seen["near"].add(near.patches.shape[1])
        seen["far"].add(far.patches.shape[1])
        kinds = [kinds_of(feed, row) for row in tokens.numpy()]
        assert all(1 in kind for kind in kinds[:4])
        assert all(0 in kind for kind in kinds[4:6]) and all(2 in kind for kind in kinds[6:])
    assert seen == {"near": {9, 16}, "far": {36, 256}}


def kinds_of(feed: clip_feed.Feed, tokens: np.ndarray) -> set[int]:
    """The framings of the scenes that have this caption."""
    scenes = np.flatnonzero((feed.tokens == tokens).all(axis=2).any(axis=1))
    return {choose_framing(int(scene)) for scene in scenes}


def test_dropping_patches_is_the_model_on_those_patches(feed: clip_feed.Feed) -> None:
    torch.manual_seed(0)
    model = clip_model.build().eval()
    images = feed.batch(0)[0][1].images[:2]
    every = torch.arange(256)[None].expand(2, -1)
    with torch.no_grad():
        plain = model.visual(images)
        every_part = clip_feed.Part(images, every)
        assert torch.equal(clip_model.encode_pictures(model, [every_part, every_part]), torch.cat([plain, plain]))
        model.visual.patch_dropout.kept = every[:, 40:200]
        blank = images.clone()
        blank.view(2, 3, 16, 8, 128)[:, :, :2] = 7.0
        torch.testing.assert_close(model.visual(blank), model.visual(images))
        assert not torch.allclose(model.visual(images), plain)


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_same_weights_and_exports_what_loads(
    feed: clip_feed.Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_clip, "VALIDATION", 1)

    def trained(name: str, stop: int | None) -> train_clip.Trainer:
        (tmp_path / name).mkdir(exist_ok=True)
        trainer = train_clip.Trainer(RECIPE, tmp_path / name, "cpu")
        if stop:
            for _ in range(stop):
                trainer.step(*feed.batch(trainer.done))
            trainer.save()
            return trained(name, None)
        train_clip.train(trainer, feed, tmp_path / name / "out", every=4)
        return trainer

    through, resumed = trained("through", None), trained("resumed", 2)
    assert all(torch.equal(through.average[key], resumed.average[key]) for key in through.average)
    clip = Clip(f"local-dir:{tmp_path / 'through' / 'out'}")
    sample = draw("val", 0).image
    with torch.no_grad():
        through.model.load_state_dict(through.average)
        through.model.visual.patch_dropout.kept = None
        ours = through.model.eval().visual(clip.preprocess(sample))
    torch.testing.assert_close(clip.visual(clip.preprocess(sample)), ours, atol=2e-3, rtol=2e-2)
    assert through.curve[-1]["step"] == 4 and set(through.curve[-1]["ways"]) >= {"unmasked", "crop", "masked 1"}
    onward = train_clip.Trainer(RECIPE, tmp_path / "through", "cpu", tmp_path / "through" / "out")
    assert onward.done == 0 and onward.earlier["curve"][-1]["step"] == 4
    for name, weight in onward.model.state_dict().items():
        assert torch.equal(weight, through.average[name].half().float()), f"{name} does not go on from the folder"
    # Killed just after it wrote over the folder that it began from, it still knows its own beginning.
    onward.done = 1
    onward.publish([0.0], tmp_path / "through" / "out")
    clip_model.export({name: weight + 1 for name, weight in through.average.items()}, tmp_path / "through" / "out")
    again = train_clip.Trainer(RECIPE, tmp_path / "through", "cpu", tmp_path / "through" / "out")
    assert again.done == 0 and again.earlier == onward.earlier and "earlier" not in again.earlier
    for name, weight in again.model.state_dict().items():
        assert torch.equal(weight, through.average[name].half().float()), f"{name} was read again"


def test_shares_of_segments_named_right_are_counted_by_scene() -> None:
    named = {"way": np.array([0, 1, 2, 3, 20])}
    segments = clip_quality.Segments(
        "val", np.array([0, 0, 1, 1, 2]), np.array([0, 1, 2, 20, 20]), np.array([50, 70, 300, 20, 9000]), named
    )
    rows = segments.right("way")
    np.testing.assert_array_equal(rows.numerator[:, 0], [2, 1, 1])
    np.testing.assert_array_equal(rows.denominator[:, 0], [2, 2, 1])
    assert segments.share("way") == 0.8 and segments.share("way", segments.things) == 0.5
    table = clip_report._write_sizes(segments, ["way"])
    assert table[2].startswith("| under 64 | 2 | 50.0") and table[-1].startswith("| 1024 and more | 1 | 100.0")


def test_the_card_keeps_the_figures_of_other_seeds(tmp_path: Path) -> None:
    def segments(named: list[int]) -> clip_quality.Segments:
        where = np.zeros(4, int), np.array([0, 1, 20, 21]), np.full(4, 100)
        return clip_quality.Segments("test", *where, {"crop": np.array(named)})

    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        facts = {"recipe": {"seed": seed, "steps": 7}}
        (tmp_path / str(seed) / "training.json").write_text(json.dumps(facts))
    other = clip_seeds.read_figures(tmp_path / "1", segments([0, 1, 20, 0]))
    assert other["ways"]["crop"] == 0.75 and other["things"]["crop"] == 0.5
    stored = json.loads((tmp_path / "0" / "training.json").read_text()) | {"seeds": [other]}
    (tmp_path / "0" / "training.json").write_text(json.dumps(stored))
    for named in ([0, 0, 0, 0], [0, 1, 0, 0]):
        seeds = clip_seeds.collect_figures(tmp_path / "0", segments(named), [], [])
        assert [o["seed"] for o in seeds] == [0, 1] and seeds[1] == other
    table = clip_seeds.write_table(seeds)
    assert "between 2 seeds after 7 steps: 25.0 points" in table and "| crop | 50.0 (0.0) | 75.0 (50.0) |" in table


def test_a_training_that_goes_on_stands_beside_the_one_it_began_from(tmp_path: Path) -> None:
    where = np.zeros(2, int), np.array([0, 20]), np.full(2, 100)
    segments = clip_quality.Segments("test", *where, {"crop": np.array([0, 1])})
    old = {"seed": 0, "steps": 7, "n": 2, "ways": {"crop": 0.5}, "things": {"crop": 0.5}}
    earlier = {"recipe": {"seed": 0, "steps": 7}, "seeds": [old]}
    facts = {"recipe": {"seed": 0, "steps": 5}, "earlier": earlier}
    (tmp_path / "training.json").write_text(json.dumps(facts))
    seeds = clip_seeds.collect_figures(tmp_path, segments, [], [])
    assert [(o["seed"], o["steps"]) for o in seeds] == [(0, 12), (0, 7)]
    assert "seed 0, 12 steps | seed 0, 7 steps" in clip_seeds.write_table(seeds)
    assert "Largest" not in clip_seeds.write_table(seeds), "trainings of different length are no spread"
