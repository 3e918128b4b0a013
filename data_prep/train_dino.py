"""Section 3.1: makes the embedded DINO, a small ViT trained on the toy world's pictures without any label.

    python -m data_prep.train_dino

About 30 minutes on one core; killed at any moment, the same command continues. Self-distillation with no labels (Caron
et al. 2021: student and teacher with averaged weights, several crops, centering and sharpening), with a second term for
places: the key of a patch in one view predicts the teacher's output for the same place of the picture in the other
view. Keys of the last layer are what section 3.1 clusters, so the second head reads those.
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
from transformers import ViTModel

from data_prep import checkpoints, dino_views
from data_prep.dino_network import Network, config
from data_prep.dino_report import measure, write_card

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "dino"
GLOBAL, LOCAL, LOCALS = 64, 32, 2
STUDENT_HEAT, TEACHER_HEAT = 0.1, 0.04


def pictures(n: int, work: Path) -> np.ndarray:
    """uint8 [n, 128, 128, 3]: the first pictures of the train split, without their labels, drawn once."""
    from bench.data.toyworld.scene import draw

    path = work / f"pictures_{n}.npy"
    if not path.exists():
        np.save(work / "partial.npy", np.stack([draw("train", index).image for index in range(n)]))
        (work / "partial.npy").replace(path)
    return np.load(path, mmap_mode="r")


def cross_entropy(student: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Over dimension 1; ``target`` holds probabilities."""
    return -(target * functional.log_softmax(student / STUDENT_HEAT, dim=1)).sum(1)


class Distillation:
    """Student, teacher and centres; `step` is one update, depending on (seed, step) only."""

    def __init__(self, args: argparse.Namespace, images: np.ndarray) -> None:
        torch.manual_seed(args.seed)
        self.args, self.images, self.done = args, images, 0
        self.student = Network(config(), args.prototypes)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.centres = torch.zeros(2, args.prototypes)
        decayed = [p for p in self.student.parameters() if p.ndim > 1]
        plain = [p for p in self.student.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.04}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=args.rate)

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        return {
            "student": self.student.state_dict(),
            "teacher": self.teacher.state_dict(),
            "done": self.done,
            "optimizer": self.optimizer.state_dict(),
            "centres": self.centres,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        self.student.load_state_dict(state["student"])
        self.teacher.load_state_dict(state["teacher"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.centres, self.done = state["centres"], state["done"]

    def views(self) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
        """Two large windows, their views, and the small views of this step's pictures."""
        draw = torch.Generator().manual_seed(self.args.seed * 1_000_003 + self.done)
        chosen = torch.randint(len(self.images), (self.args.batch,), generator=draw).numpy()
        batch = torch.from_numpy(self.images[np.sort(chosen)]).permute(0, 3, 1, 2).float() / 255
        windows = [dino_views.draw_windows(len(batch), 0.45, 0.9, draw) for _ in range(2)]
        small = [dino_views.draw_windows(len(batch), 0.2, 0.45, draw) for _ in range(LOCALS)]
        cut = [dino_views.recolour(dino_views.cut(batch, window, GLOBAL), draw) for window in windows]
        return windows, cut, [dino_views.recolour(dino_views.cut(batch, window, LOCAL), draw) for window in small]

    def step(self) -> tuple[float, float]:
        """One update; the two terms of the loss."""
        windows, large, small = self.views()
        progress = self.done / self.args.steps
        self.optimizer.param_groups[0]["lr"] = self.optimizer.param_groups[1]["lr"] = self._rate(progress)
        targets_whole, targets_place = self._targets(torch.cat(large))
        whole, place = self.student(torch.cat(large), True)
        local, _ = self.student(torch.cat(small), False)
        loss_whole = self._whole_loss([*whole.chunk(2), *local.chunk(LOCALS)], targets_whole)
        loss_place = self._place_loss(place, targets_place, windows)
        self.optimizer.zero_grad()
        (loss_whole + self.args.place * loss_place).backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        self.optimizer.step()
        self._follow(1 - 0.01 * (1 + math.cos(math.pi * progress)) / 2)
        self.done += 1
        return loss_whole.item(), loss_place.item()

    def _rate(self, progress: float) -> float:
        warm = min(1.0, (self.done + 1) / 100)
        return self.args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))

    @torch.no_grad()
    def _targets(self, views: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        whole, place = self.teacher(views, True)
        centred = ((whole - self.centres[0]) / TEACHER_HEAT, (place - self.centres[1][:, None, None]) / TEACHER_HEAT)
        self.centres = 0.9 * self.centres + 0.1 * torch.stack([whole.mean(0), place.mean((0, 2, 3))])
        return list(centred[0].softmax(1).chunk(2)), list(centred[1].softmax(1).chunk(2))

    def _whole_loss(self, scores: list[torch.Tensor], targets: list[torch.Tensor]) -> torch.Tensor:
        terms = [cross_entropy(scores[s], targets[t]).mean() for t in range(2) for s in range(len(scores)) if s != t]
        return torch.stack(terms).mean()

    def _place_loss(self, place: Any, targets: list[torch.Tensor], windows: list[torch.Tensor]) -> torch.Tensor:
        terms = []
        for s, scores in enumerate(place.chunk(2)):
            target, inside = dino_views.transfer(targets[1 - s], windows[1 - s], windows[s])
            terms.append((cross_entropy(scores, target) * inside).sum() / inside.sum().clamp(min=1))
        return torch.stack(terms).mean()

    @torch.no_grad()
    def _follow(self, momentum: float) -> None:
        for slow, fast in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
            slow.lerp_(fast, 1 - momentum)


def export(vit: Any, folder: Path) -> None:
    """Write the folder in transformers' format, weights as float16."""
    copy.deepcopy(vit).half().save_pretrained(folder)
    statistics = {"image_mean": dino_views.MEAN.flatten().tolist(), "image_std": dino_views.STD.flatten().tolist()}
    facts = {
        "do_normalize": True,
        "do_resize": True,
        "do_rescale": True,
        "image_processor_type": "ViTImageProcessor",
        "resample": 1,
        "rescale_factor": 1 / 255,
        "size": {"height": 96, "width": 96},
    }
    stated = {key: [round(v, 6) for v in values] for key, values in statistics.items()}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts | stated, indent=1) + "\n")
    checkpoints.make_readable(folder)


