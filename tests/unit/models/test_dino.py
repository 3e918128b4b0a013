"""Dense features against the model's own forward pass, grid arithmetic, and images at the edge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViTConfig, ViTModel

from bench.errors import BadSample, UserError
from bench.models.dino import Dino, compute_loaded_size

PATCH, NATIVE = 4, 16


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random ViT with position embeddings and biases that are not zero."""
    torch.manual_seed(0)
    config = ViTConfig(hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=24,
                       image_size=NATIVE, patch_size=PATCH)  # fmt: skip
    model: Any = ViTModel(config, add_pooling_layer=False)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    path = tmp_path_factory.mktemp("vit")
    model.save_pretrained(path)
    return str(path)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def own_keys(folder: str, image: np.ndarray, layer: int = -1) -> np.ndarray:
    """Keys of a layer through transformers' own forward pass (eager attention), unit length, class token dropped."""
    model: Any = ViTModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager").eval()
    seen: list[torch.Tensor] = []
    model.layers[layer].attention.k_proj.register_forward_hook(lambda *call: seen.append(call[2]))
    scaled = (image.astype(np.float64) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        model(torch.tensor(scaled).float().permute(2, 0, 1)[None], interpolate_pos_encoding=True)
    keys = seen[0][0, 1:].double().numpy()
    return keys / np.linalg.norm(keys, axis=1, keepdims=True)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("height", "width", "layer"), [(16, 16, -1), (16, 16, 0), (16, 16, 1), (16, 28, -1), (32, 24, -1)]
)
def test_at_the_models_own_stride_features_are_its_own_keys(tiny: str, height: int, width: int, layer: int) -> None:
    image = picture(height, width)
    dino = Dino(tiny, size=min(height, width), stride=PATCH, layer=layer)
    features, grid, loaded = dino.compute_features(image)
    assert grid == (height // PATCH, width // PATCH) and np.array_equal(loaded, image)
    np.testing.assert_allclose(features, own_keys(tiny, image, layer), atol=1e-5)


def test_token_facet_is_the_blocks_output(tiny: str) -> None:
    image = picture(16, 16)
    model: Any = ViTModel.from_pretrained(tiny, add_pooling_layer=False).eval()
    dino = Dino(tiny, size=16, stride=PATCH, layer=1, facet="token")
    pixels = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        hidden = model(pixels, output_hidden_states=True).hidden_states[2]
    torch.testing.assert_close(dino.compute_facet(pixels), hidden[:, 1:], atol=1e-5, rtol=1e-5)
    assert dino.compute_features(image)[0].shape == (16, 12)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 23), (16, 40)])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_the_grid_counts_the_patches_that_fit(tiny: str, height: int, width: int, stride: int) -> None:
    dino = Dino(tiny, size=min(height, width), stride=stride)
    features, grid, loaded = dino.compute_features(picture(height, width))
    assert grid == tuple(len(range(0, side - PATCH + 1, stride)) for side in loaded.shape[:2])
    assert features.shape == (grid[0] * grid[1], 12) and features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_the_papers_grid_is_109_not_111(tiny: str) -> None:
    dino = Dino(tiny, size=224, stride=2)
    dino.patch = 8
    assert dino.compute_grid(224, 224) == (109, 109)


def test_rows_come_first(tiny: str) -> None:
    """Patches of a stride of 2 at even places are those of a stride of 4; the positions differ, so they are zero."""
    dense, coarse = Dino(tiny, size=16, stride=2, layer=0), Dino(tiny, size=16, stride=4, layer=0)
    for dino in (dense, coarse):
        dino.model.embeddings.position_embeddings.zero_()
    image = picture(16, 24)
    fine, grid, _ = dense.compute_features(image)
    np.testing.assert_allclose(
        fine.reshape(*grid, 12)[::2, ::2].reshape(-1, 12), coarse.compute_features(image)[0], atol=1e-5
    )


def test_positions_are_the_models_own_at_its_own_grid(tiny: str) -> None:
    dino = Dino(tiny, size=16)
    own = dino.model.embeddings.position_embeddings
    assert torch.equal(dino.interpolate_positions(4, 4), own)
    dense = dino.interpolate_positions(7, 9)
    assert dense.shape == (1, 64, 12) and torch.equal(dense[:, :1], own[:, :1])


