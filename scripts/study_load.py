"""How long a screen of `zgs study serve` takes while twenty people rate at once; no part of the paper.

    python scripts/study_load.py [to=results/study] [raters=20] [seconds=30]

A screen is everything between a rater's key and the next question with its picture: the answer, kept on the disk, the
redirect, the page and the picture. Two loads: people who look for two to four seconds, and people who do not look at
all (each answers as soon as the next screen is there). Server and raters share the machine: the raters' work is in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
import pandas as pd
from tqdm import tqdm

from bench.commands.arguments import read_arguments, read_count
from bench.csv_files import write_csv
from bench.study.database import open_database
from bench.study.drawing import draw_photograph, draw_region
from bench.study.examples import draw_examples
from bench.study.folder import PICTURES
from bench.study.make import cut_parts
from bench.study.questions import Question, Use
from bench.study.raters import add_raters
from bench.study.written import Study, write_study
from bench.system.resources import count_processors

LOADS = {"look 2 to 4 s": (2.0, 4.0), "look not at all": (0.0, 0.0)}
LIMIT = 100.0
"""Milliseconds that a screen may take (its median and its 95th percentile)."""
QUESTIONS, TASK, SIDE = 6000, 30, 500


@dataclass
class Rater:
    """One rater's browser, with the milliseconds of its screens."""

    address: str
    token: str
    cookie: str = ""
    screens: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        self.line = HTTPConnection(parts.hostname or "", parts.port)

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Ask for a page, keeping the cookie; returns status and body."""
        head = {"Cookie": self.cookie} if self.cookie else {}
        body = urlencode(fields) if fields is not None else None
        if body is not None:
            head["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request("GET" if body is None else "POST", path, body, head)
        answer = self.line.getresponse()
        content = answer.read()
        if told := answer.getheader("Set-Cookie"):
            self.cookie = told.partition(";")[0]
        return answer.status, content

    def rate(self, until: float, look: tuple[float, float], draw: np.random.Generator) -> None:
        """Rate until a time, looking between ``look`` seconds at each question."""
        self.ask(f"/r/{self.token}")
        self.ask("/task", read_hidden(self.ask("/")[1]))
        page = self.ask("/question")[1]
        while time.monotonic() < until:
            time.sleep(draw.uniform(*look))
            begin = time.perf_counter()
            status, _ = self.ask("/question", read_hidden(page) | {"rating": str(draw.integers(4))})
            page = self.ask("/question")[1]
            if b'id="ask"' in page:
                self.ask(re.findall(r'class="region" src="([^"]+)"', page.decode())[0])
                self.screens.append(1000 * (time.perf_counter() - begin))
            else:  # the end of a task
                assert status == 303, status
                self.ask("/task", read_hidden(self.ask("/end")[1]))
                page = self.ask("/question")[1]


def read_hidden(page: bytes) -> dict[str, str]:
    """Read what a form hides."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.decode()))


def make_made_up_study(folder: Path) -> None:
    """Write a study of noise in the size of a photograph, one picture for all questions (each file is read anew)."""
    pictures = folder / PICTURES
    pictures.mkdir(parents=True)
    draw_examples(pictures)
    image = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[100:400, 150:350] = True
    draw_region(image, mask, pictures / "region.jpg")
    draw_photograph(image, pictures / "photograph.jpg")
    questions = [Question(f"i{at}", f"m{at}", f"label {at}", uses=(Use("run", at, "text"),)) for at in range(QUESTIONS)]
    for question in questions:
        (pictures / question.picture).hardlink_to(pictures / "region.jpg")
        (pictures / question.photograph).hardlink_to(pictures / "photograph.jpg")
    parts = cut_parts(questions, TASK, 0)
    facts = {
        "raters": 3, "task": TASK, "controls": 0, "seed": 0, "questions": QUESTIONS, "parts": len(parts), "images": [],
        "rule": "all", "sample": "all", "kinds": ["text"], "runs": {},
    }  # fmt: skip
    alts = {question.picture: "A photograph." for question in questions}
    write_study(folder, Study(parts, [], [[] for _ in parts], alts, facts))


def measure(folder: Path, raters: int, seconds: int, look: tuple[float, float]) -> tuple[np.ndarray, float]:
    """Measure the milliseconds of all screens of some raters at once, and the server's processor time for one."""
    database = open_database(folder)
    tokens = [token for _, token in add_raters(database, raters, 1)]
    database.close()
    command = [sys.executable, "-m", "bench.cli", "study", "serve", str(folder), "port=0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert server.stdout is not None
    address = server.stdout.readline().split("/ serves")[0]
    people = [Rater(address, token) for token in tokens]
    until, begun = time.monotonic() + seconds, read_processor_seconds(server.pid)
    threads = [
        threading.Thread(target=one.rate, args=(until, look, np.random.default_rng(at)))
        for at, one in enumerate(people)
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in tqdm(range(seconds), desc="rating", unit="s", disable=None):
            time.sleep(1)
        for thread in threads:
            thread.join()
        spent = 1000 * (read_processor_seconds(server.pid) - begun)
    finally:
        server.terminate()
        server.wait()
    screens = np.concatenate([one.screens for one in people])
    return screens, spent / len(screens)


def read_processor_seconds(process: int) -> float:
    """Read the processor seconds that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure both loads; write load.csv and load.md, 1 where a load of people who look is above the limit."""
    _, options = read_arguments("study_load", sys.argv[1:], {"to": "results/study", "raters": "20", "seconds": "30"})
    raters, seconds = (read_count("study_load", options, key) for key in ("raters", "seconds"))
    rows = []
    with tempfile.TemporaryDirectory() as place:
        make_made_up_study(Path(place) / "study")
        for name, look in LOADS.items():
            screens, spent = measure(Path(place) / "study", raters, seconds, look)
            ends = np.percentile(screens, [50, 95, 99])
            rows.append((name, raters, len(screens), *ends.round(1), round(len(screens) / seconds, 1), round(spent, 1)))
    table = pd.DataFrame(
        rows,
        columns=["raters", "n_raters", "screens", "median_ms", "p95_ms", "p99_ms", "screens_a_second", "server_ms"],
    )
    to = Path(options["to"])
    to.mkdir(parents=True, exist_ok=True)
    write_csv(table, to / "load.csv")
    (to / "load.md").write_text(write_page(table, seconds), encoding="utf-8")
    print((to / "load.md").read_text(encoding="utf-8"))
    return int(table["p95_ms"].iloc[0] > LIMIT)


def write_page(table: pd.DataFrame, seconds: int) -> str:
    """Write the table as markdown."""
    ahead = os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
    beside = ", ahead of all other work there by real-time priority (`chrt -r 1`)" if ahead else ""
    lines = [
        "# A screen while people rate at once", "",
        f"{count_processors()} processors, load {os.getloadavg()[0]:.1f} when it ended, {seconds} s each{beside}; "
        "`python scripts/study_load.py`. A screen: the answer on the disk, the next page and its picture.", "",
        "| raters at once | they | screens (n) | median ms | 95 % below | 99 % below | screens a second | server, "
        "processor ms |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for row in table.to_dict("records"):
        cells = [
            row["n_raters"],
            row["raters"],
            row["screens"],
            *(row[key] for key in ("median_ms", "p95_ms", "p99_ms")),
        ]
        lines.append("| " + " | ".join(map(str, [*cells, row["screens_a_second"], row["server_ms"]])) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
