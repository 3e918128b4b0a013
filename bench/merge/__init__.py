"""Section 3.4: over-segments to final segments."""