def test_interpolated_positions_keep_a_constant_and_the_order_of_rows_and_columns(tiny: str) -> None:
    dino = Dino(tiny, size=16)
    own = dino.model.embeddings.position_embeddings
    own[:, 1:] = 2.5
    own[0, 1:, 0] = torch.arange(4.0).repeat_interleave(4)
    dense = dino.interpolate_positions(7, 9)[0, 1:].unflatten(0, (7, 9))
    torch.testing.assert_close(dense[..., 1:], torch.full((7, 9, 11), 2.5))
    assert (dense[1:, :, 0] > dense[:-1, :, 0]).all()
    torch.testing.assert_close(dense[:, 0, 0], dense[:, 8, 0])


def test_nothing_after_the_keys_is_run(tiny: str) -> None:
    image = picture(16, 16)
    dino = Dino(tiny, size=16)
    before = dino.compute_features(image)[0]
    last = dino.model.layers[-1]
    for module in (
        last.attention.q_proj,
        last.attention.v_proj,
        last.attention.o_proj,
        last.mlp.fc1,
        dino.model.layernorm,
    ):
        module.weight.fill_(float("nan"))
    assert np.array_equal(dino.compute_features(image)[0], before)


@pytest.mark.parametrize("size", [(375, 500), (500, 333), (37, 37), (1, 1), (7, 5), (99, 100), (333, 334)])
def test_loaded_size_is_torchvisions(size: tuple[int, int]) -> None:
    resize = pytest.importorskip("torchvision.transforms").Resize(224)
    width, height = resize(Image.new("RGB", size[::-1])).size
    assert compute_loaded_size(*size, 224) == (height, width)


def test_the_loaded_image_is_pillows_lanczos(tiny: str) -> None:
    image = picture(30, 45)
    _, _, loaded = Dino(tiny, size=20).compute_features(image)
    assert np.array_equal(loaded, np.asarray(Image.fromarray(image).resize((30, 20), Image.Resampling.LANCZOS)))


def test_one_pixel_and_less_than_a_patch_are_enlarged(tiny: str) -> None:
    for image in (picture(1, 1), picture(2, 3)):
        features, grid, loaded = Dino(tiny, size=16).compute_features(image)
        assert np.isfinite(features).all() and min(loaded.shape[:2]) == 16 and len(features) == grid[0] * grid[1]


def test_unusable_images_are_bad_samples(tiny: str) -> None:
    dino = Dino(tiny, size=16)
    for image in (picture(1, 50_000), picture(50_000, 1)):
        with pytest.raises(BadSample, match="too long"):
            dino.compute_features(image)
    for image in (picture(8, 8)[..., 0], picture(8, 8).astype(np.float32), picture(0, 8)):
        with pytest.raises(BadSample, match="no 8-bit RGB image"):
            dino.compute_features(image)


def test_impossible_options_are_user_errors(tiny: str) -> None:
    with pytest.raises(UserError, match="layer 3 does not exist: it has 3 layers"):
        Dino(tiny, layer=3)
    with pytest.raises(UserError, match="key, token"):
        Dino(tiny, facet="value")
    for options in ({"stride": 0}, {"size": 3}):
        with pytest.raises(UserError, match="must be at least"):
            Dino(tiny, **options)


def test_pixel_statistics_come_from_the_folder(tiny: str, tmp_path: Path) -> None:
    for file in Path(tiny).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0, 0, 0], "image_std": [1, 1, 1]}))
    image = picture(16, 16)
    plain, imagenet = Dino(str(tmp_path), size=16), Dino(tiny, size=16)
    scaled = torch.tensor(image).permute(2, 0, 1)[None].float() / 255
    expected = torch.nn.functional.normalize(plain.compute_facet(scaled)[0], dim=1)
    np.testing.assert_allclose(plain.compute_features(image)[0], expected.numpy(), atol=1e-6)
    assert np.abs(plain.compute_features(image)[0] - imagenet.compute_features(image)[0]).max() > 1e-3


def test_damaged_weights_are_one_line(tiny: str, tmp_path: Path) -> None:
    for file in Path(tiny).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match="missing or damaged") as caught:
        Dino(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_the_embedded_model_runs_in_float32_and_repeats() -> None:
    dino = Dino("embedded:dino", size=128, stride=4)
    image = picture(128, 128)
    features, grid, _ = dino.compute_features(image)
    assert grid == (32, 32) and features.shape[1] == dino.model.config.hidden_size
    assert next(dino.model.parameters()).dtype == torch.float32 and not dino.model.training
    assert np.array_equal(features, dino.compute_features(image)[0])
