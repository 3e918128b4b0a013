"""What runs say against each other, on one page."""
