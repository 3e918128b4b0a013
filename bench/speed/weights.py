"""No part of the paper: in a few words, which weights a row of `zgs speed` was measured with."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models.sources import EMBEDDED

NO_MODEL = "no model"
"""Of a stage that loads none."""
PAPER_NUMBERS = {"clip": 427.9, "dino": 21.7, "language": 354.8}
"""Millions of numbers of the paper's models: ViT-L/14 at 336 pixels, DINO's ViT-S/8, GPT-2 medium."""
LEAST = 0.99
"""Of these a file has at least so many: files leave out what follows from the architecture, or hold more."""
_SIZED = re.compile(r"(\w+) [^;]*?([\d,]+\.\d) M numbers")
_NORM = re.compile(r"(norm\w*|ln_\w+|layernorm\w*)\.weight$", re.IGNORECASE)
"""Names of the scales of norms: all 1 before any training, and after it never."""


def describe_weights(settings: Mapping[str, Any], models: Sequence[str]) -> str:
    """Describe the weights of models by their settings: "clip random, 427.9 M numbers; …", none as "no model"."""
    told = (f"{name} {describe_source(str(settings['models'][name]['source']))}" for name in dict.fromkeys(models))
    return "; ".join(told) or NO_MODEL


def find_smaller(told: str) -> list[str]:
    """Find the models of a description that are smaller than the paper's; their seconds and bytes say nothing of those.

    Those of zgs itself always are. Models whose numbers the description does not tell are taken for as large.
    """
    return [one for one in told.split("; ") if _is_smaller(one)]


def _is_smaller(told: str) -> bool:
    sized = _SIZED.fullmatch(told)
    if not sized:
        return told.partition(" ")[2].startswith(EMBEDDED)
    name, count = sized.groups()
    return float(count.replace(",", "")) < LEAST * PAPER_NUMBERS.get(name, 0)


def describe_source(source: str) -> str:
    """Describe a source of weights: a name as it is, of files whether they were ever trained, and how many numbers.

    The number tells one architecture from another. Of files that are not in safetensors neither is known.
    """
    path = Path(source)
    if not path.exists():
        return source
    files = [path] if path.is_file() else sorted(path.rglob("*.safetensors"))
    if not files or any(file.suffix != ".safetensors" for file in files):
        return "weights not in safetensors"
    counted = [_read_file(file) for file in files]
    count, has_norms = sum(size for size, *_ in counted), any(has for _, has, _ in counted)
    kind = "weights" if not has_norms else "random" if all(plain for *_, plain in counted) else "trained"
    return f"{kind}, {count / 1e6:,.1f} M numbers"


def _read_file(file: Path) -> tuple[int, bool, bool]:
    """Read how many numbers a file has, whether scales of norms are among them, and whether all of these are 1."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            names = list(opened.keys())
            count = sum(math.prod(opened.get_slice(name).get_shape()) for name in names)
            norms = [name for name in names if _NORM.search(name)]
            return count, bool(norms), all(bool((opened.get_tensor(name) == 1).all()) for name in norms)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: cannot be read as safetensors ({error}); copy it or write it again") from error
