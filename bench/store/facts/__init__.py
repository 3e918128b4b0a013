"""What a stored result depends on besides its options: files, sources, libraries, this machine (KEYS.md)."""
