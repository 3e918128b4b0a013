"""Time and memory at the paper's scale: the same script on tiny models of the same classes and a small picture."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.errors import UserError
from bench.records import SegmentTree
from data_prep.random_models import make_all

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
TINY = ["models.clip.patch=8", "models.clip.grid=3", "models.dino.grid=4", "models.dino.size=48"]
TINY += ["models.dino.stride=4", "encode.start_layer=2", "segment.prune_threshold=2", "segment.crf=none", "device=cpu"]
STAGES = ["segment", "encode", "caption", "merge", "score"]


@pytest.fixture(scope="module")
def paper_scale() -> ModuleType:
    """The script, with its neighbour beside it."""
    sys.path.insert(0, str(SCRIPTS))
    import paper_scale

    return paper_scale


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The script's arguments but for the folder of results: tiny models, a picture of 96 x 64 pixels."""
    folder = tmp_path_factory.mktemp("models")
    make_all(folder, tiny=True)
    noise = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((96, 64), Image.Resampling.BICUBIC).save(folder / "small.png")
    return [str(folder), f"image={folder}/small.png", *TINY]


def check(to: Path) -> pd.DataFrame:
    table, text = pd.read_csv(to / "paper_scale.csv"), (to / "paper_scale.md").read_text()
    assert list(table["stage"].unique()) == STAGES
    assert (table["seconds"] > 0).all() and (table["processor_seconds"] <= 2 * table["seconds"] + 0.1).all()
    assert (table["peak_gib"] > 0.05).all() and (table["device"] == "CPU").all()
    assert table["gpu_peak_gib"].isna().all()
    far = table[table["extrapolated"].notna()]
    assert set(far["stage"]) == {"caption"} and len(far) == text.count("**extrapolated** to") == 3
    assert "96 x 64" in text and platform.node() not in text + (to / "paper_scale.csv").read_text()
    return table.set_index("part")["n"]


@pytest.mark.slow
def test_all_stages_are_measured(paper_scale: ModuleType, words: list[str], tmp_path: Path) -> None:
    assert paper_scale.main([*words, f"to={tmp_path}"], run=paper_scale.measure) == 0
    n = check(tmp_path)
    # 48 x 72 pixels, patch 8, stride 4: 11 x 17 places; three captioned segments make two parents.
    assert n["DINO"] == 11 * 17 and n["masked layers"] == n["Ward tree, second stage, CRF"] == 20
    assert n["candidates in CLIP, 1 token, 1 iteration"] == 257, "the tiny vocabulary: bytes and the end"
    assert n["parents embedded and captioned, 1 token, 1 iteration"] == 2
    assert n["ST: CLIP"] == 59 and n["overlap table"] == 3


@pytest.mark.slow
def test_each_stage_in_a_process_of_its_own(paper_scale: ModuleType, words: list[str], tmp_path: Path) -> None:
    assert paper_scale.main([*words, f"to={tmp_path}"]) == 0
    check(tmp_path)


def test_what_is_extrapolated_by_hand(paper_scale: ModuleType) -> None:
    """20 segments, 15 tokens, 5 iterations, 5 beams; 512 texts a context, a second each; batches of 16 rows."""
    import paper_stages

    seconds = paper_stages.Seconds
    least, most, language = paper_stages.extrapolated(512, seconds(512.0, 256.0), seconds(2.0, 1.0), 16)
    assert least.n == 512 + 20 * 14 * 5 * 512 and least.spent == seconds(least.n, least.n / 2)
    assert most.n == 5 * least.n and most.spent == seconds(most.n, most.n / 2)
    # 16 segments first: 1 batch, then 80 rows in 5 batches; the other 4: 1, then 20 rows in 2.
    assert language.n == 5 * ((1 + 14 * 5) + (1 + 14 * 2)) and language.spent == seconds(2 * language.n, language.n)
    assert all("20 segments, 15 tokens, 5 iterations, 5 beams" in part.extrapolated for part in (least, most, language))


def test_three_leaves_make_a_tree_with_the_masks_they_had(paper_scale: ModuleType) -> None:
    import paper_stages

    tree = SegmentTree(np.array([[0, 1, 2, 3], [0, 0, 3, 3]], np.int16), (1, 5, 13, 14))
    small = paper_stages.three(tree)
    assert small.heap_ids == (5, 6, 1), "13 and 14 are the siblings; node 2 has lost its other child"
    assert (small.make_masks() == tree.make_masks()[[2, 3, 0]]).all()
    with pytest.raises(UserError, match="2 segments are too few"):
        paper_stages.three(SegmentTree(np.array([[0, 1]], np.int16), (1, 2)))


def test_squares_hold_sixteen_classes(paper_scale: ModuleType) -> None:
    import paper_stages

    assert (np.bincount(paper_stages.squares(8, 12).ravel()) == [6] * 16).all()


def test_a_folder_has_to_be_named(paper_scale: ModuleType) -> None:
    with pytest.raises(UserError, match="random_models"):
        paper_scale.main(["to=results"])
