"""A benchmark harness for zero-guidance segmentation: images to named segments, and trustworthy numbers for them."""

__version__ = "0.1.0"
