"""Comparison with reference vectors; the data and its conventions are in data/README.md."""
