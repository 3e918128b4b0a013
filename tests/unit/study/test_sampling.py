"""Which segments are asked about: the rules as they are stated, and weights that add up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.errors import UsageError
from bench.study.sampling import Rule, choose_images, choose_segments, read_rule

STRATA = {
    (f"image-{at % 7}", at): (("sky", "cat", "boat")[at % 3 if at % 5 else 0], ("small", "large")[at % 2])
    for at in range(90)
}


@pytest.mark.parametrize("text", ["", "some", "all:3", "images", "images:0", "images:-1", "images:x", "per_image:1.5"])
def test_other_rules_are_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"write all, images:N .* per_image:N or stratified:N"):
        read_rule(text)


def test_images_are_drawn_once_for_all_runs_and_another_seed_draws_others() -> None:
    images = [f"{at:03d}" for at in range(50)]
    chosen = choose_images(read_rule("images:10"), images, 0)
    assert len(chosen) == 10 and chosen == sorted(chosen) and chosen == choose_images(Rule("images", 10), images, 0)
    assert chosen != choose_images(Rule("images", 10), images, 1)
    assert choose_images(Rule("images", 60), images, 0) == images == choose_images(Rule("all"), images, 0)
    assert choose_segments(Rule("images", 10), STRATA, 0) == dict.fromkeys(STRATA, 1.0)


def test_some_of_each_image_stand_for_all_of_it() -> None:
    chosen = choose_segments(read_rule("per_image:4"), STRATA, 0)
    per_image, weights = Counter(image for image, _ in chosen), Counter[str]()
    for (image, _), weight in chosen.items():
        weights[image] += weight  # type: ignore[assignment]
    assert set(per_image.values()) == {4}
    whole = Counter(image for image, _ in STRATA)
    assert dict(weights) == pytest.approx(dict(whole))
    fewer = {place: stratum for place, stratum in STRATA.items() if place[0] != "image-0"}
    assert choose_segments(Rule("per_image", 4), fewer, 0) == {p: w for p, w in chosen.items() if p[0] != "image-0"}


@pytest.mark.parametrize("count", [1, 17, 45, 89])
def test_strata_have_their_share_within_one(count: int) -> None:
    chosen = choose_segments(Rule("stratified", count), STRATA, 3)
    assert len(chosen) == count and sum(chosen.values()) == pytest.approx(90)
    have, sizes = Counter(STRATA[place] for place in chosen), Counter(STRATA.values())
    assert all(abs(have[stratum] - count * n / 90) < 1 for stratum, n in sizes.items())


def test_every_segment_has_the_same_chance() -> None:
    """3,000 samples of 18 of 90: each segment is drawn a fifth of the times, within five standard errors."""
    drawn = Counter(place for seed in range(3000) for place in choose_segments(Rule("stratified", 18), STRATA, seed))
    share = np.array([drawn[place] / 3000 for place in STRATA])
    assert np.abs(share - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 3000)


def test_more_than_there_are_is_all() -> None:
    assert choose_segments(Rule("stratified", 90), STRATA, 0) == dict.fromkeys(STRATA, 1.0)
    assert choose_segments(Rule("per_image", 99), STRATA, 0) == dict.fromkeys(STRATA, 1.0)
