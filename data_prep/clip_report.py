"""Section 4.3 in small: what the embedded CLIP knows, and its card.

    python -m data_prep.clip_report

Measures the shipped weights with the encoders of `bench.encode` on val and test scenes and writes the card and its
picture. A segment is all of a class in a scene; it is named by the class whose text "Image of a {class}." is nearest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from bench.data.toyworld.classes import NAMES, STUFF
from bench.data.toyworld.scene import draw
from bench.encode.crop import CropAndMask
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.unmasked import Unmasked
from bench.evaluate.intervals import Rows, intervals
from bench.models.clip import Clip
from bench.records import Sample

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "clip"
SIZES = ((0, 64), (64, 256), (256, 1024), (1024, 1 << 14))
"""Visible pixels of a segment: from, and under."""
SPLITS = {"val": 200, "test": 500}
CURVE = ("unmasked", "crop", "masked 1", "masked 2")
"""The ways whose shares are followed while the model learns."""


@dataclass(frozen=True)
class Segments:
    """True segments of a split's first scenes: scene, class and visible pixels of each, and what each way called it."""

    split: str
    scene: np.ndarray
    truth: np.ndarray
    area: np.ndarray
    named: dict[str, np.ndarray]

    def right(self, way: str, where: np.ndarray | None = None) -> Rows:
        """Which of the segments (of those ``where`` is true) got their class, scene by scene."""
        mask = np.ones(len(self.truth), bool) if where is None else where
        scenes = int(self.scene.max()) + 1
        hits = np.bincount(self.scene[mask], (self.named[way] == self.truth)[mask], scenes)
        counts = np.bincount(self.scene[mask], minlength=scenes).astype(float)
        ids = tuple(f"{self.split}-{i:04d}" for i in range(scenes))
        return Rows(ids, hits[:, None], counts[:, None], "segments")

    @property
    def things(self) -> np.ndarray:
        """Which segments are things."""
        return self.truth >= len(STUFF)

    def share(self, way: str, where: np.ndarray | None = None) -> float:
        """The share of them that got their class."""
        hits = self.named[way] == self.truth
        return float(hits.mean() if where is None else hits[where].mean())


def ways(clip: Clip, tuned: Iterable[tuple[int, float]] = ()) -> dict[str, Any]:
    """The encoders to compare: no mask, crop, masks from each layer on, and subtraction for (start layer, sigma2)."""
    masked = {f"masked {layer}": Masked(clip, layer) for layer in range(1, clip.depth + 1)}
    minus = {f"subtraction {layer}, {sigma2:g}": GlobalSubtraction(clip, layer, sigma2) for layer, sigma2 in tuned}
    return {"unmasked": Unmasked(clip, clip.depth), "crop": CropAndMask(clip), **masked, **minus}


@torch.inference_mode()
def name_segments(clip: Clip, encoders: dict[str, Any], split: str, scenes: int) -> Segments:
    """Names the true segments of the first scenes by each encoder."""
    texts = clip.encode_text([f"Image of a {name}." for name in NAMES])
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    found: list[tuple[int, int, int]] = []
    named: dict[str, list[np.ndarray]] = {way: [] for way in encoders}
    for index in tqdm(range(scenes), desc=split, mininterval=5):
        scene = draw(split, index)
        truth = scene.truth
        classes, areas = np.unique(truth[truth >= 0], return_counts=True)
        masks = truth == classes[:, None, None]
        sample = Sample(f"{split}-{index}", scene.image, truth)
        found += [(index, int(c), int(area)) for c, area in zip(classes, areas, strict=True)]
        for way, encoder in encoders.items():
            named[way].append((encoder(sample, masks).vectors @ texts.T).argmax(axis=1))
    scene_of, label, area_of = (np.array(column) for column in zip(*found, strict=True))
    return Segments(split, scene_of, label, area_of, {way: np.concatenate(parts) for way, parts in named.items()})


def retrieval(clip: Clip, split: str, scenes: int) -> dict[str, float]:
    """Recall at 1 and 5 of pictures by captions and captions by pictures; an equal caption counts as right."""
    drawn = [draw(split, index) for index in range(scenes)]
    texts = [scene.captions[0] for scene in drawn]
    encoder = Unmasked(clip, clip.depth)
    whole = np.ones((1, *drawn[0].truth.shape), bool)
    pictures = np.concatenate([encoder(Sample(str(i), s.image), whole).vectors for i, s in enumerate(drawn)])
    vectors = clip.encode_text(texts)
    pictures, vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (pictures, vectors))
    same = np.array([[a == b for b in texts] for a in texts])
    found: dict[str, float] = {"n": scenes}
    for name, scores in (("picture to caption", pictures @ vectors.T), ("caption to picture", vectors @ pictures.T)):
        order = np.argsort(-scores, axis=1, kind="stable")
        hits = np.take_along_axis(same, order, axis=1)
        found |= {f"{name}, at {k}": float(hits[:, :k].any(axis=1).mean()) for k in (1, 5)}
    return found


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

## Other seeds

{seeds}

## What limits it

{limits}
"""


def write_card(folder: Path, scenes: dict[str, int], tuned: list[tuple[int, float]]) -> None:
    """README.md and curve.svg of the folder, from its weights and from training.json, which the training left there."""
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
        seeds=_seeds(facts.get("seeds", []), best),
        limits=facts.get("limits", "Small and far segments: see the table by size."),
    )
    (folder / "README.md").write_text(card)
    print(card)


def _seeds(others: list[dict[str, Any]], best: str) -> str:
    if not others:
        return "No second training has been measured."
    names = (best, "crop", "unmasked")
    rows = [f"| {o['seed']} | {o['steps']} | " + " | ".join(f"{100 * o['ways'][w]:.1f}" for w in names) for o in others]
    head = [f"Test, {others[0]['n']} segments, percent:", "", f"| seed | steps | {' | '.join(names)} |"]
    return "\n".join([*head, "| --- | ---: |" + " ---: |" * len(names), *(row + " |" for row in rows)])


def main() -> None:
    """Writes the card, or prints the figures of another folder's weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=TARGET)
    parser.add_argument("--scenes", type=int, help="fewer scenes of each split, for a quick look")
    parser.add_argument("--start-layer", type=int, default=2)
    parser.add_argument("--sigma2", type=float, nargs="+", default=[2.5])
    args = parser.parse_args()
    torch.set_num_threads(1)
    scenes = {split: min(n, args.scenes or n) for split, n in SPLITS.items()}
    write_card(args.folder, scenes, [(args.start_layer, value) for value in args.sigma2])


if __name__ == "__main__":
    main()
