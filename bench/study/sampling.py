"""Section 5.2, which segments people rate: rules stated in a line, seeded, with the weight of each choice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.errors import UsageError

RULES = ("all", "images", "per_image", "stratified")
Place = tuple[str, int]
"""Image and position of a segment."""


@dataclass(frozen=True)
class Rule:
    """How segments are chosen, and the number that belongs to the rule (0 of ``all``)."""

    name: str
    count: int = 0

    def describe(self, seed: int) -> str:
        """State the rule in a sentence."""
        drawn = f"drawn at random (seed {seed})"
        return {
            "all": "every segment of every image",
            "images": f"every segment of {self.count} images, {drawn}: the same images for all runs",
            "per_image": f"up to {self.count} segments of each image and run, {drawn}; an answer weighs as many "
            "segments as it stands for",
            "stratified": f"{self.count} segments of each run, spread over class and size in proportion: a systematic "
            f"sample of the list sorted by both, in random order within (seed {seed}); every segment has the same "
            "chance",
        }[self.name]


def read_rule(text: str) -> Rule:
    """Read ``all``, ``images:N``, ``per_image:N`` or ``stratified:N``. Raises UsageError for anything else."""
    found = re.fullmatch(r"(\w+)(?::(\d{1,9}))?", text)
    name, number = (found[1], found[2]) if found else ("", None)
    if name not in RULES or (name == "all") != (number is None) or number == "0":
        raise UsageError(
            f"sample={text}: write all, images:N (all segments of N images), per_image:N or stratified:N (by class "
            "and size), N from 1"
        )
    return Rule(name, int(number or 0))


def choose_images(rule: Rule, images: Sequence[str], seed: int) -> list[str]:
    """Choose the images of a study, in the order given; all of them unless the rule is ``images``."""
    if rule.name != "images" or rule.count >= len(images):
        return list(images)
    chosen = np.random.default_rng(seed).choice(len(images), rule.count, replace=False)
    return [images[at] for at in sorted(chosen.tolist())]


def choose_segments(rule: Rule, strata: Mapping[Place, tuple[str, str]], seed: int) -> dict[Place, float]:
    """Choose segments of one run and give each the number of segments that it stands for.

    ``strata`` says of each segment its class and its size in words. The weights of one run add up to its segments
    (under ``stratified`` exactly; under ``per_image`` image by image).
    """
    if rule.name == "per_image":
        return _choose_per_image(rule.count, list(strata), seed)
    if rule.name == "stratified":
        return _choose_systematically(rule.count, strata, seed)
    return dict.fromkeys(strata, 1.0)


def _choose_per_image(count: int, places: Sequence[Place], seed: int) -> dict[Place, float]:
    by_image: dict[str, list[Place]] = {}
    for place in places:
        by_image.setdefault(place[0], []).append(place)
    chosen: dict[Place, float] = {}
    for image, own in by_image.items():
        # A seed for each image: what is drawn of one depends on no other.
        draw = np.random.default_rng([seed, *image.encode("utf-8", "surrogatepass")])
        kept = sorted(draw.choice(len(own), min(count, len(own)), replace=False).tolist())
        chosen |= {own[at]: len(own) / len(kept) for at in kept}
    return chosen


def _choose_systematically(count: int, strata: Mapping[Place, tuple[str, str]], seed: int) -> dict[Place, float]:
    """Choose every k-th of the list sorted by stratum, from a random start: each stratum within one of its share."""
    places = list(strata)
    if count >= len(places):
        return dict.fromkeys(places, 1.0)
    draw = np.random.default_rng(seed)
    shuffled = [places[at] for at in draw.permutation(len(places))]
    ordered = sorted(shuffled, key=lambda place: strata[place])
    step = len(places) / count
    picks = np.minimum((draw.random() + np.arange(count)) * step, len(places) - 1).astype(int)
    return {ordered[at]: step for at in picks.tolist()}
