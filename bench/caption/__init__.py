"""Section 3.3: from an embedding in CLIP's joint space to a text."""
