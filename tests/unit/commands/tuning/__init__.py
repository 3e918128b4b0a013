"""Searches by Optuna: what is ours of them."""
