"""Each input changed alone: the key moves exactly where the result may. KEYS.md is the same table in words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UserError
from bench.predictions.source import PredictionFile
from bench.records import Sample
from bench.run.context import RunContext
from bench.run.score_folder import name_folder
from bench.run.score_records import ScoreRequest
from bench.settings.depends import check_name, collect_trunk_inputs
from bench.store.facts.closure import forget_sources
from bench.store.keys import make_stage_key
from bench.store.stages import make_item_name
from tests.unit.run.inputs import BASELINE_CASES, BEFORE, CASES, EVERY, choose_baseline
from tests.unit.run.world import World, world

ROOT = Path(__file__).parents[3]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return world(tmp_path, monkeypatch)


@pytest.mark.thinned(36)
@pytest.mark.parametrize("case", CASES)
def test_the_key_moves_exactly_where_the_result_may(case: str, own: World) -> None:
    change, expected = CASES[case]
    BEFORE.get(case, lambda _: None)(own)
    before = own.keys()
    assert set(before) == EVERY | {"run"}
    change(own)
    after = own.keys()
    assert {name for name in before if before[name] != after[name]} == expected


@pytest.mark.thinned(9)
@pytest.mark.parametrize("case", BASELINE_CASES)
def test_the_key_of_a_whole_system_moves_exactly_where_its_result_may(case: str, own: World) -> None:
    change, expected = BASELINE_CASES[case]
    choose_baseline(own)
    before = own.keys()
    assert set(before) == {"baseline", "tt", "st", "table", "run"}
    change(own)
    after = own.keys()
    assert {name for name in before if before[name] != after[name]} == expected


def test_everything_moves_and_something_stays_with_some_input() -> None:
    moved = frozenset().union(*(stages for _, stages in CASES.values()))
    assert moved == EVERY | {"run"} and sum(not stages for _, stages in CASES.values()) > 15


def test_the_table_names_every_case_and_only_tests_that_are_there() -> None:
    page = (ROOT / "KEYS.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 10
    for path, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name} is not there"
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    assert all(re.search(r"`|case", row.split("|")[-2]) for row in rows if not row.startswith("| input"))
    told = set(re.findall(r"\[([^\]]+)\](?!\()", page))
    known = set(CASES) | set(BASELINE_CASES)
    assert told == known, f"missing {known - told}, unknown {told - known}"


def sample(**changes: object) -> Sample:
    image, truth = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.int16)
    return Sample(**({"image_id": "a", "image": image, "truth": truth} | changes))  # type: ignore[arg-type]


def test_an_image_is_addressed_by_its_pixels_and_its_truth(own: World, monkeypatch) -> None:
    from bench.run import predict

    asked: list[str] = []

    class Asked(Exception):
        pass

    def read(_: object, item: str) -> None:
        asked.append(item)
        raise Asked

    context = RunContext(own.settings)
    monkeypatch.setattr(context.store, "read", read)
    plain = sample()
    changed = [sample(image=plain.image + 1), sample(truth=np.ones((4, 4), np.int16)), sample(image_id="b")]
    same = [sample(captions=("a text",)), sample(instances=np.zeros((4, 4), np.int16))]
    for each in (plain, *changed, *same):
        with pytest.raises(Asked):
            predict._predict(context, each.image_id, True, load=lambda each=each: each)
    assert len(set(asked)) == len(changed) + 1, "what people say and objects are no part of what is predicted"
    assert make_item_name(plain) != make_item_name(changed[0]) and make_item_name(plain) == make_item_name(changed[1])


IMPORTS = "from dataclasses import dataclass\nfrom bench.encode.masking import MaskedEncoder"
VARIANTS = {
    "plain": ("class V(MaskedEncoder):\n    def mix(self, attention): ...\n", True),
    "hands on": (
        "class V(MaskedEncoder):\n    def __init__(self, clip, start_layer, half=1):\n"
        "        super().__init__(clip, start_layer)\n        self.half = half\n",
        True,
    ),
    "a dataclass": ("@dataclass(eq=False)\nclass V(MaskedEncoder):\n    half: int = 1\n", True),
    "a dataclass that checks": (
        "@dataclass(eq=False)\nclass V(MaskedEncoder):\n    half: int = 1\n    def __post_init__(self):\n"
        "        super().__post_init__()\n        assert self.half\n",
        True,
    ),
    "a dataclass that starts later": (
        "@dataclass(eq=False)\nclass V(MaskedEncoder):\n    half: int = 1\n    def __post_init__(self):\n"
        "        super().__post_init__()\n        self.start_layer += 1\n",
        False,
    ),
    "a dataclass that forgets its base": (
        "@dataclass(eq=False)\nclass V(MaskedEncoder):\n    half: int = 1\n    def __post_init__(self): ...\n",
        False,
    ),
    "own trunk": ("class V(MaskedEncoder):\n    def compute_trunk(self, sample): ...\n", False),
    "own trunk above": ("class A(MaskedEncoder):\n    def compute_trunk(self, s): ...\nclass V(A): ...\n", False),
    "changes clip": (
        "class V(MaskedEncoder):\n    def __init__(self, clip, start_layer):\n"
        "        super().__init__(clip, start_layer)\n        self.clip = None\n",
        False,
    ),
    "another layer": (
        "class V(MaskedEncoder):\n    def __init__(self, clip, start_layer):\n"
        "        super().__init__(clip, start_layer + 1)\n",
        False,
    ),
    "mixed in": ("class A:\n    clip = None\nclass V(A, MaskedEncoder): ...\n", False),
}


@pytest.mark.thinned(6)
@pytest.mark.parametrize("name", VARIANTS)
def test_variants_share_the_trunk_only_where_they_leave_it_alone(name: str, own: World) -> None:
    text, shared = VARIANTS[name]
    module = f"zvariant_{name.replace(' ', '_')}"
    (own.root / "path" / f"{module}.py").write_text(f"{IMPORTS}\n{text}")
    forget_sources(module)
    ours = collect_trunk_inputs({"_target_": "bench.encode.masked.Masked", "start_layer": 4})
    told = collect_trunk_inputs({"_target_": f"{module}.V", "start_layer": 4, "half": 2})
    assert (told == ours) is shared
    assert collect_trunk_inputs({"_target_": "bench.encode.crop.CropAndMask"}) is None


def test_key_json_says_everything_that_a_key_stands_for(own: World) -> None:
    namespace = RunContext(own.settings).namespaces.segment
    assert make_stage_key("segment", namespace.key_inputs) == namespace.key
    made, around = {"options", "source", "imports", "unknown"}, {"machine", "threads", "libraries", "torch", "calling"}
    assert made | around | {"models", "device", "dtype", "seed"} <= set(namespace.key_inputs)


def test_a_models_own_class_counts(own: World) -> None:
    text = "class Mine:\n    def __init__(self, source, device, dtype): ...\n"
    (own.root / "path/zmine/model.py").write_text(text)
    own.set(models__sentence___target_="zmine.model.Mine")
    before = own.keys()
    own.rewrite("path/zmine/model.py", text + "A = 1\n")
    after = own.keys()
    assert {name for name in before if before[name] != after[name]} == {"tt"}


def test_threads_are_those_of_the_key_where_a_model_is_loaded(own: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("torch.set_num_threads", asked.append)
    text = "class Mine:\n    def __init__(self, source, device, dtype): ...\n"
    (own.root / "path/zmine/model.py").write_text(text)
    own.set(models__sentence___target_="zmine.model.Mine", executor__threads=3)
    one = RunContext(own.settings).load_model("sentence")
    assert asked == [3] and RunContext(own.settings).load_model("sentence") is one, "and stays in memory"
    own.rewrite("sentence/model.safetensors", "other weights")
    assert RunContext(own.settings).load_model("sentence") is not one, "but not once its weights are others"


def test_a_worker_that_finds_other_keys_stops(own: World) -> None:
    told = RunContext(own.settings).keys
    assert RunContext({**own.settings, "keys": told}).stages
    own.rewrite("words.txt", "dog\n")
    with pytest.raises(UserError, match=r"files or environment of .*segment, .*caption.* changed after this run"):
        _ = RunContext({**own.settings, "keys": told}).stages


def test_a_file_that_changes_while_a_stage_reads_it_stops(own: World) -> None:
    text = "from pathlib import Path\nclass S:\n    def __init__(self, words): Path(words).write_text('other')\n"
    (own.root / "path/zmine/writes.py").write_text(text)
    own.set(segment={"_target_": "zmine.writes.S", "words": f"{own.root}/words.txt"})
    with pytest.raises(UserError, match="segment: a file that it reads changed in that moment"):
        RunContext(own.settings).make_stage("segment")


def test_a_run_whose_table_changes_meanwhile_stops(own: World) -> None:
    context = RunContext(own.settings)
    assert context.name
    check_name(own.settings, context.name)
    own.rewrite("table.json", "{}")
    with pytest.raises(UserError, match="changed while the run went on"):
        check_name(own.settings, context.name)


def test_a_folder_of_scores_goes_by_the_content_of_the_predictions(own: World) -> None:
    def name() -> str:
        file = PredictionFile(own.root / "p.json")
        return name_folder(own.settings, ScoreRequest(file, [own.settings["score"]], variant="theirs"))

    head = '{"format": "zgs-predictions/1", "images": []}'
    (own.root / "p.json").write_text(head)
    names = [name()]
    for file, text in (("p.json", head + " "), ("p.npz", "vectors"), ("table.json", "{}")):
        (own.root / file).write_text("")
        own.rewrite(file, text)
        names.append(name())
    assert len(set(names)) == 4
