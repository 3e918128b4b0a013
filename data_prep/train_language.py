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
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from bench.toyworld.classes import VERSION
from data_prep import checkpoints
from data_prep.language_report import IGNORED, compute_loss, compute_perplexity, encode, write_card

HERE = Path(__file__).parent
TARGET = HERE.parent / "bench" / "models" / "embedded" / "language"


def list_training_texts(n: int) -> list[str]:
    """List the captions of the first ``n`` train scenes, a caption a scene."""
    from bench.toyworld.scene import sample_captions

    return list(tqdm(sample_captions("train", n), total=n, desc="captions", mininterval=5))


def draw_batch(ids: list[list[int]], step: int, seed: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
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


def train(args: argparse.Namespace, model: Any, ids: list[list[int]], validation: list[list[int]]) -> None:
    """AdamW with warm-up and cosine decay; state, export and a point of the learning curve every ``every`` steps."""
    model.to(args.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    saved = checkpoints.load(args.work / "training.pt", read_settings(args))
    done, curve = (saved["done"], saved["curve"]) if saved else (0, [])
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    begun, losses = time.time(), []
    for step in range(done, args.steps):
        wave = 0.5 * (1 + math.cos(math.pi * step / args.steps))
        optimizer.param_groups[0]["lr"] = args.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * wave)
        inputs, targets = draw_batch(ids, step, args.seed, args.batch)
        loss = compute_loss(model, inputs.to(args.device), targets.to(args.device))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            value, count = compute_perplexity(model, validation, bare=False)
            mean = sum(losses) / len(losses)
            curve.append({"step": step + 1, "loss": mean, "perplexity": value, "tokens": count})
            left = (time.time() - begun) / (step + 1 - done) * (args.steps - step - 1) / 60
            print(f"step {step + 1}: loss {mean:.3f}, perplexity {value:.2f}, {left:.0f} min left", flush=True)
            state = {"done": step + 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            checkpoints.save(args.work / "training.pt", state | {"curve": curve}, read_settings(args))
            export(args, model, curve)
            losses = []


def read_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What a checkpoint belongs to."""
    settings = {key: getattr(args, key) for key in ("texts", "steps", "batch", "rate", "seed", "layers", "width")}
    return {"world": VERSION, "corpus": "captions", **settings}


def export(args: argparse.Namespace, model: Any, curve: list[dict[str, Any]]) -> None:
    """Weights as float16 in transformers' format, and training.json, from which the card is written."""
    copy.deepcopy(model).cpu().half().save_pretrained(args.target)
    facts = {key: getattr(args, key) for key in ("texts", "steps", "batch", "seed")}
    (args.target / "training.json").write_text(json.dumps(facts | {"curve": curve}, indent=1) + "\n")
    checkpoints.make_readable(args.target)


def parse_options() -> argparse.Namespace:
    """Parse the command's options; the defaults made the shipped folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {
        "layers": 4,
        "width": 128,
        "steps": 2000,
        "batch": 64,
        "texts": 200_000,
        "every": 250,
        "validation": 300,
        "seed": 0,
    }
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--work", type=Path, help="default: build/train_language-SEED")
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--card", action="store_true", help="only measure the existing folder and write its card")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="targets of other seeds, for the card")
    args = parser.parse_args()
    args.work = args.work or Path(f"build/train_language-{args.seed}")
    return args


def main() -> None:
    """Train, export, measure, write the card."""
    from bench.toyworld.scene import sample_captions

    args = parse_options()
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
        shown = encode(tokenizer, list(sample_captions("val", args.validation)))
        train(args, model, encode(tokenizer, list_training_texts(args.texts)), shown)
    write_card(args.target, args.beside)


if __name__ == "__main__":
    main()
