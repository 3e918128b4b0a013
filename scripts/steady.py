"""Section 4 rests on numbers that do not move: the same scenes under other threads, batches, workers, and after kills.

    python scripts/steady.py [to=results] [images=40] [work=outputs/steady] [KEY=VALUE …]

Every setting is a run of `zgs run` with a store of its own, compared with the first. Writes steady.csv and steady.md.
Settings that are finished in `work` are not run again: delete the folder after the code has changed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.csv_files import read_csv, write_csv
from bench.predictions.source import PredictionFile

TABLES = ("scores.csv", "curves.csv", "per_image.parquet", "per_image_n.parquet", "segments.parquet")
FILES = (*TABLES, "predictions.json", "predictions.npz")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
KILLED_AT = (0.15, 0.4, 0.6, 0.8, 0.95)
"""Shares of the first run's stored files at which the run is killed with SIGKILL, to go on from there."""


@dataclass(frozen=True)
class Setting:
    """One way to run the same thing. ``same_bytes``: its configuration is the first one's, so its files must be too."""

    name: str
    words: tuple[str, ...] = ("executor=serial",)
    threads: int = 1
    killed: bool = False
    same_bytes: bool = True


SETTINGS = (
    Setting("first: 1 thread, encode.micro_batch=1, caption.rows=16"),
    Setting("the same again"),
    Setting(f"killed {len(KILLED_AT)} times, resumed", killed=True),
    Setting("2 workers", ("executor=local", "executor.workers=2")),
    Setting("2 threads", ("executor=serial", "executor.threads=2"), threads=2),
    Setting("encode.micro_batch=16", ("executor=serial", "encode.micro_batch=16"), same_bytes=False),
    Setting("caption.rows=1", ("executor=serial", "caption.rows=1"), same_bytes=False),
)


