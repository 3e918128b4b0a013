"""Without a network: caches first, then one question to the hub for all models, counted at a socket of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants

from bench.cli import main
from bench.commands.settings import compose_settings
from bench.errors import UserError
from bench.models import hub, located, sources
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.language import Language
from bench.models.sentence import Sentence
from bench.run.context import RunContext
from data_prep.random_models import make_all, make_dino
from tests.e2e.commands.test_doctor import in_cache

KINDS = ("clip", "dino", "language", "sentence")


@pytest.fixture
def online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that may use the network, an empty cache, and little patience."""
    for name in (hub.OFFLINE, "TRANSFORMERS_OFFLINE", hub.SILENT):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever is set meanwhile
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "_answered", set())
    monkeypatch.setattr(hub, "PATIENCE", 0.3)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "hub"


class Door:
    """A listening socket; who knocked is counted afterwards, for nobody is let in."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def knocks(self) -> int:
        self.socket.setblocking(False)
        count = 0
        while True:
            try:
                self.socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


@pytest.fixture
def silent(online: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A hub that takes the connection and never answers."""
    door = Door()
    monkeypatch.setattr(constants, "ENDPOINT", door.address)
    yield door
    door.socket.close()


def test_all_models_ask_a_hub_that_never_answers_once(silent: Door, capfd) -> None:
    assert main(["verify", "models=paper", "device=cpu"]) == 1
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith(KINDS)]
    assert len(lines) == 4
    for line in lines:
        assert "is not in the local cache and cannot be fetched" in line and "did not answer within" in line
        assert silent.address in line and "HF_HUB_OFFLINE" not in line
    assert silent.knocks() == 1


@pytest.mark.thinned(2)
@pytest.mark.parametrize("option", ["models/clip=vit_b_16", "models.clip.source=hf-hub:nobody/nothing"])
def test_other_ways_to_name_a_clip(option: str, silent: Door, capfd) -> None:
    assert main(["verify", "models=paper", option, "device=cpu"]) == 1
    assert "cannot be fetched" in capfd.readouterr().out and silent.knocks() == 1


