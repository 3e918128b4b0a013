"""What `zgs speed` is given, checked before it measures: options, settings as `zgs run` checks them, places."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.commands.arguments import refuse_inputs
from bench.commands.words import is_there
from bench.errors import UsageError


def check_options(options: Mapping[str, str]) -> None:
    """Check the options that are no settings of a run. Raises UsageError."""
    from bench.speed.inputs import SCALES

    if options["growth"] not in ("yes", "no"):
        raise UsageError(f"speed: growth={options['growth']}: yes or no")
    if options["scale"] not in SCALES:
        raise UsageError(f"speed: scale={options['scale']}: one of {', '.join(SCALES)}")
    if options["growth"] == "no":
        return
    if options["stages"]:
        raise UsageError(
            f"speed: growth=yes with stages={options['stages']}: costs are fitted in place of the stages; leave one out"
        )
    if options["json"]:
        raise UsageError("speed: growth=yes with json=: growth is kept as growth.csv, to=FOLDER says where")


def list_asked(text: str) -> list[str]:
    """List the names of stages=A,B; none where it is empty, which asks for all. Raises UsageError for commas alone."""
    asked = [name.strip() for name in text.split(",") if name.strip()]
    if text and not asked:
        raise UsageError(f"speed: stages={text}: names no stage; leave it out for all of them")
    return asked


def make_inputs(
    device: str, options: Mapping[str, str], words: Sequence[str], models: Sequence[str], embedded: bool
) -> Any:
    """Make what the stages are tried on; weights=FOLDER has to hold ``models``.

    ``embedded`` asks for the settings of the models that ship besides. Raises UsageError for settings that `zgs run`
    would refuse, UserError for missing weights.
    """
    from bench.commands.settings import compose_settings
    from bench.settings.check import check_settings
    from bench.speed.inputs import Inputs, list_weights, open_image

    scale = options["scale"]
    weights = list_weights(scale, options["weights"], models)
    settings = compose_settings([f"device={device}", *weights, *words])
    check_settings(settings)
    check_threads(settings)
    other = compose_settings([f"device={device}"]) if embedded else settings
    picture = [f"image={options['image']}"] if options["image"] else []
    changed = (*list_changes(words, [f"device={device}", *weights]), *picture)
    return Inputs(scale, settings, open_image(options["image"] or None, scale), other, changed=changed)


def check_threads(settings: Mapping[str, Any]) -> None:
    """Raise UsageError where the settings ask for more than the one thread on which all is measured."""
    if (threads := settings["executor"].get("threads", 1)) != 1:
        raise UsageError(f"speed: executor.threads={threads}: all is measured on one thread; leave it out")


def list_changes(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """List the words that change a setting beside ``others``, sorted, the last of each key; rows name dtype= anyway."""
    from bench.commands.settings import compose_settings

    last = {word.partition("=")[0].lstrip("+"): word for word in words}
    kept = sorted(word for key, word in last.items() if key not in ("device", "dtype"))
    settings = compose_settings([*others, *kept]) if kept else {}
    for word in list(kept):
        rest = [one for one in kept if one != word]
        if _compose(compose_settings, [*others, *rest]) == settings:
            kept = rest
    return kept


def _compose(compose: Callable[[Sequence[str]], dict[str, Any]], words: Sequence[str]) -> dict[str, Any] | None:
    """Compose settings; None where words are missing that others of them need."""
    try:
        return compose(words)
    except UsageError:
        return None


def list_precisions(settings: Mapping[str, Any]) -> list[str]:
    """List the number types that settings ask for, of all stages and of single ones, as words of a command."""
    own = {f"precision.{stage}": dtype for stage, dtype in settings["precision"].items() if dtype is not None}
    return [f"{key}={dtype}" for key, dtype in {"dtype": settings["dtype"], **own}.items()]


def check_places(options: Mapping[str, str], names: Sequence[str], words: Sequence[str]) -> None:
    """Make the folders of json=FILE and of the files ``names`` in to=FOLDER, and try them: UsageError, one line.

    What is read is refused, too: the picture, weights, files that ``words`` name, and of json=FILE the rows of to=.
    """
    read = list_read(options, words)
    if options["json"]:
        kept = [Path(options["to"]) / name for name in names] if options["to"] else []
        refuse_inputs(Path(options["json"]), [*read, *kept], "json")
        check_place(Path(options["json"]), "json=FILE")
    for name in names if options["to"] else ():
        refuse_inputs(Path(options["to"]) / name, read, "to", Path(options["to"]))
        check_place(Path(options["to"]) / name, "to=FOLDER")


def list_read(options: Mapping[str, str], words: Sequence[str]) -> list[Path]:
    """List the files that are read: the picture, all of weights=FOLDER, and what settings KEY=FILE or FOLDER name."""
    values = (options["image"], *(word.partition("=")[2] for word in words))
    named = [Path(value) for value in values if is_there(value)]
    within = [file for folder in named if folder.is_dir() for file in folder.glob("*")]
    return [*named, *within, *(Path(options["weights"]).glob("*/*") if options["weights"] else ())]


def check_place(path: Path, option: str) -> None:
    """Make the folder of a file and try it before anything is measured; UsageError, one line, where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        above = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a part of it is a file" if above else error.strerror or error
        raise UsageError(
            f"speed: cannot write {path}: {reason}; choose another place with {option} (nothing is measured yet)"
        ) from error
