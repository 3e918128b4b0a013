"""`zgs doctor` and `zgs verify`: is what a run needs there, and is it right; no part of the paper."""
