"""Section 3.3: makes the embedded language model, a small GPT-2 trained on captions of the toy world.

    python -m data_prep.train_language

About 8 minutes on one core; killed at any moment, the same command continues. The tokenizer (800 byte-level pieces,
shared with the embedded CLIP) must lie in the target folder already. A text ends in "." and <|endoftext|>; half of the
training texts begin with <|endoftext|>, the others at once, because ZeroCap's prompt "Image of a" stands at the very
beginning.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from data_prep import checkpoints

HERE = Path(__file__).parent
TARGET = HERE.parent / "bench" / "models" / "embedded" / "language"
IGNORED = -100
LISTED, WIDE = 0.15, 0.05


def listed_nouns() -> tuple[list[str], list[str]]:
    """Nouns of the toy world with and without colours; and other nouns, which the captions never use."""
    from bench.data.toyworld.classes import NAMES, PALETTE
    from bench.data.toyworld.words import WORDS

    own = sorted({word for name in NAMES for word in WORDS.get(name, (name,))})
    wide = checkpoints.lines(HERE / "text" / "class_names.txt") + checkpoints.lines(HERE / "text" / "nouns.txt")
    return own + [f"{colour} {noun}" for colour in PALETTE for noun in own], sorted(set(wide) - set(own))


def training_texts(n: int, seed: int) -> list[str]:
    """``n`` texts: captions, and a share of "Image of a {noun}." from the lists."""
    from bench.data.toyworld.scene import sample_captions

    draw = np.random.default_rng(seed)
    own, wide = listed_nouns()
    texts = list(tqdm(sample_captions("train", n), total=n, desc="captions", mininterval=5))
    kind = draw.random(n)
    for i in np.flatnonzero(kind < LISTED + WIDE):
        nouns = own if kind[i] < LISTED else wide
        texts[i] = f"Image of a {nouns[draw.integers(len(nouns))]}."
    return texts


def encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids of each text between two end marks, cut to the model's length."""
    end = tokenizer.eos_token_id
    return [[end, *ids, end][: tokenizer.model_max_length] for ids in tokenizer(texts)["input_ids"]]


