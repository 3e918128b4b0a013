"""Section 3.2: trains the embedded CLIP on pictures and captions of the toy world's train split, as CLIP is trained.

    python -m data_prep.clip_pool --folder FOLDER/pool
    python -m data_prep.train_clip --scratch FOLDER

The first command draws the train scenes once. The second trains, checkpoints, and exports averaged weights in
open_clip's format as it goes; killed, it continues from the last checkpoint and gives the same weights. A GPU is used
where there is one.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bench.data.toyworld.classes import SIDE
from bench.data.toyworld.scene import framing
from bench.models.clip import Clip
from data_prep import checkpoints
from data_prep.clip_pool import Pool, open_pool
from data_prep.clip_report import name_segments, ways
from data_prep.muon import Muon

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "clip"
CONTEXT = 32
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
PATCH = 8
GRID = SIDE // PATCH
VISION = {"image_size": SIDE, "patch_size": PATCH, "layers": 6, "width": 96, "head_width": 32, "mlp_ratio": 4.0}
TEXT = {"context_length": CONTEXT, "vocab_size": 800, "width": 128, "heads": 4, "layers": 2, "pad_id": 797,
        "eos_id": 799}  # fmt: skip
DIMENSION = 64
SHIFT = 8
"""By how many pixels pictures are moved at most."""
VALIDATION = 40
"""Val scenes of a point of the learning curve."""


@dataclass(frozen=True)
class Recipe:
    """How to train.

    ``sides``: to how many pixels the pictures of a batch are shrunk, drawn anew for each batch; each lies somewhere in
    the square and only its own patches are computed. So many pictures are seen in little time, at many scales and
    places, and the tower gets used to a few patches alone. From ``late`` on (a share of the steps) pictures have full
    size and ``kept`` of their 256 patches are computed (FLIP). ``shares``: of full scenes, close-ups and views of stuff
    in a batch, before and after.
    """

    steps: int = 3000
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.05
    warm_steps: int = 60
    cool_from: float = 0.5
    average: float = 0.99
    sides: tuple[int, ...] = (48, 64, 64, 80, 96)
    kept: tuple[int, ...] = (96, 144, 256)
    shares: tuple[float, float, float] = (0.32, 0.5, 0.18)
    shares_late: tuple[float, float, float] = (0.5, 0.35, 0.15)
    late: float = 0.8
    scenes: int = 96_000
    seed: int = 0


class Keep(nn.Module):
    """Stands for open_clip's patch dropout: keeps the patches [n, k] that it was told of, and the class token."""

    kept: Tensor | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, 1 + patches, d] to [n, 1 + k, d]."""
        if self.kept is None:
            return tokens
        rows = torch.arange(len(tokens), device=tokens.device)[:, None]
        return torch.cat([tokens[:, :1], tokens[rows, 1 + self.kept]], dim=1)


def choose(rng: np.random.Generator, n: int, kept: int) -> Tensor:
    """Which patches of each picture are computed, at random: int64 [n, kept], sorted."""
    score = rng.random((n, GRID * GRID), dtype=np.float32)
    return torch.from_numpy(np.sort(np.argpartition(score, kept - 1, axis=1)[:, :kept], axis=1))


def place(rng: np.random.Generator, images: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The pictures [n, 3, s, s] shrunk to ``side`` pixels somewhere on a square of nothing, and the patches they fill.

    ``side`` is a multiple of the patch. Returns float32 [n, 3, s, s] and int64 [n, (side / patch)^2].
    """
    small = functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    count = side // PATCH
    corners = rng.integers(0, GRID - count + 1, (len(images), 2))
    wide = torch.zeros_like(images)
    for picture, one, (row, column) in zip(wide, small, corners, strict=True):
        picture[:, PATCH * row : PATCH * row + side, PATCH * column : PATCH * column + side] = one
    rows, columns = corners[:, :1, None] + np.arange(count)[:, None], corners[:, 1:, None] + np.arange(count)
    return wide, torch.from_numpy((GRID * rows + columns).reshape(len(images), -1))


