"""Section 4, stated: every setting of a protocol that changes a number, in a short block that stands by the numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from bench.protocol import Protocol

WIDTH = 110


def describe_protocol(score: Protocol | Mapping[str, Any], width: int = WIDTH) -> str:
    """Describe a protocol: ``protocol: name=paper metrics=iou … tau_sbert=0.5 …``, in lines of ``width`` characters."""
    options = score.list_settings() if isinstance(score, Protocol) else score
    words = [f"{key}={_write_word(value)}" for key, value in options.items() if key != "_target_"]
    return textwrap.fill("protocol: " + " ".join(words), width, subsequent_indent="  ", break_on_hyphens=False)


def _write_word(value: Any) -> str:
    if value is None:
        return "none"
    return (",".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)
