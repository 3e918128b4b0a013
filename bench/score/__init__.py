"""Section 4, from tables to numbers: evaluation, intervals, curves, controls, agreement."""