def build() -> CLIP:
    """A fresh model; the same class that open_clip builds from the exported folder."""
    model = CLIP(embed_dim=DIMENSION, vision_cfg=dict(VISION), text_cfg=dict(TEXT), quick_gelu=False)
    model.visual.patch_dropout = Keep()
    return model


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


def tokens_of(pool: Pool, tokenizer: Tokenizer) -> np.ndarray:
    """int16 [scenes, captions, CONTEXT]; a longer text keeps its last id, the end of text."""
    filler, each = tokenizer.token_to_id("<|pad|>"), len(pool.captions[0])
    table = np.full((len(pool.captions) * each, CONTEXT), filler, np.int16)
    for row, code in enumerate(tokenizer.encode_batch([text for texts in pool.captions for text in texts])):
        ids = code.ids if len(code.ids) <= CONTEXT else [*code.ids[: CONTEXT - 1], code.ids[-1]]
        table[row, : len(ids)] = ids
    return table.reshape(len(pool.captions), each, CONTEXT)


def augment(images: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Mirrored, moved by a few pixels, lighter or darker: float32 [n, 3, side, side], normalised."""
    wide = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    moved = np.empty_like(images)
    for i, (top, left) in enumerate(rng.integers(0, 2 * SHIFT + 1, (len(images), 2))):
        view = wide[i, top : top + SIDE, left : left + SIDE]
        moved[i] = view[:, ::-1] if rng.random() < 0.5 else view
    gain = torch.from_numpy(rng.uniform(0.88, 1.12, (len(images), 1, 1, 1)).astype(np.float32)) / 255
    batch = torch.from_numpy(moved).permute(0, 3, 1, 2).contiguous().float().mul_(gain).clamp_(0, 1)
    return batch.sub_(MEAN[0]).div_(STD[0])


class Feed:
    """Batches that depend on (seed, step) only: images, tokens, kept patches or None for all."""

    def __init__(self, pool: Pool, tokenizer: Tokenizer, recipe: Recipe) -> None:
        self.pool, self.recipe = pool, recipe
        self.tokens = tokens_of(pool, tokenizer)
        kinds = np.array([framing(index) for index in range(recipe.scenes)])
        self.rows = [np.flatnonzero(kinds == kind) for kind in range(3)]

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """The batch of a step."""
        recipe = self.recipe
        rng = np.random.default_rng((recipe.seed, step))
        late = step >= recipe.late * recipe.steps
        counts = rng.multinomial(recipe.batch, recipe.shares_late if late else recipe.shares)
        rows = np.concatenate([rng.choice(part, n) for part, n in zip(self.rows, counts, strict=True)])
        tokens = self.tokens[rows, rng.integers(0, self.tokens.shape[1], recipe.batch)].astype(np.int64)
        images, patches = augment(self.pool.images[rows], rng), None
        options = recipe.kept if late else recipe.sides
        chosen = options[int(rng.integers(len(options)))]
        if not late:
            images, patches = place(rng, images, chosen)
        elif chosen < GRID * GRID:
            patches = choose(rng, len(rows), chosen)
        return images, torch.from_numpy(tokens), patches


def optimizers_of(model: CLIP, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the transformers, AdamW for all else."""
    inner = [p for name, p in model.named_parameters() if "resblocks" in name and p.ndim == 2]
    known = {id(p) for p in inner}
    rest = [p for p in model.parameters() if id(p) not in known]
    muon = Muon(inner, lr=recipe.rate, weight_decay=recipe.decay)
    adam = torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.0)
    return [muon, adam]


