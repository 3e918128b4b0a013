"""`zgs speed`: how fast every stage is against its plain form and against what this machine can multiply."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.commands.speed_device import CUDA, META, find_device_word, run_on_device
from bench.commands.speed_inputs import check_options, check_places, list_asked, list_precisions, make_inputs
from bench.commands.speed_stopping import GROWTH, describe_kept, describe_stop
from bench.errors import DONE, FAILED, UsageError, writing
from bench.system.signals import tell_at_stop

USAGE = """zgs speed [scale=embedded|paper] [json=FILE] [to=FOLDER] [stages=A,B] [weights=FOLDER] [KEY=VALUE …]

scale=embedded   the models that ship, on a drawn scene: every plain form is run in full
scale=paper      the paper's architectures on a photograph: what is dear is run in part, and the extrapolated says so
json=FILE        one object a stage: stage, plain_s, fast_s, ratio, agrees, peak_mb, flops, share, share_best (of the
                 rate of products: each at its own shape's, all at the best shape's), measured or not, settings (the
                 words that change one, image=FILE among them), weights
                 (of each model its name, or for files random or trained and how many numbers)
to=FOLDER        where table, page and picture of a scale go; rows of other stages there, of this machine, stay, with
                 the settings they were made with; aims are judged by rows of the default settings alone
stages=…         some of features, clustering, embeddings, captions, scoring (all)
weights=FOLDER   of scale=paper: what `python -m data_prep.random_models --to FOLDER` writes; else models=paper
image=FILE       another picture
device=cuda      on a GPU: features, embeddings, captions and a whole image in float32, bfloat16 and float16, compiled
                 or not, recorded as CUDA graphs or not: seconds, images a second, peak memory, what differs
device=meta      without one: operations and bytes of every model stage from its shapes, and whether 16 GB hold it;
                 needs no weights
growth=yes       in place of the stages: how cost grows with images, segments, classes and thresholds (to= keeps it),
                 as exponents of a size, of all sizes and between two side by side; one above 1.1 is named (of two
                 sizes: where it is so beyond its noise); not with stages= or json=
KEY=VALUE        any key of `zgs run --help`, such as caption.beams=2; but for executor.threads, which stays 1

--scale S and --json FILE are the same. Both forms run in one process on one thread, on the same inputs. The exit
code is 0 where they agree, 2 for wrong words, and 1 where they do not agree (the last line of standard output is "the
two forms of … differ"), for any other error and when stopped (one line "zgs: …" on standard error says which, and of
a stop what is kept and what measures the rest). Plain is: attention written out, all blocks and tokens, one segment a
forward, texts padded to the whole context, nothing reused, products by torch's own library (the fast form: oneDNN's,
our tiles)."""
OWN = {"scale": "embedded", "json": "", "to": "", "stages": "", "weights": "", "image": "", "growth": "no"}
"""Options of this command, with their defaults."""
ENDS = ("json", "csv", "md", "png", "svg")
"""Of the files of a scale in to=FOLDER."""
FLAGS = tuple(f"--{name}" for name in OWN)


def main(arguments: list[str]) -> int:
    """Try the stages, a line each as it is done; 1 where a fast form does not agree with its plain one."""
    options, words = read_words(arguments)
    tell_at_stop(describe_stop(options, (), ()))
    check_options(options)
    if (device := find_device_word(words)) == META or device.startswith(CUDA):
        return run_on_device(device, options, words)
    from bench.speed.rows import describe_others
    from bench.speed.try_stages import NEEDS, try_stages
    from bench.speed.weights import describe_weights

    if options["growth"] == "yes":
        return tell_growth(make_float32_inputs(options, words, [*NEEDS["embeddings"], *NEEDS["captions"]]), options)
    stages = choose_stages(options["stages"])
    needed = [model for stage in stages for model in NEEDS[stage]]
    inputs, rows, begin = make_float32_inputs(options, words, needed), [], time.monotonic()
    check_places(options, [f"{options['scale']}.{end}" for end in ENDS], words)
    read_kept(inputs, options)
    print(f"zgs speed scale={options['scale']}: {', '.join(stages)}; both forms on one thread", flush=True)
    written: list[Path] = []
    for made in try_stages(inputs, stages, partial(describe_kept, options)):
        weights = describe_weights(inputs.settings, NEEDS[made["stage"]])
        rows.append(row := {**made, "settings": list(inputs.changed), "weights": weights})
        print(describe_row(row), flush=True)
        print(f"  {len(rows)} of {len(stages)} stages, {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        tell_at_stop(describe_stop(options, stages[: len(rows)], stages[len(rows) :]))
        written = keep_rows(rows, inputs, options)
    print(*(["speed:", *written] if written else []), sep="\n  ", end="\n" if written else "")
    if others := describe_others(read_kept(inputs, options), rows):
        print(others)
    wrong = [row["stage"] for row in rows if not row["agrees"]]
    print(f"the two forms of {', '.join(wrong)} differ" if wrong else f"both forms of all {len(rows)} stages agree")
    return FAILED if wrong else DONE


def keep_rows(rows: Sequence[dict[str, Any]], inputs: Any, options: Mapping[str, str]) -> list[Path]:
    """Keep what is measured so far, where the options say; rows of other stages that the folder has stay."""
    from bench.speed.try_stages import STAGES
    from bench.speed.write import describe_machine, write_all, write_json

    machine, scale, written = describe_machine(inputs.settings), options["scale"], list[Path]()
    if options["json"]:
        with writing(Path(options["json"]), "json=FILE"):
            written.append(write_json(rows, machine, scale, Path(options["json"])))
    if options["to"]:
        known = {row["stage"]: row for row in [*read_kept(inputs, options), *rows]}
        kept = [known[name] for name in STAGES if name in known]
        with writing(Path(options["to"]), "to=FOLDER"):
            written += write_all(kept, machine, scale, Path(options["to"]))
    return written


def read_kept(inputs: Any, options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read the rows that to=FOLDER has of this machine. Raises UserError for a file that holds none."""
    from bench.speed.rows import read_rows
    from bench.speed.write import describe_machine, make_page

    machine, scale = describe_machine(inputs.settings), options["scale"]
    path = Path(options["to"]) / f"{scale}.json"
    return read_rows(path, machine, lambda rows: make_page(rows, machine, scale)) if options["to"] else []


