"""`zgs store`: what the store holds, in words; what of it may go, whether it is whole, and a copy elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.commands.arguments import read_arguments
from bench.commands.store_rules import RULES, read_rule
from bench.commands.store_work import count_usages, make_table, measure_all, remove_all, work_through
from bench.data.base import suggest_nearest
from bench.errors import DONE, FAILED, UsageError, UserError, writing
from bench.settings.ranges import RunSettings
from bench.store.checking import check_namespace, copy_namespace
from bench.store.files import Store
from bench.store.key_words import flatten_inputs
from bench.store.listing import KEY, list_namespaces, list_removed, read_key_inputs
from bench.store.places import is_folder, is_remote, make_folder, open_place
from bench.store.pruning import read_disk_clock, remove_leftovers, select_usages
from bench.system.resources import count_processors
from bench.text.columns import align_columns

USAGE = """zgs store [store=FOLDER]        every stage and key: what it is of, its files, size and last use
zgs store show KEY …            all that a key stands for (its beginning will do)
zgs store prune RULE … [yes]    says what fits all rules; with the word yes it goes
zgs store check                 reads every file; one that does not agree with its checksum is set aside (exit code 1)
zgs store copy TO               copies what the store in the folder TO lacks, file by file; goes on where it stopped

store=FOLDER   the store (store); an address as s3://BUCKET/PREFIX too, and TO likewise
older=AGE      what no run has opened or added to for so long: 30d, 12h, 90min
unused=FOLDER  what no run in a folder names (FOLDER,FOLDER: nor in another), and none has used for a day or older=AGE
key=KEY        keys that begin so (KEY,KEY)
leftovers      also files that were set aside as damaged, or left by killed writers, a day ago or longer
trust=PACKAGE  unused= asks unfinished runs what they need: run code of that package where their settings name it"""
OPTIONS = {"store": RunSettings.store, "older": "", "unused": "", "key": ""}


@dataclass(frozen=True)
class Request:
    """What is asked of the store in a folder: the words after the action, and the options."""

    root: Path
    words: tuple[str, ...]
    options: Mapping[str, str]
    trusted: tuple[str, ...] = ()


def main(arguments: list[str]) -> int:
    """List the store, or do what the first word says."""
    from bench.settings.trust import take_trusted

    rest, trusted = take_trusted(arguments)
    words, options = read_arguments("store", rest, OPTIONS)
    root, action = open_place(options["store"]), words[0] if words else "list"
    if action not in ACTIONS:
        near = suggest_nearest(action, ACTIONS)
        raise UsageError(f"store: {action}: no such action{near}; `zgs store --help` shows all")
    if not options["store"] or not is_folder(root):
        what = "nothing is stored there" if is_remote(root) else "no such folder"
        raise UserError(f"store={options['store']}: {what}; say where the store is: store=FOLDER")
    for key in RULES if action != "prune" else ():
        if options[key]:
            raise UsageError(f"store {action}: {key}=…: a rule of `zgs store prune`")
    return ACTIONS[action](Request(root, tuple(words[1:]), options, trusted))


def print_store(request: Request) -> int:
    """Print every stage and key with its words, files, size and last use."""
    _refuse_words("list", request.words)
    usages = measure_all(request.root)
    print(*make_table(usages, read_disk_clock(request.root)), sep="\n")
    if left := sum(len(usage.leftovers) + len(usage.damaged) for usage in usages):
        files = f"{left} file{'s' * (left > 1)}"
        print(f"{files} set aside as damaged, or left by killed writers: zgs store prune leftovers")
    if list_removed(request.root):
        print("a removal was interrupted; the next `zgs store prune` ends it")
    return DONE


def show_keys(request: Request) -> int:
    """Print all that some keys stand for."""
    spaces = list_namespaces(request.root)
    if not all(request.words) or not request.words:
        raise UsageError("store show: name a key, or how it begins; `zgs store` lists all")
    for key in request.words:
        found = [space for space in spaces if space.key.startswith(key)]
        if not found:
            raise UsageError(f"store show: {key}: no such key in {request.root}; `zgs store` lists all")
        for space in found:
            inputs = flatten_inputs(read_key_inputs(space)) or {KEY: "missing or damaged"}
            print(f"{space.stage}/{space.key}")
            print(*align_columns([(f"  {name}", str(value)) for name, value in inputs.items()], widest=10**6), sep="\n")
    return DONE


def prune(request: Request) -> int:
    """Print what would go; remove it where the word ``yes`` is given."""
    root, words = request.root, set(request.words)
    if unknown := sorted(words - {"yes", LEFTOVERS}):
        raise UsageError(f"store prune: {unknown[0]}: no rule{suggest_nearest(unknown[0], (*RULES, LEFTOVERS, 'yes'))}")
    usages, now = measure_all(root), read_disk_clock(root)
    rule = read_rule(request.options, [usage.namespace for usage in usages], request.trusted)
    if rule is None and LEFTOVERS not in words:
        raise UsageError("store prune: says no rule: older=AGE, unused=FOLDER, key=KEY or leftovers")
    chosen = select_usages(usages, rule, now) if rule else []
    if chosen:
        print(*make_table(chosen, now, usages), sep="\n")
    if "yes" not in words:
        if LEFTOVERS in words:
            left = sum(remove_leftovers(usage, now, really=False) for usage in usages if usage not in chosen)
            print(f"{left} files that were set aside or left behind a day ago or longer would go")
        print(f"{count_usages(chosen)} would go of {count_usages(usages)}; nothing was removed: add the word yes")
        return DONE
    removed = remove_all(chosen, root)
    print(f"{count_usages(removed)} removed of {count_usages(usages)}")
    if LEFTOVERS in words:
        left = sum(remove_leftovers(usage, now) for usage in usages if usage not in removed)
        print(f"{left} files removed that were set aside or left behind a day ago or longer")
    return DONE if len(removed) == len(chosen) else FAILED


def check(request: Request) -> int:
    """Read every file; exit code 1 where any is damaged."""
    _refuse_words("check", request.words)
    workers = count_processors()
    done = work_through("check ", list_namespaces(request.root), lambda space: check_namespace(space, workers))
    told = f"{done.faults} missing or damaged" if done.faults else "each agrees with its checksum"
    print(f"{done.files} files of {request.root}: {told}")
    return FAILED if done.faults else DONE


def copy(request: Request) -> int:
    """Copy what another folder lacks; exit code 1 where anything is damaged, which is not copied."""
    if len(request.words) != 1:
        raise UsageError("store copy: name one folder to copy to: zgs store copy TO")
    root, to = request.root, open_place(request.words[0])
    one, other = (str(place if is_remote(place) else place.resolve()).rstrip("/") + "/" for place in (root, to))
    if one.startswith(other) or other.startswith(one):
        raise UsageError(f"store copy: {to}: one folder lies in the other; name a folder of its own")
    with writing(to, "zgs store copy TO"):
        make_folder(to)
    workers, store = count_processors(), Store(to)
    done = work_through("copy ", list_namespaces(root), lambda space: copy_namespace(space, store, workers))
    told = f"; {done.faults} missing or damaged here, which were not" if done.faults else ""
    print(f"{done.files} files: {done.copied} copied to {to}, {done.whole - done.copied} there already{told}")
    return FAILED if done.faults else DONE


def _refuse_words(action: str, words: Sequence[str]) -> None:
    if words:
        raise UsageError(f"store {action}: {words[0]}: takes no such word; `zgs store --help` shows all")


LEFTOVERS = "leftovers"
ACTIONS: dict[str, Callable[[Request], int]] = {
    "list": print_store, "show": show_keys, "prune": prune, "check": check, "copy": copy,
}  # fmt: skip
