"""The knobs of the board: what is called published stands in conf/, and results/board/tuning.csv is by the rule."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hydra.utils import get_object

from bench.csv_files import read_csv

ROOT = Path(__file__).resolve().parents[3]
OTHERS = {
    ("global_subtraction", "sigma2"): "2.5",
    ("global_subtraction", "start_layer"): "3",
    ("projected_subtraction", "start_layer"): "3",
    ("masked", "start_layer"): "3",
    ("mask_tokens", "start_layer"): "1",
}
"""Their option takes the number from the models; the published one stands in scripts/tuned.py or the yaml."""


@pytest.fixture(scope="module")
def board() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield import_module("board")
    sys.path.remove(str(ROOT / "scripts"))


def test_the_published_value_is_that_of_the_option(board: Any) -> None:
    for variant, knobs in board.KNOBS.items():
        options = yaml.safe_load((ROOT / f"conf/encode/{variant}.yaml").read_text())
        for key, published, others in knobs:
            default = inspect.signature(get_object(options["_target_"])).parameters[key].default
            told = OTHERS.get((variant, key), options.get(key, default))
            assert float(told) == float(published), (variant, key)
            tried = [float(text) for text in [published, *others.split(",")]]
            assert len(set(tried)) == len(tried), f"{variant}: tried twice"


def test_every_variant_whose_start_layer_matters_is_tuned_in_it(board: Any) -> None:
    """Of dense variants that change the last layer alone, and of the unmasked floor, the layer is no matter."""
    from bench.encode.dense import LastLayerEncoder
    from bench.encode.trunk import TrunkEncoder
    from bench.encode.unmasked import Unmasked

    shown = read_csv(ROOT / "results/board/oracle/board.csv")["variant"].str.partition(" ")[0].unique()
    assert len(shown) >= 19
    for name in shown:
        made = get_object(yaml.safe_load((ROOT / f"conf/encode/{name}.yaml").read_text())["_target_"])
        matters = issubclass(made, TrunkEncoder) and not issubclass(made, LastLayerEncoder | Unmasked)
        assert ("start_layer" in [key for key, *_ in board.KNOBS.get(name, ())]) == matters, name


def test_the_choices_are_by_the_rule(board: Any) -> None:
    table = read_csv(ROOT / "results/board/tuning.csv")
    assert list(table.columns) == list(board.TUNING) and set(table["images"]) == {board.IMAGES["tune"]}
    lines = {(line["variant"], line["key"].removeprefix("encode.")): line for line in table.to_dict("records")}
    assert set(lines) == {(variant, key) for variant, knobs in board.KNOBS.items() for key, *_ in knobs}
    for variant, knobs in board.KNOBS.items():
        for key, published, others in knobs:
            line = lines[variant, key]
            assert line["published"] == published
            tried = [published, *line["tried"].split(",")]
            assert {float(line["best"]), float(line["chosen"])} <= set(map(float, tried))
            bounds = board.find_bounds(variant, (key, published, others))
            if board.find_place(line["best"], bounds) == board.OUTSIDE:  # by an earlier rule; findings.md says so
                with pytest.raises(SystemExit, match=f"encode.{key}=.* is not in .*: python scripts/board.py tune"):
                    list(board.list_choices(variant))
                continue
            assert board.extend_grid(tried, line["best"], bounds, len(tried)) is None, "inside, or at the end"
            assert line["tried"].startswith(others)
            assert line["place"] == board.find_place(line["best"], bounds)
            moved = line["chosen"] != published
            assert (float(line["mean_chosen"]) > float(line["mean_published"])) == moved
            held = [f"encode.{other}={lines[variant, other]['chosen']}" for other, *_ in knobs if other != key]
            assert line["held"] == " ".join(held), "swept at what was chosen of the other"


def test_a_knob_is_swept_again_where_the_layer_moved(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, choices = [], {"sigma2": "0.5"}

    def sweep(variant: str, knob: Any, held: dict[str, str], *_: Any) -> dict[str, object]:
        asked.append((knob[0], dict(held)))
        return {"key": f"encode.{knob[0]}", "chosen": choices[knob[0]]}

    monkeypatch.setattr(board, "sweep", sweep)
    first = [("sigma2", {"start_layer": "3"}), ("start_layer", {"sigma2": "0.5"})]
    for layer, then in (("3", []), ("5", [("sigma2", {"start_layer": "5"})])):
        asked.clear()
        choices["start_layer"] = layer
        list(board.tune("global_subtraction", 1, ""))
        assert asked == first + then


@pytest.mark.parametrize(
    ("values", "best", "bounds", "grown", "beyond"),
    [
        ("0.5 0.05 0.1 0.25 1", "0.25", (0, 10), 0, None),  # inside
        ("0.5 0.05 0.1 0.25 1", "0.05", (0, 10), 0, "0.025"),
        ("0.5 0.05 0.1 0.25 1", "1", (0, 10), 0, "2"),
        ("0.5 0.05 0.1 0.25 8", "8", (0, 10), 0, "10"),  # 128, but no number goes beyond its range
        ("0.5 0.05 0.1 0.25 1", "0.05", (0, 10), 4, "0"),  # which no ratio reaches
        ("0.5 0 1", "0", (0, 10), 0, None),
        ("1 0 2 3", "3", (0, 100), 0, "4"),
        ("1 2 3", "1", (0, 100), 0, "0"),
        ("3 1 2 4 5 6", "6", (1, 6), 0, None),
        ("-6 -5 -4 -3 -2 -1", "-6", (-6, -1), 0, None),
    ],
)
def test_a_grid_grows_beyond_the_edge_where_its_best_stands(
    board: Any, values: str, best: str, bounds: Any, grown: int, beyond: str | None
) -> None:
    assert board.extend_grid(values.split(), best, bounds, grown) == beyond


def test_every_grid_starts_inside_its_range_and_reaches_the_ends_of_a_tower(board: Any) -> None:
    for variant, knobs in board.KNOBS.items():
        for knob in knobs:
            low, high = board.find_bounds(variant, knob)
            values = [float(value) for value in (knob[1], *knob[2].split(","))]
            assert low <= min(values) and max(values) <= high, (variant, knob)
    assert board.find_bounds("masked", board.KNOBS["masked"][0]) == (1, 6)
    assert board.find_bounds("gem", board.KNOBS["gem"][1]) == (-6, -1)
    weights = {float(value) for value in ",".join(board.KNOBS["projected_subtraction"][0][1:]).split(",")}
    assert weights >= {0.05, 0.1, 0.25, 0.5, 1}


def test_a_sweep_goes_on_until_the_best_is_inside_and_says_where_it_stands(
    board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The truth has its top at 1.9 in one case, in the others the smaller or the larger the better."""
    asked: list[list[str]] = []

    def make(top: Any) -> Any:
        def try_values(variant: str, key: str, values: Any, *_: Any) -> Any:
            asked.append(list(values))
            means = {f"encode.{key}={value}": top(float(value)) for value in values}
            best = max(means, key=lambda name: means[name])
            return board.Chosen(board.settings_of(best), means[best], 9, means, ("m",)), f"encode.{key}={values[0]}"

        return try_values

    knob = board.KNOBS["projected_subtraction"][0]
    monkeypatch.setattr(board, "try_values", make(lambda value: -abs(value - 1.9)))
    line = board.sweep("projected_subtraction", knob, {}, 9, "")
    assert (line["tried"], line["best"], line["place"]) == (f"{knob[2]},2,4", "2", "inside")
    assert [len(values) for values in asked] == [5, 6, 7]
    monkeypatch.setattr(board, "try_values", make(lambda value: -value))
    line = board.sweep("projected_subtraction", knob, {}, 9, "")
    assert (line["tried"], line["best"], line["place"]) == (knob[2], "0.05", "at the end of its range"), "not 0"
    monkeypatch.setattr(board, "try_values", make(lambda value: value))
    line = board.sweep("projected_subtraction", knob, {}, 9, "")
    assert (line["tried"], line["place"]) == (f"{knob[2]},2,4,8,10", "at the end of its range")
    monkeypatch.setattr(board, "try_values", make(lambda value: 0.5))
    assert board.sweep("red_circle", board.KNOBS["red_circle"][0], {}, 9, "")["best"] == "0.006", "a tie moves nothing"


