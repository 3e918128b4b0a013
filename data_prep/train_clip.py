"""Section 3.2: trains the embedded CLIP on pictures and captions of the toy world's train split, as CLIP is trained.

    python -m data_prep.train_clip --scratch FOLDER --minutes 60 --export bench/models/embedded/clip
    python -m data_prep.train_clip --scratch FOLDER --export bench/models/embedded/clip --card

The first command draws scenes into FOLDER/pool in a second process, trains, checkpoints every few minutes and exports
averaged weights in open_clip's format as it goes; run again, it continues from the last checkpoint. The second
measures what was exported and writes its card.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from open_clip.transformer import PatchDropout
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bench.data.toyworld.scene import framing
from data_prep.clip_pool import CONTEXT, IMAGE, MEAN, STD, Pool, augment, fill, open_pool
from data_prep.clip_probe import Probe, card, probe

VISION = {"image_size": IMAGE, "patch_size": 8, "layers": 6, "width": 96, "head_width": 24, "mlp_ratio": 3.0}
TEXT = {"context_length": CONTEXT, "vocab_size": 800, "width": 128, "heads": 4, "layers": 3, "pad_id": 797,
        "eos_id": 799}  # fmt: skip
DIMENSION = 64


@dataclass(frozen=True)
class Recipe:
    """How to train; ``minutes`` is the time this model is to get in all, over every restart.

    ``shares``: until which share of the time, how much of a batch is full scenes, close-ups of things, close-ups of
    stuff. Close-ups teach single words fastest; stuff is learnt early, by its texture.
    """

    minutes: float
    batch: int = 96
    rate: float = 1.5e-3
    decay: float = 0.05
    warm_steps: int = 60
    cool_from: float = 0.7
    whole_from: float = 0.85
    dropped: float = 0.5
    average: float = 0.99
    shares: tuple[tuple[float, tuple[float, ...]], ...] = (
        (0.36, (0.2, 0.56, 0.24)),
        (0.6, (0.25, 0.65, 0.1)),
        (1.0, (0.5, 0.4, 0.1)),
    )
    scenes: int = 32_768
    seed: int = 0


@dataclass
class State:
    """Everything a restart needs, beside the weights."""

    step: int = 0
    seen: int = 0
    seconds: float = 0.0


def build() -> CLIP:
    """A fresh model; the same class that open_clip builds from the exported folder."""
    return CLIP(embed_dim=DIMENSION, vision_cfg=dict(VISION), text_cfg=dict(TEXT), quick_gelu=False)


def encode_text(model: CLIP, tokens: Tensor) -> Tensor:
    """The text tower on texts cut to the longest of the batch: causal attention makes what follows irrelevant."""
    ends = tokens.argmax(dim=-1)
    length = int(ends.max()) + 1
    x = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    return x[torch.arange(len(x)), ends] @ model.text_projection


def loss(model: CLIP, images: Tensor, tokens: Tensor) -> Tensor:
    """CLIP's symmetric contrastive loss; texts that are equal share the target, for neither is wrong."""
    pictures = functional.normalize(model.visual(images), dim=-1)
    texts = functional.normalize(encode_text(model, tokens), dim=-1)
    logits = model.logit_scale.exp() * pictures @ texts.T
    same = (tokens[:, None] == tokens[None]).all(dim=-1).float()
    target = same / same.sum(dim=1, keepdim=True)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def batches(pool: Pool, recipe: Recipe, state: State) -> Iterator[tuple[Tensor, Tensor]]:
    """Scenes at random among those drawn; the shares of the framings change with the time, see `Recipe`."""
    kinds = np.array([framing(index) for index in range(recipe.scenes)])
    while True:
        while pool.ready < 4 * recipe.batch:
            time.sleep(2)
        rng = np.random.default_rng((recipe.seed, state.step))
        spent = state.seconds / (60 * recipe.minutes)
        shares = next(shares for until, shares in recipe.shares if spent < until or until == 1)
        counts = rng.multinomial(recipe.batch, shares)
        drawn = kinds[: pool.ready]
        rows = np.concatenate([rng.choice(np.flatnonzero(drawn == k), n) for k, n in enumerate(counts)])
        tokens = pool.tokens[rows, rng.integers(0, pool.tokens.shape[1], recipe.batch)]
        yield augment(pool.images[rows], counts, rng), torch.from_numpy(tokens.astype(np.int64))


def schedule(recipe: Recipe, state: State) -> float:
    """The learning rate: warm-up in steps, constant, then straight down to a fiftieth in the last part of the time."""
    spent = state.seconds / (60 * recipe.minutes)
    cooling = max(0.02, min(1.0, (1 - spent) / (1 - recipe.cool_from)))
    return recipe.rate * min(1.0, (state.step + 1) / recipe.warm_steps) * cooling


def optimizer_of(model: CLIP, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW, with weight decay on matrices only."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": recipe.decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98), eps=1e-6)


