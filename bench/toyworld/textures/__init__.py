"""Section 4 (data sets): how the stuff of the toy world looks; `looks` is the way in."""