def tell_growth(inputs: Any, options: Mapping[str, str]) -> int:
    """Tell how every cost grows, a line each as it is measured, and write them where asked to."""
    from bench.speed.growth import describe_growth, judge_growth, measure_growth, write_growth
    from bench.speed.try_stages import NEEDS
    from bench.speed.weights import describe_weights

    found, to = [], options["to"]
    tell_at_stop(GROWTH)
    check_places(options, [f"growth.{end}" for end in ("csv", "png", "svg")], inputs.changed)
    for one in measure_growth(inputs):
        found.append(one)
        print(describe_growth(one).replace("\n", " "), flush=True)
    print(judge_growth(found))
    if to:
        with writing(Path(to), "to=FOLDER"):
            weights = describe_weights(inputs.settings, [*NEEDS["embeddings"], *NEEDS["captions"]])
            print("speed:", *write_growth(found, Path(to), inputs.changed, weights), sep="\n  ")
    return DONE


def read_words(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Read this command's own options, as KEY=VALUE or --KEY VALUE, and the words that are settings of a run."""
    words, rest = iter(arguments), []
    options = dict(OWN)
    for word in words:
        name, equals, value = word.partition("=")
        if name in FLAGS:
            options[name.removeprefix("--")] = value if equals else _take_value(word, next(words, None))
        elif equals and name in OWN:
            options[name] = value
        elif equals and not word.startswith("-"):
            rest.append(word)
        else:
            from bench.data.base import suggest_nearest

            raise UsageError(
                f"speed: {word}: no such option{suggest_nearest(word, [*OWN, *FLAGS])}; `zgs speed --help` shows all"
            )
    return options, rest


def choose_stages(text: str) -> tuple[str, ...]:
    """Choose the stages of a list with commas, in the order of the pipeline; all where it is empty."""
    from bench.speed.try_stages import STAGES

    asked = list_asked(text)
    if unknown := [name for name in asked if name not in STAGES]:
        from bench.data.base import suggest_nearest

        raise UsageError(
            f"speed: stages={unknown[0]}: no such stage{suggest_nearest(unknown[0], STAGES)}; there are "
            f"{', '.join(STAGES)}"
        )
    return tuple(name for name in STAGES if name in asked or not asked)


def make_float32_inputs(options: Mapping[str, str], words: Sequence[str], models: Sequence[str]) -> Any:
    """Make what the stages are tried on by the processor. Raises UsageError for another device or number type."""
    if wrong := [word for word in words if word.startswith("device=") and word != "device=cpu"]:
        raise UsageError(f"speed: {wrong[0]}: measures device=cpu or device=cuda, and counts on device=meta")
    inputs = make_inputs("cpu", options, words, models, embedded=True)
    if wrong := [word for word in list_precisions(inputs.settings) if not word.endswith("=float32")]:
        raise UsageError(f"speed: {wrong[0]}: both forms are compared in float32")
    return inputs


def describe_row(row: dict[str, Any]) -> str:
    """Describe a row in one line."""
    share = f", {row['share']:.2f} of the limit ({row['share_best']:.2f} of the best shape's)" if row["share"] else ""
    agrees = "agrees" if row["agrees"] else f"DIFFERS by {row['difference']:.2g} (at most {row['tolerance']:g})"
    return (
        f"{row['stage']:10} plain {row['plain_s']:,.4g} s{' (extrapolated)' if row['how'] else ''}, fast "
        f"{row['fast_s']:,.4g} s, ratio {row['ratio']:,.1f}, {agrees}{share}, peak {row['peak_mb']:,.0f} MB: "
        f"{row['inputs']}"
    )


def _take_value(flag: str, value: str | None) -> str:
    if value is None:
        raise UsageError(f"speed: {flag}: needs a value; `zgs speed --help` shows how")
    return value
