"""Section 5.4: whole systems that stand beside the method; each takes the place of sections 3.1 to 3.4."""
