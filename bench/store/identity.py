"""What the data are, as far as stored results depend on it: a hash of their contents, and of the code that reads them.

Data that code alone decides (`from_code`) are drawn for their fingerprint; that and parsing the code take seconds, so
both are kept in the store for as long as no byte of this package, no library and nothing of this machine changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.store.entries import Entry
from bench.store.facts.closure import find_closure
from bench.store.facts.contents import replace_by_content
from bench.store.facts.machine import describe_machine
from bench.store.facts.modules import OURS
from bench.store.files import Store
from bench.store.keys import hash_package, hash_source, make_stage_key, read_library_versions


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
    own = target.partition(".")[0] == OURS
    key_inputs = {
        "package": hash_package(OURS) if own else hash_source(target),
        "libraries": read_library_versions(),
        "machine": describe_machine("cpu"),
        "options": replace_by_content(options),
    }
    kept = Store(store.root)  # with counts of its own: this is no result of a stage
    namespace = kept.open_namespace("data", make_stage_key("data", key_inputs), key_inputs)

    def make(_: Sequence[str] = ()) -> dict[str, Entry]:
        return {"identity": ({}, asdict(Identity(dataset.fingerprint, hash_source(target))))}

    entries = kept.read(namespace, "identity")  # before the code is parsed, which takes a second
    if not entries:
        entries = (
            kept.fill(namespace, "identity", ["identity"], make) if not own or _is_of_ours_alone(target) else make()
        )
    return Identity(**entries["identity"][1])


def _is_of_ours_alone(target: str) -> bool:
    """Whether the code that draws lies in this package, so that its digest says all."""
    return all(name.partition(".")[0] == OURS for name in find_closure(target).modules)
