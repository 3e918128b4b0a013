"""Tests of the texts and fits behind the embedded models."""
