"""Section 4.3 in small: the card of the embedded CLIP.

    python -m data_prep.clip_report

Measures the shipped weights with the encoders of `bench.encode` on val and test scenes and writes the card and its
picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.data.toyworld.classes import NAMES
from bench.evaluate.intervals import intervals
from bench.models.clip import Clip
from data_prep.clip_quality import CURVE, Segments, name_segments, retrieval, ways
from data_prep.dino_report import settings

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "clip"
SIZES = ((0, 64), (64, 256), (256, 1024), (1024, 1 << 14))
"""Visible pixels of a segment: from, and under."""
SPLITS = {"val": 200, "test": 500}


def _percent(segments: Segments, way: str, where: np.ndarray | None = None) -> str:
    value = intervals([segments.right(way, where)])[0]
    return f"{100 * value.value:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def _tables(all_segments: list[Segments]) -> list[str]:
    lines = ["| split | way | all | things | stuff |", "| --- | --- | ---: | ---: | ---: |"]
    for segments in all_segments:
        n, things = len(segments.truth), int(segments.things.sum())
        for way in segments.named:
            cells = [_percent(segments, way, where) for where in (None, segments.things, ~segments.things)]
            lines.append(f"| {segments.split} | {way} | {' | '.join(cells)} |")
        lines[0] = lines[0]
        lines.append(f"| {segments.split} | n | {n} | {things} | {n - things} |")
    return lines


def _sizes(segments: Segments, names: list[str]) -> list[str]:
    lines = ["| visible pixels | n | " + " | ".join(names) + " |", "| --- | ---: |" + " ---: |" * len(names)]
    for low, high in SIZES:
        where = (segments.area >= low) & (segments.area < high)
        cells = [_percent(segments, way, where) for way in names] if where.any() else ["–"] * len(names)
        title = f"under {high}" if not low else f"{low} and more" if high == SIZES[-1][1] else f"{low} to {high - 1}"
        lines.append(f"| {title} | {int(where.sum())} | {' | '.join(cells)} |")
    return lines


def _by_class(segments: Segments, way: str) -> str:
    shares = [(segments.share(way, segments.truth == c), NAMES[c]) for c in np.unique(segments.truth)]
    return ", ".join(f"{name} {100 * share:.0f}" for share, name in sorted(shares))


def _confusions(segments: Segments, way: str, most: int = 12) -> str:
    wrong = segments.named[way] != segments.truth
    pairs, counts = np.unique(np.stack([segments.truth[wrong], segments.named[way][wrong]]), axis=1, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return ", ".join(f"{NAMES[pairs[0, i]]} as {NAMES[pairs[1, i]]} {counts[i]}" for i in order)


def plot_curve(points: list[dict[str, Any]], file: Path) -> None:
    """The learning curve: loss, and the share of val segments named right by each way, over the steps."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "zgs"
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
    steps = [point["step"] for point in points]
    left.plot(steps, [point["loss"] for point in points], color="black")
    left.set(xlabel="step", ylabel="contrastive loss (train)")
    for way in CURVE:
        right.plot(steps, [100 * point["ways"][way][0] for point in points], label=way)
    right.set(xlabel="step", ylabel=f"val segments named right, %\n(n={points[-1]['n']})", ylim=(0, None))
    right.legend(fontsize=7)
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


CARD = """---
library_name: open_clip
license: mit
---
# Embedded CLIP

A small CLIP in open_clip's format, trained from scratch on pictures and captions of the toy world's train split
(version {version}) alone, with CLIP's symmetric contrastive loss. It knows nothing of photographs: no figure made with
it can be compared with a published one.

Image tower: ViT, 128 px, patch 8, {layers} layers, width {width}. Text tower: {text_layers} layers, width {text_width},
32 tokens of a byte-level BPE of 800 pieces. {parameters:,} parameters, float16, exact GELU. While it learns, pictures
are shrunk and only the patches that they fill are computed, which saves time and gets it used to missing patches.

Training: {steps} steps of {batch} pictures, {scenes} scenes drawn once, seed {seed}, {minutes:.0f} minutes on {where}.
Muon for the inner matrices, AdamW for the rest; the weights are a running average. Recipe: {recipe}.

Make it again, and measure it again:

    python -m data_prep.train_tokenizer
    python -m data_prep.clip_pool --folder FOLDER/pool
    python -m data_prep.train_clip --scratch FOLDER
    python -m data_prep.clip_report

![learning curve](curve.svg)

## True segments named by the nearest class text

Percent of segments whose class text "Image of a {{class}}." is the nearest of {classes} (chance {chance:.1f}), with
95 % bootstrap intervals over scenes. "masked L" masks attention from layer L of {layers} on; "subtraction L, s" adds
global subtraction with sigma2 s. `start_layer` and `sigma2` were chosen on *tune*; test is free of any choice.

{tables}

By size, test:

{sizes}

By class, test, {best}: {by_class}.

Most frequent mistakes, test, {best}: {confusions}.

## Retrieval, zero-shot

{retrieval}

## Seeds

{seeds}

## What limits it

{limits}
"""


