"""Which Ray cluster is asked, and that a dead one is told at once: Ray itself would ask for minutes."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.cluster.ray_cluster import (
    ONCE,
    UNWATCHED,
    _check_port,
    _describe_refusal,
    _join,
    _leave_out_unwatched,
    find_head,
    has_node,
)
from bench.errors import UserError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ray's file of the cluster that was started last; there is none as yet."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    return tmp_path / "ray/ray_current_cluster"


def find_closed_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def test_auto_is_the_variable_then_the_file_then_rays_own_search(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_head("auto") == "auto"
    here.write_text("10.0.0.1:6379\n")
    assert find_head("auto") == "10.0.0.1:6379"
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    assert find_head("auto") == "10.0.0.1:6379"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.2:1")
    assert find_head("auto") == "10.0.0.2:1"
    assert [find_head(address) for address in ("local", "10.0.0.3:2")] == ["local", "10.0.0.3:2"]


def test_a_file_that_a_dead_cluster_left_is_one_line(here: Path) -> None:
    head = f"127.0.0.1:{find_closed_port()}"
    here.write_text(head)
    with pytest.raises(UserError, match=f"^executor.address=auto: no Ray cluster answers at {head}, where .*head$"):
        _check_port(find_head("auto"), "executor.address=auto")
    with pytest.raises(UserError, match=r"^executor.address=\S+: no Ray cluster answers \("):
        _check_port(head, f"executor.address={head}")


def test_only_living_nodes_with_processors_count() -> None:
    nodes = [{"Alive": True, "Resources": {"memory": 1.0}}, {"Alive": False, "Resources": {"CPU": 8.0}}]
    ray = SimpleNamespace(nodes=lambda: nodes)
    assert not has_node(ray)
    nodes.append({"Alive": True, "Resources": {"CPU": 1.0}})
    assert has_node(ray)


@pytest.mark.extra
def test_the_file_lies_where_ray_looks_for_it(here: Path) -> None:
    utils = pytest.importorskip("ray._private.utils")
    assert Path(utils.get_ray_address_file(None)) == here


@pytest.mark.extra
def test_what_nobody_watches_is_left_out_while_a_cluster_of_this_machine_starts_and_not_after() -> None:
    """Fails when Ray gives these methods other names: all of them would then be started again, which takes seconds."""
    node = pytest.importorskip("ray._private.node").Node
    before = [getattr(node, name) for name in UNWATCHED]
    with _leave_out_unwatched():
        assert [getattr(node, name)(None, include_dashboard=False) for name in UNWATCHED] == [None] * 3
    assert [getattr(node, name) for name in UNWATCHED] == before


def test_without_ray_nothing_is_left_out_and_no_harm_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray._private.node", None)
    with pytest.raises(ZeroDivisionError), _leave_out_unwatched():
        raise ZeroDivisionError


@pytest.mark.parametrize(("asks", "has", "tries"), [(False, True, 1), (True, True, 2), (True, False, 1)])
def test_a_token_is_shown_to_a_cluster_that_asks_for_it_alone(
    asks: bool, has: bool, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that asks for none would start no actor for who shows one."""
    seen: list[tuple[bool, str | None]] = []
    shown: list[bool] = []

    def init(**_: object) -> None:
        seen.append((bool(shown), os.environ.get(ONCE)))
        if asks and not shown:
            raise ConnectionError("Failed to connect") from RuntimeError("InvalidAuthToken")

    monkeypatch.delenv(ONCE, raising=False)
    monkeypatch.setattr("bench.cluster.ray_cluster._enable_token", lambda: has and not shown.append(True))
    try:
        _join(SimpleNamespace(init=init), "10.0.0.1:6379", {})
    except ConnectionError:
        assert asks and not has
    assert seen == [(False, "1"), (True, None)][:tries] and ONCE not in os.environ


def test_a_cluster_that_asks_for_its_token_is_told_apart_from_none() -> None:
    error = ConnectionError("Failed to connect to Ray cluster at 10.0.0.1:6379")
    assert _describe_refusal(error).startswith("no Ray cluster answers (Failed to connect")
    error.__cause__ = RuntimeError("RPC error: InvalidAuthToken: Authentication token is missing or incorrect")
    assert _describe_refusal(error).startswith("the Ray cluster asks for its token: copy ~/.ray/auth_token")
