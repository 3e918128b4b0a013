"""The scripts that make the embedded models: resumed they give the same weights; where views overlap."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.models.dino import Dino
from bench.records import Sample
from data_prep import checkpoints, dino_network, dino_quality, dino_tune, dino_views, train_dino


def windows_at(x: float, y: float, half: float, mirror: float = 1.0) -> torch.Tensor:
    return torch.tensor([[x, y, half * mirror, half]])


def test_a_view_of_the_whole_picture_is_the_picture() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    whole = dino_views.cut(picture, windows_at(0, 0, 1), 4)
    torch.testing.assert_close(whole, torch.nn.functional.avg_pool2d(picture, 2))
    torch.testing.assert_close(dino_views.cut(picture, windows_at(0, 0, 1, -1), 4), whole.flip(3))


def test_places_carry_over_to_another_view() -> None:
    """A map of source coordinates, carried to another window, must read that window's own coordinates."""
    source, target = windows_at(0.2, -0.1, 0.7, -1), windows_at(-0.1, 0.1, 0.4)
    maps = dino_views.locate_cells(source, 16).permute(0, 3, 1, 2)
    carried, inside = dino_views.transfer_maps(maps, source, target)
    expected = dino_views.locate_cells(target, 16).permute(0, 3, 1, 2)
    assert inside.all()
    torch.testing.assert_close(carried[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1], atol=1e-5, rtol=0)
    _, far = dino_views.transfer_maps(maps, windows_at(-0.6, 0, 0.3), windows_at(0.6, 0, 0.3))
    assert not far.any()


def test_windows_lie_inside_the_picture() -> None:
    windows = dino_views.draw_windows(500, 0.3, 0.9, torch.Generator().manual_seed(1))
    assert (windows[:, :2].abs() + windows[:, 2:].abs() <= 1 + 1e-6).all()
    assert (windows[:, 2] < 0).float().mean() == pytest.approx(0.5, abs=0.1)


def test_second_windows_stay_near_the_first_and_inside() -> None:
    draw = torch.Generator().manual_seed(2)
    first = dino_views.draw_windows(500, 0.35, 0.7, draw)
    second = dino_views.draw_second_windows(first, 0.35, 0.7, draw)
    assert (second[:, :2].abs() + second[:, 2:].abs() <= 1 + 1e-6).all()
    reach = (first[:, 3] + second[:, 3])[:, None] - (first[:, :2] - second[:, :2]).abs()
    assert (reach > 0.3).all()  # sides of what both see, of a picture that is 2 wide


def test_hidden_patches_come_in_squares() -> None:
    hide = dino_views.hide_patches(200, 8, 0.3, torch.Generator().manual_seed(0)).unflatten(1, (8, 8))
    assert hide.float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(hide[:, ::2, ::2], hide[:, 1::2, 1::2]) and torch.equal(hide[:, ::2, ::2], hide[:, 1::2, ::2])


def test_balanced_targets_use_every_prototype_alike() -> None:
    """Scores that all prefer the first prototype must be spread; each row stays a distribution."""
    scores = torch.rand(512, 8, generator=torch.Generator().manual_seed(0))
    scores[:, 0] += 0.5
    shares = train_dino.balance_scores(scores, rounds=20)
    torch.testing.assert_close(shares.sum(1), torch.ones(512))
    torch.testing.assert_close(shares.sum(0), torch.full((8,), 64.0), rtol=0.05, atol=0)
    assert scores.argmax(1).eq(0).float().mean() > 0.5


def test_training_and_production_read_the_same_keys(tmp_path: Path) -> None:
    """A view as large as the picture, put at the corner, gives the keys that `Dino` gives."""
    torch.manual_seed(0)
    network = dino_network.Network(dino_network.make_config(32, 2), 8).eval()
    network.vit.save_pretrained(tmp_path)
    pixels = torch.randn(1, 3, 128, 128)
    keys = torch.nn.functional.normalize(Dino(str(tmp_path), size=128, stride=4).compute_facet(pixels), dim=-1)
    scores = keys @ torch.nn.functional.normalize(network.place.directions, dim=-1).T
    with torch.no_grad():
        _, place = network(pixels, torch.zeros(1, 2, dtype=torch.int64))
    torch.testing.assert_close(place.flatten(2).transpose(1, 2), scores, atol=1e-4, rtol=0)


def test_over_segments_take_their_most_frequent_true_class() -> None:
    """By hand: segment 0 holds 3 of class 5 and 1 of class 7; segment 1 holds 2 of class 7 and 1 pixel of no class."""
    segments, truth = np.array([[0, 0, 0, 0, 1, 1, 1]]), np.array([[5, 5, 5, 7, 7, 7, -1]])
    ious, pixels = dino_quality.compute_majority_ious(segments, truth)
    np.testing.assert_allclose(ious, [3 / 4, 2 / 3])
    assert pixels.tolist() == [3, 3]
    missed, _ = dino_quality.compute_majority_ious(np.zeros_like(segments), np.array([[5, 5, 5, 7, 7, -2, 5]]))
    np.testing.assert_allclose(missed, [4 / 6, 0])


def test_quality_counts_large_classes_alone() -> None:
    truth = np.zeros((1, 100), np.int16)
    truth[0, :10] = 3
    samples = [Sample(str(i), np.zeros((1, 100, 3), np.uint8), truth) for i in range(2)]
    found = dino_quality.measure_quality([np.zeros_like(truth), truth], samples)
    assert found.every == pytest.approx((0.9 / 2 + 1) / 2) and found.large == pytest.approx((0.9 + 1) / 2)
    assert found.segments == 1.5 and found.n == 2


def test_colours_are_cut_to_the_number_asked_for() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert len(np.unique(dino_quality.segment_by_colour(Sample("a", image), (8, 8), 13, None))) == 13


def test_the_words_of_the_table_are_a_crf() -> None:
    assert dino_tune.parse_crf("none") is None
    crf = dino_tune.parse_crf("3:10:5:20")
    assert crf is not None
    assert (crf.gaussian_compat, crf.bilateral_compat, crf.iterations, crf.bilateral_srgb) == (3, 10, 5, 20)
    assert crf.bilateral_sxy == 5


@pytest.mark.slow
def test_dino_resumes_to_the_same_weights(tmp_path: Path) -> None:
    def run(name: str, stops: int) -> dict[str, torch.Tensor]:
        args = Namespace(steps=4, batch=4, pictures=16, prototypes=16, every=2, seed=3, rate=1e-3, whole=0.3,
                         shift=0.04, width=32, layers=2, device="cpu", work=tmp_path / name)  # fmt: skip
        args.work.mkdir(exist_ok=True)
        for _ in range(stops):
            next(train_dino.train(args))
        list(train_dino.train(args))
        return checkpoints.load(args.work / "training.pt")["teacher"]

    through, resumed = run("through", 0), run("resumed", 1)
    assert all(torch.equal(through[key], resumed[key]) for key in through)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    path, of = tmp_path / "a" / "training.pt", {"seed": 0, "world": 2}
    assert checkpoints.load(path, of) is None
    checkpoints.save(path, {"done": 3, "weight": torch.ones(2)}, of)
    assert checkpoints.load(path, of)["done"] == 3 and checkpoints.load(path)["done"] == 3
    with pytest.raises(SystemExit, match=r"training.pt belongs to another training \(seed 0 instead of 1\)"):
        checkpoints.load(path, {"seed": 1, "world": 2})
    torch.save({"done": 3}, path)
    with pytest.raises(SystemExit, match="another training"):
        checkpoints.load(path, of)
