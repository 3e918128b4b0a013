"""Section 4.3 in small: does the embedded CLIP know the classes of true segments? Used in training and for its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bench.data.toyworld.classes import NAMES, STUFF
from bench.data.toyworld.scene import draw

TOKENIZER = Path(__file__).parent.parent / "bench/models/embedded/clip/tokenizer.json"
STARTS = (3, 4, 5, 6)
"""First masked layer, counted from 1."""


@dataclass(frozen=True)
class Probe:
    """For each way to embed a segment: which of the n segments got their class; and which segments are things."""

    split: str
    right: dict[str, np.ndarray]
    truth: np.ndarray

    def rows(self) -> list[tuple[str, float, float, float]]:
        """(way, share right of all, of things, of stuff)."""
        things = self.truth >= len(STUFF)
        return [(way, hit.mean(), hit[things].mean(), hit[~things].mean()) for way, hit in self.right.items()]

    def lines(self) -> list[str]:
        """One line a way, and the classes that the best masked layer gets least."""
        things = int((self.truth >= len(STUFF)).sum())
        head = f"{self.split}: n={len(self.truth)} segments ({things} things)"
        body = [f"  {way:9s} all {a:.3f} things {t:.3f} stuff {s:.3f}" for way, a, t, s in self.rows()]
        return [head, *body, "  " + " ".join(f"{name} {share:.2f}" for name, share in self.by_class())]

    def best(self) -> str:
        """The masked variant that is right most often."""
        return max((way for way in self.right if way.startswith("masked")), key=lambda way: self.right[way].mean())

    def by_class(self) -> list[tuple[str, float]]:
        """Classes with the share that the best masked variant gets right, least first."""
        hit = self.right[self.best()]
        shares = [(NAMES[c], float(hit[self.truth == c].mean())) for c in np.unique(self.truth)]
        return sorted(shares, key=lambda pair: pair[1])


def _pixels(image: np.ndarray, side: int, mean: float, std: float) -> Tensor:
    small = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    return torch.from_numpy((np.asarray(small, dtype=np.float32) / 255 - mean) / std).permute(2, 0, 1)


def _cropped(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    black = np.where(mask[:, :, None], image, 0).astype(np.uint8)
    return black[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _masked(model: CLIP, pixels: Tensor, grid_masks: Tensor, start: int) -> Tensor:
    """Equation 1: from layer ``start`` on, every query's attention is weighted by the mask and normalised again."""
    visual = model.visual
    x = visual._embeds(pixels)
    bias = torch.cat([torch.zeros(len(x), 1), grid_masks.clamp_min(1e-12).log()], dim=1)
    bias = bias[:, None, None, :].expand(-1, visual.transformer.resblocks[0].attn.num_heads, x.shape[1], -1)
    bias = bias.reshape(-1, x.shape[1], x.shape[1])
    for number, block in enumerate(visual.transformer.resblocks, 1):
        x = block(x, attn_mask=bias if number >= start else None)
    return visual.ln_post(x[:, 0]) @ visual.proj


def _texts(model: CLIP) -> Tensor:
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    filler = tokenizer.token_to_id("<|pad|>")
    ids = [code.ids for code in tokenizer.encode_batch([f"Image of a {name}." for name in NAMES])]
    tokens = torch.tensor([row + [filler] * (model.context_length - len(row)) for row in ids])
    return functional.normalize(model.encode_text(tokens), dim=-1)


def _segments(split: str, scenes: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    found = []
    for index in range(scenes):
        scene = draw(split, index)
        for c in np.unique(scene.truth[scene.truth >= 0]):
            found.append((scene.image, scene.truth == c, int(c)))
    return found


@torch.no_grad()
def probe(model: CLIP, split: str, scenes: int, mean: float, std: float) -> Probe:
    """Oracle masks of the first scenes of a split, named by the nearest class text "Image of a {}."."""
    segments, texts = _segments(split, scenes), _texts(model)
    side, grid = model.visual.image_size[0], model.visual.grid_size
    truth = np.array([c for _, _, c in segments])
    votes: dict[str, list[np.ndarray]] = {}
    for begin in range(0, len(segments), 64):
        part = segments[begin : begin + 64]
        whole = torch.stack([_pixels(image, side, mean, std) for image, _, _ in part])
        crops = torch.stack([_pixels(_cropped(image, mask), side, mean, std) for image, mask, _ in part])
        masks = torch.from_numpy(np.stack([mask for _, mask, _ in part]).astype(np.float32))
        small = functional.interpolate(masks[:, None], size=grid, mode="area").flatten(1)
        vectors = {"whole": model.visual(whole), "crop": model.visual(crops)}
        vectors |= {f"masked {start}-": _masked(model, whole, small, start) for start in STARTS}
        for way, rows in vectors.items():
            votes.setdefault(way, []).append((rows @ texts.T).argmax(1).numpy())
    return Probe(split, {way: np.concatenate(parts) == truth for way, parts in votes.items()}, truth)


def card(found: dict[str, Probe], recipe: dict[str, float], state: dict[str, float], note: str) -> str:
    """The README of the exported folder."""
    lines = [
        "# Embedded CLIP", "",
        "A small CLIP in open_clip's format, trained from scratch on pictures and captions of the toy world's train",
        "split alone, with CLIP's symmetric contrastive loss. It knows nothing of photographs: no figure made with it",
        "can be compared with a published one.", "",
        f"Training: {state['step']} steps, {state['seen']} pictures shown, {state['seconds'] / 60:.0f} minutes on one",
        f"core; recipe {', '.join(f'{k} {v}' for k, v in recipe.items())}. Weights are a running average, stored as",
        "float16. Activation: exact GELU (`quick_gelu` false). Input: squashed to 96x96, bicubic.", "",
        "Make it again:", "",
        "    python -m data_prep.train_tokenizer",
        "    python -m data_prep.train_clip --scratch FOLDER --minutes "
        f"{recipe['minutes']:.0f} --export bench/models/embedded/clip",
        "    python -m data_prep.train_clip --scratch FOLDER --minutes "
        f"{recipe['minutes']:.0f} --export bench/models/embedded/clip --card", "",
        *([note, ""] if note else []),
        "The time on the clock decides when the learning rate falls, so another machine gives other weights.", "",
        "Share of true segments whose class text \"Image of a {class}.\" is the nearest of 32 (chance 0.03).",
        "\"masked L-\" masks attention from layer L of 6 on, without global subtraction.", "",
        "| split | n segments | way | all | things | stuff |", "| --- | ---: | --- | ---: | ---: | ---: |",
    ]  # fmt: skip
    for split, result in found.items():
        for way, total, things, stuff in result.rows():
            lines.append(f"| {split} | {len(result.truth)} | {way} | {total:.3f} | {things:.3f} | {stuff:.3f} |")
    for split, result in found.items():
        shares = ", ".join(f"{name} {share:.2f}" for name, share in result.by_class())
        lines += ["", f"By class, {split}, {result.best()}: {shares}."]
    return "\n".join(lines) + "\n"
