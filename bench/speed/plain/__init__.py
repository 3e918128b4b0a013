"""Sections 3 and 4 without any haste: each stage as its equations say it, the oracle of the fast form and its measure.

Plain is: attention weights materialised, all blocks, all tokens, one segment a forward, texts padded to CLIP's whole
context, nothing reused, products by torch's own library, one thread. These files share no code with the stages but
loading and resizing.
"""
