"""Tests of section 4; `make.py` holds random records and a slow oracle that works on pixels."""