def export(weights: dict[str, Tensor], folder: Path) -> None:
    """open_clip_config.json and float16 weights; loading copies them into float32 parameters exactly."""
    folder.mkdir(parents=True, exist_ok=True)
    text = {**TEXT, "hf_tokenizer_name": "local"}
    config = {
        "model_cfg": {"embed_dim": DIMENSION, "quick_gelu": False, "vision_cfg": VISION, "text_cfg": text},
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    halves = {name: value.detach().half().contiguous() for name, value in weights.items()}
    save_file(halves, folder / "new.safetensors.part")
    (folder / "new.safetensors.part").chmod(0o644)
    (folder / "new.safetensors.part").replace(folder / "open_clip_model.safetensors")


class Trainer:
    """Model, running average, optimizer and clock, kept in one checkpoint file."""

    def __init__(self, recipe: Recipe, checkpoint: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.checkpoint, self.state = recipe, checkpoint, State()
        self.model = build().train()
        self.optimizer = optimizer_of(self.model, recipe)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        if checkpoint.exists():
            saved = torch.load(checkpoint, weights_only=True)
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.average, self.state = saved["average"], State(**saved["state"])

    def save(self) -> None:
        """Written whole before it takes the old one's place."""
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        torch.save({**parts, "state": asdict(self.state)}, self.checkpoint.with_suffix(".part"))
        self.checkpoint.with_suffix(".part").replace(self.checkpoint)

    def step(self, images: Tensor, tokens: Tensor) -> float:
        """One update of weights and average; half of the patches are dropped until near the end, for speed."""
        began = time.monotonic()
        spent = self.state.seconds / (60 * self.recipe.minutes)
        whole = nn.Identity()
        self.model.visual.patch_dropout = PatchDropout(self.recipe.dropped) if spent < self.recipe.whole_from else whole
        for group in self.optimizer.param_groups:
            group["lr"] = schedule(self.recipe, self.state)
        value = loss(self.model, images, tokens)
        self.optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, math.log(60))
            keep = min(self.recipe.average, 1 - 1 / (self.state.step / 10 + 1.1))
            for name, weight in self.model.state_dict().items():
                self.average[name].lerp_(weight, 1 - keep)
        self.state.step, self.state.seen = self.state.step + 1, self.state.seen + len(images)
        self.state.seconds += time.monotonic() - began
        return float(value.detach())


def report(trainer: Trainer, folder: Path | None, recent: list[float]) -> None:
    """Saves, exports the average, and prints accuracies on tune scenes."""
    trainer.save()
    if folder:
        export(trainer.average, folder)
    model = build()
    model.load_state_dict(trainer.average)
    found = probe(model.eval(), "tune", 40, MEAN[0], STD[0])
    state = trainer.state
    print(f"minute {state.seconds / 60:.1f} step {state.step} seen {state.seen} loss {np.mean(recent):.3f}", flush=True)
    print("\n".join(found.lines()), flush=True)


def train(recipe: Recipe, scratch: Path, folder: Path | None, every: float) -> None:
    """Trains until the recipe's minutes are spent."""
    trainer, pool = Trainer(recipe, scratch / "clip.pt"), open_pool(scratch / "pool", recipe.scenes)
    feed, recent, due = batches(pool, recipe, trainer.state), [], trainer.state.seconds + 60 * every
    while trainer.state.seconds < 60 * recipe.minutes:
        recent.append(trainer.step(*next(feed)))
        if trainer.state.step % 50 == 0:
            print(f"step {trainer.state.step} loss {np.mean(recent[-50:]):.3f} drawn {pool.ready}", flush=True)
        if trainer.state.seconds >= due:
            report(trainer, folder, recent[-100:])
            due += 60 * every
    report(trainer, folder, recent[-100:])


def measured(folder: Path) -> dict[str, Probe]:
    """What the exported weights score on val and test scenes."""
    model, weights = build(), load_file(folder / "open_clip_model.safetensors")
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    return {split: probe(model.eval(), split, 100, MEAN[0], STD[0]) for split in ("val", "test")}


def main() -> None:
    """Trains, or writes the card of what was trained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=8.0, help="minutes between checkpoints")
    parser.add_argument("--export", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--card", action="store_true")
    parser.add_argument("--note", default="", help="a sentence for the card, such as what was changed during the run")
    args = parser.parse_args()
    torch.set_num_threads(1)
    recipe = Recipe(minutes=args.minutes, seed=args.seed)
    if args.card:
        state = torch.load(args.scratch / "clip.pt", weights_only=True)["state"]
        (args.export / "README.md").write_text(card(measured(args.export), asdict(recipe), state, args.note))
        return
    tokenizer = Tokenizer.from_file(str(args.export / "tokenizer.json"))
    pool = open_pool(args.scratch / "pool", recipe.scenes)
    drawing = multiprocessing.Process(target=fill, args=(pool, tokenizer), daemon=True)
    drawing.start()
    train(recipe, args.scratch, args.export, args.every)


if __name__ == "__main__":
    main()
