"""The board of all masking variants: start layers and knobs chosen on the tune split, then the test split.

    python scripts/board.py tune|oracle|texts|predicted|page [VARIANT …] [images=N] [store=outputs/board/store]

`tune` sweeps every variant's start layer and one knob on oracle masks of the tune split and writes
results/board/tuning.csv by the rule of scripts/tuned.py: the published value stands unless another is better beyond its
interval; a grid whose best value stands at its edge grows, but not to where a variant would be another one
(scripts/board_grids.py). Where a variant has both, the knob
is swept at the published layer, the layer at the knob that was chosen, and so on until neither moves. `texts` runs all
variants so chosen on oracle masks of the test split with ZeroCap's captions, which are most of the cost. `oracle` and
`predicted` are about embeddings: on oracle masks and on predicted segments the nearest class name stands for a caption,
so that TT says no more than ST. `page` writes results/board. What is in the store is not made again, so a stage that
was stopped goes on where it was. VARIANT: those alone. images=N, else as `IMAGES` says, are the first of tune, and of
test the first that no board had looked at (scripts/board_looks.py), where no variant looks again with other choices.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from board_findings import write_findings
from board_grids import KNOBS, OUTSIDE, Knob, explain_end, extend_grid, find_bounds, find_place
from board_lines import describe_tuned_on
from board_looks import find_scenes, list_unseen, record_looks
from board_words import check_words
from masking_cost import main as measure_costs
from tuned import Chosen, choose, settings_of

from bench.cli import main as zgs
from bench.csv_files import read_csv, write_csv
from bench.report.runs import find_runs, label_runs, merge_scores
from bench.report.tables.differences import compute_differences
from bench.run.run_folder import read_rows
from bench.score.score_table import write_scores
from bench.settings.compose import list_options
from bench.toyworld.classes import NAMES

ROUNDS = 3
"""How often two numbers of a variant are swept in turn at most, until neither moves the other."""
IMAGES = {"tune": 100, "oracle": 296, "texts": 296, "predicted": 200}
HEADINGS = {
    "oracle": "Oracle masks, the nearest class name for a caption",
    "texts": "Oracle masks, ZeroCap's captions",
    "predicted": "Predicted segments, the nearest class name for a caption",
}
OUT, RESULTS = Path("outputs/board"), Path("results/board")
TUNING = (
    "variant", "key", "held", "published", "tried", "chosen", "mean_published", "mean_chosen", "images", "metrics",
    "best", "place",
)  # fmt: skip
STAGES = ("tune", "oracle", "texts", "predicted", "page")
DEFAULTS = {"images": "", "store": str(OUT / "store")}
UNMERGED = ["segment=oracle", "merge=none", "merge.oracle=true"]
SEGMENTS = {"oracle": UNMERGED, "texts": UNMERGED, "predicted": []}
"""No two true segments are merged (at a threshold of 1 those would be that have one embedding), and TGQ exists."""


def run(words: Sequence[str]) -> None:
    """Run `zgs run` in this process, so that models are loaded once. Raises SystemExit with its code where it fails."""
    if code := zgs(["run", *words, "executor=serial", "controls=[]", "pictures=0"]):
        raise SystemExit(code)


def name_words() -> list[str]:
    """Name the nearest class in place of a caption, which costs nothing."""
    words = OUT / "words.txt"
    words.parent.mkdir(parents=True, exist_ok=True)
    words.write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    return ["caption=retrieval", f"caption.words={words}"]


def tune(variant: str, images: int, store: str) -> Iterator[dict[str, object]]:
    """Sweep what there is to choose of a variant; a line of `TUNING` for each sweep, the later one counts."""
    knobs, swept = KNOBS[variant], dict[str, dict[str, str]]()
    chosen = {key: published for key, published, _ in knobs}
    for knob in knobs * ROUNDS:
        held = {key: value for key, value in chosen.items() if key != knob[0]}
        if swept.get(knob[0]) != held:  # else it was swept so
            swept[knob[0]] = held
            line = sweep(variant, knob, held, images, store)
            chosen[knob[0]] = str(line["chosen"])
            yield line


def sweep(variant: str, knob: Knob, held: Mapping[str, str], images: int, store: str) -> dict[str, object]:
    """Sweep one knob of a variant with the others ``held``, and choose; one line of `TUNING`.

    Where the best value stands at an edge of the grid the grid grows (`board_grids.extend_grid`).
    """
    key, published, others = knob
    values, bounds, grown = [published, *others.split(",")], find_bounds(variant, knob), 0
    while True:
        found, paper = try_values(variant, key, values, held, images, store)
        order = {name: (round(mean, 12), name == paper) for name, mean in found.means.items()}  # of a tie the published
        best = settings_of(max(order, key=lambda name: order[name]))[f"encode.{key}"]
        if (more := extend_grid(values, best, bounds, grown)) is None or float(more) in map(float, values):
            break
        values, grown = [*values, more], grown + 1
    means = round(found.means[paper], 6), round(found.mean, 6), found.images, " ".join(found.metrics)
    told = " ".join(f"encode.{name}={value}" for name, value in held.items())
    chosen, place = found.settings[f"encode.{key}"], find_place(best, bounds)
    tried = ",".join(values[1:])
    line = (variant, f"encode.{key}", told, published, tried, chosen, *means, best, place)
    return dict(zip(TUNING, line, strict=True))


def try_values(
    variant: str, key: str, values: Sequence[str], held: Mapping[str, str], images: int, store: str
) -> tuple[Chosen, str]:
    """Run a variant with each value of a knob on the tune split; the choice, and the name of the published value."""
    folder, published = OUT / "tune" / variant / key, values[0]
    shutil.rmtree(folder, ignore_errors=True)
    own = [f"++encode.{key}={','.join(values)}", *(f"++encode.{name}={value}" for name, value in held.items())]
    split = ["data.split=tune", f"data.subset=first:{images}", f"store={store}", f"out={folder}"]
    run(["-m", f"encode={variant}", *own, *split, *UNMERGED, *name_words()])
    runs = find_runs([folder])
    names = label_runs(runs)
    paper = next(name for name in names.values() if f"encode.{key}={published}" in name.split())
    write_scores(merge_scores(runs), folder / "scores.csv")
    pairs = [(name, paper) for name in names.values() if name != paper]
    write_csv(compute_differences([(names[f], read_rows(f)) for f in runs], pairs), folder / "differences.csv")
    return choose(folder, {f"encode.{key}": published}), paper


def tune_all(variants: Sequence[str], images: int, store: str) -> None:
    """Tune the variants that have a knob, and keep the lines of those not asked for."""
    path = RESULTS / "tuning.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    for variant in (name for name in variants if name in KNOBS):
        own = {str(line["key"]): line for line in tune(variant, images, store)}
        known = [line for line in read_tuning() if line["variant"] != variant]
        earlier = {(str(line["key"]), str(line["chosen"])) for line in read_tuning() if line["variant"] == variant}
        lines = sorted([*known, *own.values()], key=lambda line: str(line["variant"]))
        write_csv(pd.DataFrame(lines, columns=list(TUNING)), path)
        if {(str(line["key"]), str(line["chosen"])) for line in own.values()} != earlier:
            (RESULTS / "costs.csv").unlink(missing_ok=True)  # of other settings


def read_tuning() -> list[dict[str, object]]:
    """Read the lines of results/board/tuning.csv; none where it is not there."""
    path = RESULTS / "tuning.csv"
    if not path.is_file():
        return []
    table = read_csv(path).reindex(columns=list(TUNING), fill_value="")  # an earlier file held nothing
    return [{str(key): value for key, value in line.items()} for line in table.fillna("").to_dict("records")]


def list_choices(variant: str) -> Iterator[str]:
    """List the settings that tuning has chosen.

    Raises SystemExit where a knob was not tuned, or by an earlier rule to a value that makes the variant another one.
    """
    chosen = {str(line["key"]): line["chosen"] for line in read_tuning() if line["variant"] == variant}
    for knob in KNOBS.get(variant, ()):
        word, remedy = f"encode.{knob[0]}", f"python scripts/board.py tune {variant}"
        if word not in chosen:
            raise SystemExit(f"{variant}: {word} not tuned yet: {remedy}")
        value = str(chosen[word])
        if find_place(value, bounds := find_bounds(variant, knob)) == OUTSIDE:
            why = explain_end(variant, knob[0], float(value))
            raise SystemExit(f"{variant}: {word}={value} is not in {bounds[0]:g} to {bounds[1]:g} ({why}): {remedy}")
        yield f"++{word}={value}"


def write_scenes(ids: Sequence[str]) -> Path:
    """Write the ids of test scenes, one a line, into a file named by the first and the last."""
    path = OUT / f"{ids[0]}_to_{ids[-1]}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(ids) + "\n", encoding="utf-8")
    return path


def check_alike_tuned(variants: Sequence[str]) -> None:
    """Check that all variants asked for were tuned on as many images. Raises SystemExit where they were not."""
    counts = {str(line["images"]): str(line["variant"]) for line in read_tuning() if line["variant"] in variants}
    if len(counts) > 1:
        told = ", ".join(f"{name} on {n} images" for n, name in counts.items())
        raise SystemExit(f"results/board/tuning.csv: tuned on different images ({told}): python scripts/board.py tune")


def look(variants: Sequence[str], segments: str, images: int, store: str) -> None:
    """Run variants on the test split, as they were tuned; each in a folder of its own, in place of an earlier run."""
    check_alike_tuned(variants)
    scenes, choices = list_unseen(images), {variant: list(list_choices(variant)) for variant in variants}
    record_looks(RESULTS / "looks.csv", name_choices(choices), scenes[0], scenes[-1])
    caption, unseen = [] if segments == "texts" else name_words(), write_scenes(scenes)
    for variant in variants:
        folder = OUT / segments / variant
        shutil.rmtree(folder, ignore_errors=True)
        place = [f"variant={variant}", f"store={store}", f"out={folder}", f"data.subset=file:{unseen}"]
        words = [f"encode={variant}", *choices[variant], *place, *SEGMENTS[segments], *caption]
        run([*words, "score.breakdown=[kind,size]"])


def name_choices(choices: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Name what was chosen of each variant, as looks.csv does: words without Hydra's signs, by alphabet."""
    return [(name, " ".join(sorted(word.lstrip("+") for word in words))) for name, words in choices.items()]


