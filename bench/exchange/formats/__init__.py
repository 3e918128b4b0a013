"""One file a kind of foreign file: how it is told by looking, read and, where that is possible, written."""
