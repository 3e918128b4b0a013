"""`zgs study`: people verify: a study from stored predictions, its pages, its ratings, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from bench.commands.words import is_there
from bench.data.base import suggest_nearest
from bench.errors import UsageError

USAGE = """zgs study [make] RUN … to=FOLDER [ask=text,tt,st] [sample=all] [raters=3] [task=30] [controls=3] [seed=0]
zgs study raters FOLDER add=N|again=CODE [days=30] [url=http://127.0.0.1:8765]
zgs study serve FOLDER [port=8765] [host=127.0.0.1] [proxy=ADDRESS]
zgs study status FOLDER
zgs study report FOLDER [to=FOLDER/report] [exclude=yes|no] [seconds=1] [passed=0.6] [resamples=N]
zgs study plan FOLDER [to=FOLDER/plan] [questions=100,…] [raters=1,2,3,5] [price=0.05] [exclude=yes|no] …
zgs study export FOLDER to=FOLDER form=csv|labelstudio [url=https://…/]
zgs study import FOLDER FILE form=csv|labelstudio
zgs study exclude FOLDER [seconds=1] [passed=0.6]
zgs study close FOLDER · open FOLDER

make      questions of finished runs (or of scored predictions), with a picture each: the same command draws them again
  ask=      what people rate: the predicted text, the classes that TT and ST give (of data with labels)
  sample=   all; images:N (all segments of N images); per_image:N; stratified:N (by class and size)
  raters=   how many different people answer each question; task= questions of a task, controls=
            those of them whose answer is known
raters    add=: more raters, a link each, which ends after days=; again=: a new link for one whose link has
          ended or is lost (the old one ends, the answers stay)
serve     the pages, on this machine alone unless host= says otherwise; proxy= is the server with https before it
status    how far it has come
report    agreement, raters, exclusions before and after, distribution, calibration; ratings/NAME.csv for score.ratings=
plan      how wide intervals would be with other numbers of questions and raters, from the answers so far; exclude=,
          seconds= and passed= as for the report
export    questions and pictures for a platform that you use; import takes its results
exclude   takes the answers of raters out who fall under the rule of the report, and asks their questions again"""
ACTIONS = {
    "make": "study_make", "raters": "study_people", "serve": "study_serve", "status": "study_people",
    "report": "study_report", "plan": "study_report", "export": "study_exchange", "import": "study_exchange",
    "exclude": "study_people", "close": "study_people", "open": "study_people",
}  # fmt: skip
"""Each action is the function ``run_ACTION`` of a module of `bench.commands`."""


def main(arguments: list[str]) -> int:
    """Do what the first word says."""
    words, rest = arguments[:1], arguments[1:]
    if not words:
        raise UsageError(f"study: say what to do: {', '.join(ACTIONS)}; `zgs study --help` shows how")
    if words[0] not in ACTIONS and is_there(words[0]):  # `zgs study RUN …` makes one
        words, rest = ["make"], arguments
    if words[0] not in ACTIONS:
        near = suggest_nearest(words[0], ACTIONS) or f" (`zgs study make {words[0]} …` makes a study of a run)"
        raise UsageError(f"study: {words[0]}: no such action{near}; `zgs study --help` shows all")
    module = import_module(f"bench.commands.{ACTIONS[words[0]]}")
    action: Callable[[list[str]], int] = getattr(module, f"run_{words[0]}")
    return action(rest)
