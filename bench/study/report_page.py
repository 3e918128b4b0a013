"""The text of a study's report, as markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.score.score_table import EMBEDDED_NOTE
from bench.study.agreement import Agreement
from bench.study.calibration import Calibration
from bench.study.questions import MEANINGS, RATINGS
from bench.study.reported import Report
from bench.text.escape import escape_markdown, join_cells

KIND_NAMES = {"text": "predicted text", "tt": "class by TT", "st": "class by ST"}


def write_text(report: Report, ratings: Mapping[str, Path], study: Path) -> str:
    """Write the whole page."""
    facts, answers = report.collected.facts, report.collected
    regular = answers.regular
    lines = [
        "# What people say", "",
        f"{facts['questions']} questions of {len(facts['images'])} images, {facts['raters']} raters each: "
        f"{facts['rule']}. {len(regular)} ratings by {regular['rater'].nunique()} raters count.", "",
        *([f"**{EMBEDDED_NOTE}**", ""] if report.embedded else []),
        *_write_missing(report),
        "## How far raters agree", "", *_write_agreement(report), "",
        "## Raters", "", *_write_raters(report), "",
        "## What they say (Table 2)", "", *_write_distribution(report), "",
        "## The cosine at which people say correct", "", *_write_calibration(report.calibrations), "",
        "## Scores verified by people (Table 1)", "", *_write_next(report, ratings, study), "",
    ]  # fmt: skip
    return "\n".join(lines)


def write_number(value: float, low: float, high: float, decimals: int = 3, scale: float = 1.0) -> str:
    """Write a number with its interval; a dash where it is not defined."""
    if np.isnan(value):
        return "–"
    ends = "" if np.isnan(low) else f" [{scale * low:.{decimals}f}, {scale * high:.{decimals}f}]"
    return f"{scale * value:.{decimals}f}{ends}".replace("-", "−")


def _write_missing(report: Report) -> list[str]:
    return [f"**{line}**\n" for line in describe_missing(report)]


def describe_missing(report: Report) -> list[str]:
    """Describe which batches lack answers, and what becomes of them."""
    if not report.missing:
        return []
    asked = report.collected.facts["questions"]
    told = ", ".join(f"batch {batch} lacks {n} of {asked} answers" for batch, n in report.missing.items())
    if report.whole:
        rest = (
            "the files of ratings hold the whole batches alone, since a label without a rating would count as not "
            "verified; shares and agreement are of all ratings"
        )
    else:
        rest = (
            "no batch is whole, and a label without a rating counts as not verified in scores: let raters go on first"
        )
    more = "; `zgs study exclude` asks the answers of the excluded again" if report.excluded else ""
    return [f"Not whole: {told}; {rest}{more}."]


def _write_agreement(report: Report) -> list[str]:
    both = report.before is not report.after
    heads = ["", "all raters", "without the excluded"] if both else ["", "all raters"]
    lines = [join_cells([*heads, "n"]), "|---|" + "---:|" * len(heads)]
    for before, after in zip(report.before, report.after, strict=True):
        cells = [_write_agreed(before), *([_write_agreed(after)] if both else [])]
        lines.append(join_cells([before.measure, *cells, f"{after.n} {after.unit}"]))
    if both:
        means = (f"{answers:.2f}" for answers in report.ratings_a_question)
        lines.append(join_cells(["ratings a question", *means, ""]))
    notes = dict.fromkeys(each.note for each in [*report.before, *report.after] if each.note)
    return [
        *lines, "",
        "Intervals: 95 %, images resampled. Alpha is Krippendorff's with his ordinal distance, as the package "
        "krippendorff has it; irrCAC calls the second line ordinal. Kappa is between batches, two by two. Of fewer "
        "ratings a question more are alike by all; alpha and kappa are made not to depend on that.",
        *([""] + [f"- {note}" for note in notes] if notes else []),
    ]  # fmt: skip


def _write_agreed(each: Agreement) -> str:
    return write_number(each.value, each.low, each.high)


def _write_raters(report: Report) -> list[str]:
    heads = ["rater", "answers", "controls passed", "median s", "from the others", "severity", "drift", ""]
    lines = [join_cells(heads), "|---|" + "---:|" * 6 + "---|"]
    for row in report.raters.to_dict("records"):
        code = str(row["rater"])
        reason = report.excluded.get(code) or str(row["excluded"])
        drift = write_number(row["drift"], row["drift_low"], row["drift_high"], 2)
        marked = not np.isnan(row["drift_low"]) and (row["drift_low"] > 0 or row["drift_high"] < 0)
        lines.append(join_cells([
            escape_markdown(code), str(row["answers"]), f"{row['passed']} of {row['controls']}",
            _write_plain(row["seconds"], 1),
            _write_plain(row["distance"], 2), _write_plain(row["severity"], 2), f"**{drift}**" if marked else drift,
            f"excluded: {escape_markdown(reason)}" if reason else "",
        ]))  # fmt: skip
    return [
        *lines, "",
        f"The rule, stated beforehand: {report.rule.describe()}. {len(report.excluded)} excluded.", "",
        "From the others: mean distance of a rating from the mean of the others (who are not excluded) on the same "
        "question; severity: the same with its sign, below 0 is harder; drift: severity in the last third of a "
        "rater's answers less that in the first, **bold** where its 95 % interval excludes 0.",
    ]  # fmt: skip


def _write_plain(value: float, decimals: int) -> str:
    return write_number(value, float("nan"), float("nan"), decimals)


def _write_distribution(report: Report) -> list[str]:
    table = report.distribution[1]
    heads = [f"{rating} {MEANINGS[rating]}" for rating in RATINGS]
    lines = [join_cells(["run", "label", *heads, "at least 1", "at least 2", "n"]), "|---|---|" + "---:|" * 7]
    for (run, kind), part in table.groupby(["run", "kind"], sort=False):
        cells = [write_number(row["value"], row["low"], row["high"], 1, 100) for row in part.to_dict("records")]
        better = [f"{100 * part['at_least'].iloc[at]:.1f}" for at in (1, 2)]
        lines.append(
            join_cells([escape_markdown(str(run)), KIND_NAMES[str(kind)], *cells, *better, str(part["n"].iloc[0])])
        )
    weighed = report.collected.facts["sample"] == "per_image"
    told = "Percent of ratings, 95 % intervals over images; n counts ratings."
    notes = dict.fromkeys(note for note in table["interval_note"] if note)
    if weighed:
        told += " Each rating weighs as many segments as it stands for."
    return [*lines, "", told, *([""] + [f"- {note}" for note in notes] if notes else [])]


def _write_calibration(parts: Sequence[Calibration]) -> list[str]:
    if not parts:
        return ["No reassigned label was rated."]
    lines = [
        join_cells(
            [
                "run",
                "cosine",
                "half are called correct at",
                "τ of the protocol",
                "correct at or above τ",
                "below τ",
                "n",
            ]
        ),
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for part in parts:
        shares = [
            f"{write_number(*share[:3], 1, 100)} % of {share[3]}" if share[3] else "none"
            for share in (part.kept, part.dropped)
        ]
        threshold = write_number(part.threshold, part.low, part.high, 2)
        lines.append(
            join_cells([escape_markdown(part.run), part.kind.upper(), threshold, f"{part.tau:g}", *shares, str(part.n)])
        )
    notes = [f"- {escape_markdown(part.run)}, {part.kind.upper()}: {part.note}." for part in parts if part.note]
    return [
        *lines, "", *notes, *([""] if notes else []),
        "Correct is a rating of 2 or 3; n counts ratings; logistic regression, intervals over images. It is about "
        "this encoder, these classes and these images, and about the label that is nearest, not about any pair of "
        "texts.", "",
        "![Share called correct over the cosine](calibration.png)",
    ]  # fmt: skip


def _write_next(report: Report, ratings: Mapping[str, Path], study: Path) -> list[str]:
    facts, lines = report.collected.facts, []
    if facts["sample"] not in ("all", "images"):
        told = "holds parts of images, so no scores of whole images by people: take sample=all or images:N."
        lines = [f"The sample ({facts['rule']}) {told}", ""]
    elif set(facts["kinds"]) & {"tt", "st"}:
        lines = ["```sh", *(
            f"zgs score {facts['runs'][run]} score.verify=human score.ratings={path} "
            f"data.subset=file:{study / 'ids.txt'}"
            for run, path in ratings.items()
        ), "```", ""]  # fmt: skip
    files = ", ".join(f"ratings/{path.name}" for path in ratings.values())
    return [
        *lines,
        f"Ratings as `score.ratings` reads them: {files}. Tables 1 and 2: `zgs paper table1 table2 ratings=FILE`.",
    ]


def print_summary(report: Report) -> list[str]:
    """The lines that the command prints: agreement, exclusions, thresholds."""
    lines = [
        f"{each.measure}: {_write_agreed(each)}, n = {each.n} {each.unit}{f' ({each.note})' if each.note else ''}"
        for each in report.after
    ]
    lines += [f"excluded {code}: {reason}" for code, reason in report.excluded.items()]
    for part in report.calibrations:
        told = write_number(part.threshold, part.low, part.high, 2)
        lines.append(
            f"{part.run}, {part.kind.upper()}: half are called correct at "
            f"{told}{f' ({part.note})' if part.note else ''}"
        )
    return [*lines, *describe_missing(report)]


def describe_table(table: pd.DataFrame) -> list[str]:
    """Describe a plan in lines, one a number of questions and raters."""
    lines = []
    for (questions, raters), part in table.groupby(["questions", "raters"], sort=True):
        widths = ", ".join(f"{row.measure} {row.width:.3f}" for row in part.itertuples())
        cost, hours = part["cost"].iloc[0], part["hours"].iloc[0]
        lines.append(
            f"{questions:>7} questions, {raters} rater{'' if raters == 1 else 's'}: {widths}; cost {cost:.2f}, "
            f"{hours:.1f} h"
        )
    return lines
