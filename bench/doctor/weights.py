"""Sections 3.1 to 3.3 (models): where the weights of a run are and whether they fit it, from their headers alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.doctor import caches
from bench.doctor.machine import REINSTALL, Compose
from bench.errors import UserError
from bench.models import guards, inspected, located, sources
from bench.system.resources import find_conf_dir


def examine_weights(kind: str, settings: dict[str, Any], words: list[str], compose: Compose) -> tuple[str, str]:
    """Examine where the weights are, a short hash of them, and what their headers and configs say."""
    options = settings["models"][kind]
    place, name = located.locate(options), f"{options['source']}"
    if options.get("pretrained") and place.how in ("missing", "hub cache"):
        name += f" ({options['pretrained']})"
    elsewhere = caches.find_elsewhere(kind, options, missing=place.path is None)
    if place.path is None:
        name += f": missing{': ' * bool(place.why)}{place.why}"
        fix = caches.choose_fix(elsewhere[0]) or _make_fetch_command(kind, place, words, compose)
        return name + caches.describe(*elsewhere), fix
    state = f"{name}: {place.how}"
    try:
        caches.check_published(place.path)
        facts = inspected.describe_weights(kind, options, place.path)
        return f"{state}, sha256 {sources.hash_weights(place.path)[:8]}, {facts}{caches.describe(*elsewhere)}", ""
    except guards.Misstated as error:
        return f"{state}; {error}", f"add {_choose_option(kind, words, place.path, str(error), compose)}"
    except UserError as error:
        return f"{state}; {error}", _make_fetch_command(kind, place, words, compose)


def _make_fetch_command(kind: str, place: located.Located, words: list[str], compose: Compose) -> str:
    """Make the command that fetches what is missing or damaged: what is named, else what the chosen yaml names."""
    named = (f"models.{kind}.source=", f"models.{kind}.pretrained=")
    if place.fetch:
        force = " --force-download" if place.how == "hub cache" and "hf download" in place.fetch else ""
        return f"{place.fetch}{force}, or add {named[0]}FOLDER"
    original = located.locate(compose([word for word in words if not word.startswith(named)])["models"][kind])
    if not original.fetch:
        return REINSTALL
    return f"{original.fetch} --local-dir FOLDER, and add {named[0]}FOLDER"


def _choose_option(kind: str, words: list[str], path: Path, reason: str, compose: Compose) -> str:
    """Choose the option of the group models/KIND that these weights fit, else the overrides that state nothing.

    A config without a flag computes gelu whatever the weights need, so that there the reader must say which it is.
    """
    if "computes gelu" in reason and path.is_dir():
        flag = f'"quick_gelu": true to model_cfg in {path / "open_clip_config.json"} (OpenAI\'s weights)'
        return f"{flag}, or models.clip.activation=gelu (others)"
    for name in sorted(file.stem for file in (find_conf_dir() / "models" / kind).glob("*.yaml")):
        choice = f"models/{kind}={name}"
        with suppress(UserError):
            inspected.describe_weights(kind, compose([*words, choice])["models"][kind], path)
            return choice
    keys = ["activation"] if "computes" in reason else ["patch", "grid"]
    return " ".join(f"models.{kind}.{key}=null" for key in [*keys, *["architecture"] * (".architecture=" in reason)])
