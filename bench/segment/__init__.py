"""Section 3.1: image to a tree of over-segments."""
