"""Tests mirror the folders of bench/; tests/golden compares with reference vectors."""
