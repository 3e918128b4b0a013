"""GroupViT's labels: transformers' own logits, and the authors' rule pixel by pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoTokenizer, GroupViTConfig, GroupViTModel

from bench.baselines import groupvit
from bench.baselines.groupvit import GroupVitLabels, choose_labels, compute_affinity, list_windows, resize_picture
from bench.models.groupvit import IMAGENET, Groups, GroupVit
from bench.records import Sample
from tests.unit.baselines import naive_groupvit as naive
from tests.unit.baselines.conftest import NAMES, PROMPT, noise


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return GroupViTModel.from_pretrained(folder).eval()


def normalise(image: np.ndarray) -> torch.Tensor:
    """Pixels as transformers takes them, [1, 3, h, w]."""
    mean, deviation = (np.array(each) for each in IMAGENET)
    return torch.from_numpy(((image / 255 - mean) / deviation).transpose(2, 0, 1)[None]).float()


@torch.inference_mode()
def ask_transformers(theirs: Any, folder: Path, image: np.ndarray) -> torch.Tensor:
    texts = AutoTokenizer.from_pretrained(folder)([PROMPT.format(n) for n in NAMES], padding=True, return_tensors="pt")
    return theirs(**texts, pixel_values=normalise(image), output_segmentation=True).segmentation_logits[0]


def test_logits_are_transformers_own(folder: Path, model: GroupVit, theirs: Any) -> None:
    labels = GroupVitLabels(model, [PROMPT], size=224, window=224, stride=112, decode="logits")
    image = noise(224, 224)
    ours, expected = labels.score_pixels(image, NAMES, None), ask_transformers(theirs, folder, image)
    assert float((ours - expected).abs().max() / expected.abs().max()) < 1e-5
    assert len(expected.argmax(dim=0).unique()) >= 2, "a picture of one label would hide a transposed map"
    prediction = labels(Sample("a", image), NAMES, True)
    best = expected.topk(2, dim=0)
    sure, found = (best.values[0] - best.values[1] > 0.01).numpy(), best.indices[0].numpy()
    assert sure.mean() > 0.99 and list(prediction.texts) == [n for n in NAMES if n in prediction.texts]
    for mask, text in zip(prediction.masks, prediction.texts, strict=True):
        assert (mask == (found == NAMES.index(text)))[sure].all()
    assert prediction.masks.sum(axis=0).all(), "each pixel has a label"


def test_a_larger_window_is_what_a_model_of_that_size_gives(model: GroupVit, theirs: Any) -> None:
    """A model whose own size is 320 x 320 and whose positions are interpolated by hand."""
    config = GroupViTConfig.from_dict(theirs.config.to_dict())
    config.vision_config.image_size = 320
    state, name = dict(theirs.state_dict()), "vision_model.embeddings.position_embeddings"
    square = state[name].reshape(1, 14, 14, -1).permute(0, 3, 1, 2)
    grown = functional.interpolate(square, size=(20, 20), mode="bicubic", align_corners=False)
    state[name] = grown.permute(0, 2, 3, 1).reshape(1, 400, -1)
    larger = GroupViTModel(config).eval()
    larger.load_state_dict(state)
    image = noise(320, 320, 1)
    with torch.inference_mode():
        told = larger.vision_model(normalise(image), output_attentions=True)
        embeddings = functional.normalize(larger.visual_projection(told.last_hidden_state[0]), dim=-1)
        mean = functional.normalize(larger.visual_projection(told.pooler_output)[0], dim=-1)
    first, second = (each[0].numpy() for each in told.attentions)
    maps = naive.resize((second @ first).reshape(-1, 20, 20), (320, 320))
    ours = model.group(torch.from_numpy(image).permute(2, 0, 1).float())
    for mine, expected in ((ours.embeddings, embeddings), (ours.mean, mean), (ours.maps, torch.from_numpy(maps))):
        # Products of float32 differ by up to 1.02e-5 between the processors this ran on.
        assert mine.dtype == torch.float32 and float((mine - expected).abs().max()) < 1e-4
    assert float((ours.maps.sum(dim=0) - 1).abs().max()) < 1e-5, "each pixel is shared out among the groups"
    assert len(ours.maps.argmax(dim=0).unique()) >= 3


class Recorded:
    """A model whose groups are drawn by the window's place, for the rule alone."""

    scale = 14.0

    def __init__(self, groups: int = 4) -> None:
        self.groups, self.pictures, self.given = groups, [], []  # type: ignore[var-annotated]

    def group(self, picture: torch.Tensor) -> Groups:
        rng = torch.Generator().manual_seed(len(self.pictures))
        height, width = picture.shape[1:]
        maps = torch.rand(self.groups, height, width, generator=rng).softmax(dim=0)
        unit = functional.normalize(torch.randn(self.groups + 1, 8, generator=rng), dim=1)
        self.pictures.append(picture.numpy())
        self.given.append(Groups(maps, unit[:-1], unit[-1]))
        return self.given[-1]

    def embed_texts(self, texts: list[str]) -> torch.Tensor:
        rng = torch.Generator().manual_seed(99)
        return functional.normalize(torch.randn(len(texts), 8, generator=rng), dim=1)


