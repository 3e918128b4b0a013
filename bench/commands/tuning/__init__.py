"""`zgs run -m hydra/sweeper=optuna`: settings chosen by Optuna, for the best value of one metric (appendix E)."""
