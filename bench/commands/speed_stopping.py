"""What `zgs speed` says when it is stopped: what is kept, and the words that measure the rest; no part of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NOTHING_YET = "stopped before the first one was done: nothing new is kept, the same command begins again"
GROWTH = "stopped; growth=yes keeps nothing before its last cost is measured, the same command begins again"


def describe_stop(options: Mapping[str, str], done: Sequence[str], left: Sequence[str]) -> str:
    """Describe a stop after the stages ``done``, whose rows are where the options say, with the stages ``left``."""
    if not done:
        return NOTHING_YET
    told = f"stopped; {describe_kept(options, done)}"
    if not left:
        return f"{told}; no stage is left"
    places = [*(["to="] if options["to"] else []), *(["another json="] if options["json"] else [])]
    same = f" with {'the same ' if options['to'] else ''}{' and '.join(places)}" if places else ""
    return f"{told}; stages={','.join(left)}{same} measures the rest, the same command would measure all again"


def describe_stop_on_device(options: Mapping[str, str], done: int) -> str:
    """Describe a stop on a device after so many rows: the same command makes them again."""
    if not done:
        return NOTHING_YET
    kept = describe_kept(options, [f"{done} finished row{'s' * (done > 1)}"])
    return f"stopped; {kept}; the same command begins again with these"


def describe_kept(options: Mapping[str, str], done: Sequence[str]) -> str:
    """Describe what is kept of this command's finished stages or rows, and where; that nothing is without a place."""
    places = [options[name] for name in ("to", "json") if options[name]]
    if not places:
        return "nothing is kept without to=FOLDER or json=FILE"
    return f"kept in {' and '.join(places)}: {', '.join(done)}" if done else "nothing new is kept"