@pytest.mark.parametrize(
    ("shape", "top", "threshold"),
    [((20, 33), 5, None), ((20, 33), 3, 0.3), ((64, 16), 1, 0.9), ((17, 17), 2, 0.0), ((40, 23), 100, 0.6)],
)
def test_the_authors_rule_pixel_by_pixel(shape: tuple[int, int], top: int, threshold: float | None) -> None:
    known, image = Recorded(), noise(*shape)
    labels = GroupVitLabels(known, [PROMPT], size=24, longest=48, window=24, stride=10, top=top, background=threshold)
    names = ("one", "two", "three", "four", "five", "six")
    scores = labels.score_pixels(image, names, threshold)
    factor = min(24 / min(shape), 48 / max(shape))
    size = (math_round(shape[0] * factor), math_round(shape[1] * factor))
    resized = np.round(naive.resize(image.transpose(2, 0, 1).astype(float), size))
    calls = iter(range(len(known.pictures)))

    def ask(top_row: int, last_row: int, left: int, right: int) -> naive.Window:
        at = next(calls)
        assert np.abs(known.pictures[at] - resized[:, top_row:last_row, left:right]).max() <= 1, "a grey level"
        groups = known.given[at]
        return groups.maps.numpy(), groups.embeddings.numpy(), groups.mean.numpy()

    queries = known.embed_texts([PROMPT.format(name) for name in names]).numpy()
    expected = naive.score_pixels(ask, size, 24, 10, queries, 14.0, top, threshold)
    assert next(calls, None) is None and scores.shape == expected.shape
    assert np.abs(scores.numpy() - expected).max() < 1e-5
    final = naive.resize(expected, shape)
    sure = np.diff(np.sort(final, axis=0)[-2:], axis=0)[0] > 1e-5
    assert sure.mean() > 0.9 and (choose_labels(scores, shape) == final.argmax(axis=0))[sure].all()
    if threshold:
        assert 0 < (final.argmax(axis=0) == 0).mean() < 1, "some background and not all"


def math_round(value: float) -> int:
    return int(value + 0.5)


def test_background_is_no_segment_and_its_threshold_is_the_data_set_s(monkeypatch: Any) -> None:
    labels = GroupVitLabels(Recorded(), [PROMPT], size=16, window=16, stride=16)
    assert labels.find_threshold(True) == 0.95 and labels.find_threshold(False) is None
    assert GroupVitLabels(Recorded(), [PROMPT], background=0.35).find_threshold(False) == 0.35
    assert GroupVitLabels(Recorded(), [PROMPT], background=None).find_threshold(True) is None
    scores = torch.zeros(4, 2, 3)
    scores[0, 0], scores[3, 1, :2], scores[1, 1, 2] = 1, 1, 1
    monkeypatch.setattr(labels, "score_pixels", lambda *_: scores)
    prediction = labels(Sample("a", np.zeros((2, 3, 3), np.uint8)), ("cat", "dog", "cow"), True)
    assert prediction.texts == ("cat", "cow") and prediction.embeddings is None
    assert prediction.masks.astype(int).tolist() == [[[0, 0, 0], [0, 0, 1]], [[0, 0, 0], [1, 1, 0]]]
    scores[:, :] = torch.tensor([1.0, 0, 0, 0])[:, None, None]
    assert len(labels(Sample("a", np.zeros((2, 3, 3), np.uint8)), ("cat", "dog", "cow"), True)) == 0


