"""Loading of CLIP, DINO, the language model and the sentence encoder: one code path for every size."""
