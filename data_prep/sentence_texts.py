"""Section 4.1: the texts on which the embedded sentence encoder is distilled, and those held out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from data_prep import checkpoints

HERE = Path(__file__).parent
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
