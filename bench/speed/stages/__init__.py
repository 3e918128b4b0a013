"""Sections 3 and 4, one file a stage: the same inputs for the plain and the fast form, and the products of the fast one."""
