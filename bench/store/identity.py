"""What the data are, as far as stored results depend on it: a hash of their contents, and of the code that reads them.

Data that code alone decides (`from_code`) are drawn for their fingerprint; that and parsing the code take seconds, so
both are kept in the store for as long as no byte of this package, no library and nothing of this machine changes. So
are the addresses of a run's images, which are of their pixels: a run that lacks nothing draws none of them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from bench.errors import UserError
from bench.store.entries import Entry
from bench.store.facts.closure import find_closure
from bench.store.facts.contents import replace_by_content
from bench.store.facts.machine import describe_machine
from bench.store.facts.modules import OURS
from bench.store.files import Namespace, Store
from bench.store.keys import hash_package, hash_source, hash_texts, make_stage_key, read_library_versions


@dataclass(frozen=True)
class Identity:
    """``fingerprint`` of the contents, as the data set says; ``source`` of all code that reads or draws them."""

    fingerprint: str
    source: str


def identify_data(dataset: Any, options: Mapping[str, Any], store: Store) -> Identity:
    """Identify a data set that was made with some options, by its contents and the code that reads it."""
    target = str(options["_target_"])
    if not getattr(dataset, "from_code", False):
        return Identity(dataset.fingerprint, hash_source(target))
    kept, namespace = Store(store.root), _find_namespace(options, store)  # with counts of its own: no result of a stage
    kept.open_namespace(namespace.stage, namespace.key, namespace.key_inputs)

    def make(_: Sequence[str] = ()) -> dict[str, Entry]:
        return {"identity": ({}, asdict(Identity(dataset.fingerprint, hash_source(target))))}

    entries = kept.read(namespace, "identity")  # before the code is parsed, which takes a second
    if not entries:
        entries = (
            kept.fill(namespace, "identity", ["identity"], make)
            if not _is_ours(target) or _is_of_ours_alone(target)
            else make()
        )
    return Identity(**entries["identity"][1])


def read_addresses(options: Mapping[str, Any], store: Store, ids: Sequence[str]) -> dict[str, str]:
    """Read by image where `keep_addresses` has said that its results lie in the store; empty where nothing is known."""
    if not _is_ours(str(options["_target_"])):
        return {}
    item = _name_addresses(ids)
    with suppress(UserError):  # a damaged file of a store that may only be read
        entries = Store(store.root).read(_find_namespace(options, store), item)
        return dict(entries[item][1]) if entries else {}
    return {}


def keep_addresses(
    dataset: Any, options: Mapping[str, Any], store: Store, ids: Sequence[str], items: Mapping[str, str]
) -> None:
    """Keep the addresses of a run's images where code of this package alone decides their pixels and labels."""
    target = str(options["_target_"])
    if not getattr(dataset, "from_code", False) or not _is_ours(target) or not _is_of_ours_alone(target):
        return
    kept, namespace, item = Store(store.root), _find_namespace(options, store), _name_addresses(ids)
    with suppress(UserError):  # of a store that may only be read
        if not kept.read(namespace, item):
            kept.open_namespace(namespace.stage, namespace.key, namespace.key_inputs)
            kept.add(namespace, item, {item: ({}, dict(items))})


def _find_namespace(options: Mapping[str, Any], store: Store) -> Namespace:
    """Find where what is known of drawn data lies: under all that decides them, and the code that addresses them."""
    target = str(options["_target_"])
    key_inputs = {
        "package": hash_package(OURS) if _is_ours(target) else hash_source(target),
        "libraries": read_library_versions(),
        "machine": describe_machine("cpu"),
        "options": replace_by_content(options),
    }
    return Namespace(store.root, "data", make_stage_key("data", key_inputs), key_inputs)


def _name_addresses(ids: Sequence[str]) -> str:
    return f"addresses-{hash_texts(ids)}"


def _is_ours(target: str) -> bool:
    return target.partition(".")[0] == OURS


def _is_of_ours_alone(target: str) -> bool:
    """Whether the code that draws lies in this package, so that its digest says all."""
    return all(name.partition(".")[0] == OURS for name in find_closure(target).modules)
