"""Tests of bench.segment."""
