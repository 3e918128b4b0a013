"""From a resolved configuration to a folder of results; no part of the paper."""
