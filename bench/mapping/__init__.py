"""Section 4.1 and its rivals: from free text to the classes of a data set, one small file a strategy."""
