"""`store=s3://…` on a server of this machine: two workers, the bytes of a folder; a damaged object is made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster.slowly import RUN, count_images, read_bytes, run_command, write_slowly

pytestmark = [pytest.mark.extra, pytest.mark.timeout(300)]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket, as boto3 sees it, whose server all processes find by their environment."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
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
