"""`zgs paper` alone: which tables and figures there are, what each shows and needs, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import DONE
from bench.paper.definition import Item
from bench.paper.plan import Plan, make_plan, sketch_need
from bench.paper.reading import read_definitions
from bench.paper.times import Rate, estimate_seconds, measure_rates, names_baseline, write_duration
from bench.system.resources import count_processors


def print_list(config_dir: str | None, typed: Sequence[str], out: Path) -> int:
    """Print each item with its command at the paper's size, and how the times come about."""
    items, rates, processes = read_definitions(["all"], config_dir), measure_rates(out), count_processors()
    data = dict.fromkeys(each.data for item in items for each in item.sets)
    sizes = typed, [*typed, "models=paper", f"data={','.join(data)}"]
    plans = [make_plan(items, words, sketch_need, config_dir) for words in sizes]

    def estimate(name: str | None = None) -> list[str]:
        return [_estimate(plan, rates, processes, config_dir, name) for plan in plans]

    for item in items:
        times = estimate(item.name)
        print(f"{item.name:10} {item.shows}")
        if needs := dict.fromkeys([*item.needs, *(["ratings"] if item.needs_ratings else [])]):
            print(f"{'':10} needs: {', '.join(needs)}")
        print(f"{'':10} {times[0]}; {times[1]} with {' '.join(list_paper_words(item))}")
    print(f"\n{'all':10} {'; '.join(estimate())} with {' '.join(sizes[1][len(typed) :])}")
    print(f"{'':10} what several need is made once")
    print(f"\nTimes are upper estimates for {processes} processes and an empty store, without runs of baselines and")
    print("what each run takes to begin (seconds), by the seconds that an image took:")
    for name, rate in rates.items():
        print(f"  models={name}: {rate.seconds:,.2f} s ({rate.how})")
    if not rates:
        print(f"  none is known: no finished run in {out} has made every stage")
    return DONE


def list_paper_words(item: Item) -> list[str]:
    """List the words that make an item at the paper's size."""
    data = ",".join(dict.fromkeys(each.data for each in item.sets))
    return ["models=paper", *([f"data={data}"] if data else [])]


def _estimate(
    plan: Plan, rates: Mapping[str, Rate], processes: int, config_dir: str | None, item: str | None
) -> str:  # fmt: skip
    """Estimate what one item takes, or all of a plan: ``4 runs, 3 min (1 of a baseline not timed)``."""
    distinct = {need.key: need.words for (name, _, _), need in plan.named.items() if item in (None, name)}.values()
    timed = [words for words in distinct if not names_baseline(words, config_dir)]
    left = len(distinct) - len(timed)
    told = write_duration(estimate_seconds(timed, rates, processes) if timed else None)
    note = f" ({left} of a baseline not timed)" if left else ""
    return f"{len(distinct)} run{'s' * (len(distinct) != 1)}, {told}{note}"
