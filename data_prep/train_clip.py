"""Section 3.2: trains the embedded CLIP on pictures and captions of the toy world's train split, as CLIP is trained.

    python -m data_prep.clip_pool --folder FOLDER/pool
    python -m data_prep.train_clip --scratch FOLDER

The first command draws the train scenes once. The second trains, checkpoints, and exports averaged weights in
open_clip's format as it goes; killed, it continues from the last checkpoint and gives the same weights. A GPU is used
where there is one. ``--start`` goes on from an exported folder, with a recipe of its own:

    python -m data_prep.clip_pool --folder FOLDER/pool --scenes 128000
    python -m data_prep.train_clip --scratch FOLDER --scenes 128000 --start bench/models/embedded/clip

``--skip`` then leaves out the batches of that pool that an earlier training has seen.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from bench.models.clip import Clip
from bench.toyworld.classes import VERSION
from data_prep import checkpoints
from data_prep.clip_feed import Feed, Part
from data_prep.clip_model import TARGET, build, compute_loss, export
from data_prep.clip_pool import open_pool
from data_prep.clip_quality import CURVE, list_ways, name_segments
from data_prep.muon import Muon

VALIDATION = 60
"""Val scenes of a point of the learning curve."""


@dataclass(frozen=True)
class Recipe:
    """How to train.

    ``close``, ``stuff``: the shares of close-ups and of views of stuff in a batch; the rest is full scenes.
    ``near_sides``: to how many pixels close-ups are shrunk, drawn anew for each batch; ``far_sides``: full scenes and
    views of stuff. A shrunk picture lies somewhere in the square and only its own patches are computed: so many
    pictures are seen in little time, things have the sizes that they have in full scenes, and the tower gets used to
    few patches, as masks leave them. Learning rate: warm-up, constant, and from ``cool_from`` of the steps on straight
    down. ``average``: decay of the running average of the weights, which is what is exported. ``skip``: batches of the
    pool that are left out.
    """

    steps: int = 3600
    batch: int = 112
    rate: float = 2e-3
    decay: float = 0.05
    warm_steps: int = 60
    cool_from: float = 0.5
    average: float = 0.995
    near_sides: tuple[int, ...] = (32, 32, 40, 48, 48, 56, 64)
    far_sides: tuple[int, ...] = (40, 48, 48, 56, 64, 64, 80, 128)
    close: float = 0.72
    stuff: float = 0.12
    scenes: int = 96_000
    seed: int = 0
    skip: int = 0


def make_optimizers(model: CLIP, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the transformers, AdamW for all else."""
    inner = [p for name, p in model.named_parameters() if "resblocks" in name and p.ndim == 2]
    known = {id(p) for p in inner}
    rest = [p for p in model.parameters() if id(p) not in known]
    muon = Muon(inner, lr=recipe.rate, weight_decay=recipe.decay)
    adam = torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.0)
    return [muon, adam]


