"""Tables 3 and 4's question of any runs: where is one better, and what changed? One page, `zgs compare`."""
