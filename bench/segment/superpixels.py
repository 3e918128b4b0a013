"""Controls for section 3.1 from scikit-image: superpixels by colour and place alone, no learned features."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval

from bench.records import Sample, SegmentTree
from bench.segment.partition import make_partition_tree


class Slic:
    """SLIC (Achanta et al., TPAMI 2012), `skimage.segmentation.slic`: k-means over CIELAB colour and place.

    `n` is how many clusters it begins with, `compactness` weighs place against colour. Pieces below half the size of a
    cluster join a neighbour, so of a finely textured picture far fewer parts come out, of noise one
    (findings/slic_of_noise_is_one_part.sh): a larger `compactness` or some `sigma` keeps more.
    """

    source = "Achanta et al., TPAMI 2012"
    cost, training_free = "a pass over the pixels", True

    def __init__(
        self,
        n: Annotated[int, Interval(ge=1, le=10_000)] = 20,
        compactness: Annotated[float, Interval(ge=1e-6, le=1e6)] = 10.0,
        sigma: Annotated[float, Interval(ge=0, le=1000)] = 0.0,
    ) -> None:
        self.n, self.compactness, self.sigma = n, compactness, sigma

    def __call__(self, sample: Sample) -> SegmentTree:
        """Cut an image into superpixels."""
        from skimage.segmentation import slic  # heavy, and only this option needs it

        labels = slic(sample.image, n_segments=self.n, compactness=self.compactness, sigma=self.sigma, start_label=0)
        return make_partition_tree(labels, sample.image)


class Felzenszwalb:
    """Felzenszwalb and Huttenlocher (IJCV 2004), `skimage.segmentation.felzenszwalb`: a graph cut by contrast.

    `scale` sets the size of parts, for three channels, `min_size` is the smallest one in pixels.
    """

    source = "Felzenszwalb and Huttenlocher, IJCV 2004"
    cost, training_free = "a pass over the pixels", True

    def __init__(
        self,
        scale: Annotated[float, Interval(ge=1e-6, le=1e9)] = 300.0,
        sigma: Annotated[float, Interval(ge=0, le=1000)] = 0.8,
        min_size: Annotated[int, Interval(ge=1, le=10**9)] = 100,
    ) -> None:
        self.scale, self.sigma, self.min_size = scale, sigma, min_size

    def __call__(self, sample: Sample) -> SegmentTree:
        """Cut an image along its edges of colour."""
        from skimage.segmentation import felzenszwalb

        labels = felzenszwalb(sample.image, scale=self.scale, sigma=self.sigma, min_size=self.min_size)
        return make_partition_tree(labels, sample.image)