class Trainer:
    """Model, running average, optimizers and learning curve, kept in one checkpoint file."""

    def __init__(self, recipe: Recipe, scratch: Path, device: str, start: Path | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device = recipe, device
        self.file = scratch / f"clip-{recipe.seed}{f'-from-{recipe.skip}' if start else ''}.pt"
        self.earlier = json.loads((start / "training.json").read_text()) if start else {}
        self.model = build().train().to(device)
        if start:
            self.model.load_state_dict(load_file(start / "open_clip_model.safetensors"))
        self.optimizers = make_optimizers(self.model, recipe)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.done, self.seconds, self.curve = 0, 0.0, list[dict[str, Any]]()
        saved = checkpoints.load(self.file, self._settings())
        if saved:
            self.model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.average = {name: value.to(device) for name, value in saved["average"].items()}
            self.done = saved["done"]
            self.seconds, self.curve = saved["seconds"], saved["curve"]
            self.earlier = saved.get("earlier", self.earlier)
        elif start:
            self.save()  # the start may be the target as well: from here on it is never read again

    def save(self) -> None:
        """All that going on needs."""
        states = [optimizer.state_dict() for optimizer in self.optimizers]
        parts = {"model": self.model.state_dict(), "optimizers": states, "average": self.average}
        facts = {"done": self.done, "seconds": self.seconds, "curve": self.curve, "earlier": self.earlier}
        checkpoints.save(self.file, {**parts, **facts}, self._settings())

    def _settings(self) -> dict[str, Any]:
        return {"world": VERSION, **asdict(self.recipe)}

    def _rate(self) -> float:
        """Warm-up, constant, then straight down to a fiftieth."""
        spent = self.done / self.recipe.steps
        cooling = max(0.02, min(1.0, (1 - spent) / (1 - self.recipe.cool_from)))
        return self.recipe.rate * min(1.0, (self.done + 1) / self.recipe.warm_steps) * cooling

    def step(self, parts: list[Part], tokens: Tensor) -> float:
        """One update of weights and average."""
        parts = [Part(part.images.to(self.device), part.patches.to(self.device)) for part in parts]
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = self._rate()
            optimizer.zero_grad()
        value = compute_loss(self.model, parts, tokens.to(self.device))
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, math.log(60))
            keep = min(self.recipe.average, 1 - 1 / (self.done / 10 + 1.1))
            for name, weight in self.model.state_dict().items():
                self.average[name].lerp_(weight, 1 - keep)
        self.done += 1
        return float(value.detach())

    def publish(self, recent: list[float], folder: Path) -> None:
        """Exports the averaged weights, and with them a point of the learning curve measured on val scenes."""
        export(self.average, folder)
        clip = Clip(f"local-dir:{folder.resolve()}")
        compared = {way: encoder for way, encoder in list_ways(clip).items() if way in CURVE}
        counted = name_segments(clip, compared, "val", VALIDATION)
        shares = {
            way: [counted.share(way), counted.share(way, counted.things), counted.share(way, ~counted.things)]
            for way in counted.named
        }
        point = {
            "step": self.done,
            "minutes": self.seconds / 60,
            "loss": float(np.mean(recent)),
            "n": len(counted.truth),
        }
        self.curve.append({**point, "ways": shares})
        figures = ", ".join(f"{way} {100 * share[0]:.1f}" for way, share in shares.items())
        print(f"step {self.done}, minute {point['minutes']:.1f}, loss {point['loss']:.3f}: {figures}", flush=True)
        where = torch.cuda.get_device_name() if self.device == "cuda" else f"{torch.get_num_threads()} core(s)"
        facts = {"minutes": self.seconds / 60, "where": where, "recipe": asdict(self.recipe), "curve": self.curve}
        facts |= {"earlier": self.earlier} if self.earlier else {}
        (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n")


def train(trainer: Trainer, feed: Feed, target: Path, every: int) -> None:
    """To the recipe's last step."""
    recent: list[float] = []
    begun = time.monotonic()
    while trainer.done < trainer.recipe.steps:
        recent.append(trainer.step(*feed.batch(trainer.recipe.skip + trainer.done)))
        if trainer.done % 25 == 0:
            left = (time.monotonic() - begun) / len(recent) * (trainer.recipe.steps - trainer.done) / 60
            print(f"step {trainer.done} loss {np.mean(recent[-25:]):.3f}, about {left:.0f} min left", flush=True)
        if trainer.done % every == 0 or trainer.done == trainer.recipe.steps:
            trainer.seconds += time.monotonic() - begun
            trainer.publish(recent[-200:], target)
            trainer.save()
            recent, begun = [], time.monotonic()


def main() -> None:
    """Trains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--start", type=Path, help="folder of weights to go on from")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--scenes", type=int, default=Recipe.scenes)
    parser.add_argument("--skip", type=int, default=0, help="batches of the pool that are left out")
    parser.add_argument("--every", type=int, default=400, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe = Recipe(steps=args.steps, scenes=args.scenes, seed=args.seed, skip=args.skip)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.from_file(str(TARGET / "tokenizer.json"))
    feed = Feed(open_pool(args.scratch / "pool", args.scenes), tokenizer, recipe)
    train(Trainer(recipe, args.scratch, device, args.start), feed, args.target, args.every)


if __name__ == "__main__":
    main()
