"""`zgs study report` and `plan`: what a study's answers are worth, and how many the next one needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError, UserError, writing
from bench.text.escape import escape_for_terminal

if TYPE_CHECKING:
    from bench.study.exclusion import ExclusionRule

_MOST = 10**6


def run_report(arguments: list[str]) -> int:
    """Write the report of a study, and print its numbers."""
    known = {"to": "", "exclude": "yes", "seconds": "", "passed": "", "resamples": "10000"}
    places, options = read_arguments("study", arguments, known)
    folder = _find_study("report", places)
    exclude = _read_exclude("study report", options)
    resamples = read_count("study report", options, "resamples")
    if not 100 <= resamples <= _MOST:
        raise UsageError(f"study report: resamples={resamples}: 100 to {_MOST}")
    from bench.study.collected import collect
    from bench.study.database import open_database
    from bench.study.report import make_report, write_report
    from bench.study.report_page import print_summary

    rule = read_exclusion_rule("study report", options)
    report = make_report(collect(open_database(folder)), rule, exclude, resamples)
    to = Path(options["to"] or folder / "report")
    with writing(to, "to=FOLDER"):
        written = write_report(report, to, folder)
    print(*map(escape_for_terminal, print_summary(report)), sep="\n")
    print("report:", *written, sep="\n  ")
    return DONE


def run_plan(arguments: list[str]) -> int:
    """Simulate studies from the answers so far; print and draw how wide intervals would be."""
    known = {
        "to": "",
        "questions": "50,100,200,500,1000,2000,5000",
        "raters": "1,2,3,5",
        "price": "0.05",
        "studies": "400",
        "unit": "$",
        "exclude": "yes",
        "seconds": "",
        "passed": "",
    }
    places, options = read_arguments("study", arguments, known)
    folder = _find_study("plan", places)
    questions, raters = (_read_numbers(options, key, most) for key, most in (("questions", 100_000), ("raters", 50)))
    studies, price = read_count("study plan", options, "studies"), _read_share("study plan", options, "price", _MOST)
    if not 50 <= studies <= 10_000:
        raise UsageError(f"study plan: studies={studies}: how many are simulated, 50 to 10000")
    exclude, rule = _read_exclude("study plan", options), read_exclusion_rule("study plan", options)
    from bench.csv_files import write_csv
    from bench.study.collected import collect
    from bench.study.database import open_database
    from bench.study.exclusion import find_excluded
    from bench.study.figures import draw_plan
    from bench.study.planning import Prices, describe_pilot, plan_study
    from bench.study.report_page import describe_table

    collected = collect(open_database(folder))
    excluded = find_excluded(collected, rule) if exclude else {}
    collected = collected.leave_out(excluded)
    if collected.regular.empty:
        raise UserError(
            f"study plan: the rule leaves no answer: {rule.describe()}; let more people rate, or exclude=no counts all"
        )
    seconds, facts = float(collected.answers["seconds"].median()), collected.facts
    prices = Prices(price, 10.0 if seconds != seconds else seconds, facts["task"] / (facts["task"] - facts["controls"]))
    table = plan_study(collected.regular, questions, raters, prices, studies)
    to, remark = Path(options["to"] or folder / "plan"), describe_pilot(collected.regular)
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        drawn = draw_plan(table, to / "plan", options["unit"], remark)
        written = [write_csv(table, to / "plan.csv", decimals=6), *drawn]
    regular = collected.regular
    print(
        f"pilot: {len(regular)} ratings of {regular['question'].nunique()} questions of {regular['image'].nunique()} "
        "images"
    )
    if excluded:
        print(f"left out: {', '.join(excluded)} ({rule.describe()})")
    if remark:
        print(remark)
    print(*describe_table(table), sep="\n")
    print(
        f"width of the middle 95 % of {studies} simulated studies of whole images; {price:g} {options['unit']} and "
        f"{prices.seconds:.1f} s an answer, controls paid"
    )
    print("plan:", *written, sep="\n  ")
    return DONE


def _read_exclude(command: str, options: dict[str, str]) -> bool:
    """Read whether raters who fall under the rule are left out."""
    if options["exclude"] not in ("yes", "no"):
        raise UsageError(f"{command}: exclude={options['exclude']}: yes or no")
    return options["exclude"] == "yes"


def read_exclusion_rule(command: str, options: dict[str, str]) -> ExclusionRule:
    """Read the numbers of the rule by which raters are excluded."""
    from bench.study.exclusion import ExclusionRule

    standard = ExclusionRule()
    passed, seconds = (
        _read_share(command, options, key, most) if options[key] else value
        for key, most, value in (("passed", 1.0, standard.passed), ("seconds", 600.0, standard.seconds))
    )
    return ExclusionRule(passed, seconds)


def _find_study(action: str, places: list[str]) -> Path:
    if len(places) != 1:
        raise UsageError(f"study {action}: name the folder of one study; `zgs study --help` shows how")
    return Path(places[0])


def _read_share(command: str, options: dict[str, str], key: str, most: float) -> float:
    try:
        value = float(options[key])
    except ValueError:
        value = float("nan")
    if not 0 <= value <= most:
        raise UsageError(f"{command}: {key}={options[key]}: a number from 0 to {most:g}")
    return value


def _read_numbers(options: dict[str, str], key: str, most: int) -> list[int]:
    words = options[key].strip("[]").split(",")
    if not all(word.strip().isdecimal() and 1 <= int(word) <= most for word in words):
        raise UsageError(f"study plan: {key}={options[key]}: whole numbers from 1 to {most}, separated by commas")
    return sorted({int(word) for word in words})
