"""Who guesses links is slowed down; who has one is not; no part of the paper."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

WRONG_A_MINUTE = 20
"""Wrong links from one address; a link has 128 random bits, so this is for the log and the disk more than for luck."""


class Guesses:
    """Wrong links by address, in a window of a minute."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(WRONG_A_MINUTE)

    def are_too_many(self, address: str) -> bool:
        """Whether an address has to wait before it is told of another wrong link."""
        return not self._limiter.test(self._limit, address)

    def count(self, address: str) -> None:
        """Count a wrong link."""
        self._limiter.hit(self._limit, address)
