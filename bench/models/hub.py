"""Sections 3 and 4 (models): whether the hub of weights can be asked, decided once and fast; caches come first.

Without a network each library tries again and again, minutes a model. Here a first look goes to the caches alone; only
where something is missing one request tests the hub, and its outcome holds for all models and for worker processes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bench.errors import UserError

PATIENCE = 3.0
"""Seconds in which the hub must answer, name look-up and all addresses included."""
LATE = f"did not answer within {PATIENCE:.0f} seconds"
SILENT = "ZGS_HUB_SILENT"
"""Set in the environment, for this process and its workers, once the hub did not answer; holds the reason."""
OFFLINE = "HF_HUB_OFFLINE"
TRUE = ("1", "true", "yes", "on")

Found = TypeVar("Found")
_answered: set[str] = set()


def is_forbidden() -> bool:
    """Whether the user has forbidden the network (not: whether it is down)."""
    asked = os.environ.get(OFFLINE) or os.environ.get("TRANSFORMERS_OFFLINE") or ""  # as huggingface_hub reads them
    return asked.lower() in TRUE and SILENT not in os.environ


def try_caches_first(what: str, call: Callable[[], Found]) -> Found:
    """``call()`` without the network; where a file is missing, again with it, if the hub answers.

    Raises UserError where it does not, and whatever `call` raises of other faults.
    """
    try:
        with keep_offline():
            return call()
    except Exception as error:
        if is_forbidden() or not _is_missing(error):
            raise
        require(what, error)
    return call()


def require(what: str, cause: BaseException | None = None) -> None:
    """UserError unless the hub answers; nothing is tested where the user has set HF_HUB_OFFLINE."""
    from huggingface_hub import constants

    if reason := find_silence():
        raise UserError(
            f"{what} is not in the local cache and cannot be fetched: the hub {constants.ENDPOINT} {reason}: check the "
            "network (HF_ENDPOINT and HTTPS_PROXY are honoured), or give a folder; zgs doctor names the command that "
            "fetches it"
        ) from cause


def find_silence() -> str:
    """Why the hub cannot be asked, empty where it can; tested once for this process and the workers it starts."""
    from huggingface_hub import constants

    if is_forbidden() or constants.ENDPOINT in _answered:
        return ""
    if reason := os.environ.get(SILENT) or _test_endpoint(constants.ENDPOINT):
        os.environ |= {SILENT: reason, OFFLINE: "1"}
        constants.HF_HUB_OFFLINE = True
        return reason
    _answered.add(constants.ENDPOINT)
    return ""


@contextmanager
def keep_offline() -> Iterator[None]:
    """Libraries of the hub look in their caches only."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _test_endpoint(endpoint: str) -> str:
    """Test the hub by one request, which the hub's own client makes."""
    outcome: list[str] = []
    thread = threading.Thread(target=lambda: outcome.append(_ask_endpoint(endpoint)), daemon=True)
    thread.start()  # a name server that is down keeps a process waiting whatever timeout a client has
    thread.join(PATIENCE)
    return outcome[0] if outcome else LATE


def _ask_endpoint(endpoint: str) -> str:
    from huggingface_hub.utils import get_session

    try:
        status = int(get_session().head(endpoint, timeout=PATIENCE, follow_redirects=False).status_code)
    except Exception as error:  # whatever a proxy, a certificate or a socket may raise
        if "Timeout" in type(error).__name__:
            return LATE
        return f"cannot be reached ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
    return f"answers with an error ({status})" if status >= 500 or status == 407 else ""


def _is_missing(error: BaseException | None) -> bool:
    """Whether a cache that lacks something stands behind an error, however a library has wrapped it."""
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OfflineModeIsEnabled | LocalEntryNotFoundError) or LACKS in str(error):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


LACKS = "does not appear to have a file named"
"""What transformers says of a repository whose config is cached and whose weights are not."""
