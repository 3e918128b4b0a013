"""Numbers of settings as people write them, so that names of metrics (section 4) are those of other runs.

`range(0.0,0.35,0.05)` hands over 0.15000000000000002, which names another metric than 0.15.
"""

from __future__ import annotations

import math
from typing import Any

DIGITS = 12
ULPS = 32
"""How far floating point may lie off: a range of hundreds of steps stays below."""
ZERO = 1e-13
"""What a range leaves of 0: 2.8e-17 after -0.3, -0.2, -0.1 has 16 digits, and nobody wrote them."""


def shorten_decimals(value: Any) -> Any:
    """Bring every float of settings to a decimal of at most `DIGITS` digits, where that is as near as noise.

    A float that is no such decimal (1/3, or 17 digits that somebody typed) stays as it is, to the last bit.
    """
    if isinstance(value, dict):
        return {key: shorten_decimals(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shorten_decimals(each) for each in value]
    return _shorten_number(value) if isinstance(value, float) and math.isfinite(value) else value


def _shorten_number(number: float) -> float:
    short = float(f"{number:.{DIGITS}g}")
    if abs(short - number) <= ULPS * math.ulp(number):
        return short
    digits = len(repr(number).partition("e")[0].replace(".", "").strip("-0"))
    return 0.0 if abs(number) < ZERO and digits > DIGITS else number
