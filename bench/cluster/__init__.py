"""Machines beside this one, as Slurm and Ray give them; no part of the paper."""
