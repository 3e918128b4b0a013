"""What the numbers of a finished run are made of, so that a later command can tell whether it would make the same."""

from __future__ import annotations

from typing import Any

from bench.run.context import RunContext
from bench.store.keys import collect_inputs, make_stage_key, read_library_versions

SCORING = ("bench.run.score", "bench.run.write_folder")
"""Modules whose code, with what they import, turns predictions into the files of a run."""


def describe_inputs(context: RunContext) -> dict[str, Any]:
    """Describe code, weights, options and data behind a run's numbers by their digests: equal means equal numbers.

    Of code that cannot be followed nobody can say that it is the same: what is ``unknown`` stands there in words.
    """
    scoring = collect_inputs(context.settings["score"], *SCORING) | {"libraries": read_library_versions()}
    identity = context.identity
    return {
        "keys": context.keys,
        "data": [identity.fingerprint, identity.source],
        "score": make_stage_key("score", scoring),
        "unknown": context.depends.unknown,
    }
