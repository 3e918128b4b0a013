"""Section 3.4's outcome on disk, of our method or any other system's: PREDICTIONS.md describes the format."""
