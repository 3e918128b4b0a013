"""Sections 3 and 4 at the paper's scale: time and peak memory of every stage on one photograph, with random weights.

    python -m data_prep.random_models --to FOLDER
    python scripts/paper_scale.py FOLDER [to=results] [image=FILE] [KEY=VALUE …]

Every stage runs in a process of its own over a store in a temporary folder; KEY=VALUE is any setting of `zgs run`, such
as device=cpu. Captions are cut to one token, one iteration and three segments; what the paper's settings would take is
worked out from the parts and marked as extrapolated. Writes paper_scale.csv and paper_scale.md.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from paper_stages import STAGES, Part, timed
from PIL import Image

from bench.errors import UserError

CHOSEN = ("models=paper", "data=folder", "caption.tokens=1", "caption.iterations=1", "merge.threshold=-1")
"""At this threshold everything merges: the most that merging can cost."""


def measure(name: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """A stage's parts with the peak memory of this process and of the GPU (GiB), and what they ran on."""
    import torch

    from bench.run.context import RunContext

    context, (call, models) = RunContext(settings), STAGES[name]
    (image_id,) = context.dataset.list_ids()
    _, loading = timed(lambda: [context.load_model(model) for model in models])
    parts = [Part("loading " + " and ".join(models), len(models), "model" + "s" * (len(models) > 1), loading)]
    parts += call(context, context.dataset.load(image_id))
    gpu = context.device.startswith("cuda")
    told = {
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "gpu_peak_gib": torch.cuda.max_memory_allocated() / 2**30 if gpu else math.nan,
        "device": torch.cuda.get_device_name() if gpu else "CPU",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "dtype": settings["dtype"],
        "torch": torch.__version__,
    }
    return [{"stage": name} | row(part) | told for part in parts]


def row(part: Part) -> dict[str, Any]:
    """A part as columns of the table."""
    columns = {"part": part.part, "n": part.n, "things": part.things}
    columns |= {"seconds": part.spent.clock, "processor_seconds": part.spent.processor}
    return columns | {"extrapolated": part.extrapolated}


def alone(name: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """`measure` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, settings).result()


def page(table: pd.DataFrame, size: tuple[int, int]) -> str:
    """The table in words a reader can judge by."""
    first = table.iloc[0]
    lines = [
        "# Time and memory at the paper's scale",
        "",
        f"The paper's architectures with random weights on one photograph of {size[0]} x {size[1]} pixels (n=1 run of "
        f"each stage), {first['device']}, {first['threads']} of {first['cores']} cores, {first['dtype']}, torch "
        f"{first['torch']}. Made by `python scripts/paper_scale.py`.",
        "",
        "| stage | part | n | seconds | of the processor | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        mark = f" (**extrapolated** to {row['extrapolated']})" if row["extrapolated"] else ""
        memory = f"{row['peak_gib']:.1f} GiB" + (f", GPU {row['gpu_peak_gib']:.1f}" if row["gpu_peak_gib"] >= 0 else "")
        lines.append(
            f"| {row['stage']} | {row['part']}{mark} | {row['n']:,} {row['things']} | {row['seconds']:,.2f} "
            f"| {row['processor_seconds']:,.2f} | {'–' if row['extrapolated'] else memory} |"
        )
    told = (
        "Seconds are those of the clock; where other work shares the machine, the processor's are fewer. Peak memory "
    )
    told += "is that of the stage's whole process, models and libraries included."
    return "\n".join([*lines, "", told]) + "\n"


def main(arguments: Sequence[str], run: Callable[..., list[dict[str, Any]]] = alone) -> int:
    """Measures every stage and writes the two files."""
    from bench.commands.settings import compose_settings

    if not arguments or "=" in arguments[0]:
        raise UserError("paper_scale needs the folder that data_prep.random_models wrote")
    given = dict(word.split("=", 1) for word in arguments[1:] if word.startswith(("to=", "image=")))
    words = [word for word in arguments[1:] if word.partition("=")[0] not in given]
    folder, to, rows = Path(arguments[0]).resolve(), Path(given.get("to", "results")), []
    with tempfile.TemporaryDirectory() as work:
        picture = photograph(given.get("image"))
        (Path(work) / "image").mkdir()
        picture.save(Path(work) / "image/photograph.png")
        words = [
            *CHOSEN,
            *(f"models.{m}.source='{folder}/{m}'" for m in ("clip", "dino", "language", "sentence")),
            *words,
        ]
        settings = compose_settings([*words, f"data.root='{work}/image'", f"store='{work}/store'"])
        for name in STAGES:
            rows += run(name, settings)
            print(
                *(f"{r['stage']}: {r['part']}: {r['seconds']:.2f} s" for r in rows if r["stage"] == name),
                sep="\n",
                flush=True,
            )
    table = pd.DataFrame(rows)
    to.mkdir(parents=True, exist_ok=True)
    table.to_csv(to / "paper_scale.csv", index=False, float_format="%.4g")
    (to / "paper_scale.md").write_text(page(table, picture.size))
    return 0


def photograph(file: str | None) -> Image.Image:
    """A picture, by default the first that scikit-learn ships: 640 x 427 pixels."""
    if file:
        return Image.open(file).convert("RGB")
    from sklearn.datasets import load_sample_image

    return Image.fromarray(load_sample_image("china.jpg"))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(f"paper_scale: {error}")
