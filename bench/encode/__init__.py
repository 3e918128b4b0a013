"""Section 3.2: segments to embeddings in CLIP's joint space; one short file a masking variant."""
