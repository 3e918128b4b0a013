"""Section 3.1: makes the embedded DINO, a small ViT trained on the toy world's pictures without any label.

    python -m data_prep.train_dino

About 20 minutes on one free core, faster with a GPU; killed at any moment, the same command continues. Self-
distillation with no labels (Caron et al. 2021: student, averaged teacher, sharpened targets), for the whole picture
and, with more weight, for places: the key of a patch in one view, sometimes hidden from the network, predicts the
teacher's output for the same place in the other view. Keys of the last layer are what section 3.1 clusters.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bench.toyworld.classes import VERSION
from data_prep import checkpoints, dino_views
from data_prep.dino_network import PATCH, SIDE, Network, make_config
from data_prep.dino_report import measure_curve_point, publish
from data_prep.muon import Muon

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "dino"
CROP = 64
LOW, HIGH = 0.35, 0.7
WHOLE_HEAT = (0.1, 0.04)
PLACE_HEAT = (0.07, 0.02)
"""Of student and teacher. Keys have no code of their own between them and the prototypes, so their cosines start near 0
and need more sharpening: with a teacher's heat of 0.05 all keys became alike within 150 steps."""
HIDE = 0.3


def draw_pictures(n: int, work: Path) -> np.ndarray:
    """uint8 [n, 128, 128, 3]: the first pictures of the train split, without their labels, drawn once."""
    from bench.toyworld.scene import draw

    path = work / f"pictures_v{VERSION}_{n}.npy"
    if not path.exists():
        np.save(work / "partial.npy", np.stack([draw("train", index).image for index in range(n)]))
        (work / "partial.npy").replace(path)
    return np.load(path, mmap_mode="r")


def compute_cross_entropy(student: torch.Tensor, target: torch.Tensor, heat: float) -> torch.Tensor:
    """Over dimension 1; ``target`` holds probabilities."""
    return -(target * functional.log_softmax(student / heat, dim=1)).sum(1)


def balance_scores(scores: torch.Tensor, rounds: int = 3) -> torch.Tensor:
    """Make probabilities [n, p] of scores, in the batch about as much for each prototype (Sinkhorn and Knopp)."""
    shares = ((scores - scores.max()) / PLACE_HEAT[1]).exp()
    for _ in range(rounds):
        shares = shares / shares.sum(0, keepdim=True).clamp(min=1e-20)
        shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-20)
    return shares


