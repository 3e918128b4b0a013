"""Tests of bench.merge."""
