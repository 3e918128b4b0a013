"""Data sets: one file each, every one yields `bench.records.Sample`."""
