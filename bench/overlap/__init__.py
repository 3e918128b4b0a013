"""Section 4.3, the only step that looks at pixels: segments against ground truth as one small table."""
