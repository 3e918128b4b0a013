"""Section 3.1: figures of the embedded DINO on validation while it learns, on test at the end, and its card."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.models.dino import Dino
from bench.records import Sample
from bench.segment.dino_ward import DinoWard
from data_prep import checkpoints, dino_quality
from data_prep.dino_quality import Quality, measure_quality

CURVE_LEAVES, CURVE_SIZE, CURVE_STRIDE = 20, 128, 4
"""The learning curve is measured without the CRF, which is slow and hides what the network learned."""

FINE = (30, 0.98)
"""Parts and T_DINO of the cut by which the features are judged."""


def draw_scenes(split: str, n: int) -> list[Sample]:
    """Draw the first ``n`` scenes of a split."""
    from bench.toyworld.scene import draw

    drawn = ((index, draw(split, index)) for index in range(n))
    return [Sample(f"{split}-{index:04d}", scene.image, scene.truth) for index, scene in drawn]


def compose_settings(overrides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Compose the package's own configuration for models=embedded, resolved."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from bench.system.resources import find_conf_dir

    with initialize_config_dir(str(find_conf_dir()), version_base="1.3"):
        made = OmegaConf.to_container(compose("config", ["models=embedded", *overrides]), resolve=True)
    assert isinstance(made, dict)
    return {str(key): value for key, value in made.items()}


def make_segmenter(of: dict[str, Any]) -> DinoWard:
    """Make the production segmenter of a configuration."""
    from bench.run.context import RunContext

    stage = RunContext(of).make_stage("segment")
    assert isinstance(stage, DinoWard)
    return stage


def measure_curve_point(folder: Path, n: int) -> dict[str, Any]:
    """Figures of a snapshot on the first ``n`` validation scenes, kept in the folder's figures.json."""
    kept = folder / "figures.json"
    if not kept.exists():
        samples = draw_scenes("val", n)
        ward = DinoWard(Dino(str(folder), CURVE_SIZE, CURVE_STRIDE), CURVE_LEAVES, prune_threshold=2.0, crf=None)
        kept.write_text(json.dumps(asdict(measure_quality([ward(sample).leaves for sample in samples], samples))))
    point: dict[str, Any] = json.loads(kept.read_text())
    return point


def refine_settings(of: dict[str, Any]) -> dict[str, Any]:
    """The configuration with a finer cut, which shows what the features tell apart, whoever names the segments."""
    return of | {"segment": of["segment"] | {"n": FINE[0], "prune_threshold": FINE[1]}}


def compare_ways(target: Path, of: dict[str, Any], n: int) -> dict[str, Quality]:
    """Compare all ways on the first ``n`` test scenes; ``target`` holds the weights, ``of`` the configuration.

    The first is the fine cut, and each way that is no cut of its own makes as many segments of a scene as it gives.
    """
    samples = draw_scenes("test", n)
    ours = make_segmenter(refine_settings(of))
    untrained = _make_untrained(ours, target)
    grid = ours.dino.compute_features(samples[0].image)[1]
    segmented = [ours(sample).leaves for sample in samples]
    counts = [len(np.unique(leaves)) for leaves in segmented]

    def measure(way: Callable[[Sample, int], np.ndarray]) -> Quality:
        return measure_quality([way(sample, count) for sample, count in zip(samples, counts, strict=True)], samples)

    def cut(parts: int, prune: float) -> Quality:
        ward = make_segmenter(of | {"segment": of["segment"] | {"n": parts, "prune_threshold": prune}})
        return measure_quality([ward(sample).leaves for sample in samples], samples)

    exact = DinoWard(ours.dino, prune_threshold=2.0, crf=None)
    parts, prune = of["segment"]["n"], of["segment"]["prune_threshold"]
    return {
        f"this network, CRF, {FINE[0]} parts, T_DINO {FINE[1]}": measure_quality(segmented, samples),
        "the same number, no CRF": measure(lambda s, k: _cut(exact, k, s)),
        "the same number, untrained network, CRF": measure(lambda s, k: _cut(untrained, k, s)),
        "the same number, mean colour, Ward, CRF": measure(
            lambda s, k: dino_quality.segment_by_colour(s, grid, k, ours.crf)
        ),
        "the same number, mean colour, Ward, no CRF": measure(
            lambda s, k: dino_quality.segment_by_colour(s, grid, k, None)
        ),
        "the same number, SLIC": measure(dino_quality.segment_by_slic),
        f"this network, CRF, {parts} parts, T_DINO {FINE[1]}": cut(parts, FINE[1]),
        f"this network, CRF, {parts} parts, T_DINO {prune} (as configured)": cut(parts, prune),
    }


def _cut(ward: DinoWard, count: int, sample: Sample) -> np.ndarray:
    ward.n = count
    return ward(sample).leaves


def _make_untrained(ours: DinoWard, target: Path) -> DinoWard:
    """Make the same segmenter over the network as its seed made it, before the first step."""
    import torch

    from data_prep.dino_network import Network, make_config

    facts = json.loads((target / "training.json").read_text())["facts"]
    torch.manual_seed(facts["seed"])
    fresh = Network(make_config(facts["width"], facts["layers"]), facts["prototypes"])
    assert isinstance(ours.dino, Dino)
    dino = Dino(str(target), ours.dino.size, ours.dino.stride, ours.dino.layer, ours.dino.facet)
    dino.model.load_state_dict(fresh.vit.state_dict())
    return DinoWard(dino, ours.n, prune_threshold=2.0, crf=ours.crf)