def write_card(folder: Path, scenes: dict[str, int], tuned: list[tuple[int, float]], others: list[Path]) -> None:
    """README.md and curve.svg of the folder, from its weights and from training.json, which the training left there.

    ``others`` are folders of other seeds, measured beside it.
    """
    from bench.data.toyworld.classes import VERSION

    facts = json.loads((folder / "training.json").read_text())
    clip = Clip(f"local-dir:{folder.resolve()}")
    encoders = ways(clip, tuned)
    measured = [name_segments(clip, encoders, split, n) for split, n in scenes.items()]
    val, test = measured[0], measured[-1]
    best = max((way for way in val.named if way.startswith("masked")), key=val.share)
    minus = [way for way in val.named if way.startswith("subtraction")]
    found = retrieval(clip, "test", min(200, scenes["test"]))
    lines = [f"| {name} | {100 * value:.1f} |" for name, value in found.items() if name != "n"]
    recipe = dict(facts["recipe"])
    visual, text = clip.visual, clip.model
    plot_curve(facts["curve"], folder / "curve.svg")
    shown = {key: recipe.pop(key) for key in ("steps", "batch", "scenes", "seed")}
    card = CARD.format(
        **shown,
        version=VERSION,
        layers=clip.depth,
        width=visual.transformer.width,
        text_layers=len(text.transformer.resblocks),
        text_width=text.transformer.width,
        parameters=sum(p.numel() for p in clip.model.parameters()),
        minutes=facts["minutes"],
        where=facts["where"],
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items()),
        classes=len(NAMES),
        chance=100 / len(NAMES),
        tables="\n".join(_tables(measured)),
        sizes="\n".join(_sizes(test, ["unmasked", "crop", best, *minus])),
        best=best,
        by_class=_by_class(test, best),
        confusions=_confusions(test, best),
        retrieval="\n".join([f"| test, n={found['n']} scenes | percent |", "| --- | ---: |", *lines]),
        seeds=_seeds(_beside(folder, test, others, tuned)),
        limits=facts.get("limits", "Small and far segments: see the table by size."),
    )
    (folder / "README.md").write_text(card)
    print(card)


def _figures(folder: Path, test: Segments) -> dict[str, Any]:
    """What the card tells of one seed."""
    recipe = json.loads((folder / "training.json").read_text())["recipe"]
    shares = {way: round(test.share(way), 6) for way in test.named}
    things = {way: round(test.share(way, test.things), 6) for way in test.named}
    facts = {"seed": recipe["seed"], "steps": recipe["steps"], "n": len(test.truth)}
    return {**facts, "ways": shares, "things": things}


def _beside(folder: Path, test: Segments, others: list[Path], tuned: list[tuple[int, float]]) -> list[dict[str, Any]]:
    """The figures of all seeds, this folder's first; kept in training.json, so that the card needs no other folder."""
    file = folder / "training.json"
    facts = json.loads(file.read_text())
    mine = _figures(folder, test)
    found = {other["seed"]: other for other in facts.get("seeds", []) if other["n"] == mine["n"]}
    for other in others:
        clip = Clip(f"local-dir:{other.resolve()}")
        segments = name_segments(clip, ways(clip, tuned), "test", int(test.scene.max()) + 1)
        found[_figures(other, segments)["seed"]] = _figures(other, segments)
    found[mine["seed"]] = mine
    facts["seeds"] = [mine, *(found[seed] for seed in sorted(found) if seed != mine["seed"])]
    file.write_text(json.dumps(facts, indent=1) + "\n")
    return list(facts["seeds"])


def _seeds(seeds: list[dict[str, Any]]) -> str:
    """The table of seeds, and how far apart they are."""
    names = [way for way in seeds[0]["ways"] if all(way in other["ways"] for other in seeds)]
    rows = [
        f"| {way} | " + " | ".join(f"{100 * o['ways'][way]:.1f} ({100 * o['things'][way]:.1f})" for o in seeds) + " |"
        for way in names
    ]
    head = [f"Test, n={seeds[0]['n']} segments, percent named right, in brackets things alone.", ""]
    if len(seeds) > 1:
        apart = max(max(o["ways"][way] for o in seeds) - min(o["ways"][way] for o in seeds) for way in names)
        head[0] += f" Largest difference between {len(seeds)} seeds: {100 * apart:.1f} points."
    titles = " | ".join(f"seed {o['seed']}, {o['steps']} steps" for o in seeds)
    return "\n".join([*head, f"| way | {titles} |", "| --- |" + " ---: |" * len(seeds), *rows])


def main() -> None:
    """Writes the card, or prints the figures of another folder's weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=TARGET)
    parser.add_argument("--scenes", type=int, help="fewer scenes of each split, for a quick look")
    parser.add_argument("--start-layer", type=int, help="of the subtraction; default: the configuration's")
    parser.add_argument("--sigma2", type=float, nargs="+", help="default: the configuration's and the paper's, 2.5")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="folders of other seeds, for the card")
    args = parser.parse_args()
    torch.set_num_threads(1)
    scenes = {split: min(n, args.scenes or n) for split, n in SPLITS.items()}
    encode = settings()["encode"]
    layer = args.start_layer or encode["start_layer"]
    tuned = [(layer, value) for value in args.sigma2 or dict.fromkeys((encode["sigma2"], 2.5))]
    write_card(args.folder, scenes, tuned, args.beside)


if __name__ == "__main__":
    main()
