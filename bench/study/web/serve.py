"""`zgs study serve`: the study's pages on this machine, one server a study; no part of the paper."""

from __future__ import annotations

import logging
import os
from ipaddress import ip_address
from pathlib import Path

from bench.errors import UsageError, UserError
from bench.store.locks import Busy, hold_lock
from bench.study.database import open_database, read_fact
from bench.study.folder import LOCK, SERVED, check_pictures
from bench.system.signals import raise_if_stopping

THREADS = 8
"""Requests at a time: each waits for the disk and hardly computes."""
NEEDS = "study serve: needs a web server: pip install 'zgs[study]'"


def serve(folder: Path, host: str, port: int, proxy: str) -> None:
    """Serve a study until the process is told to stop. ``proxy``: address of one that speaks https before it.

    Raises UserError where the study is closed, lacks pictures or is served already, or where the port is taken.
    """
    _check_ready(folder)
    try:
        with hold_lock(folder / LOCK, wait=False):
            _listen(folder, host, port, proxy)
    except Busy as error:
        where = (
            (folder / SERVED).read_text(encoding="utf-8").strip() if (folder / SERVED).is_file() else "another process"
        )
        raise UserError(
            f"{folder}: is being served already ({where}); two servers would not see each other's raters: use that "
            "one, or stop it first"
        ) from error


def _check_ready(folder: Path) -> None:
    database = open_database(folder)
    if closed := read_fact(database, "closed"):
        raise UserError(f"{folder}: was closed on {closed}; `zgs study open {folder}` opens it again")
    check_pictures(database, folder)
    database.execute("DELETE FROM skips")  # of pictures that were gone and are there again
    database.close()


def _listen(folder: Path, host: str, port: int, proxy: str) -> None:
    try:
        from waitress.server import create_server

        from bench.study.web.app import make_app
    except ImportError as error:
        raise UserError(f"{NEEDS} ({error})") from error
    logging.getLogger("waitress").setLevel(logging.ERROR)
    trusted = {
        "trusted_proxy": proxy,
        "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
        "clear_untrusted_proxy_headers": True,
    }
    app = make_app(folder, secure=bool(proxy))
    try:
        server = create_server(app, host=host, port=port, threads=THREADS, ident=None, **(trusted if proxy else {}))
    except OSError as error:
        raise UserError(
            f"study serve: host={host} port={port}: {error.strerror or error}; choose another port="
        ) from error
    address = f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"
    (folder / SERVED).write_text(f"process {os.getpid()}, {address}\n", encoding="utf-8")
    print(f"{address}/ serves {folder}; Ctrl-C stops it, and nothing is lost", flush=True)
    if not is_loopback(host) and not proxy:
        print(
            "others can reach it, and nothing is encrypted: put a server that speaks https before it (proxy=ADDRESS)",
            flush=True,
        )
    try:
        server.run()
        raise_if_stopping()  # waitress takes the interrupt for its own
    finally:
        server.close()
        (folder / SERVED).unlink(missing_ok=True)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. Raises UsageError for what is none."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError as error:
        raise UsageError(f"study serve: host={host}: an address of this machine, e.g. 127.0.0.1 or 0.0.0.0") from error
