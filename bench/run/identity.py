"""What the data are, as far as stored results depend on it: a hash of their contents, and of the code that reads them.

Data that code alone decides (`from_code`) are drawn for their fingerprint; that and parsing the code take seconds, so
both are kept in the store for as long as no byte of the package and no library changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.keys import library_versions, package_digest, source_digest, stage_key
from bench.store import Entry, Store


@dataclass(frozen=True)
class Identity:
    """``fingerprint`` of the contents, as the data set says; ``source`` of the module that reads or draws them."""

    fingerprint: str
    source: str


def identity(dataset: Any, options: Mapping[str, Any], store: Store) -> Identity:
    """The identity of a data set that was made with some options."""
    module = str(options["_target_"]).rpartition(".")[0]
    if not getattr(dataset, "from_code", False):
        return Identity(dataset.fingerprint, source_digest(module))
    parts = {"package": package_digest(module), "libraries": library_versions(), "options": dict(options)}
    own = Store(store.root)  # with an account of its own: this is no result of a stage
    shelf = own.shelf("data", stage_key("data", parts), parts)

    def make(_: list[str]) -> dict[str, Entry]:
        return {"identity": ({}, asdict(Identity(dataset.fingerprint, source_digest(module))))}

    return Identity(**own.fill(shelf, "identity", ["identity"], make)["identity"][1])
