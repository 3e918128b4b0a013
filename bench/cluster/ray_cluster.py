"""A Ray cluster to work on: one of this machine alone, or one that runs already; no part of the paper."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from bench.errors import UsageError, UserError
from bench.system import signals
from bench.system.resources import count_processors

LOCAL, AUTO = "local", "auto"
SOON = 10.0
"""Seconds within which a cluster's head lets somebody in."""
STORE = 100 * 2**20
"""Bytes of Ray's object store on this machine: results of an image are some kilobytes; by default it takes a third."""


def connect(address: str, key: str = "executor.address") -> Any:
    """Connect to a cluster, or start one of this machine's processors where ``address`` is local; return `ray`.

    A process that is connected (a task of a launcher, say) stays where it is. Raises UsageError where Ray is not
    installed, and UserError where no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of every start
    try:
        import ray
    except ImportError as error:
        raise UsageError(f"{key}={address}: needs Ray: pip install 'zgs[ray]'") from error
    if not ray.is_initialized():
        _check_port(find_head(address), f"{key}={address}")
        _start(ray, address, key)
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
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    own = {"num_cpus": count_processors(), "object_store_memory": STORE} | quiet if address == LOCAL else {}
    try:
        ray.init(address=address, **(own or {"log_to_driver": False, "logging_level": "ERROR"}))
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        said = " ".join(str(error).split())[:160]
        raise UserError(f"{key}={address}: no Ray cluster answers ({said}); start one: ray start --head") from error
    finally:
        signals.listen_again()  # Ray takes SIGTERM for itself


def measure_room(ray: Any, cpus: float, gpus: float) -> int:
    """Measure how many workers of so many processors and GPUs the whole cluster has room for, if nobody else works."""
    whole = ray.cluster_resources()
    room = int(whole.get("CPU", 0) // cpus) if cpus else count_processors()
    return min(room, int(whole.get("GPU", 0) / gpus + 1e-9)) if gpus else room


def has_node(ray: Any) -> bool:
    """Whether any node of the cluster is alive that has processors for workers."""
    return any(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())
