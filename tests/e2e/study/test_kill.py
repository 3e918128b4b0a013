"""Nothing that was acknowledged is lost, whenever the server is killed; nothing is there twice."""

from __future__ import annotations

import socket
import threading
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flask", reason="zgs[study] is not installed")

from bench.cli import main
from bench.store.locks import hold_lock
from bench.study.database import open_database
from bench.study.folder import LOCK, SERVED
from bench.study.raters import add_raters
from tests.command import ended
from tests.e2e.study.serving import Client, Server, read_hidden
from tests.unit.study.made import make_study


def answer_until_killed(client: Client, server: Server, draw: np.random.Generator, kept: dict[str, int]) -> str:
    """Answer as fast as the server takes it; returns the question that was under way when it was gone.

    It is killed some milliseconds after some number of answers: in the middle of any request, however slow the machine.
    """
    under_way, most = "", len(kept) + int(draw.integers(2, 16))
    killer = threading.Timer(0.03 * draw.random(), server.process.kill)
    try:
        page = client.enter(server.address)
        client.ask(server.address, "/task", read_hidden(page))
        while True:
            status, page = client.ask(server.address, "/question")
            fields = read_hidden(page)
            if status != 200 or "question" not in fields:
                client.ask(server.address, "/task", read_hidden(client.ask(server.address, "/")[1]))
                continue
            under_way, rating = fields["question"], int(draw.integers(4))
            status, page = client.ask(server.address, "/question", fields | {"rating": str(rating)})
            assert status == 303, page
            kept[under_way], under_way = rating, ""
            if len(kept) == most:
                killer.start()
    except (OSError, HTTPException):  # gone before it answered, or in the middle
        return under_way
    finally:
        if killer.is_alive():
            killer.join()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves a study whose server was killed, which another serves again."""
    return tmp_path_factory.mktemp("killed")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kills", [1, 100])
def test_every_acknowledged_answer_outlives_any_kill(kills: int, place: Path) -> None:
    study = place / str(kills)
    database = make_study(study, count=max(120 * kills, 600), task=200, controls=0, raters=1)
    ((code, token),) = add_raters(database, 1, 30)
    database.close()
    client, draw, kept, doubtful = Client(token), np.random.default_rng(0), dict[str, int](), list[str]()
    for _ in range(kills):
        server = Server(study)
        doubtful.append(answer_until_killed(client, server, draw, kept))
        server.process.communicate()
        database = open_database(study)
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found = {row["question"]: row["rating"] for row in database.execute("SELECT * FROM answers")}
        assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == len(found)
        assert kept.items() <= found.items(), "what was acknowledged is there, as it was given"
        assert set(found) - set(kept) <= set(doubtful), "and nothing else but what was under way"
        kept |= found
        database.close()
    assert len(kept) >= 2 * kills


def test_a_study_that_is_served_or_a_port_that_is_taken_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_study(tmp_path).close()
    (tmp_path / SERVED).write_text("process 7, http://127.0.0.1:1\n")
    with hold_lock(tmp_path / LOCK):
        assert main(["study", "serve", str(tmp_path), "port=0"]) == 1
    error = capsys.readouterr().err
    assert "(process 7, http://127.0.0.1:1)" in error and error.count("\n") == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["study", "serve", str(tmp_path), f"port={port}"]) == 1
    error = capsys.readouterr().err
    assert f"port={port}: Address already in use; choose another port=" in error and error.count("\n") == 1


@pytest.mark.slow
def test_a_second_server_of_one_study_is_one_line_that_names_the_first(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = place / "1"  # its first server was killed, and it can be served again
    if not study.exists():
        make_study(study).close()
    server = Server(study)
    try:
        code = main(["study", "serve", str(study), "port=0"])
        out, err = capsys.readouterr()
        assert (code, out) == (1, "") and f"(process {server.process.pid}, {server.address})" in err
        assert err.count("\n") == 1 and "use that one, or stop it first" in err
        port = server.address.rpartition(":")[2]
        make_study(tmp_path / "other").close()
        code = main(["study", "serve", str(tmp_path / "other"), f"port={port}"])
        out, err = capsys.readouterr()
        assert (
            code == 1 and f"port={port}: Address already in use; choose another port=" in err and err.count("\n") == 1
        )
    finally:
        server.process.terminate()
    code, out, err = ended(server.process)
    assert code == 1 and "stopped; what is finished is kept" in err
    assert not (study / ".served").exists()
