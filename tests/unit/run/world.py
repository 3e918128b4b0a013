"""A run whose every input lies in one folder: its settings, a user's package, small data, models that are no models."""

from __future__ import annotations

import copy
import importlib
import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.commands.settings import compose_settings
from bench.run.context import RunContext
from bench.run.tables import open_table_namespace
from bench.settings.naming import make_run_name
from bench.store.facts import closure

Settings = dict[str, Any]
USERS = {
    "zmine/__init__.py": "",
    "zmine/segmenter.py": (
        "from .strength import STRENGTH\nfrom zbase.segmenter import Base\n\nclass Segmenter(Base): ...\n"
    ),
    "zmine/strength.py": "STRENGTH = 0.3\n",
    "zmine/crf.py": "class Crf: ...\n",
    "zbase/__init__.py": "",
    "zbase/segmenter.py": ("class Base:\n    def __init__(self, words=None, deep=None, crf=None): ...\n"),
}
"""A package of a user's own, whose base class lies in another one."""
LAYOUT = "images: img/{id}.png\nmasks: ann/{id}.png\nclasses: classes.txt\nids: ids.txt\n"


@dataclass
class World:
    """One run's settings, and where all that they name lies."""

    root: Path
    monkeypatch: pytest.MonkeyPatch
    settings: Settings

    def keys(self) -> dict[str, str]:
        """What a run would find: a key a namespace, and the run's own name. No model is loaded."""
        importlib.invalidate_caches()
        closure.forget_sources("zmine", "zbase")
        context = RunContext(self.settings)
        told = {name.split(" ")[1]: key for name, key in context.keys.items() if not name.endswith("texts")}
        told |= {rows: context.give_encoder(rows).namespace.key for rows in ("tt", "st")}
        told["table"] = open_table_namespace(self.settings["data"], context.identity, context.store).key
        return told | {"run": make_run_name(self.settings)}

    def set(self, **changes: Any) -> None:
        """Change settings; ``a__b`` is the key a.b."""
        for name, value in changes.items():
            *path, last = name.split("__")
            node = self.settings
            for key in path:
                node = node[key]
            node[last] = value

    def rewrite(self, name: str, text: str | bytes) -> None:
        """Give a file another content, with another time, as an editor does."""
        path = self.root / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        later = path.stat().st_mtime_ns + 10**9
        os.utime(path, ns=(later, later))

    def move(self, name: str, to: str) -> None:
        """Move a file or folder."""
        (self.root / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self.root / name, self.root / to)


def world(root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A labelled folder of two pictures, a user's segmenter, words from a file, and models in folders of their own."""
    monkeypatch.syspath_prepend(str(root / "path"))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("zmine", "zbase")]:
        monkeypatch.delitem(sys.modules, name)
    for name, text in USERS.items():
        (root / "path" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "path" / name).write_text(text)
    for name in ("a", "b"):
        for folder, values in (("img", np.zeros((4, 4, 3), np.uint8)), ("ann", np.ones((4, 4), np.uint8))):
            (root / "data" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(root / "data" / folder / f"{name}.png")
    files = {
        "data/classes.txt": "cat\ndog\n", "data/ids.txt": "a\nb\n", "mine.yaml": LAYOUT, "subset.txt": "a\n",
        "words.txt": "cat\n", "table.json": '{"cat": "cat"}', "ratings.csv": "image\n", "tuned.txt": "c\n",
        "folder/one.txt": "1\n", "clip/open_clip_model.safetensors": "weights", "clip/tokenizer.json": "{}",
        "clip/open_clip_config.json": '{"model_cfg": {"text_cfg": {}}}', "clip/training.json": "[]",
        "sentence/model.safetensors": "weights",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    made = World(root, monkeypatch, copy.deepcopy(_composed()))
    made.set(
        data__root=f"{root}/data", caption__words=f"{root}/words.txt",
        data__layout=f"{root}/mine.yaml", data__subset=f"file:{root}/subset.txt", store=f"{root}/store", device="cpu",
        models__clip__source=f"{root}/clip", models__sentence__source=f"{root}/sentence",
        score__table=f"{root}/table.json", score__ratings=f"{root}/ratings.csv", tuned_on=f"{root}/tuned.txt",
        segment={
            "_target_": "zmine.segmenter.Segmenter", "words": f"{root}/words.txt", "crf": {"_target_": "zmine.crf.Crf"},
            "deep": {"list": [{"path": f"{root}/folder"}]},
        },
    )  # fmt: skip
    return made


@cache
def _composed() -> Settings:
    return compose_settings(["data=folder", "data.root=.", "caption=retrieval", "caption.words=x"])
