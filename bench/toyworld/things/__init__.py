"""Section 4 (data sets): how the things of the toy world look: a function of each class, which has its name."""
