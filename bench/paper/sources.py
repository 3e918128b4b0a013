"""Where the numbers of the paper's tables and figures come from: finished runs, and what was typed to ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sources:
    """Where numbers come from: finished runs by key, those that people verified, reasons of those that lack.

    ``unverified`` says why ratings fit none of some runs, ``as_is`` which runs were taken although others would be made
    here and now; ``typed`` are the words of the command and ``flags`` its flags with their values, which a command that
    fills a cell repeats.
    """

    folders: Mapping[str, Path]
    verified: Mapping[str, Path]
    reasons: Mapping[str, str]
    unverified: Mapping[str, str] = field(default_factory=dict)
    as_is: Mapping[str, str] = field(default_factory=dict)
    typed: Sequence[str] = ()
    flags: Sequence[str] = ()
    paper_models: Mapping[str, Any] | None = None
