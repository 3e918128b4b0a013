"""One file a command of `zgs`."""