def test_sizes_and_windows_by_hand() -> None:
    """VOC's usual 375 x 500 becomes 448 x 597; a longer edge stops at 2048."""
    assert resize_picture(noise(375, 500), 448, 2048).shape == (3, 448, 597)
    assert resize_picture(noise(100, 1000), 448, 2048).shape == (3, 205, 2048)
    whole = resize_picture(noise(448, 448), 448, 2048)
    assert torch.equal(whole, torch.from_numpy(noise(448, 448)).permute(2, 0, 1).float())
    spans = [(c.start, c.stop) for _, c in list_windows(448, 673, 448, 224)]
    assert spans == [(0, 448), (224, 672), (225, 673)]
    assert [(r.start, r.stop, c.start, c.stop) for r, c in list_windows(448, 448, 448, 224)] == [(0, 448, 0, 448)]
    assert [(r.start, r.stop, c.stop) for r, c in list_windows(205, 448, 448, 224)] == [(0, 205, 448)]


def test_a_group_is_of_the_classes_that_the_window_may_hold_by_hand() -> None:
    """Cosines 1, 0.5 and 0 at temperature 2: softmax over two of three, times softmax over three."""
    groups = Groups(torch.ones(1, 1, 1), torch.tensor([[1.0, 0]]), torch.tensor([0.8, 0.6]))
    queries = torch.tensor([[1.0, 0], [0.5, 3**0.5 / 2], [0.0, -1]])
    e2, e1, e0 = np.exp(2), np.exp(1), 1.0
    expected = [e2 / (e2 + e1) * e2 / (e2 + e1 + e0), e1 / (e2 + e1) * e1 / (e2 + e1 + e0), 0]
    assert np.allclose(compute_affinity(groups, queries, 2.0, 2)[0].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("numbers", [1, 100, 2**26])
def test_any_number_of_classes_fits_and_of_equals_the_first_wins(numbers: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(groupvit, "NUMBERS", numbers)
    scores = torch.from_numpy(np.random.default_rng(0).integers(0, 40, (60, 3, 4))).float()
    assert (choose_labels(scores, (3, 4)) == scores.numpy().argmax(axis=0)).all()
    assert (choose_labels(torch.zeros(7, 2, 2), (5, 5)) == 0).all()


def test_prompts_are_averaged_and_what_stands_behind_the_end_changes_nothing(model: GroupVit, theirs: Any) -> None:
    prompts = ["{}", "a photo of many {}, and of much that is beside it."]
    alone = [model.embed_texts([p.format(n)])[0] for n in NAMES for p in prompts]
    together = model.embed_texts([p.format(n) for n in NAMES for p in prompts])
    assert float((together - torch.stack(alone)).abs().max()) < 1e-5
    mean = functional.normalize(torch.stack(alone).view(len(NAMES), 2, -1).mean(dim=1), dim=-1)
    assert float((GroupVitLabels(model, prompts).embed_queries(NAMES) - mean).abs().max()) < 1e-5


def test_half_precision_loads_and_gives_float32(folder: Path) -> None:
    half = GroupVit(str(folder), dtype="bfloat16")
    groups = half.group(torch.from_numpy(noise(64, 96)).permute(2, 0, 1).float())
    assert groups.maps.shape[1:] == (64, 96) and groups.maps.dtype == groups.mean.dtype == torch.float32
    assert torch.isfinite(half.embed_texts(NAMES)).all()
