"""`zgs variants`: every option of sections 3.1 to 3.4, with its source, its cost and what it needs."""

from __future__ import annotations

import csv
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from bench.commands.arguments import read_arguments
from bench.commands.calling import split_flags
from bench.commands.options import CONFIG_DIR, find_flag
from bench.errors import DONE, UsageError, writing

USAGE = """zgs variants [segment|encode|caption|merge …] [csv=FILE] [--config-dir FOLDER]

Every segmenter, encoder, captioner and merger: source, cost, training-free or not, models that it loads.
csv=FILE             write group,name,source,cost,training_free,needs,what there (- for the terminal)
--config-dir FOLDER  options of your own beside the installed ones

`zgs run -m encode='glob(*)'` runs all of a group."""
GROUPS = ("segment", "encode", "caption", "merge")
NOT_SAID = "not said"


@dataclass(frozen=True)
class Variant:
    """One option of a group; texts for people."""

    group: str
    name: str
    source: str
    cost: str
    training_free: str
    needs: str
    what: str


def main(arguments: list[str]) -> int:
    """List the options of some groups, of all where none is named."""
    flags, words = split_flags(arguments)
    place = find_flag(flags, CONFIG_DIR)
    others = [flag for flag in flags if flag.startswith("-") and flag.partition("=")[0] not in CONFIG_DIR]
    groups, options = read_arguments("variants", [*words, *others], {"csv": ""})
    if wrong := [name for name in groups if name not in GROUPS]:
        raise UsageError(f"variants: {wrong[0]}: no such group (known: {', '.join(GROUPS)})")
    variants = [each for group in groups or GROUPS for each in list_variants(group, place)]
    if options["csv"] == "-":
        write_rows(variants, sys.stdout)
    elif options["csv"]:
        with writing(Path(options["csv"]), "csv=FILE"), open(options["csv"], "w", encoding="utf-8", newline="") as file:
            write_rows(variants, file)
    else:
        print(format_variants(variants))
    return DONE


def list_variants(group: str, config_dir: str | None = None) -> Iterator[Variant]:
    """List what can be said of each option of a group, by alphabet."""
    from bench.settings.compose import list_options

    for name, path in sorted(list_options(group, config_dir).items()):
        yield describe_variant(group, name, find_target(group, path), read_comment(path))


def find_target(group: str, path: Path) -> str:
    """Find the target of an option, its own or that of the option it inherits from."""
    from bench.system.conf_yaml import read_conf_yaml

    content = read_conf_yaml(path) or {}
    if "_target_" in content:
        return str(content["_target_"])
    parents = [str(each) for each in content.get("defaults", []) if each != "_self_"]
    if not parents:
        raise UsageError(f"{path}: an option of {group} without _target_; name the class that it makes")
    return find_target(group, path.with_name(f"{parents[0]}.yaml"))


def read_comment(path: Path) -> str:
    """Read the first sentence of the comment that an option begins with, over any lines; empty where it has none."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(line.lstrip("# ") for line in lines).strip())[0]


def describe_variant(group: str, name: str, target: str, what: str) -> Variant:
    """Describe one option by ``what`` its yaml says, and by ``source``, ``cost`` and ``training_free`` of its class."""
    from hydra.utils import get_object

    from bench.run.loading import list_needs

    made: Any = get_object(target)
    module = inspect.getdoc(inspect.getmodule(made)) or ""
    free = getattr(made, "training_free", None)
    return Variant(
        group, name, str(getattr(made, "source", NOT_SAID)), str(getattr(made, "cost", NOT_SAID)),
        NOT_SAID if free is None else "yes" if free else "no",
        " ".join(list_needs({"_target_": target})) or "none", what or module.partition("\n")[0],
    )  # fmt: skip


def write_rows(variants: Iterable[Variant], file: Any) -> None:
    """Write csv, a line a variant under one header."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([field.name for field in fields(Variant)])
    writer.writerows(astuple(variant) for variant in variants)


def format_variants(variants: Sequence[Variant], width: int = 100) -> str:
    """Format a list for the terminal: what each variant is, and under it the facts."""
    lines, wrap = [], textwrap.TextWrapper(width, subsequent_indent=" " * 25, break_on_hyphens=False)
    for at, variant in enumerate(variants):
        if at == 0 or variants[at - 1].group != variant.group:
            lines += ["", f"{variant.group}="]
        free = {"yes": "training-free", "no": "trained"}.get(variant.training_free, "training not said")
        facts = (variant.source, f"cost: {variant.cost}", free, f"loads {variant.needs}")
        lines += wrap.wrap(f"  {variant.name:22} {variant.what}") + wrap.wrap(" " * 25 + "; ".join(facts))
    return "\n".join(lines[1:])
