"""What a report site costs beside the gallery of the same pictures, and what it asks of a browser; results/site.md.

    python scripts/site_speed.py [--to results] [--images 200] [--large 1000] [--systems 5] [--times 3] [--work FOLDER]

Predictions of five made-up systems on made photographs (scripts/made_predictions.py: 375 x 500 pixels, up to 25
segments) are scored once. Then gallery and site of the same images are written in alternation, each by a process of its
own, and their processor seconds are compared, the start of Python taken out. The site of ``--large`` images opens in a
real Chromium, if there is one (``apt-get install chromium chromium-driver``, ``pip install selenium``): milliseconds
from opening until table, curves and first images stand there, and the memory of the process that shows it while 101
places from its top to its end come into sight, each until its images are painted. Memory is that of the renderer
process: its proportional set size (Pss: a share of what Chromium's processes share, most of it the program) and what is
its alone (what Chromium's task manager shows), both of ``/proc/PID/smaps_rollup``, and the JavaScript heap by
``Performance.getMetrics``. Ten minutes of two cores, most of them scoring.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from made_predictions import CLASSES
from made_predictions import main as make_predictions

from bench.csv_files import write_csv
from bench.speed.write import describe_machine

ROOT = Path(__file__).resolve().parents[1]
GALLERY = "from bench.report.pictures.side_by_side import write_side_by_side as write; write(runs, to, 10**6)"
SITE = "from bench.report.site.site import write_site as write; write(runs, to)"
CHILD = "import sys; from pathlib import Path; to, *runs = map(Path, sys.argv[1:]); "
SLIDE = """const tau = document.getElementById("tau"), done = arguments[1], begin = performance.now();
tau.value = arguments[0];
tau.dispatchEvent(new Event("input"));
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begin)));"""
NO_BROWSER = "No browser was asked"
KINDS = ("Pss", "private", "JavaScript heap")
"""What is read of the memory of the page's process."""
HEAD = """# What a report site costs

{systems} made-up systems on made photographs of 375 x 500 pixels (`scripts/made_predictions.py`), by
`python scripts/site_speed.py` on {machine}. Processor seconds are medians of {times} processes each, in alternation,
without the start of Python and its imports; the site holds the same images, segments and truth as the gallery, and the
numbers.
The first screen is there when table, curves and first rows are; memory is that of the process that shows the page while
101 places of it come into sight, one after the other, each until its images are painted: Pss is its proportional set
size, private what is its alone. {browser}.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Make the runs, write gallery and site in alternation, open the large site, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "results", help="the folder for site.csv and site.md")
    parser.add_argument("--images", type=int, default=200, help="images of gallery and site")
    parser.add_argument("--large", type=int, default=1000, help="images of the site that a browser opens; 0: none")
    parser.add_argument("--systems", type=int, default=5, help="systems beside each other")
    parser.add_argument("--times", type=int, default=3, help="processes of each kind")
    parser.add_argument("--work", type=Path, help="where everything is made and kept; else in a folder that goes")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.work or Path(temporary)).resolve()
        rows = measure_writing(work / "small", given.images, given.systems, given.times)
        browser, more = measure_browser(work / "large", given.large, given.systems) if given.large else (NO_BROWSER, [])
        rows += more
    given.to.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=["what", "value", "unit", "n", "unit_of_n"])
    print(write_csv(table, given.to / "site.csv", decimals=2))
    lines = [f"| {what} | {value:.2f} | {unit} | {n} {of} |" for what, value, unit, n, of in rows]
    facts = describe_machine({"dtype": "float32"})
    machine = f"{facts['processor']}, {facts['cores']} cores"
    head = HEAD.format(systems=given.systems, times=given.times, browser=browser, machine=machine)
    text = "\n".join([head, "| what | | | n |", "|---|---:|---|---|", *lines])
    (given.to / "site.md").write_text(text + "\n", encoding="utf-8")
    print(given.to / "site.md")


Row = tuple[str, float, str, int, str]
"""What was measured: its value and unit, and of how many images."""


def measure_writing(work: Path, images: int, systems: int, times: int) -> list[Row]:
    """Measure processor seconds of gallery and site of the same runs, in alternation."""
    runs, seconds = make_runs(work, images, systems), dict[str, list[float]]()
    for _ in range(times):
        for name, source in (("gallery", GALLERY), ("site", SITE)):
            whole = call_child(CHILD + source, [str(work / name), *map(str, runs)])
            start = call_child(CHILD + source.partition(";")[0], [str(work / name), *map(str, runs)])
            seconds.setdefault(name, []).append(whole - start)
    gallery, site = (statistics.median(seconds[name]) for name in ("gallery", "site"))
    sizes = [sum(file.stat().st_size for file in (work / name).rglob("*") if file.is_file()) / 1e6 for name in seconds]
    return [
        ("gallery", gallery, "processor seconds", images, "images"),
        ("site", site, "processor seconds", images, "images"),
        ("site / gallery", site / gallery, "times", images, "images"),
        ("gallery on disk", sizes[0], "MB", images, "images"),
        ("site on disk", sizes[1], "MB", images, "images"),
    ]


def make_runs(work: Path, images: int, systems: int) -> list[Path]:
    """Make predictions of some systems, score them once, and return the folders."""
    if not (work / "theirs.jsonl").exists():
        work.mkdir(parents=True, exist_ok=True)
        make_predictions(work, images, coded=True)
    head, *lines = (work / "theirs.jsonl").read_text().splitlines()
    for at in range(systems):
        file, draw = work / f"system-{at}.jsonl", np.random.default_rng([7, at])
        told = json.loads(head) | {"about": {"variant": f"system {at}"}}
        file.write_text("\n".join([json.dumps(told), *(change_texts(line, draw, 0.1 * at) for line in lines)]) + "\n")
        if not list((work / f"scored-{at}").glob("*/run.json")):
            places = (f"store={work / 'store'}", f"out={work / f'scored-{at}'}")
            options = ("score.mapping=[tt]", "score.resamples=200", "executor.workers=1", *places)
            data = ("data=folder", f"data.root={work / 'data'}", f"data.layout={work / 'data' / 'layout.yaml'}")
            subprocess.run([sys.executable, "-m", "bench.cli", "score", file, *data, *options], env=environment(),
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return [next((work / f"scored-{at}").glob("*/run.json")).parent for at in range(systems)]


def change_texts(line: str, draw: np.random.Generator, share: float) -> str:
    """Change a share of the texts of an image: another class, or a word before it."""
    image: dict[str, Any] = json.loads(line)
    for segment in image["segments"]:
        if draw.random() < share:
            segment["text"] = f"class {draw.integers(CLASSES)}"
        elif draw.random() < 0.2:
            segment["text"] = f"{draw.choice(['old', 'wide', 'grey'])} {segment['text']}"
    return json.dumps(image)


def call_child(source: str, words: Sequence[str]) -> float:
    """Run Python and return its processor seconds, with those of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", source, *words], check=True, env=environment(), stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment() -> dict[str, str]:
    """What a child sees: these sources, and no hub."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def measure_browser(work: Path, images: int, systems: int) -> tuple[str, list[Row]]:
    """Measure what opening the site and going through its images takes of a browser, named first; none: nothing."""
    sys.path.insert(0, str(ROOT))
    try:
        from tests.browser import open_browser
    except ImportError:
        print("no browser was asked: this is no checkout with its tests", file=sys.stderr)
        return NO_BROWSER, []
    runs = make_runs(work, images, systems)
    call_child(CHILD + SITE, [str(work / "site"), *map(str, runs)])
    with open_browser() as page:
        page.execute_cdp_cmd("Performance.enable", {})
        browser = f"Chromium {page.capabilities['browserVersion']}, without a window, at 1280 x 900"
        page.get((work / "site" / "index.html").as_uri())
        while not page.execute_script("return document.documentElement.dataset.ready"):
            time.sleep(0.05)
        first = page.execute_script("return performance.getEntriesByName('shown')[0].startTime")
        memory = [read_memory(page)]
        moved = [page.execute_async_script(SLIDE, at / 20) for at in range(20)]
        height = page.execute_script("return document.documentElement.scrollHeight")
        for at in range(101):
            page.execute_script("scrollTo(0, arguments[0])", height * at / 100)
            time.sleep(0.05)
            while page.execute_script("return document.querySelector('#rows [aria-busy]') !== null"):
                time.sleep(0.02)
            memory.append(read_memory(page))
        page.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        time.sleep(1)
        kept = read_memory(page)
    most = np.max(memory, axis=0)
    return browser, [
        ("first screen", first, "milliseconds", images, "images"),
        ("a step of the slider", statistics.median(moved), "milliseconds", images, "images"),
        *((f"memory when opened, {what}", memory[0][at], "MB", images, "images") for at, what in enumerate(KINDS)),
        *((f"most memory while all passes, {what}", most[at], "MB", images, "images") for at, what in enumerate(KINDS)),
        ("memory after that, garbage collected, Pss", kept[0], "MB", images, "images"),
    ]


def read_memory(page: Any) -> tuple[float, float, float]:
    """Read the megabytes (`KINDS`) of the renderer process that shows the page: the largest below the driver."""
    sizes = [(0.0, 0.0)]
    for process in list_children(page.service.process.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
            if b"--type=renderer" in (Path("/proc") / str(process) / "cmdline").read_bytes():
                lines = (Path("/proc") / str(process) / "smaps_rollup").read_text().splitlines()
                sizes.append((_add(lines, "Pss:"), _add(lines, "Private_Clean:", "Private_Dirty:", "Swap:")))
    metrics = page.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    heap = next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize")
    return *max(sizes), heap / 2**20


def _add(lines: Sequence[str], *names: str) -> float:
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) / 1024


def list_children(process: int) -> list[int]:
    """List the processes below one, at any depth."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    own = [int(word) for task in tasks for word in task.read_text().split()]
    return own + [below for child in own for below in list_children(child)]


if __name__ == "__main__":
    main()
