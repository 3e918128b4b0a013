"""Section 4 (data sets): how the things of the toy world look: a function ``draw_CLASS`` for each class."""
