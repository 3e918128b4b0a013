"""What other tools write, read as predictions of the open format and written again; no part of the paper."""