def publish(args: argparse.Namespace) -> None:
    """Ship the snapshot that is best on validation (``--card``: keep the shipped one), measure it, write its card."""
    record = args.target / "training.json"
    if not args.card:
        points = {
            folder.name: measure_curve_point(folder, args.validation) for folder in sorted(args.work.glob("step_*"))
        }
        best = max((name for name in points if name != "step_00000"), key=lambda name: points[name]["every"])
        args.target.mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "model.safetensors", "preprocessor_config.json"):
            shutil.copyfile(args.work / best / file, args.target / file)
        names = ("steps", "batch", "pictures", "prototypes", "width", "layers", "seed", "validation", "rate", "whole")
        facts = {name: getattr(args, name) for name in (*names, "shift")}
        _write(record, {"facts": facts, "best": best, "curve": points, "seeds": {}})
    kept = json.loads(record.read_text())
    of = compose_settings((f"models.dino.source={args.target}", *args.settings))
    ways = compare_ways(args.target, of, args.test)
    ours = next(iter(ways.values()))
    kept["seeds"][str(kept["facts"]["seed"])] = asdict(ours)
    for folder in args.beside:
        other = make_segmenter(refine_settings(compose_settings((f"models.dino.source={folder}", *args.settings))))
        samples = draw_scenes("test", args.test)
        seed = json.loads((folder / "training.json").read_text())["facts"]["seed"]
        kept["seeds"][str(seed)] = asdict(measure_quality([other(sample).leaves for sample in samples], samples))
    _write(record, kept)
    (args.target / "README.md").write_text(write_card(args.target, of, kept, ways))
    checkpoints.make_readable(args.target)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


CARD = """---
library_name: transformers
license: mit
---
# Embedded DINO

A small vision transformer (patch 4, {layers} layers, width {width}, {parameters:,} parameters, {megabytes:.1f} MB as
float16) trained on drawn scenes of this package's toy world, without labels. It knows nothing of photographs.

- Trained on the pictures of the first {pictures} train scenes (no labels, no captions), {batch} pictures a step, seed
  {seed}. This is the snapshot {best} of a run planned for {steps} steps, the best on validation of those below.
- Method: self-distillation with no labels (student, averaged teacher, balanced prototypes), mostly for places: the key
  of a patch, sometimes hidden from the network, predicts the teacher's output for the same place in another view.
- Make again: `python -m data_prep.train_dino` (resumes; a GPU is used where there is one). Measure again: add `--card`
  (needs scikit-image; 20 minutes). Another seed: `--seed 1 --work W --target T`, then `--card --beside T`.
- Use: as `models=embedded` sets it: `Dino("embedded:dino", size={model[size]}, stride={model[stride]})`.

## Over-segments with true classes, on test

Each over-segment takes its most frequent true class. IoU of each true class of a scene, mean over classes, mean over
the first {n} test scenes (± standard error over scenes). "Large" counts only classes with at least 64 visible pixels.
The segmenter is the production one (features, Ward, pruning, CRF). The first way is a fine cut, by which the features
are judged; the next ones get, scene by scene, the number of parts that it has; a CRF may then lose some, and SLIC gives
about as many. Coarser cuts close the table: the sweep prefers one of them, for this package's CLIP names few, large
segments better than many small ones. The aim, 0.75, is reached by the fine cut and not by the configured one.

| way | all classes | large | segments |
|---|---|---|---|
{ways}

By seed of the training, the fine cut ({spread}):

| seed | all classes | large | segments |
|---|---|---|---|
{seeds}

## Learning curve

The same figure for all classes on the first {points} validation scenes, 20 parts, no pruning, no CRF, stride 4.

| after step | validation |
|---|---|
{curve}

Settings of the features and the CRF were chosen on tune scenes with `python -m data_prep.dino_tune`, parts and pruning
by the sweep of `make tune` (`results/tuning/segment`), the snapshot on validation scenes. Limits: a patch is 4 pixels
wide, so thin things (poles, fence slats) are lost unless the CRF finds them again. Segments made with these weights
cannot be compared with published numbers.
"""


def write_card(target: Path, of: dict[str, Any], kept: dict[str, Any], ways: dict[str, Quality]) -> str:
    """Write the text of README.md."""
    facts, model = kept["facts"], of["models"]["dino"]
    curve = [
        f"| {int(name.removeprefix('step_'))}{' (shipped)' if name == kept['best'] else ''} "
        f"| {point['every']:.3f} ± {point['every_error']:.3f} |"
        for name, point in kept["curve"].items()
    ]
    seeds = [f"| {seed} | {Quality(**point).row()} |" for seed, point in kept["seeds"].items()]
    figures = [point["every"] for point in kept["seeds"].values()]
    spread = f"spread {max(figures) - min(figures):.3f}" if len(figures) > 1 else "no second seed was trained yet"
    facts = facts | {"parameters": checkpoints.count_parameters(Dino(str(target)).model), "best": kept["best"]}
    return CARD.format(
        megabytes=(target / "model.safetensors").stat().st_size / 1e6,
        ways="\n".join(f"| {name} | {way.row()} |" for name, way in ways.items()),
        curve="\n".join(curve),
        seeds="\n".join(seeds),
        spread=spread,
        model=model,
        n=next(iter(ways.values())).n,
        points=next(iter(kept["curve"].values()))["n"],
        **facts,
    )
