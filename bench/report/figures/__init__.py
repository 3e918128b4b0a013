"""Figures of numbers: curves, sweeps, differences, agreement, breakdowns."""
