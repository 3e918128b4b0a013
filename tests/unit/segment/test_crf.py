"""The CRF's parts on inputs where the answer is known, and against an exact mean field."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import BadSample, UserError
from bench.resize import resize_nearest
from bench.segment.crf import DenseCrf, compute_centroid_energy


def test_nearest_reads_index_floor() -> None:
    grid = np.arange(6).reshape(2, 3)
    assert resize_nearest(grid, (3, 5)).tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]
    assert resize_nearest(grid, (1, 2)).tolist() == [[0, 1]]
    assert resize_nearest(np.zeros((2, 3, 4)), (5, 7)).shape == (5, 7, 4)


def test_energy_by_hand() -> None:
    features = np.array([[1, 0], [0, 1]], np.float32)
    centroids = np.array([[1, 0], [0.0, 0.5], [0, 0]])
    # Squared distances 0, 1.25, 1 and 2, 0.25, 1.
    np.testing.assert_allclose(
        compute_centroid_energy(features, centroids), [[-1.25, 0, -0.25], [0, -1.75, -1]], atol=1e-12
    )


def exact(unary: np.ndarray, image: np.ndarray, crf: DenseCrf) -> np.ndarray:
    """Mean field with the kernels written out as matrices; marginals [k, h, w]."""
    height, width, k = unary.shape
    colour = image.reshape(-1, 3).astype(float)
    # |a - b|^2 = a^2 + b^2 - 2ab, which is exact: all are whole numbers.
    alike = np.add.outer((colour**2).sum(1), (colour**2).sum(1)) - 2 * colour @ colour.T
    bilateral = np.exp(alike / (-2 * crf.bilateral_srgb**2)) * gaussian(height, width, crf.bilateral_sxy)
    total: np.ndarray = 0  # type: ignore[assignment]
    for weight, kernel in (
        (crf.gaussian_compat, gaussian(height, width, crf.gaussian_sxy)), (crf.bilateral_compat, bilateral)
    ):  # fmt: skip
        root = np.sqrt(kernel.sum(axis=0))
        total = total + kernel * (weight / root) / root[:, None]
    energy = unary.reshape(-1, k).astype(float)
    q = softmax(-energy)
    for _ in range(crf.iterations):
        q = softmax(-energy + total @ q)
    return q.T.reshape(k, height, width)


def gaussian(height: int, width: int, deviation: float) -> np.ndarray:
    """A Gaussian of the distance of every two pixels, [h w, h w]: that of their rows times that of their columns."""
    rows, columns = (np.subtract.outer(*[np.arange(n, dtype=float)] * 2) ** 2 for n in (height, width))
    return np.kron(*(np.exp(away / (-2 * deviation**2)) for away in (rows, columns)))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def two_halves() -> tuple[np.ndarray, np.ndarray]:
    """A dark and a bright half whose border (column 9) the unary misses by two columns, with speckles."""
    rng = np.random.default_rng(0)
    image = np.full((16, 18, 3), 60, np.uint8)
    image[:, 9:] = 190
    labels = np.zeros((16, 18), int)
    labels[:, 7:] = 1
    labels[rng.random(labels.shape) < 0.1] = 2
    return -np.eye(3, dtype=np.float32)[labels], image


def test_labels_equal_the_exact_mean_field_and_follow_the_colours() -> None:
    unary, image = two_halves()
    labels = DenseCrf().choose_labels(unary, image)
    np.testing.assert_array_equal(labels, exact(unary, image, DenseCrf()).argmax(axis=0))
    assert (labels == (np.arange(18) >= 9)).all()
    assert not (unary.argmin(axis=-1) == labels).all()


def test_every_parameter_reaches_the_model() -> None:
    """Small weights, so that the marginals are not saturated: the lattice stays close to the exact kernels."""
    unary, image = two_halves()
    mild = {"gaussian_compat": 1.0, "bilateral_compat": 2.0, "iterations": 2}
    base = DenseCrf(**mild).compute_marginals(unary, image)  # type: ignore[arg-type]
    assert abs(base - exact(unary, image, DenseCrf(**mild))).max() < 0.1  # type: ignore[arg-type]
    changes = {"gaussian_sxy": 3, "gaussian_compat": 3, "bilateral_sxy": 2, "bilateral_srgb": 90,
               "bilateral_compat": 4, "iterations": 1}  # fmt: skip
    for key, value in changes.items():
        crf = DenseCrf(**{**mild, key: value})  # type: ignore[arg-type]
        other = crf.compute_marginals(unary, image)
        assert abs(other - base).max() > 0.02, key
        assert abs(other - exact(unary, image, crf)).max() < 0.1, key


def test_no_iteration_is_the_unary_and_tiny_images_work() -> None:
    unary, image = two_halves()
    np.testing.assert_array_equal(DenseCrf(iterations=0).choose_labels(unary, image), unary.argmin(axis=-1))
    for size in ((1, 1), (1, 7), (7, 1)):
        marginals = DenseCrf().compute_marginals(np.zeros((*size, 3), np.float32), np.zeros((*size, 3), np.uint8))
        np.testing.assert_allclose(marginals, 1 / 3, atol=1e-6)


@pytest.mark.parametrize("labels", [1, 3])
def test_read_only_and_strided_inputs_work_and_stay_as_they_are(labels: int) -> None:
    unary, image = (x.copy() for x in two_halves())
    unary = unary[..., :labels].copy()
    expected = DenseCrf().compute_marginals(unary[::-1, ::-1].copy(), image[::-1, ::-1].copy())
    before = unary.copy(), image.copy()
    for array in (unary, image):
        array.flags.writeable = False
    np.testing.assert_array_equal(DenseCrf().compute_marginals(unary[::-1, ::-1], image[::-1, ::-1]), expected)
    DenseCrf().compute_marginals(unary, image)
    np.testing.assert_array_equal(unary, before[0])
    np.testing.assert_array_equal(image, before[1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "big"},
        {"iterations": -1},
        {"gaussian_sxy": 0},
        {"bilateral_srgb": -1},
        {"gaussian_compat": float("nan")},
        {"bilateral_sxy": float("inf")},
        {"bilateral_compat": -1},
        {"gaussian_sxy": 1001},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match="segment.crf"):
        DenseCrf(**wrong)  # type: ignore[arg-type]


def test_the_library_is_not_reached_by_what_it_does_not_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DenseCrf, "_make_model", lambda *_: pytest.fail("reached"))
    unary, image = np.zeros((1, 5000, 2), np.float32), np.zeros((1, 5000, 3), np.uint8)
    with pytest.raises(BadSample, match="1x5000 pixels: segment.crf with these widths takes at most 4999 an edge"):
        DenseCrf(gaussian_sxy=0.4999 + 0.0001, bilateral_sxy=0.9998).compute_marginals(unary, image)
    unary[0, 0, 0] = np.nan
    with pytest.raises(BadSample, match="energies for segment.crf are not finite"):
        DenseCrf().compute_marginals(unary, image)
