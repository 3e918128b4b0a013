"""What a variant is called in tables and folders (Tables 1 to 5): by the yaml files that were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USUAL = {"segment": "dino_ward", "caption": "zerocap_${models}", "merge": "siblings"}
"""The choices of conf/config.yaml, which a name leaves out."""
SAID = {("merge", "none"): "no_merge"}


def called(settings: Mapping[str, Any]) -> str:
    """The encoder, and each other stage that is not the usual one: ``masked``, ``half-whole-no_merge``."""
    return "-".join(filter(None, [_choice(settings, "encode"), *(_unusual(settings, stage) for stage in USUAL)]))


def _unusual(settings: Mapping[str, Any], stage: str) -> str:
    if stage != "merge" and stage not in settings.get("choices", {}):
        return ""  # settings of an earlier version do not tell
    chosen = _choice(settings, stage)
    usual = USUAL[stage].replace("${models}", str(settings.get("choices", {}).get("models")))
    return "" if chosen == usual else SAID.get((stage, chosen), chosen)


def _choice(settings: Mapping[str, Any], stage: str) -> str:
    """The yaml chosen; the module of a stage whose settings do not say."""
    chosen = settings.get("choices", {}).get(stage)
    return str(chosen or settings[stage]["_target_"].rpartition(".")[0].rpartition(".")[2])