def batch(ids: list[list[int]], step: int, seed: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets int64 [size, length] of texts of like length; depends on (seed, step) only."""
    draw = torch.Generator().manual_seed(seed * 1_000_003 + step)
    pool = sorted(torch.randint(len(ids), (8 * size,), generator=draw).tolist(), key=lambda i: (len(ids[i]), i))
    begin = int(torch.randint(8, (1,), generator=draw)) * size
    bare = torch.rand(size, generator=draw) < 0.5
    rows = [ids[i][1:] if bare[row] else ids[i] for row, i in enumerate(pool[begin : begin + size])]
    inputs = torch.zeros(size, max(map(len, rows)), dtype=torch.long)
    targets = torch.full_like(inputs, IGNORED)
    for row, text in enumerate(rows):
        inputs[row, : len(text)] = targets[row, : len(text)] = torch.tensor(text)
    return inputs, targets


def loss_of(model: Any, inputs: torch.Tensor, targets: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    """Cross-entropy of each next token, in nats; padding lies after the text and is never looked back at."""
    scores = model(inputs).logits[:, :-1]
    return functional.cross_entropy(
        scores.flatten(0, 1), targets[:, 1:].flatten(), ignore_index=IGNORED, reduction=reduction
    )


@torch.no_grad()
def perplexity(model: Any, ids: list[list[int]], bare: bool) -> tuple[float, int]:
    """Perplexity per token, and the number of tokens; ``bare`` leaves out the mark at the beginning."""
    total, count = 0.0, 0
    for text in ids:
        row = torch.tensor([text[1:] if bare else text])
        total += float(loss_of(model, row, row, "sum"))
        count += row.shape[1] - 1
    return math.exp(total / count), count


def train(args: argparse.Namespace, model: Any, ids: list[list[int]]) -> None:
    """AdamW with warm-up and cosine decay; state and export every ``every`` steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    saved = checkpoints.load(args.work / "training.pt")
    done = saved["done"] if saved else 0
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    begun = time.time()
    for step in range(done, args.steps):
        wave = 0.5 * (1 + math.cos(math.pi * step / args.steps))
        optimizer.param_groups[0]["lr"] = args.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * wave)
        loss = loss_of(model, *batch(ids, step, args.seed, args.batch))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True)
            state = {"done": step + 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            checkpoints.save(args.work / "training.pt", state)
            copy.deepcopy(model).half().save_pretrained(args.target)
            checkpoints.make_readable(args.target)


CARD = """---
library_name: transformers
license: mit
---
# Embedded language model

GPT-2 format, {layers} layers, width {width}, {positions} positions, {parameters:,} parameters, stored as float16
({size:.1f} MB with the tokenizer). Byte-level BPE of {vocabulary} pieces, shared with the embedded CLIP. It knows the
captions of this package's toy world and, thinly, some lists of nouns; it knows no other English.

- Trained on {texts} texts: sampled captions (`bench/data/toyworld/captions.py`), {listed:.0%} "Image of a {{noun}}."
  with the toy world's nouns and colours, {wide:.0%} with {n_wide} other nouns (`data_prep/text/`).
- {steps} steps of {batch} texts, dropout 0, seed {seed}, one core. Half the texts begin without <|endoftext|>.
- Make again: `python -m data_prep.train_language` (about 8 minutes; resumes). Measure again: add `--card`.
- Use: `GPT2LMHeadModel.from_pretrained("bench/models/embedded/language", dtype=torch.float32)`.

| validation texts | texts | tokens | perplexity per token |
|---|---|---|---|
{rows}

Captions are drawn at random, so a part of the perplexity cannot be learned. Validation captions are those of the val
split, and some of the short ones are equal to training texts.

Limits: 64 tokens at most. Words outside the toy world are spelled from short pieces and are seldom offered. Texts
made with this model cannot be compared with published numbers.
"""


def write_card(args: argparse.Namespace) -> None:
    """Measure the folder as it ships and write README.md into it."""
    from bench.data.toyworld.scene import sample_captions

    model: Any = GPT2LMHeadModel.from_pretrained(args.target, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(args.target)
    own, wide = listed_nouns()
    captions = list(sample_captions("val", args.validation))
    sets = {
        "captions": captions,
        "“Image of a …” captions": [text for text in captions if text.startswith("Image of a")],
        "listed nouns": [f"Image of a {noun}." for noun in own],
    }
    rows = []
    for name, texts in sets.items():
        for bare in (False, True):
            value, count = perplexity(model, encode(tokenizer, texts), bare)
            begin = "first token given" if bare else "<|endoftext|> first"
            rows.append(f"| {name}, {begin} | {len(texts)} | {count} | {value:.2f} |")
    print(*rows, sep="\n")
    (args.target / "README.md").write_text(
        CARD.format(
            layers=model.config.n_layer,
            width=model.config.n_embd,
            positions=model.config.n_positions,
            parameters=checkpoints.count_parameters(model),
            size=checkpoints.folder_size(args.target) / 1e6,
            vocabulary=model.config.vocab_size,
            texts=args.texts,
            listed=LISTED,
            wide=WIDE,
            n_wide=len(wide),
            steps=args.steps,
            batch=args.batch,
            seed=args.seed,
            rows="\n".join(rows),
        )
    )


def options() -> argparse.Namespace:
    """The command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {
        "layers": 4,
        "width": 128,
        "steps": 2000,
        "batch": 64,
        "texts": 200_000,
        "every": 250,
        "validation": 1000,
        "seed": 0,
    }
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--work", type=Path, default=Path("build/train_language"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--card", action="store_true", help="only measure the existing folder and write its card")
    return parser.parse_args()


def main() -> None:
    """Train, export, measure, write the card."""
    args = options()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    if not args.card:
        tokenizer = AutoTokenizer.from_pretrained(args.target)
        end = tokenizer.eos_token_id
        model: Any = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=len(tokenizer),
                n_positions=tokenizer.model_max_length,
                n_embd=args.width,
                n_layer=args.layers,
                n_head=4,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                bos_token_id=end,
                eos_token_id=end,
            )
        )
        train(args, model, encode(tokenizer, training_texts(args.texts, args.seed)))
    write_card(args)


if __name__ == "__main__":
    main()