def train(args: argparse.Namespace) -> Iterator[int]:
    """Train, and yield the step after each snapshot; snapshots and the state of the training are saved together."""
    run = Distillation(args, pictures(args.pictures, args.work))
    saved = checkpoints.load(args.work / "training.pt")
    if saved:
        run.restore(saved)
    else:
        export(run.teacher.vit, args.work / "step_00000")
    begun, first = time.time(), run.done
    while run.done < args.steps:
        whole, place = run.step()
        if run.done % 50 == 0:
            pace = (time.time() - begun) / (run.done - first)
            print(f"step {run.done}: whole {whole:.3f} place {place:.3f} {pace:.2f} s/step", flush=True)
        if run.done % args.every == 0 or run.done == args.steps:
            export(run.teacher.vit, args.work / f"step_{run.done:05d}")
            checkpoints.save(args.work / "training.pt", run.state())
            yield run.done


def best_of(args: argparse.Namespace) -> dict[str, Any]:
    """Measure all snapshots on validation pictures, keep the figures, and copy the best one to the target."""
    figures: dict[str, Any] = {}
    for folder in sorted(args.work.glob("step_*")):
        if not (folder / "figures.json").exists():
            (folder / "figures.json").write_text(json.dumps(measure(str(folder), args.validation)))
        figures[folder.name] = json.loads((folder / "figures.json").read_text())
    best = max((name for name in figures if name != "step_00000"), key=lambda name: figures[name]["keys"]["mean"])
    export(ViTModel.from_pretrained(args.work / best, dtype=torch.float32, add_pooling_layer=False), args.target)
    return {"best": best, "all": figures}


def options() -> argparse.Namespace:
    """The command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {
        "steps": 2000,
        "batch": 32,
        "pictures": 12_000,
        "prototypes": 256,
        "every": 250,
        "validation": 60,
        "seed": 0,
    }
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--place", type=float, default=2.0, help="weight of the term for places")
    parser.add_argument("--work", type=Path, default=Path("build/train_dino"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument(
        "--card", action="store_true", help="only measure the snapshots, export the best, write its card"
    )
    return parser.parse_args()


def main() -> None:
    """Train, measure, export the best snapshot so far after each one, write its card."""
    args = options()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    if not args.card:
        for step in train(args):
            print(f"step {step}: best so far {best_of(args)['best']}", flush=True)
    facts = {name: getattr(args, name) for name in ("steps", "batch", "pictures", "validation", "seed")}
    write_card(args.target, best_of(args), facts)


if __name__ == "__main__":
    main()
