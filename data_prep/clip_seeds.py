"""Section 4.3 in small: the trainings of the embedded CLIP beside each other, for its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.models.clip import Clip
from data_prep.clip_quality import Segments, list_ways, name_segments


def list_trainings(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """List the trainings that made some weights, each of which went on from the one before."""
    return [*(list_trainings(facts["earlier"]) if "earlier" in facts else []), facts]


def count_steps(facts: dict[str, Any]) -> int:
    """Count the steps of all trainings together."""
    return sum(int(part["recipe"]["steps"]) for part in list_trainings(facts))


def read_figures(folder: Path, test: Segments) -> dict[str, Any]:
    """What the card tells of one training."""
    facts = json.loads((folder / "training.json").read_text())
    shares = {way: round(test.share(way), 6) for way in test.named}
    things = {way: round(test.share(way, test.things), 6) for way in test.named}
    figures = {"seed": facts["recipe"]["seed"], "steps": count_steps(facts), "n": len(test.truth)}
    return {**figures, "ways": shares, "things": things}


def collect_figures(
    folder: Path, test: Segments, others: list[Path], tuned: list[tuple[int, float]]
) -> list[dict[str, Any]]:
    """The figures of all trainings, this folder's first; kept in training.json, so that the card needs no other."""
    file = folder / "training.json"
    facts = json.loads(file.read_text())
    mine = read_figures(folder, test)
    kept = [other for part in list_trainings(facts) for other in part.get("seeds", [])]
    measured = {(other["seed"], other["steps"]): other for other in kept if other["n"] == mine["n"]}
    for other in others:
        clip = Clip(f"local-dir:{other.resolve()}")
        figures = read_figures(other, name_segments(clip, list_ways(clip, tuned), "test", int(test.scene.max()) + 1))
        measured[figures["seed"], figures["steps"]] = figures
    this_one = mine["seed"], mine["steps"]
    facts["seeds"] = [mine, *(measured[key] for key in sorted(measured) if key != this_one)]
    file.write_text(json.dumps(facts, indent=1) + "\n")
    return list(facts["seeds"])


def write_table(seeds: list[dict[str, Any]]) -> str:
    """Write the table of trainings, and how far apart those of equal length are."""
    names = [way for way in seeds[0]["ways"] if all(way in other["ways"] for other in seeds)]
    rows = [
        f"| {way} | " + " | ".join(f"{100 * o['ways'][way]:.1f} ({100 * o['things'][way]:.1f})" for o in seeds) + " |"
        for way in names
    ]
    head = [f"Test, n={seeds[0]['n']} segments, percent named right, in brackets things alone.", ""]
    for steps in sorted({o["steps"] for o in seeds}):
        alike = [o["ways"] for o in seeds if o["steps"] == steps]
        if len(alike) > 1:
            apart = max(max(of[way] for of in alike) - min(of[way] for of in alike) for way in names)
            head[0] += f" Largest difference between {len(alike)} seeds after {steps} steps: {100 * apart:.1f} points."
    titles = " | ".join(f"seed {o['seed']}, {o['steps']} steps" for o in seeds)
    return "\n".join([*head, f"| way | {titles} |", "| --- |" + " ---: |" * len(seeds), *rows])
