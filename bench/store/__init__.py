"""Results on disk under keys of everything that they depend on (KEYS.md); no part of the paper."""
