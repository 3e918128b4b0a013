"""What is lost, left out or decided while files of other tools are read and written: counted, and said at the end."""

from __future__ import annotations


class Notes:
    """What is lost, left out or decided on the way, counted: a sentence for each kind of it, with the first example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self.expected: int | None = None
        """How many images there will be, once a kind knows it: what is left to do is reckoned from that."""

    def count(self, what: str, n: int = 1, where: str = "") -> None:
        """Count ``n`` of ``what``, as in "segments have no score: written as 1"; nothing where n is 0."""
        if n:
            self._counts[what] = self._counts.get(what, 0) + n
            self._first.setdefault(what, where)

    def say(self, sentence: str) -> None:
        """Say a sentence once that counts nothing."""
        self._counts.setdefault(sentence, 0)

    def list_lines(self) -> list[str]:
        """List the sentences in the order in which each was met first."""
        return [
            f"{count:,} {what}" + f" (the first: {self._first[what]})" * bool(self._first.get(what)) if count else what
            for what, count in self._counts.items()
        ]
