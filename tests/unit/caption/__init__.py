"""Section 3.3: text from an embedding."""
