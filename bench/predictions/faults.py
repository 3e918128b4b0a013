"""Predictions on disk: what is wrong with an image's entry, collected while reading goes on."""

from __future__ import annotations

from typing import Any

_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


class Faults(list[str]):
    """Collects what is wrong while reading goes on."""

    def get(self, entry: object, key: str, kind: type, where: str, instead: Any) -> Any:
        """Get the value of a key, or ``instead`` with a fault noted."""
        if not isinstance(entry, dict):
            self.append(f"{where}: should be an object with {key!r} but is {type(entry).__name__}")
        elif key not in entry:
            self.append(f"{where}: {key!r} is missing")
        elif type(entry[key]) is not kind:  # exact, for True is an int to isinstance
            self.append(f"{where}: {key!r} should be {_KINDS[kind]} but is {entry[key]!r:.40}")
        else:
            return entry[key]
        return instead
