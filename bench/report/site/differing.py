"""In what the runs of a site differ, in words: images, protocols, models; to be known before comparing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NO_VALUE = (
    "_target_", "name", "library", "resamples", "level", "seed", "breakdown", "metrics", "mapping", "aggregation",
)  # fmt: skip
"""Settings of a protocol that move no value: intervals, names, and which numbers there are."""


def describe_images(ids: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Describe which of the runs, by name, have not all images of all: the run, and what its numbers are of."""
    whole = set().union(*ids.values())
    return [
        (name, f"has {len(own)} of {len(whole)} images; its numbers are of these alone and do not compare with those "
               f"of runs of others; it lacks {_list_few(sorted(whole.difference(own)))}")
        for name, own in ids.items() if len(set(own)) < len(whole)
    ]  # fmt: skip


def describe_protocols(own: Sequence[Mapping[str, Any]], first: Mapping[str, Any]) -> str | None:
    """Describe what moves values between a run's protocols and the ``first`` run's; None where one of them agrees."""
    differing = [
        [f"{key}={_write(each.get(key))} in place of {_write(first.get(key))}"
         for key in sorted({*each, *first}.difference(NO_VALUE)) if _plain(each.get(key)) != _plain(first.get(key))]
        for each in own
    ]  # fmt: skip
    fewest = min(differing, key=len, default=[])
    if not fewest:
        return None
    return (
        f"was scored by another protocol ({', '.join(fewest)}); here its numbers are by the first run's, its own are "
        "in the last table"
    )


def describe_models(models: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Describe the mappings whose similarities are of different models: ``models`` by run, then by mapping."""
    told = []
    for mapping in sorted({key for own in models.values() for key in own if not key.startswith("grounded-")}):
        by = {name: own[mapping] for name, own in models.items() if mapping in own}
        if len(set(by.values())) > 1:
            listed = "; ".join(f"{name}: {model}" for name, model in by.items())
            told.append(
                (mapping.upper(), f"is of similarities of different models, so its numbers do not compare: {listed}")
            )
    return told


def _list_few(ids: Sequence[str], most: int = 3) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _write(value: Any) -> str:
    return "none" if value is None else ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
