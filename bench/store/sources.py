"""The parsed sources of this package, kept in the store: parsing them for keys takes half a second a process.

Each is taken for the same bytes only, and by the same parser on the same Python, so that a key is what it would be
without. No part of the paper.
"""

from __future__ import annotations

import platform
import zlib
from contextlib import suppress
from dataclasses import fields, replace

import numpy as np

from bench.errors import UserError
from bench.store.entries import Entry, make_record, make_store_entry
from bench.store.facts.imports import ParsedModule
from bench.store.facts.modules import OURS
from bench.store.facts.parsed import Parsed, forget_kept, has_read, list_parsed, offer_parsed
from bench.store.files import Namespace, Store
from bench.store.keys import hash_package, make_stage_key

STAGE, ITEM = "sources", "parsed"


def take_sources(store: Store) -> None:
    """Offer what a store holds of this package's parsed modules; one that is missing or damaged is parsed again.

    A process that has read its modules already, such as one of several jobs, looks for none.
    """
    if has_read():
        return
    with suppress(UserError):  # a damaged file of a store that may only be read
        entries = Store(store.root).read(_find_namespace(store), ITEM)
        offer_parsed({name: _unpack(entry) for name, entry in entries.items()})


def keep_sources(store: Store) -> None:
    """Keep the modules of this package that this process had to parse, once; nothing where the store is only read."""
    new = {name: parsed for name, parsed in list_parsed().items() if name.partition(".")[0] == OURS}
    if not new:
        return
    with suppress(UserError):
        kept, namespace = Store(store.root), _find_namespace(store)  # with counts of its own: no result of a stage
        kept.open_namespace(STAGE, namespace.key, namespace.key_inputs)
        kept.add(namespace, ITEM, {name: _pack(parsed) for name, parsed in new.items()})
        forget_kept(new)


def _find_namespace(store: Store) -> Namespace:
    """Find where those of this package lie as it is now, its parser included."""
    key_inputs = {"package": hash_package(OURS), "python": platform.python_version()}
    return Namespace(store.root, STAGE, make_stage_key(STAGE, key_inputs), key_inputs)


def _pack(parsed: Parsed) -> Entry:
    """Pack a module as an entry; its code, a syntax tree of thousands of characters, takes a tenth when compressed."""
    code = np.frombuffer(zlib.compress(parsed.module.code.encode("utf-8", "surrogatepass"), 1), np.uint8)
    _, values = make_store_entry(replace(parsed.module, code=""))
    return {"code": code}, {**values, "digest": parsed.digest}


def _unpack(entry: Entry) -> Parsed:
    arrays, values = entry
    code = zlib.decompress(arrays["code"].tobytes()).decode("utf-8", "surrogatepass")
    own = {field.name: values[field.name] for field in fields(ParsedModule)} | {"code": code}
    return Parsed(values["digest"], make_record(ParsedModule, ({}, own)))
