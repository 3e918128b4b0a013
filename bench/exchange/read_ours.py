"""Predictions of the open format on their way to another tool: images with compressed run lengths, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from tqdm import tqdm

from bench.exchange.class_numbers import ClassNumbers
from bench.exchange.records import ForeignImage, Notes, Segment
from bench.predictions import rle
from bench.predictions.source import PredictionFile


def read_ours(file: PredictionFile, notes: Notes) -> Iterator[ForeignImage]:
    """Read image by image; what no other tool's format has a place for is counted."""
    for image_id in tqdm(list(file), desc="export  ", unit="img", dynamic_ncols=True):
        prediction = file[image_id]
        scores = file.read_scores(image_id)
        coded = zip(prediction.texts, rle.encode(prediction.masks), scores, strict=True)
        segments = tuple(Segment(text, counts, score) for text, counts, score in coded)
        if prediction.embeddings is not None:
            notes.count("segments have an embedding: left out", len(prediction))
        described = file.read_true_segments(image_id)
        if described is not None:
            notes.count("texts of true segments (oracle): left out", len(described.texts))
        yield ForeignImage(image_id, prediction.size, segments)


def number_texts(file: PredictionFile, first: int | None = None) -> ClassNumbers:
    """Number every text that occurs, by alphabet, from ``first`` (1); empty texts have none."""
    texts = {text for image_id in file for text in file.read_texts(image_id) if text.strip()}
    begin = 1 if first is None else first
    return ClassNumbers(dict(enumerate(sorted(texts), begin)), f"the texts of {file.path.name}")
