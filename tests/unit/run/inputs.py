"""Every input of every stage and of scoring, each changed alone through the door of a run (KEYS.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from tests.unit.run.world import LAYOUT, USERS, World

CLIP = frozenset({"encode", "trunk", "caption", "merge", "st"})
STAGES = frozenset({"segment", "trunk", "encode", "caption", "merge"})
EVERY = STAGES | {"tt", "st", "table"}


def _hub(world: World, revision: str) -> None:
    """The local cache of a hub in which the main revision of some sentence encoder is that one."""
    cache = world.root / "hub"
    place = cache / "models--some--encoder"
    for name in ("1" * 40, "2" * 40):
        (place / "snapshots" / name).mkdir(parents=True, exist_ok=True)
        (place / "snapshots" / name / "model.safetensors").write_text(name)
    (place / "refs").mkdir(exist_ok=True)
    (place / "refs/main").write_text(revision * 40)
    world.monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    world.set(models__sentence__source="some/encoder")


def _tag(world: World, content: str) -> None:
    """Published weights of CLIP whose file, where open_clip finds it, has some content."""
    from bench.models.located import Located

    (world.root / "openai.bin").write_text(content)
    place = Located("hub cache", world.root / "openai.bin")
    world.monkeypatch.setattr("bench.models.located.locate_published", lambda *_: place)
    world.set(models__clip__source="ViT-B-32-quickgelu", models__clip__pretrained="openai")


def _fact(**facts: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        from bench.store.facts import machine

        told = {**machine._describe_processor(), **facts}
        world.monkeypatch.setattr(machine, "_describe_processor", lambda: told)

    return change


def _build(name: str, value: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        from bench.store.facts import machine

        told = {**machine.read_torch_build(), name: value}
        world.monkeypatch.setattr(machine, "read_torch_build", lambda: told)

    return change


def _library(name: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        from bench.store import keys

        told = {**keys.read_library_versions(), name: "99.0"}
        for module in ("bench.store.keys", "bench.settings.depends", "bench.store.identity", "bench.run.tables"):
            world.monkeypatch.setattr(f"{module}.read_library_versions", lambda: told)

    return change


def _switch(world: World) -> None:
    world.monkeypatch.setattr("torch.get_float32_matmul_precision", lambda: "medium")


def _moved(name: str, **changes: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.move(name, f"elsewhere/{name}")
        world.set(**{key: value.format(f"{world.root}/elsewhere/{name}") for key, value in changes.items()})

    return change


def _reordered(world: World) -> None:
    def turn(node: Any) -> Any:
        return {k: turn(v) for k, v in reversed(node.items())} if isinstance(node, dict) else node

    world.settings = turn(world.settings)


def _source(name: str, text: str) -> Callable[[World], None]:
    return lambda world: world.rewrite(f"path/{name}", text)


def _given(**changes: Any) -> Callable[[World], None]:
    return lambda world: world.set(**changes)


def _switched_on(name: str) -> Callable[[World], None]:
    """A switch of a GPU, as if there were one."""

    def change(world: World) -> None:
        world.monkeypatch.setattr("bench.run.parts.find_device", lambda *_: "cpu")
        world.set(**{name: True})

    return change


def _written(name: str, text: str) -> Callable[[World], None]:
    return lambda world: world.rewrite(name, text)


def _written_blocklist(world: World) -> None:
    world.rewrite("block.txt", "man\n")
    world.set(report={"blocklist": f"{world.root}/block.txt"})


def _variable(name: str, value: str = "1") -> Callable[[World], None]:
    return lambda world: world.monkeypatch.setenv(name, value)


def _words_moved(world: World) -> None:
    _moved("words.txt", caption__words="{}", segment__words="{}")(world)


def _weights(name: str) -> Callable[[World], None]:
    return lambda world: world.rewrite(name, (world.root / name).read_bytes()[:-1] + b"\1")


def _picture(folder: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(world.root / f"data/{folder}/a.png")

    return change


def _choose_sam(world: World) -> None:
    """SAM's masks in place of section 3.1, its weights in a folder of the world."""
    (world.root / "sam").mkdir()
    for name in ("model.safetensors", "config.json", "preprocessor_config.json"):
        (world.root / "sam" / name).write_text("one")
    world.settings["models"]["sam"] = {"_target_": "bench.models.sam.Sam", "source": f"{world.root}/sam"}
    world.settings["segment"] = {"_target_": "bench.segment.sam.SamMasks", "points": 4}


