"""`zgs study serve`: the study's pages, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError


def run_serve(arguments: list[str]) -> int:
    """Serve a study on this machine."""
    places, options = read_arguments("study", arguments, {"host": "127.0.0.1", "port": "8765", "proxy": ""})
    if len(places) != 1:
        raise UsageError("study serve: name the folder of one study; `zgs study --help` shows how")
    port = read_count("study serve", options, "port")
    if port > 65535:
        raise UsageError(f"study serve: port={port}: 0 (any that is free) to 65535")
    from bench.study.web.serve import is_loopback, serve

    is_loopback(options["host"])
    serve(Path(places[0]), options["host"], port, options["proxy"])
    return DONE
