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

from bench.models.clip import Clip
from bench.score.intervals import compute_intervals
from bench.toyworld.classes import NAMES
from data_prep.clip_quality import CURVE, Segments, list_ways, measure_retrieval, name_segments
from data_prep.clip_seeds import collect_figures, list_trainings, write_table
from data_prep.dino_report import compose_settings

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "clip"
SIZES = ((0, 64), (64, 256), (256, 1024), (1024, 1 << 14))
"""Visible pixels of a segment: from, and under."""
SPLITS = {"val": 200, "test": 500}


def _write_percent(segments: Segments, way: str, where: np.ndarray | None = None) -> str:
    value = compute_intervals([segments.right(way, where)])[0]
    return f"{100 * value.value:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def _write_tables(all_segments: list[Segments]) -> list[str]:
    lines = ["| split | way | all | things | stuff |", "| --- | --- | ---: | ---: | ---: |"]
    for segments in all_segments:
        n, things = len(segments.truth), int(segments.things.sum())
        for way in segments.named:
            cells = [_write_percent(segments, way, where) for where in (None, segments.things, ~segments.things)]
            lines.append(f"| {segments.split} | {way} | {' | '.join(cells)} |")
        lines[0] = lines[0]
        lines.append(f"| {segments.split} | n | {n} | {things} | {n - things} |")
    return lines


def _write_sizes(segments: Segments, names: list[str]) -> list[str]:
    lines = ["| visible pixels | n | " + " | ".join(names) + " |", "| --- | ---: |" + " ---: |" * len(names)]
    for low, high in SIZES:
        where = (segments.area >= low) & (segments.area < high)
        cells = [_write_percent(segments, way, where) for way in names] if where.any() else ["–"] * len(names)
        title = f"under {high}" if not low else f"{low} and more" if high == SIZES[-1][1] else f"{low} to {high - 1}"
        lines.append(f"| {title} | {int(where.sum())} | {' | '.join(cells)} |")
    return lines


def _write_by_class(segments: Segments, way: str) -> str:
    shares = [(segments.share(way, segments.truth == c), NAMES[c]) for c in np.unique(segments.truth)]
    return ", ".join(f"{name} {100 * share:.0f}" for share, name in sorted(shares))


def _write_confusions(segments: Segments, way: str, most: int = 12) -> str:
    wrong = segments.named[way] != segments.truth
    pairs, counts = np.unique(np.stack([segments.truth[wrong], segments.named[way][wrong]]), axis=1, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return ", ".join(f"{NAMES[pairs[0, i]]} as {NAMES[pairs[1, i]]} {counts[i]}" for i in order)


def plot_curve(facts: dict[str, Any], file: Path) -> None:
    """The learning curve: loss, and the share of val segments named right by each way, over the steps."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "zgs"
    figure, panes = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
    begun = 0
    for part in list_trainings(facts):
        points = part["curve"]
        steps = [begun + point["step"] for point in points]
        panes[0].plot(steps, [point["loss"] for point in points], color="black")
        for column, way in enumerate(CURVE):
            shares = [100 * point["ways"][way][0] for point in points]
            panes[1].plot(steps, shares, color=f"C{column}", label=None if begun else way)
        for pane in panes if begun else ():
            pane.axvline(begun, color="grey", linewidth=0.8, linestyle=":")  # from here on with new scenes
        begun = steps[-1]
    panes[0].set(xlabel="step", ylabel="contrastive loss (train)")
    panes[1].set(xlabel="step", ylabel=f"val segments named right, %\n(n={facts['curve'][-1]['n']})", ylim=(0, None))
    panes[1].legend(fontsize=7)
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

Training: {training}.
Muon for the inner matrices, AdamW for the rest; the weights are a running average. Recipe: {recipe}.

Make it again, and measure it again:

    python -m data_prep.train_tokenizer
    python -m data_prep.clip_pool --folder FOLDER/pool
    python -m data_prep.train_clip --scratch FOLDER
{again}    python -m data_prep.clip_report

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


TOLD = ("steps", "batch", "scenes", "seed", "skip")


def _write_commands(facts: dict[str, Any]) -> str:
    """Write the commands of a training that goes on from the shipped folder."""
    of = facts["recipe"]
    pool = "" if of.get("skip") else f"    python -m data_prep.clip_pool --folder FOLDER/pool --scenes {of['scenes']}\n"
    options = "".join(f" --{key} {of[key]}" for key in ("scenes", "steps", "skip") if of.get(key))
    return f"{pool}    python -m data_prep.train_clip --scratch FOLDER{options} --start bench/models/embedded/clip\n"


def _write_training(facts: dict[str, Any]) -> str:
    of = facts["recipe"]
    return (
        f"{of['steps']} steps of {of['batch']} pictures out of {of['scenes']} scenes drawn once, seed {of['seed']}, "
        f"{facts['minutes']:.0f} minutes on {facts['where']}"
    )


def write_card(folder: Path, scenes: dict[str, int], tuned: list[tuple[int, float]], others: list[Path]) -> None:
    """README.md and curve.svg of the folder, from its weights and from training.json, which the training left there.

    ``others`` are folders of other seeds, measured beside it.
    """
    from bench.toyworld.classes import VERSION

    facts = json.loads((folder / "training.json").read_text())
    clip = Clip(f"local-dir:{folder.resolve()}")
    encoders = list_ways(clip, tuned)
    measured = [name_segments(clip, encoders, split, n) for split, n in scenes.items()]
    val, test = measured[0], measured[-1]
    best = max((way for way in val.named if way.startswith("masked")), key=val.share)
    minus = [way for way in val.named if way.startswith("subtraction")]
    recall = measure_retrieval(clip, "test", min(200, scenes["test"]))
    lines = [f"| {name} | {100 * value:.1f} |" for name, value in recall.items() if name != "n"]
    recipe = dict(facts["recipe"])
    visual, text = clip.visual, clip.model
    plot_curve(facts, folder / "curve.svg")
    card = CARD.format(
        version=VERSION,
        layers=clip.depth,
        width=visual.transformer.width,
        text_layers=len(text.transformer.resblocks),
        text_width=text.transformer.width,
        parameters=sum(p.numel() for p in clip.model.parameters()),
        training=", then ".join(map(_write_training, list_trainings(facts))),
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items() if key not in TOLD),
        classes=len(NAMES),
        chance=100 / len(NAMES),
        tables="\n".join(_write_tables(measured)),
        sizes="\n".join(_write_sizes(test, ["unmasked", "crop", best, *minus])),
        best=best,
        by_class=_write_by_class(test, best),
        confusions=_write_confusions(test, best),
        retrieval="\n".join([f"| test, n={recall['n']} scenes | percent |", "| --- | ---: |", *lines]),
        again="".join(map(_write_commands, list_trainings(facts)[1:])),
        seeds=write_table(collect_figures(folder, test, others, tuned)),
        limits=facts.get("limits", "Small and far segments: see the table by size."),
    )
    (folder / "README.md").write_text(card)
    print(card)


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
    encode = compose_settings()["encode"]
    layer = args.start_layer or encode["start_layer"]
    tuned = [(layer, value) for value in args.sigma2 or dict.fromkeys((encode["sigma2"], 2.5))]
    write_card(args.folder, scenes, tuned, args.beside)


if __name__ == "__main__":
    main()