MERGE = frozenset({"merge"})
RUN = frozenset({"run"})
SEGMENT = frozenset({"segment", "merge"})
CAPTION = frozenset({"caption", "merge"})
ENCODE = frozenset({"encode", "merge"})
CASES: dict[str, tuple[Callable[[World], None], frozenset[str]]] = {
    # options
    "encode.sigma2": (_given(encode__sigma2=9.0), ENCODE | RUN),
    "encode.start_layer": (_given(encode__start_layer=2), ENCODE | RUN),
    "caption.prompt": (_given(caption__prompt="A {}."), CAPTION | RUN),
    "merge.threshold": (_given(merge__threshold=0.1), MERGE | RUN),
    "dtype": (_given(dtype="bfloat16"), (EVERY - {"table"}) | RUN),
    "device": (_given(device="auto"), frozenset({"tt", "st"}) | RUN),
    "precision.segment": (_given(precision__segment="bfloat16"), SEGMENT | RUN),
    "precision.encode": (_given(precision__encode="bfloat16"), ENCODE | {"trunk"} | RUN),
    "precision.caption": (_given(precision__caption="bfloat16"), CAPTION | RUN),
    "precision as dtype is": (_given(precision__caption="float32"), RUN),
    "compile": (_switched_on("compile"), (EVERY - {"table"}) | RUN),
    "graphs": (_switched_on("graphs"), (EVERY - {"table"}) | RUN),
    "seed": (_given(seed=3), STAGES | RUN),
    "score.rounding": (_given(score__rounding=None), RUN),
    # files that options name
    "words of caption and segment": (_written("words.txt", "dog\n"), SEGMENT | CAPTION | RUN),
    "folder deep in options": (_written("folder/one.txt", "2\n"), SEGMENT | RUN),
    "score.table": (_written("table.json", "{}"), RUN),
    "score.ratings": (_written("ratings.csv", "image,segment\n"), RUN),
    "data.layout": (_written("mine.yaml", LAYOUT + "background: 3\n"), frozenset({"table"}) | RUN),
    "classes that a layout names": (_written("data/classes.txt", "cat\ncow\n"), MERGE | {"table"}),
    "ids that a layout names": (_written("data/ids.txt", "a\n"), frozenset({"table"})),
    "data.subset": (_written("subset.txt", "a\nb\n"), RUN),
    "truth": (_picture("ann"), frozenset({"table"})),
    "picture": (_picture("img"), frozenset({"table"})),
    # models
    "weights of CLIP": (_weights("clip/open_clip_model.safetensors"), CLIP | RUN),
    "tokenizer of CLIP": (_weights("clip/tokenizer.json"), CLIP | RUN),
    "weights of the sentence encoder": (_weights("sentence/model.safetensors"), frozenset({"tt"}) | RUN),
    "revision of a hub name": (lambda world: _hub(world, "2"), frozenset({"tt"}) | RUN),
    "checkpoint behind a published tag": (lambda world: _tag(world, "two"), CLIP | RUN),
    "weights of SAM": (_weights("sam/model.safetensors"), SEGMENT | RUN),
    "config of SAM": (_weights("sam/config.json"), SEGMENT | RUN),
    "image processor of SAM": (_weights("sam/preprocessor_config.json"), SEGMENT | RUN),
    # sources
    "user's module": (_source("zmine/segmenter.py", USERS["zmine/segmenter.py"] + "A = 1\n"), SEGMENT),
    "relative import": (_source("zmine/strength.py", "STRENGTH = 3.0\n"), SEGMENT),
    "base class in another package": (_source("zbase/segmenter.py", "class Base:\n    ones = 1\n"), SEGMENT),
    "nested _target_": (_source("zmine/crf.py", "class Crf:\n    size = 2\n"), SEGMENT),
    "package's own file": (_source("zmine/__init__.py", "A = 1\n"), SEGMENT),
    # machine and process
    "executor.threads": (_given(executor__threads=2), (EVERY - {"table"}) | RUN),
    "Python": (_fact(python="3.99.0"), EVERY),
    "processor": (_fact(processor=["Linux", "x86_64", "AnotherVendor"]), EVERY),
    "instructions": (_fact(instructions=["X86_V3"]), EVERY),
    "libm": (_fact(libm="glibc 2.99"), EVERY),
    "BLAS of NumPy": (_fact(blas="mkl 2026"), EVERY),
    "build of torch": (_build("__version__", "2.15.0+cpu"), EVERY),
    "commit of torch": (_build("git_version", "abc"), EVERY),
    "switch of torch": (_switch, STAGES),
    **{f"variable {v}": (_variable(v), EVERY) for v in ("MKL_CBWR", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")},
    "variable NUMBA_OPT": (_variable("NUMBA_OPT", "0"), EVERY),
    **{f"library {n}": (_library(n), EVERY) for n in ("torch", "pillow", "regex", "torchvision", "tokenizers")},
    "library llvmlite": (_library("llvmlite"), EVERY),
    # what changes no number
    "words moved": (_words_moved, frozenset()),
    "table moved": (_moved("table.json", score__table="{}"), frozenset()),
    "layout moved": (_moved("mine.yaml", data__layout="{}"), frozenset()),
    "subset moved": (_moved("subset.txt", data__subset="file:{}"), frozenset()),
    "weights moved": (_moved("clip", models__clip__source="{}"), frozenset()),
    "weights of SAM moved": (_moved("sam", models__sam__source="{}"), frozenset()),
    "card of a model": (_written("clip/training.json", "{}"), frozenset()),
    "data moved": (_moved("data", data__root="{}"), RUN),
    "comment": (_source("zmine/strength.py", "# times\nSTRENGTH = 0.3  # of what\n"), frozenset()),
    "docstring": (_source("zmine/strength.py", '"""Why."""\nSTRENGTH = 0.3\n"""How much."""\n'), frozenset()),
    "file that nothing imports": (_source("zmine/other.py", "A = 1\n"), frozenset()),
    "order of options": (_reordered, frozenset()),
    "store": (lambda world: world.set(store=f"{world.root}/other"), frozenset()),
    "out": (_given(out="elsewhere"), frozenset()),
    "pictures": (_given(pictures=0), frozenset()),
    "tracking": (_given(tracking={"_target_": "bench.tracking.wandb_run.Wandb"}), frozenset()),
    "executor.workers": (_given(executor__workers=3), frozenset()),
    "executor": (_given(executor={"_target_": "bench.run.executor.Serial", "threads": 1}), frozenset()),
    "tuned_on": (_written("tuned.txt", "a\n"), frozenset()),
    "variant": (_given(variant="mine"), RUN),
    "role": (_given(role="floor"), frozenset()),
    "objective": (_given(objective="iou.image.union"), frozenset()),
    "embeddings": (_given(embeddings="inline"), frozenset()),
    "report": (_written_blocklist, frozenset()),
    "controls": (_given(controls=[]), RUN),
    "score.tau_clip": (_given(score__tau_clip=0.2), RUN),
    "subset": (_given(data__subset="all"), RUN),
    **{f"variable {v}": (_variable(v), frozenset()) for v in ("OMP_NUM_THREADS", "TORCH_HOME", "MKL_VERBOSE")},
    "variable NUMBA_CACHE_DIR": (_variable("NUMBA_CACHE_DIR", "/x"), frozenset()),
    "variable CUBLAS_WORKSPACE_CONFIG on a processor": (_variable("CUBLAS_WORKSPACE_CONFIG"), frozenset()),
}  # fmt: skip
"""What is changed, and the namespaces whose keys move then: these and no other ("run" is the run's own folder)."""
BEFORE: dict[str, Callable[[World], None]] = {
    "revision of a hub name": lambda world: _hub(world, "1"),
    "checkpoint behind a published tag": lambda world: _tag(world, "one"),
    **dict.fromkeys(("weights of SAM", "config of SAM", "image processor of SAM", "weights of SAM moved"), _choose_sam),
}


def choose_baseline(world: World) -> None:
    """GroupViT in place of the stages, its weights in a folder of the world."""
    (world.root / "groupvit").mkdir()
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        (world.root / "groupvit" / name).write_text("one")
    world.settings["models"]["groupvit"] = {"_target_": GROUPVIT, "source": f"{world.root}/groupvit"}
    world.settings["baseline"] = {"_target_": "bench.baselines.groupvit.GroupVitLabels", "prompts": ["{}"], "top": 5}


def _voc_background(world: World) -> None:
    world.monkeypatch.setattr("bench.data.labelled.LabelledFolder.background", "voc", raising=False)


GROUPVIT = "bench.models.groupvit.GroupVit"
BASELINE = frozenset({"baseline"})
BASELINE_CASES: dict[str, tuple[Callable[[World], None], frozenset[str]]] = {
    "baseline.top": (_given(baseline__top=4), BASELINE | RUN),
    "baseline.prompts": (_given(baseline__prompts=["a {}"]), BASELINE | RUN),
    "weights of GroupViT": (_weights("groupvit/model.safetensors"), BASELINE | RUN),
    "tokenizer of GroupViT": (_weights("groupvit/tokenizer.json"), BASELINE | RUN),
    "classes that a baseline is asked for": (_written("data/classes.txt", "cat\ncow\n"), BASELINE | {"table"}),
    "background of the class list": (_voc_background, BASELINE),
    "encode beside a baseline": (_given(encode__sigma2=9.0), RUN),
    "weights of CLIP beside a baseline": (_weights("clip/open_clip_model.safetensors"), frozenset({"st"}) | RUN),
    "weights of GroupViT moved": (_moved("groupvit", models__groupvit__source="{}"), frozenset()),
}
"""The same with a whole system in place of the stages."""
