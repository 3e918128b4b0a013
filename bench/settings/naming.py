"""What a variant is called in tables and folders (Tables 1 to 5): by the yaml files that were chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bench.settings.ranges import LATER, NOT_IN_RUN_NAME
from bench.store.model_facts import describe_by_content

USUAL = {"segment": "dino_ward", "caption": "zerocap_${models}", "merge": "siblings"}
"""The choices of conf/config.yaml, which a name leaves out."""
SAID = {("merge", "none"): "no_merge"}


def make_variant_name(settings: Mapping[str, Any]) -> str:
    """Make the name of a variant in tables: as configured, else from the options chosen."""
    if settings.get("variant"):
        return str(settings["variant"])
    return _find_choice(settings, "baseline") if "baseline" in settings else name_by_choices(settings)


def make_run_name(settings: Mapping[str, Any]) -> str:
    """Make the folder's name of a run: the same settings and contents are one run, which continues there if killed."""
    where = f"{make_data_name(settings)}-{settings['data']['split']}"
    return f"{where}-{make_variant_name(settings)}-{hash_settings(settings)}"


def hash_settings(settings: Mapping[str, Any]) -> str:
    """Hash the settings that may change a number, with the contents of the files they name: 8 hex digits."""
    usual = [key for key, value in LATER.items() if settings.get(key, value) == value]
    told = describe_by_content({k: v for k, v in settings.items() if k not in (*NOT_IN_RUN_NAME, *usual)})
    if (threads := settings.get("executor", {}).get("threads", 1)) != 1:  # of the executor the one thing that may round
        told["threads"] = threads
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]


def make_data_name(settings: Mapping[str, Any]) -> str:
    """Name the data set as a folder's name begins; one of ``open_voc`` is a ``voc``."""
    target = settings["data"]["_target_"].rpartition(".")[2].lower().removeprefix("open_")
    return str(settings["data"].get("name") or target)


def name_by_choices(settings: Mapping[str, Any]) -> str:
    """Name the encoder, and each other stage that is not the usual one: ``masked``, ``half-whole-no_merge``."""
    return "-".join(
        filter(None, [_find_choice(settings, "encode"), *(_find_unusual(settings, stage) for stage in USUAL)])
    )


def _find_unusual(settings: Mapping[str, Any], stage: str) -> str:
    if stage != "merge" and stage not in settings.get("choices", {}):
        return ""  # settings of an earlier version do not tell
    chosen = _find_choice(settings, stage)
    usual = USUAL[stage].replace("${models}", str(settings.get("choices", {}).get("models")))
    return "" if chosen == usual else SAID.get((stage, chosen), chosen)


def _find_choice(settings: Mapping[str, Any], stage: str) -> str:
    """Find the yaml chosen; the module of a stage whose settings do not say."""
    chosen = settings.get("choices", {}).get(stage)
    return str(chosen or settings[stage]["_target_"].rpartition(".")[0].rpartition(".")[2])