def start(setting: Setting, folder: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """The run of one setting, in a process group of its own."""
    told = [*words, *setting.words, "pictures=0", f"store={folder}/store", f"out={folder}/out"]
    # Threads that wait without spinning: it changes no number, and two of them on a busy machine get on.
    environment = os.environ | dict.fromkeys(THREADS, str(setting.threads)) | {"OMP_WAIT_POLICY": "PASSIVE"}
    with (folder / "log.txt").open("ab") as log:
        command = [sys.executable, "-m", "bench.cli", "run", *told]
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def finish(setting: Setting, folder: Path, words: Sequence[str], total: int) -> tuple[Path, int]:
    """Runs to the end, when ``total`` files are stored. Returns the folder of results and how often it was killed."""
    told = folder / "kills.txt"
    if not told.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        moments = [share * total for share in KILLED_AT if setting.killed]
        kills = sum(kill_at(start(setting, folder, words), folder, moment) for moment in moments)
        if code := start(setting, folder, words).wait():
            raise SystemExit(f"{setting.name}: exit code {code}, see {folder}/log.txt")
        told.write_text(f"{kills}\n")
    (record,) = folder.glob("out/*/run.json")
    return record.parent, int(told.read_text())


def kill_at(process: subprocess.Popen[bytes], folder: Path, files: float) -> bool:
    """SIGKILL once that many files are stored; False where the run was over before."""
    while stored(folder) < files and process.poll() is None:
        time.sleep(0.1)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def stored(folder: Path) -> int:
    """Files in the store of a run."""
    return len(list(folder.glob("store/**/*.safetensors")))


def compare(first: Path, other: Path) -> dict[str, float]:
    """Counts of what differs between two finished runs of the same images, and the largest differences.

    Segments are paired by image and mask. Values of scores are compared with their interval bounds, n and metric.
    """
    left, right = (segments(folder) for folder in (first, other))
    shared = left.keys() & right.keys()
    oracles = [pd.read_parquet(folder / "segments.parquet") for folder in (first, other)]
    scores = [read_csv(folder / "scores.csv").drop(columns=["run", "variant"]) for folder in (first, other)]
    same = scores[0].eq(scores[1]) | (scores[0].isna() & scores[1].isna())
    return {
        "images": len({image for image, _ in left}),
        "segments": len(left),
        "segments_differing": len(left.keys() ^ right.keys()),
        "texts_differing": sum(left[key][0] != right[key][0] for key in shared),
        "embedding_largest_difference": max(float(np.abs(left[key][1] - right[key][1]).max()) for key in shared),
        "embedding_largest_value": max(float(np.abs(vector).max()) for _, vector in left.values()),
        "true_segments": len(oracles[0]),
        "true_segment_rows_differing": int((~equal_rows(*oracles)).sum()),
        "scores": len(scores[0]),
        "scores_differing": int((~same.all(axis=1)).sum()),
        "scores_largest_difference": float((scores[0]["value"] - scores[1]["value"]).abs().max()),
        "files": len(FILES),
        "files_same_bytes": sum(nameless(first, name) == nameless(other, name) for name in FILES),
    }


def nameless(folder: Path, name: str) -> bytes:
    """The bytes of a file of a run without the run's own name, which tells the settings apart (threads among them)."""
    return (folder / name).read_bytes().replace(folder.name.encode(), b"RUN")


def segments(folder: Path) -> dict[tuple[str, bytes], tuple[str, np.ndarray]]:
    """Text and embedding of every final segment, by image and mask."""
    found = {}
    for p in PredictionFile(folder / "predictions.json").values():
        assert p.embeddings is not None, "our own predictions carry embeddings"
        for mask, text, vector in zip(p.masks, p.texts, p.embeddings, strict=True):
            found[p.image_id, np.packbits(mask).tobytes()] = text, vector
    return found


def equal_rows(left: pd.DataFrame, right: pd.DataFrame) -> pd.Series[bool]:
    """Rows that say the same of a true segment: class, text and names equal, similarities within 1e-5."""
    equal = pd.Series(True, index=left.index)
    for name in left.columns:
        if pd.api.types.is_float_dtype(left[name]):
            equal &= np.isclose(left[name], right[name], rtol=0, atol=1e-5, equal_nan=True)
        else:
            equal &= left[name].eq(right[name]) | (left[name].isna() & right[name].isna())
    return equal


def page(table: pd.DataFrame) -> str:
    """The table in words a reader can judge by; every number has its n."""
    lines = [
        "# Numbers that do not move",
        "",
        f"The full method on the first {table['images'].iloc[0]} test scenes, embedded models, float32, CPU: each",
        "line is a run with a store of its own, compared with the first. Made by `python scripts/steady.py`.",
        "",
        "| setting | segments differing | texts differing | embedding, largest difference | true segments told "
        "otherwise | scores differing | files byte for byte |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        files = f"{row['files_same_bytes']} of {row['files']}" if row["same_bytes"] else "another configuration"
        lines.append(
            f"| {row['setting']} | {row['segments_differing']} of {row['segments']} "
            f"| {row['texts_differing']} of {row['segments']} | {row['embedding_largest_difference']:.1e} "
            f"| {row['true_segment_rows_differing']} of {row['true_segments']} "
            f"| {row['scores_differing']} of {row['scores']} | {files} |"
        )
    largest = table["embedding_largest_value"].iloc[0]
    return "\n".join([*lines, "", f"Embeddings are not normalised; their largest entry is {largest:.2f}."]) + "\n"


def main(arguments: Sequence[str], settings: Sequence[Setting] = SETTINGS) -> int:
    """Runs every setting and writes the two files; 1 where a number that may not move has moved."""
    given = dict(word.split("=", 1) for word in arguments if word.startswith(("to=", "images=", "work=")))
    to, work = Path(given.get("to", "results")), Path(given.get("work", "outputs/steady"))
    words = [f"data.subset=first:{given.get('images', '40')}", "experiment=full"]
    words += [word for word in arguments if word.partition("=")[0] not in given]
    rows, first = [], Path()
    for at, setting in enumerate(settings):
        begin = time.perf_counter()
        folder, kills = finish(setting, work / str(at), words, stored(work / "0"))
        first = folder if at == 0 else first
        rows.append({"setting": setting.name, "kills": kills, "same_bytes": setting.same_bytes})
        rows[-1] |= compare(first, folder)
        print(f"{setting.name}: {time.perf_counter() - begin:.0f} s", rows[-1], flush=True)
    table = pd.DataFrame(rows)
    to.mkdir(parents=True, exist_ok=True)
    write_csv(table, to / "steady.csv")
    (to / "steady.md").write_text(page(table))
    return int(moved(table).any())


def moved(table: pd.DataFrame) -> pd.Series[bool]:
    """Lines that break the promise: a segment or score differs, an embedding by over 1e-5, or a repeat by one byte."""
    bytes_differ = table["same_bytes"] & (table["files_same_bytes"] < table["files"])
    far = table["embedding_largest_difference"] > 1e-5
    return (table[["segments_differing", "scores_differing"]] > 0).any(axis=1) | far | bytes_differ


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
