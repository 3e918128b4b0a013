"""`zgs study make`: a study of finished runs in a folder."""

from __future__ import annotations

import shlex
from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError
from bench.text.escape import escape_for_terminal

OPTIONS = {"to": "", "ask": "text,tt,st", "sample": "all", "raters": "3", "task": "30", "controls": "3", "seed": "0"}


def run_make(arguments: list[str]) -> int:
    """Make the study, or draw pictures again that are gone; prints its facts and what comes next."""
    from bench.commands.finished import check_finished
    from bench.settings.trust import take_trusted

    words, trusted = take_trusted(arguments)
    places, options = read_arguments("study", words, OPTIONS)
    if not options["to"] or not places:
        raise UsageError("study make: name runs and to=FOLDER; `zgs study --help` shows how")
    plan = _read_plan(options)
    from bench.report.out_of_domain import uses_embedded_models
    from bench.report.runs import find_runs
    from bench.run.progress import describe_unfinished, is_unfinished
    from bench.score.score_table import EMBEDDED_NOTE
    from bench.study.make import make_study

    if files := [place for place in places if Path(place).is_file()]:
        raise UsageError(
            f"study make: {files[0]}: is a file; `zgs score {files[0]} data=…` first, then name the folder that it "
            "prints"
        )
    if unfinished := [place for place in places if is_unfinished(Path(place))]:
        raise UsageError(describe_unfinished(Path(unfinished[0]), trusted))
    folders = find_runs(list(map(Path, places)))
    if not folders:
        raise UsageError("study make: no finished run is there; give folders that `zgs run` or `zgs score` has printed")
    check_finished(folders, trusted)
    facts = make_study(folders, Path(options["to"]), plan, shlex.join(["zgs", "study", "make", *arguments]))
    _print_facts(facts, options["to"])
    if uses_embedded_models(folders):
        print(EMBEDDED_NOTE)
    return DONE


def _read_plan(options: dict[str, str]):  # type: ignore[no-untyped-def]
    from bench.study.make import Plan
    from bench.study.questions import KINDS
    from bench.study.sampling import read_rule

    kinds = tuple(dict.fromkeys(filter(None, options["ask"].strip("[]").split(","))))
    if not kinds or set(kinds) - set(KINDS):
        raise UsageError(f"study make: ask={options['ask']}: any of {', '.join(KINDS)}")
    numbers = {key: read_count("study make", options, key) for key in ("raters", "task", "controls", "seed")}
    return Plan(read_rule(options["sample"]), tuple(kind for kind in KINDS if kind in kinds), **numbers)


def _print_facts(facts: dict[str, object], to: str) -> None:
    images = facts["images"]
    assert isinstance(images, list)
    print(f"{facts['questions']} questions of {len(images)} images: {facts['rule']}")
    print(
        f"{facts['parts']} tasks of up to {facts['task']} questions, {facts['controls']} of them controls; each goes "
        f"to {facts['raters']} different raters"
    )
    for line in describe_labels(facts):
        print(escape_for_terminal(line))
    print(f"{to}/\nnext: zgs study raters {to} add={facts['raters']}; zgs study serve {to}")


def describe_labels(facts: dict[str, object]) -> list[str]:
    """Describe which labels are asked about, run by run, and what is left out."""
    counted = facts["counted"]
    assert isinstance(counted, dict)
    lines = [f"{run}: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}" for run, kinds in counted.items()]
    for name, told in (
        ("without_pixels", "segments have no pixel in the image's size"),
        ("empty", "segments have no text"),
    ):
        if facts[name]:
            lines.append(f"{facts[name]} {told}: not asked")
    if facts["sample"] not in ("all", "images"):
        lines.append("scores by people (score.verify=human) need all labels of an image: sample=all or images:N")
    return lines