def test_variants_tuned_on_different_numbers_of_images_are_not_looked_at(
    board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"variant": "gem", "images": "40"}, {"variant": "masked", "images": "100"}]
    monkeypatch.setattr(board, "read_tuning", lambda: lines)
    with pytest.raises(SystemExit, match="gem on 40 images, masked on 100 images"):
        board.check_alike_tuned(["gem", "masked", "crop"])
    board.check_alike_tuned(["gem", "crop"])


OFF = {
    ("blur_outside", "blur"): (0, 1), ("crop_blur", "blur"): (0, 1), ("red_circle_grey_blur", "blur"): (0, 1),
    ("gem", "iterations"): (0,), ("projected_subtraction", "weight"): (0,), ("proxyclip", "gamma"): (1e-6, 1e6),
    ("global_subtraction", "sigma2"): (1e-9, 1e6), ("naclip", "std"): (1e-3, 1e6), ("red_circle", "width"): (0, 0.5),
}  # fmt: skip
"""Values at which the method of a variant does nothing or is another one: the ends of what its field takes."""


@pytest.mark.parametrize("grown", [0, 9])
def test_no_knob_turns_its_own_method_off(board: Any, grown: int) -> None:
    """A sweep goes on to the end of the range, towards either side, and never to a value of `OFF`."""
    knobs = {(variant, knob[0]): knob for variant, knobs in board.KNOBS.items() for knob in knobs}
    assert {place for place in knobs if place[1] != "start_layer"} == set(OFF)
    for place, off in OFF.items():
        low, high = bounds = board.find_bounds(place[0], knobs[place])
        assert not any(low <= value <= high for value in off), place
        assert all(board.explain_end(*place, value) for value in (low, high, *off))
        for choose in (min, max):
            values = [knobs[place][1], *knobs[place][2].split(",")]
            while more := board.extend_grid(values, choose(values, key=float), bounds, grown):
                values.append(more)
            assert low <= min(map(float, values)) and max(map(float, values)) <= high, (place, values)
            assert board.find_place(choose(values, key=float), bounds) == "at the end of its range" or grown == 0


