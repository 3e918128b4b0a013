"""Hydra launchers for jobs on other machines; no part of the paper."""
