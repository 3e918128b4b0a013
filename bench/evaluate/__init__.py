"""Section 4 of the paper: from predictions to numbers; everything after `overlap` is arithmetic on small tables."""