def test_the_test_split_is_looked_at_where_no_board_has_looked(
    board: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(board, "OUT", tmp_path)
    monkeypatch.setattr(board, "check_alike_tuned", lambda variants: None)
    monkeypatch.setattr(board, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(board, "run", asked.append)
    board.look(["crop"], "oracle", board.IMAGES["oracle"], "s")
    (subset,) = [word for word in asked[0] if word.startswith("data.subset=")]
    path = Path(subset.removeprefix("data.subset=file:"))
    ids = path.read_text().split()
    assert ids == [f"test-{at:04}" for at in range(204, 500)] and path.stem == "test-0204_to_test-0499"
    assert (tmp_path / "results/looks.csv").read_text() == "variant,first,last,choices\ncrop,test-0204,test-0499,\n"
    with pytest.raises(SystemExit, match="images=297: 1 to 296 test scenes are left"):
        board.look(["crop"], "oracle", 297, "s")


def test_a_variant_looks_at_a_scene_again_with_the_same_choices_alone(
    board: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    choices = {"gem": ["++encode.start_layer=-6", "++encode.iterations=1"], "crop": []}
    monkeypatch.setattr(board, "OUT", tmp_path)
    monkeypatch.setattr(board, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "check_alike_tuned", lambda variants: None)
    monkeypatch.setattr(board, "list_choices", choices.__getitem__)
    asked: list[list[str]] = []
    monkeypatch.setattr(board, "run", asked.append)
    for segments, images in (("oracle", 9), ("texts", 5), ("oracle", 9)):
        board.look(["gem"], segments, images, "s")
    board.look(["crop"], "oracle", 9, "s")
    looked = (tmp_path / "looks.csv").read_text()
    assert looked == (
        "variant,first,last,choices\ncrop,test-0204,test-0212,\n"
        "gem,test-0204,test-0208,encode.iterations=1 encode.start_layer=-6\n"
        "gem,test-0204,test-0212,encode.iterations=1 encode.start_layer=-6\n"
    )
    choices["gem"] = ["++encode.iterations=2"]
    told = (
        "gem: a board has looked at test-0204 to test-0208 with encode.iterations=1 encode.start_layer=-6, so "
        "test-0204 to test-0206 cannot judge encode.iterations=2: test scenes that it has not seen can"
    )
    with pytest.raises(SystemExit, match=told):
        board.look(["crop", "gem"], "oracle", 3, "s")
    assert len(asked) == 4 and (tmp_path / "looks.csv").read_text() == looked, "before anything is run or written"


def test_a_board_that_is_written_is_a_look(board: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(board, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "list_choices", lambda variant: ["++encode.width=0.1"])
    metric = "toyscenes:test[{}]/toyscenes/paper/st(clip@12345678,fp32,prompt=a)>=0.1/iou.image.union"
    table = pd.DataFrame({"variant": ["red_circle", "red_circle"], "metric": metric.format("first:200")})
    board.record_board(table)
    assert not (tmp_path / "looks.csv").exists(), "of before"
    board.record_board(table.assign(metric=metric.format("file:test-0204_to_test-0263@1b2c3d4e")))
    assert (tmp_path / "looks.csv").read_text().splitlines()[1:] == ["red_circle,test-0204,test-0263,encode.width=0.1"]


def test_every_knob_is_a_key_of_its_yaml(board: Any) -> None:
    for variant, knobs in board.KNOBS.items():
        assert {key for key, *_ in knobs} <= set(yaml.safe_load((ROOT / f"conf/encode/{variant}.yaml").read_text()))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "board: nonsense: no such stage (tune, oracle, texts, predicted, page) and no variant"),
        (["orcale", "gem"], r"board: orcale: no such stage .* (did you mean 'oracle'?)"),
        (["oracle", "gen"], r"board: gen: .* (did you mean 'gem'?)"),
        (["image=3"], "board: image=3: no such option (did you mean 'images'?)"),
        (["oracle", "images=x"], "board: images=x: needs a whole number from 1"),
    ],
)
def test_a_wrong_word_is_a_line_and_writes_nothing(
    board: Any, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(board, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "run", lambda words: pytest.fail("ran"))
    with pytest.raises(SystemExit, match=told.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        board.main(words)
    assert not list(tmp_path.iterdir())
