"""Texts of users and of files, as each format can show them; no part of the paper."""
