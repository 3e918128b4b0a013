"""Sections 3 and 4, one file a stage: the same inputs for both forms, and the matrix products of the fast one."""