def export(weights: dict[str, Tensor], folder: Path) -> None:
    """open_clip_config.json and float16 weights; loading copies them into float32 parameters exactly."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not (folder / name).exists():
            shutil.copy(TARGET / name, folder)
    text = {**TEXT, "hf_tokenizer_name": "local"}
    config = {
        "model_cfg": {"embed_dim": DIMENSION, "quick_gelu": False, "vision_cfg": VISION, "text_cfg": text},
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    halves = {name: value.detach().half().cpu().contiguous() for name, value in weights.items()}
    partial = folder / "new.safetensors.part"
    save_file(halves, partial)
    partial.chmod(0o644)
    partial.replace(folder / "open_clip_model.safetensors")


class Trainer:
    """Model, running average, optimizers and learning curve, kept in one checkpoint file."""

    def __init__(self, recipe: Recipe, scratch: Path, device: str) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.file, self.device = recipe, scratch / f"clip-{recipe.seed}.pt", device
        self.model = build().train().to(device)
        self.optimizers = optimizers_of(self.model, recipe)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.done, self.seconds, self.curve = 0, 0.0, list[dict[str, Any]]()
        saved = checkpoints.load(self.file)
        if saved:
            self.model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.average, self.done = saved["average"], saved["done"]
            self.seconds, self.curve = saved["seconds"], saved["curve"]

    def save(self) -> None:
        """All that going on needs."""
        states = [optimizer.state_dict() for optimizer in self.optimizers]
        parts = {"model": self.model.state_dict(), "optimizers": states, "average": self.average}
        facts = {"done": self.done, "seconds": self.seconds, "curve": self.curve, "recipe": asdict(self.recipe)}
        checkpoints.save(self.file, {**parts, **facts})

    def _rate(self) -> float:
        """Warm-up, constant, then straight down to a fiftieth."""
        spent = self.done / self.recipe.steps
        cooling = max(0.02, min(1.0, (1 - spent) / (1 - self.recipe.cool_from)))
        return self.recipe.rate * min(1.0, (self.done + 1) / self.recipe.warm_steps) * cooling

    def step(self, images: Tensor, tokens: Tensor, kept: Tensor | None) -> float:
        """One update of weights and average."""
        self.model.visual.patch_dropout.kept = None if kept is None else kept.to(self.device)
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = self._rate()
            optimizer.zero_grad()
        value = loss(self.model, images.to(self.device), tokens.to(self.device))
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
        found = name_segments(clip, ways(clip), "val", VALIDATION)
        shares = {
            way: [found.share(way), found.share(way, found.things), found.share(way, ~found.things)]
            for way in found.named
        }
        point = {"step": self.done, "minutes": self.seconds / 60, "loss": float(np.mean(recent)), "n": len(found.truth)}
        self.curve.append({**point, "ways": shares})
        told = ", ".join(f"{way} {100 * share[0]:.1f}" for way, share in shares.items())
        print(f"step {self.done}, minute {point['minutes']:.1f}, loss {point['loss']:.3f}: {told}", flush=True)
        where = torch.cuda.get_device_name() if self.device == "cuda" else f"{torch.get_num_threads()} core(s)"
        facts = {"minutes": self.seconds / 60, "where": where, "recipe": asdict(self.recipe), "curve": self.curve}
        (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n")


def train(trainer: Trainer, feed: Feed, target: Path, every: int) -> None:
    """To the recipe's last step."""
    recent: list[float] = []
    begun = time.monotonic()
    while trainer.done < trainer.recipe.steps:
        recent.append(trainer.step(*feed.batch(trainer.done)))
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
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--scenes", type=int, default=Recipe.scenes)
    parser.add_argument("--every", type=int, default=300, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe = Recipe(steps=args.steps, scenes=args.scenes, seed=args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.from_file(str(TARGET / "tokenizer.json"))
    feed = Feed(open_pool(args.scratch / "pool", args.scenes), tokenizer, recipe)
    train(Trainer(recipe, args.scratch, device), feed, args.target, args.every)


if __name__ == "__main__":
    main()
