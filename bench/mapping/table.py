"""Mapping by a stored table, word → class or none: how LAVE's language model and LAC's lexicon come in, as data.

LAVE asks a language model once a data set which class each predicted word is; LAC keeps nested word sets for each class
(one table a level). Neither is run here: whoever made the table stores it as JSON, and its hash stands in every
number's name. `zgs vocabulary` writes the words that need an answer.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.data.base import suggest_nearest
from bench.data.files import compose
from bench.errors import UserError
from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Assigned
from bench.records import Overlap
from bench.text.characters import find_half_character


@dataclass(frozen=True)
class Table:
    """``words`` gives a class index or -1 (none) for each word; a word that is missing is none as well (`missing`)."""

    digest: str
    words: Mapping[str, int] = field(compare=False, repr=False)
    threshold: None = None

    @property
    def name(self) -> str:
        return f"table({self.digest})"

    def assign(self, item: Overlap) -> Assigned:
        label = np.array([self.find_class(text) for text in item.texts], np.int32)
        return label, (label >= 0).astype(np.float64)

    def find_class(self, text: str) -> int:
        """Find the class of a text, -1 for none; the two normal forms of Unicode are one word."""
        return self.words.get(text, self.words.get(compose(text), UNLABELLED))

    def list_missing(self, texts: Iterable[str]) -> Counter[str]:
        """List the texts that the table does not know, and how often each comes; empty texts are none."""
        return Counter(text for text in texts if text.strip() and not {text, compose(text)} & self.words.keys())


def read_table(path: Path | str, names: tuple[str, ...]) -> Table:
    """Read a JSON object {"word": "class name" or null}. Raises UserError that names the file and the word."""
    words = read_words(path)
    index = {name: number for number, name in enumerate(names)}
    for word, name in words.items():
        if name is not None and name not in index:
            raise UserError(
                f"{path}: {word!r} is mapped to {name!r}, which is no class of the data set"
                f"{suggest_nearest(name, names)}; write a class name or null"
            )
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:8]
    return Table(digest, {word: UNLABELLED if name is None else index[name] for word, name in words.items()})


def read_words(path: Path | str) -> dict[str, str | None]:
    """Read the words of a table and the class name or None of each, whatever the classes are."""
    try:
        words = json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=_refuse_twice)
    except OSError as error:
        raise UserError(f"score.table={path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: not a table of words ({error}); write {{word: class name or null}} as JSON"
        ) from error
    wrong: object = None
    if not isinstance(words, dict):
        wrong = json.dumps(words)
    else:
        wrong = next(((w, n) for w, n in words.items() if n is not None and not isinstance(n, str)), None)
    if wrong is not None:
        raise UserError(f"{path}: {str(wrong)[:60]}: a table is a JSON object of word: class name or null")
    if (half := find_half_character(words)) is not None:
        raise UserError(f"{path}: {half!r:.60} holds half a character")
    classes: dict[str, str | None] = words
    return classes


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    twice = [word for word, count in Counter(word for word, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands there twice")
    return dict(pairs)
