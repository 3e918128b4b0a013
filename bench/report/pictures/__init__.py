"""Figures 1 and 5: images under named segments, side by side, as pages and sheets."""
