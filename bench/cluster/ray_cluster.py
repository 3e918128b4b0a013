"""A Ray cluster to work on: one of this machine alone, or one that runs already; no part of the paper."""

from __future__ import annotations

import atexit
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.errors import UsageError, UserError
from bench.system import signals
from bench.system.resources import count_processors

LOCAL, AUTO = "local", "auto"
SOON = 10.0
"""Seconds within which a cluster's head lets somebody in."""
TOKEN = Path("~/.ray/auth_token")
"""Where Ray keeps the token of a user's clusters."""
ONCE = "RAY_gcs_server_port_wait_time_s"
"""Ray's variable of how often it asks a cluster, once a second."""
UNWATCHED = ("start_api_server", "start_monitor", "start_log_monitor")
"""Methods of Ray's node (2.60) that start the dashboard, the autoscaler and the collector of logs."""
STORE = 100 * 2**20
"""Bytes of Ray's object store on this machine: results of an image are some kilobytes; by default it takes a third."""


def connect(address: str, key: str = "executor.address") -> Any:
    """Connect to a cluster, or start one of this machine's processors where ``address`` is local; return `ray`.

    A process that is connected (a task of a launcher, say) stays where it is. Raises UsageError where Ray is not
    installed, and UserError where no cluster answers.
    """
    ray = import_ray(f"{key}={address}")
    if not ray.is_initialized():
        _check_port(find_head(address), f"{key}={address}")
        _start(ray, address, key)
    return ray


def import_ray(asked: str) -> Any:
    """Import Ray, for the option that is ``asked``. Raises UsageError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of every start
    os.environ.setdefault("RAY_worker_niceness", "0")  # of a cluster started here: 15, behind all else, by default
    try:
        import ray
    except ImportError as error:
        raise UsageError(f"{asked}: needs Ray: pip install 'zgs[ray]'") from error
    return ray


def find_head(address: str) -> str:
    """Find the HOST:PORT that Ray would ask for ``auto``: RAY_ADDRESS, else the cluster that was started here last.

    Ray keeps the latter in a file that it leaves behind when the cluster has died. Returns other addresses as they are.
    """
    if address != AUTO:
        return address
    told = os.environ.get("RAY_ADDRESS", "")
    if told not in ("", AUTO):
        return told
    file = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray", "ray_current_cluster")
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() or address
    except OSError:
        return address


def _check_port(head: str, asked: str) -> None:
    """Raise UserError where nothing listens at HOST:PORT: Ray itself asks a closed port again for many minutes.

    ``asked`` is the option that led there.
    """
    host, found, port = head.rpartition("://")[2].rpartition(":")
    if not found or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), SOON).close()
    except (OSError, OverflowError) as error:
        which = "" if asked.endswith(f"={head}") else f" at {head}, where one was"
        raise UserError(f"{asked}: no Ray cluster answers{which} ({error}); start one: ray start --head") from error


def _start(ray: Any, address: str, key: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    own = {"num_cpus": count_processors(), "object_store_memory": STORE, "include_dashboard": False} | quiet
    try:
        if address == LOCAL:
            with _leave_out_unwatched():
                ray.init(address=address, **own)
        else:
            _join(ray, find_head(address), quiet)
        atexit.register(ray.shutdown)  # before Ray's own, which sleeps first to let logs come
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise UserError(f"{key}={address}: {_describe_refusal(error)}") from error
    finally:
        signals.listen_again()  # Ray takes SIGTERM for itself


def _join(ray: Any, address: str, options: Mapping[str, Any]) -> None:
    """Join a cluster, and show it this user's token where it asks for one.

    Since 2.60 Ray makes a token when it first starts a cluster, and later ones ask for it. By itself it shows none to a
    cluster that is named, and shows it to one that it finds also where that asks for none: there no actor ever starts.
    """
    try:
        with _look_once():
            ray.init(address=address, **options)
    except (ConnectionError, RuntimeError) as error:
        if not _asks_for_token(error) or not _enable_token():
            raise
        ray.init(address=address, **options)


@contextmanager
def _look_once() -> Iterator[None]:
    """Ask once: its port has answered, and Ray would ask for twenty seconds where it is refused."""
    before = os.environ.get(ONCE)
    os.environ.setdefault(ONCE, "1")
    try:
        yield
    finally:
        if before is None:
            del os.environ[ONCE]


def _enable_token() -> bool:
    """Let Ray use the token that there is, as it does for a cluster that it finds; False where there is none."""
    try:
        from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available
    except ImportError:
        return False
    return bool(maybe_enable_token_auth_if_token_available(warn_if_disabled=False))


def _asks_for_token(error: BaseException) -> bool:
    return "AuthToken" in f"{error}{error.__cause__}" or "authentication token" in str(error).lower()


def _describe_refusal(error: BaseException) -> str:
    """Describe why no cluster was got: none answers, or one that asks for its token."""
    if _asks_for_token(error):
        return (
            f"the Ray cluster asks for its token: copy {TOKEN} from the machine where it was started, or set "
            "RAY_AUTH_TOKEN"
        )
    said = " ".join(str(error).split())[:160]
    return f"no Ray cluster answers ({said}); start one: ray start --head"


@contextmanager
def _leave_out_unwatched() -> Iterator[None]:
    """Leave out what Ray starts for people who watch a cluster, from one that lasts for a command.

    That is a process each, and Ray waits for the first. It has no options for that; of a Ray whose names are others all
    are started.
    """
    with ExitStack() as undo:
        with suppress(ImportError, AttributeError):
            from ray._private.node import Node

            for name in UNWATCHED:
                undo.callback(setattr, Node, name, getattr(Node, name))
                setattr(Node, name, _start_nothing)
        yield


def _start_nothing(*_: Any, **__: Any) -> None:
    """Stand where Ray starts a process."""


def measure_room(ray: Any, cpus: float, gpus: float) -> int:
    """Measure how many workers of so many processors and GPUs the whole cluster has room for, if nobody else works."""
    whole = ray.cluster_resources()
    room = int(whole.get("CPU", 0) // cpus) if cpus else count_processors()
    return min(room, int(whole.get("GPU", 0) / gpus + 1e-9)) if gpus else room


def has_node(ray: Any) -> bool:
    """Whether any node of the cluster is alive that has processors for workers."""
    return any(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())
