"""Figures 1, 5, 11 and 12 to move about in: a folder of pages that opens from disk, with every number behind them."""
