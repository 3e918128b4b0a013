"""The scripts that make the embedded models: resumed they give the same weights; where views overlap."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch

from data_prep import dino_views, train_dino


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
    maps = dino_views.points(source, 16).permute(0, 3, 1, 2)
    carried, inside = dino_views.transfer(maps, source, target)
    expected = dino_views.points(target, 16).permute(0, 3, 1, 2)
    assert inside.all()
    torch.testing.assert_close(carried[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1], atol=1e-5, rtol=0)
    _, far = dino_views.transfer(maps, windows_at(-0.6, 0, 0.3), windows_at(0.6, 0, 0.3))
    assert not far.any()


def test_windows_lie_inside_the_picture() -> None:
    windows = dino_views.draw_windows(500, 0.3, 0.9, torch.Generator().manual_seed(1))
    assert (windows[:, :2].abs() + windows[:, 2:].abs() <= 1 + 1e-6).all()
    assert (windows[:, 2] < 0).float().mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.slow
def test_dino_resumes_to_the_same_weights(tmp_path: Path) -> None:
    def run(name: str, stops: int) -> dict[str, torch.Tensor]:
        args = Namespace(steps=4, batch=4, pictures=16, prototypes=16, every=2, seed=3, rate=1e-3, place=2.0,
                         work=tmp_path / name)  # fmt: skip
        args.work.mkdir(exist_ok=True)
        for _ in range(stops):
            next(train_dino.train(args))
        list(train_dino.train(args))
        return torch.load(args.work / "training.pt", weights_only=False)["teacher"]

    through, resumed = run("through", 0), run("resumed", 1)
    assert all(torch.equal(through[key], resumed[key]) for key in through)
