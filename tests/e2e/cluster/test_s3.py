"""`store=s3://…` on a server of this machine: two workers, the bytes of a folder; a damaged object is made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.commands import store as store_command
from bench.errors import UserError
from bench.store import pruning
from tests.e2e.cluster.slowly import RUN, count_images, read_bytes, run_command, write_slowly
from tests.unit.store.stored import fill_store

pytestmark = [pytest.mark.extra, pytest.mark.timeout(300)]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket, as boto3 sees it, whose server all processes find by their environment."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()  # another server's
    own = server.ThreadedMotoServer(port=0)
    own.start()
    host, port = own.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3").Bucket("bucket")
    made.create()
    made.objects.all().delete()  # servers of one process share what they hold
    yield made
    own.stop()


def test_a_run_over_s3_is_the_run_over_a_folder(bucket: Any, tmp_path: Path) -> None:
    words = [*write_slowly(tmp_path, 0.0), "data.subset=first:4", "executor.workers=2"]
    assert run_command(tmp_path, RUN, [*words, "store=s3://bucket/zgs", "out=once"]).returncode == 0
    names = [item.key for item in bucket.objects.all()]
    assert names and all(name.startswith("zgs/") for name in names)
    broken = next(name for name in names if name.startswith("zgs/segment/") and name.endswith(".safetensors"))
    bucket.Object(broken).put(Body=bucket.Object(broken).get()["Body"].read()[:-1])
    for name in names:
        if name.startswith(("zgs/merge/", "zgs/encode/")):  # so that the damaged object is asked for
            bucket.Object(name).delete()
    done = run_command(tmp_path, RUN, [*words, "store=s3://bucket/zgs", "out=again"])
    assert done.returncode == 0 and f"store: s3://bucket/{broken} is damaged" in done.stdout + done.stderr, done.stderr
    assert sorted(count_images(tmp_path).values()) == [1, 1, 1, 2]
    assert f"{broken}.damaged" in {item.key for item in bucket.objects.all()}
    assert run_command(tmp_path, RUN, [*words, "store=store", "out=folder"]).returncode == 0
    assert read_bytes(tmp_path / "once") == read_bytes(tmp_path / "again") == read_bytes(tmp_path / "folder")


def test_a_server_that_is_away_and_a_bucket_that_is_not_there_are_one_line(bucket: Any, tmp_path: Path) -> None:
    words = [*write_slowly(tmp_path, 0.0), "data.subset=first:1", "executor=serial"]
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    for store, more in (("s3://no-such-bucket/zgs", {}), ("s3://bucket/zgs", away)):
        done = run_command(tmp_path, RUN, [*words, f"store={store}"], more)
        assert done.returncode == 1, done.stderr
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("zgs: ")]
        assert store in line and "Traceback" not in done.stderr


def test_the_store_is_listed_checked_copied_and_pruned_there(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every action of `zgs store` on S3, hand-counted: 3 entries under one key and 2 under another."""
    encode, merge = fill_store(tmp_path / "a", images=3), fill_store(tmp_path / "a", "merge", images=2)
    there, here = "store=s3://bucket/zgs", f"store={tmp_path / 'a'}"

    def do(code: int, *words: str) -> str:
        assert main(["store", *words]) == code
        return capsys.readouterr().out

    assert "5 files: 5 copied to s3://bucket/zgs, 0 there" in do(0, "copy", "s3://bucket/zgs", here)
    assert "0 copied to s3://bucket/zgs, 5 there" in do(0, "copy", "s3://bucket/zgs", here)
    assert [line.split()[:3] for line in do(0, there).splitlines()[1:3]] == [
        ["encode", encode.key, "3"], ["merge", merge.key, "2"],
    ]  # fmt: skip
    assert "mine.Encoder" in do(0, "show", encode.key[:6], there)
    assert "5 files of s3://bucket/zgs: each agrees" in do(0, "check", there)
    name = f"zgs/encode/{encode.key}/image-1.safetensors"
    bucket.Object(name).put(Body=bucket.Object(name).get()["Body"].read()[:-1])
    assert "5 files of s3://bucket/zgs: 1 missing or damaged" in do(1, "check", there)
    assert "4 files: 4 copied" in do(0, "copy", str(tmp_path / "b"), there)
    assert "1 file set aside" in do(0, there)
    before = {item.key for item in bucket.objects.all()}
    assert "would go" in do(0, "prune", f"key={merge.key}", there) and "would go" in do(0, "prune", "leftovers", there)
    assert {item.key for item in bucket.objects.all()} == before, "said, not done"
    monkeypatch.setattr(pruning, "RECENT", 0)
    assert "1 files that were set aside" in do(0, "prune", "leftovers", there)
    assert "1 files removed that were set aside" in do(0, "prune", "leftovers", "yes", there)
    assert "2 files" in do(0, "prune", f"key={merge.key}", "yes", there)
    assert {item.key for item in bucket.objects.all()} == {
        f"zgs/encode/{encode.key}/{file}" for file in ("key.json", "image-0.safetensors", "image-2.safetensors")
    }


@pytest.mark.parametrize(("words", "endpoint", "told"), [
    (("store=s3://bucket/none",), "", "store=s3://bucket/none: nothing is stored there"),
    (("store=s3://no-such-bucket/zgs",), "", "store=s3://no-such-bucket/zgs: nothing is stored there"),
    (("store=s3://bucket/zgs",), "http://127.0.0.1:1", "s3://bucket/zgs: cannot be listed (EndpointConnectionError"),
    (("copy", "s3://no-such-bucket/zgs", "store=a"), "", "cannot write s3://no-such-bucket/zgs/"),
    (("copy", "s3://bucket/zgs", "store=a"), "http://127.0.0.1:1", "cannot be reached (EndpointConnectionError"),
])  # fmt: skip
def test_what_is_not_there_is_one_line_of_the_store_command(
    bucket: Any, words: tuple[str, ...], endpoint: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    fill_store(tmp_path / "a")
    with pytest.raises(UserError) as raised:
        store_command.main(list(words))
    assert told in str(raised.value) and len(str(raised.value).splitlines()) == 1