def test_a_closed_port_is_told_at_once_and_remembered(online: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    door.socket.close()
    monkeypatch.setattr(constants, "ENDPOINT", door.address)
    tests = counted(monkeypatch)
    for call in (lambda: Dino("nobody/dino"), lambda: Language("nobody/gpt2"), lambda: sources.hash_weights("no/no"),
                 lambda: Sentence("nobody/mpnet")):  # fmt: skip
        with pytest.raises(UserError, match="cannot be reached .*check the network") as caught:
            call()
        assert "\n" not in str(caught.value)
    assert len(tests) == 1


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tests: list[str] = []
    real: Callable[[str], str] = hub._ask_endpoint
    monkeypatch.setattr(hub, "_ask_endpoint", lambda endpoint: tests.append(endpoint) or real(endpoint))
    return tests


@pytest.mark.slow
def test_a_run_and_the_doctor(silent: Door, tmp_path: Path, capfd) -> None:
    assert main(["doctor", "models=paper"]) == 1
    out = capfd.readouterr().out
    assert out.count("missing") >= 4 and "fix: hf download facebook/dino-vits8" in out and silent.knocks() == 0
    words = ["models=paper", "data.subset=first:1", "device=cpu", f"out={tmp_path / 'o'}", f"store={tmp_path / 's'}"]
    assert main(["run", *words]) == 1
    assert "cannot be fetched" in capfd.readouterr().err and silent.knocks() == 1
    assert main(["doctor", "models=paper"]) == 1  # what was found out is not taken for the user's own wish
    assert "fix: hf download facebook/dino-vits8" in capfd.readouterr().out


def test_keys_of_published_weights_ask_at_most_once(silent: Door) -> None:
    """A key may need the checkpoint behind a tag: it must not try for minutes before a model says what is wrong."""
    assert RunContext(compose_settings(["models=paper", "device=cpu"])).embedder.startswith("ViT-L-14-336-openai")
    assert silent.knocks() <= 1


def test_worker_processes_inherit_the_answer(silent: Door) -> None:
    located.ask_hub_once({"name": "x", "dino": {"source": "nobody/dino"}, "clip": {"source": "embedded:clip"}})
    assert silent.knocks() == 1
    code = "from bench.models import hub; hub.require('weights')"
    worker = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert "did not answer within" in worker.stderr and silent.knocks() == 0


@pytest.mark.slow
def test_weights_that_are_here_ask_nobody(silent: Door, tmp_path: Path) -> None:
    make_all(tmp_path, tiny=True)
    for kind in KINDS:
        shutil.copytree(tmp_path / kind, in_cache(silent_cache(), f"some/{kind}"), dirs_exist_ok=True)
    named = {kind: f"{'hf-hub:' * (kind == 'clip')}some/{kind}" for kind in KINDS}
    located.ask_hub_once({kind: {"source": name} for kind, name in named.items()})
    own = Clip(named["clip"]).encode_text(["a dog"])
    assert np.array_equal(own, Clip(str(tmp_path / "clip")).encode_text(["a dog"]))
    assert Dino(named["dino"], size=32).patch == 8 and len(Language(named["language"]).tokenizer) == 257
    assert Sentence(named["sentence"]).encode(["a dog"]).shape == (1, 32)
    for kind, name in named.items():
        assert sources.hash_weights(name) == sources.hash_weights(tmp_path / kind)
    assert silent.knocks() == 0


def silent_cache() -> Path:
    return Path(constants.HF_HUB_CACHE)


def test_a_snapshot_without_the_formats_of_other_libraries_is_whole(online: Path, tmp_path: Path) -> None:
    """huggingface_hub 2 remembers all files of a repository and calls a copy without some of them incomplete."""
    from huggingface_hub._tree_cache import TreeCacheEntry, write_tree_cache

    place = in_cache(online, "some/dino")
    shutil.copytree(make_dino(tmp_path / "dino", tiny=True), place, dirs_exist_ok=True)
    names = [file.name for file in place.iterdir()] + ["tf_model.h5"]
    entries = {name: TreeCacheEntry(size=1, blob_id="0" * 40) for name in names}
    write_tree_cache(str(place.parent.parent), place.name, entries)
    assert sources.find_cached_copy("some/dino") == place
    (place / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00002-of-00002.safetensors"}}')
    assert sources.find_cached_copy("some/dino") is None


def test_an_unknown_option_is_not_the_network_s_fault(silent: Door, capfd) -> None:
    assert main(["verify", "models=paper", "models.clip.pretrained=opnai", "device=cpu"]) == 1
    clip = next(line for line in capfd.readouterr().out.splitlines() if line.startswith("clip"))
    assert "opnai" in clip and "hub" not in clip


def test_a_hub_that_answers_is_asked_once(online: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    monkeypatch.setattr(constants, "ENDPOINT", door.address)
    threading.Thread(
        target=answer, args=(door.socket, b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n"), daemon=True
    ).start()
    assert hub.find_silence() == "" and hub.find_silence() == "" and hub.SILENT not in os.environ
    door.socket.close()


@pytest.mark.parametrize("status", ["503 Away", "407 Proxy"])
def test_an_error_of_a_gateway_is_no_answer(status: str, online: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    monkeypatch.setattr(constants, "ENDPOINT", door.address)
    told = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    threading.Thread(target=answer, args=(door.socket, told), daemon=True).start()
    assert hub.find_silence() == f"answers with an error ({status[:3]})"
    door.socket.close()


def answer(door: socket.socket, told: bytes) -> None:
    """One request is answered, with these words."""
    connection: Any = door.accept()[0]
    connection.recv(4096)
    connection.sendall(told)
    connection.close()


def test_the_user_s_own_wish_is_not_tested(silent: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hub.OFFLINE, "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE is set"):
        Dino("nobody/dino")
    assert silent.knocks() == 0


def test_a_cache_that_holds_a_config_alone_asks_for_the_rest(silent: Door, tmp_path: Path) -> None:
    shutil.copy(make_dino(tmp_path / "d", tiny=True) / "config.json", in_cache(silent_cache(), "some/dino"))
    with pytest.raises(UserError, match="cannot be fetched"):
        Dino("some/dino")
    assert silent.knocks() == 1
