"""Executors that work on other machines; those of this one are in `bench.run.executor`. No part of the paper."""