def record_board(table: pd.DataFrame) -> None:
    """Record the look of a board that is written, which may be of runs from before looks.csv."""
    if scenes := find_scenes(table):
        variants = dict.fromkeys(str(name) for name in table["variant"])
        choices = {name: list(list_choices(name)) for name in variants}
        record_looks(RESULTS / "looks.csv", name_choices(choices), *scenes)


def write_pages() -> None:
    """Write the board of each kind of segments that was run; costs as tuned are measured once, into costs.csv."""
    costs = RESULTS / "costs.csv"
    if not costs.is_file():
        measure_costs([f"tuned={RESULTS / 'tuning.csv'}", f"to={costs}"])
    made = [segments for segments in SEGMENTS if (OUT / segments).is_dir()]
    for segments in made:
        folders = sorted(str(folder) for folder in (OUT / segments).iterdir())
        tables = [f"costs={costs}", f"tuning={RESULTS / 'tuning.csv'}", f"note={describe_tuned_on(segments)}"]
        if code := zgs(["board", *folders, *tables, f"to={RESULTS / segments}"]):
            raise SystemExit(code)
        record_board(read_csv(RESULTS / segments / "board.csv"))
    kinds = {HEADINGS[name]: RESULTS / name for name in SEGMENTS if (RESULTS / name / "board.csv").is_file()}
    write_findings(kinds, RESULTS / "tuning.csv", RESULTS / "findings.md")


def main(arguments: Sequence[str]) -> None:
    """Run the stages named, in this order."""
    check_words(arguments, STAGES, DEFAULTS)  # before anything is written
    options = DEFAULTS | dict(w.split("=", 1) for w in arguments if "=" in w)
    words = [word for word in arguments if "=" not in word]
    stages = [word for word in words if word in STAGES] or list(STAGES)
    variants = [word for word in words if word not in stages] or sorted(list_options("encode"))
    for stage in stages:
        if stage == "tune":
            tune_all(variants, int(options["images"] or IMAGES[stage]), options["store"])
        elif stage == "page":
            write_pages()
        else:
            look(variants, stage, int(options["images"] or IMAGES[stage]), options["store"])


if __name__ == "__main__":
    main(sys.argv[1:])
