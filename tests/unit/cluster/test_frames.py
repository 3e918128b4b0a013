"""Results in a file that grows: each is read once, and one that is half written when the time has come."""

from __future__ import annotations

from pathlib import Path

from bench.cluster.frames import FrameReader, append_frame

VALUES = [(0, {"a": 1}, None), (1, None, ValueError("no")), (2, "x" * 5000, None)]


def test_results_come_in_their_order_and_once(tmp_path: Path) -> None:
    reader, path = FrameReader(tmp_path / "results"), tmp_path / "results"
    assert list(reader.read()) == []
    with path.open("ab") as file:
        append_frame(file, VALUES[0])
        assert list(reader.read()) == [VALUES[0]]
        append_frame(file, VALUES[2])
        append_frame(file, VALUES[0])
    assert list(reader.read()) == [VALUES[2], VALUES[0]] and list(reader.read()) == []


def test_what_is_cut_anywhere_is_read_when_it_is_whole(tmp_path: Path) -> None:
    with (tmp_path / "whole").open("ab") as file:
        for value in (VALUES[0], VALUES[2]):
            append_frame(file, value)
    content = (tmp_path / "whole").read_bytes()
    first = len(content) - 5000 - 100
    for cut in (0, 3, 8, 30, 40, first, len(content) - 1):
        path = tmp_path / f"cut-{cut}"
        path.write_bytes(content[:cut])
        reader = FrameReader(path)
        before = list(reader.read())
        path.write_bytes(content)
        assert before + list(reader.read()) == [VALUES[0], VALUES[2]], cut


def test_a_changed_bit_is_no_result(tmp_path: Path) -> None:
    with (tmp_path / "results").open("ab") as file:
        append_frame(file, VALUES[2])
    content = bytearray((tmp_path / "results").read_bytes())
    content[-10] ^= 1
    (tmp_path / "results").write_bytes(content)
    assert list(FrameReader(tmp_path / "results").read()) == []
