"""The forms in which a table of the paper is written: one file a form, each a function from a grid to text."""
