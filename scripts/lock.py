"""Writes constraints.txt: the versions in `.venv` of what pyproject.toml asks for, directly or not (`make lock`)."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# torch asks for the exact CUDA libraries of its own build: pinned here they would shut out every other build.
NOT_PINNED = ("nvidia-", "cuda-", "triton")
HEAD = """\
# What was tested, with Python {python}: written by `make lock`, read by `make setup`.
# torch stands here without a build name (+cpu, +cu130), and its CUDA libraries do not stand here,
# so that TORCH_INDEX may choose another build of the same version.
"""


def asked_for() -> list[Requirement]:
    """The requirements of pyproject.toml with all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in project["dependencies"] + extras]


def closure(requirements: list[Requirement]) -> dict[str, str]:
    """Name and version of every installed package that the requirements lead to."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while requirements:
        requirement = requirements.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            package = distribution(requirement.name)
        except PackageNotFoundError:  # an extra that is not installed here, so not tested either
            continue
        found[key[0]] = package.version.split("+")[0]
        requirements += [r for r in map(Requirement, package.requires or ()) if applies(r, requirement.extras)]
    return found


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a dependency holds on this machine with the extras asked for."""
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ({""} | extras))


def main() -> None:
    """Writes the file, sorted by name."""
    versions = closure(asked_for())
    lines = [f"{name}=={versions[name]}\n" for name in sorted(versions) if not name.startswith(NOT_PINNED)]
    python = ".".join(map(str, sys.version_info[:3]))
    (ROOT / "constraints.txt").write_text(HEAD.format(python=python) + "".join(lines))
    print(f"constraints.txt: {len(lines)} packages")


if __name__ == "__main__":
    main()
