"""Sections 3.1 to 3.4: what became of the images of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.store.files import StoreStats


@dataclass(frozen=True)
class Outcome:
    """What became of one image: the address of its entry or the reason of a skip, seconds by stage, the store's counts.

    ``busy`` is one that another process was working on. ``peak`` is the most memory, in bytes, that the process which
    predicted it ever held, weights and libraries included.
    """

    image_id: str
    item: str = ""
    skipped: str | None = None
    busy: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    stats: StoreStats = field(default_factory=StoreStats)
    peak: int = 0


@dataclass
class Predicted:
    """The outcomes of a run: addresses by image, reasons of skips by image, the store's counts, seconds by stage.

    ``peak`` is that of its largest process.
    """

    items: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    stats: StoreStats = field(default_factory=StoreStats)
    seconds: dict[str, float] = field(default_factory=dict)
    peak: int = 0

    def add(self, outcome: Outcome) -> None:
        """Take over what became of one image."""
        self.stats.add(outcome.stats)
        self.peak = max(self.peak, outcome.peak)
        for name, seconds in outcome.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        if outcome.skipped:
            self.skipped[outcome.image_id] = outcome.skipped
        elif not outcome.busy:
            self.items[outcome.image_id] = outcome.item

    def as_found(self, stages: Sequence[str]) -> Predicted:
        """Return the same as a run tells it that finds all in the store: it reads what these stages have left."""
        stats = StoreStats()
        for stage in stages:
            stats.reused[stage] |= self.stats.reused[stage] | self.stats.made[stage]
        return Predicted(dict(self.items), dict(self.skipped), stats)