class Distillation:
    """Student, teacher and centre; `step` is one update, depending on (seed, step) only."""

    def __init__(self, args: argparse.Namespace, images: np.ndarray) -> None:
        torch.manual_seed(args.seed)
        self.args, self.images, self.done = args, images, 0
        self.device = torch.device(args.device)
        self.student = Network(make_config(args.width, args.layers), args.prototypes).to(self.device)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.centre = torch.zeros(args.prototypes, device=self.device)
        inner = [p for p in self.student.vit.layers.parameters() if p.ndim == 2]
        taken = {id(p) for p in inner}
        rest = [p for p in self.student.parameters() if id(p) not in taken]
        self.optimizers = (
            Muon(inner, lr=args.rate, weight_decay=0.04),
            torch.optim.AdamW(rest, lr=args.rate, weight_decay=0.0),
        )

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        return {
            "student": self.student.state_dict(),
            "teacher": self.teacher.state_dict(),
            "done": self.done,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "centre": self.centre,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        self.student.load_state_dict(state["student"])
        self.teacher.load_state_dict(state["teacher"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.centre, self.done = state["centre"].to(self.device), state["done"]

    def views(self) -> dict[str, torch.Tensor]:
        """This step's windows [2n, 4] and views [2n, 3, s, s], where they are put, what is hidden, how they shift."""
        draw = torch.Generator().manual_seed(self.args.seed * 1_000_003 + self.done)
        rows = torch.randint(len(self.images), (self.args.batch,), generator=draw).numpy()
        batch = torch.from_numpy(self.images[np.sort(rows)]).permute(0, 3, 1, 2).float() / 255
        first = dino_views.draw_windows(len(batch), LOW, HIGH, draw)
        windows = torch.cat([first, dino_views.draw_second_windows(first, LOW, HIGH, draw)])
        cut = dino_views.recolour(dino_views.cut(torch.cat([batch, batch]), windows, CROP), draw)
        side = CROP // PATCH
        corners = torch.randint((SIDE - CROP) // PATCH + 1, (2 * len(batch), 2), generator=draw)
        hide = dino_views.hide_patches(len(cut), side, HIDE, draw)
        hide[torch.rand(len(cut), generator=draw) < 0.5] = False
        moved = windows.clone()
        moved[:, :2] += self.args.shift * torch.randn(len(cut), 2, generator=draw)
        made = {"windows": windows, "moved": moved, "views": cut, "corners": corners, "hide": hide}
        return {name: value.to(self.device) for name, value in made.items()}

    def step(self) -> tuple[float, float]:
        """One update; the two terms of the loss."""
        seen = self.views()
        progress = self.done / self.args.steps
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = self._rate(progress)
            optimizer.zero_grad()
        with torch.no_grad():
            target_whole, target_place = self._targets(*self.teacher(seen["views"], seen["corners"]))
        whole, place = self.student(seen["views"], seen["corners"].flip(0), seen["hide"])
        loss_whole = compute_cross_entropy(whole, target_whole.roll(self.args.batch, 0), WHOLE_HEAT[0]).mean()
        others = (target_place.roll(self.args.batch, 0), seen["windows"].roll(self.args.batch, 0))
        target, inside = dino_views.transfer_maps(*others, seen["moved"])
        loss_place = (compute_cross_entropy(place, target, PLACE_HEAT[0]) * inside).sum() / inside.sum().clamp(min=1)
        (self.args.whole * loss_whole + loss_place).backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self._follow(1 - 0.02 * (1 + math.cos(math.pi * progress)) / 2)
        self.done += 1
        return loss_whole.item(), loss_place.item()

    def _rate(self, progress: float) -> float:
        warm = min(1.0, (self.done + 1) / 50)
        return self.args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))

    def _targets(self, whole: torch.Tensor, place: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sharp = ((whole - self.centre) / WHOLE_HEAT[1]).softmax(1)
        self.centre = 0.9 * self.centre + 0.1 * whole.mean(0)
        even = balance_scores(place.permute(0, 2, 3, 1).flatten(0, 2))
        return sharp, even.unflatten(0, (len(place), *place.shape[2:])).permute(0, 3, 1, 2)

    @torch.no_grad()
    def _follow(self, momentum: float) -> None:
        for slow, fast in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
            slow.lerp_(fast, 1 - momentum)


def export(vit: Any, folder: Path) -> None:
    """Write the folder in transformers' format, weights as float16."""
    copy.deepcopy(vit).cpu().half().save_pretrained(folder)
    statistics = {"image_mean": dino_views.MEAN.flatten().tolist(), "image_std": dino_views.STD.flatten().tolist()}
    facts = {
        "do_normalize": True,
        "do_resize": True,
        "do_rescale": True,
        "image_processor_type": "ViTImageProcessor",
        "resample": 1,
        "rescale_factor": 1 / 255,
        "size": {"height": SIDE, "width": SIDE},
    }
    stated = {key: [round(v, 6) for v in values] for key, values in statistics.items()}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts | stated, indent=1) + "\n")
    checkpoints.make_readable(folder)


def read_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What a checkpoint belongs to."""
    names = ("steps", "batch", "pictures", "prototypes", "width", "layers", "seed", "rate", "whole", "shift")
    return {"world": VERSION, **{name: getattr(args, name) for name in names}}


def train(args: argparse.Namespace) -> Iterator[int]:
    """Train, and yield the step after each snapshot; snapshots and the state of the training are saved together."""
    run = Distillation(args, draw_pictures(args.pictures, args.work))
    saved = checkpoints.load(args.work / "training.pt", read_settings(args))
    if saved:
        run.restore(saved)
    else:
        export(run.teacher.vit, args.work / "step_00000")
    begun, first = time.time(), run.done
    while run.done < args.steps:
        whole, place = run.step()
        if run.done % 25 == 0:
            pace = (time.time() - begun) / (run.done - first)
            print(f"step {run.done}: whole {whole:.3f} place {place:.3f} {pace:.2f} s/step", flush=True)
        if run.done % args.every == 0 or run.done == args.steps:
            export(run.teacher.vit, args.work / f"step_{run.done:05d}")
            checkpoints.save(args.work / "training.pt", run.state(), read_settings(args))
            yield run.done


def parse_options() -> argparse.Namespace:
    """Parse the command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {"steps": 1500, "batch": 8, "pictures": 24_000, "prototypes": 256, "width": 96, "layers": 4}
    for name, value in (numbers | {"every": 100, "validation": 60, "test": 500, "seed": 0}).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--whole", type=float, default=0.1, help="weight of the term for whole pictures")
    parser.add_argument("--shift", type=float, default=0.04, help="how far off the other view's place may be")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--work", type=Path, help="default: build/train_dino-SEED")
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--card", action="store_true", help="only measure the shipped weights again, for the card")
    parser.add_argument("--ship", action="store_true", help="only ship the snapshot that is best so far")
    parser.add_argument("--settings", nargs="*", default=[], help="keys of the configuration, other than committed")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="targets of other seeds, for the card")
    args = parser.parse_args()
    args.work = args.work or Path(f"build/train_dino-{args.seed}")
    if args.device == "auto":
        args.device = "cuda" if torch.cuda.is_available() else "cpu"
    return args


def main() -> None:
    """Train with a point of the learning curve after each snapshot; then ship the best one with its card."""
    args = parse_options()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.card and not args.ship:
        for step in train(args):
            print(f"step {step}: {measure_curve_point(args.work / f'step_{step:05d}', args.validation)}", flush=True)
    publish(args)


if __name__ == "__main__":
    main()
