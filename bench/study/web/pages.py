"""Figure 21, the screens: instructions, one question a screen, back, the end of a task."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)

from bench.study.examples import EXAMPLES
from bench.study.folder import PICTURES
from bench.study.questions import MEANINGS, RATINGS
from bench.study.raters import find_rater
from bench.study.tasks import Task, count_done, find_task, record_answer, skip_question, take_task
from bench.study.web.messages import UNKNOWN, Message, explain_ended, render

pages = Blueprint("pages", __name__)
DETAILS = (
    "The text says something that the highlighted part is not.",
    "The text has to do with it: one of several things in it, a property, an activity or a place.",
    "The text is true, but says too little or too much, or fits more or less than the highlighted part.",
    "The text says what the highlighted part shows.",
)
"""Of each rating, for the instructions."""


@pages.get("/r/<token>")
def enter(token: str) -> Any:
    """Enter by a link: from now on a signed cookie says who answers."""
    guesses, address = current_app.extensions["study"]["guesses"], request.remote_addr or "?"
    rater = find_rater(g.database, token)
    if rater is None:
        if guesses.are_too_many(address):  # many raters may share an address: a right link is never made to wait
            abort(429)
        guesses.count(address)
        return render(UNKNOWN)
    if rater.has_expired:
        return render(explain_ended(rater.code))
    session.clear()
    session["rater"], session["link"] = rater.code, rater.link
    return redirect(url_for("pages.show_start"))


@pages.get("/")
def show_start() -> Any:
    """Show the instructions, and the way to the next question."""
    task = find_task(g.database, g.rater)
    begun = task is not None and task.first_open is not None and any(item.rating is not None for item in task.items)
    rows = list(zip(RATINGS, MEANINGS, DETAILS, EXAMPLES, strict=True))[::-1]
    return render_template(
        "start.html", rows=rows, begun=begun, done=count_done(g.database, g.rater), rater=g.rater,
        study=current_app.extensions["study"]["study"],
    )  # fmt: skip


@pages.post("/task")
def begin() -> Any:
    """Take the next task, or go on with the one that is begun."""
    task = take_task(g.database, g.rater)
    return redirect(url_for("pages.show_end" if task is None or not task.items else "pages.show_question"))


@pages.get("/question")
def show_question() -> Any:
    """Show one question of the task: ``?at=`` its position, else the first without an answer."""
    task = find_task(g.database, g.rater)
    if task is None:
        return redirect(url_for("pages.show_start"))
    at = _choose_position(task)
    if at is None:
        return redirect(url_for("pages.show_end"))
    item, study = task.items[at], current_app.extensions["study"]
    if not (current_app.config["STUDY"] / PICTURES / item.picture).is_file():
        current_app.logger.error(
            "the picture %s is gone; the `zgs study make` that made the study draws it again", item.picture
        )
        return render_template("gone.html", item=item), 503
    if item.rating is None:
        study["stopwatch"].start(g.rater, item.question)
    before = session.pop("said", "")
    coming = task.items[at + 1].picture if at + 1 < len(task.items) else None
    return render_template(
        "question.html", item=item, at=at, task=task, answers=list(zip(RATINGS, MEANINGS, strict=True)), before=before,
        done=sum(each.rating is not None for each in task.items), total=count_done(g.database, g.rater), coming=coming,
    )  # fmt: skip


@pages.post("/question")
def answer() -> Any:
    """Keep an answer, then show the next question without one."""
    question, rating = request.form.get("question", ""), request.form.get("rating", "")
    if rating not in map(str, RATINGS):
        return render(Message("No rating was chosen", "Go back and choose 0, 1, 2 or 3.", 400, way_on=True))
    watch = current_app.extensions["study"]["stopwatch"]
    seconds = watch.stop(g.rater, question, request.form.get("elapsed", ""))
    record_answer(g.database, g.rater, question, int(rating), seconds)
    session["said"] = rating
    return redirect(url_for("pages.show_question"), 303)


@pages.post("/skip")
def skip() -> Any:
    """Leave a question out whose picture is gone."""
    question = request.form.get("question", "")
    task = find_task(g.database, g.rater)
    item = next((each for each in task.items if each.question == question), None) if task else None
    if item is not None and not (current_app.config["STUDY"] / PICTURES / item.picture).is_file():
        skip_question(g.database, g.rater, question)
    return redirect(url_for("pages.show_question"), 303)


@pages.get("/end")
def show_end() -> Any:
    """Show that a task is done, or that nothing is left."""
    task = find_task(g.database, g.rater)
    if task is not None and task.first_open is not None:
        return redirect(url_for("pages.show_question"))
    answered = sum(item.rating is not None for item in task.items) if task else 0
    last = len(task.items) - 1 if task and answered else None
    done = count_done(g.database, g.rater)
    return render_template("end.html", done=done, last=last, rater=g.rater, more=_is_more_left())


@pages.get("/pictures/<name>")
def send_picture(name: str) -> Any:
    """Send a picture of the study."""
    response = send_from_directory(current_app.config["STUDY"] / PICTURES, name, max_age=86400)
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def _choose_position(task: Task) -> int | None:
    at = request.args.get("at", "")
    if at.isdecimal() and int(at) < len(task.items):
        return int(at)
    return task.first_open


def _is_more_left() -> bool:
    """Whether a part is open that this rater has had nothing of."""
    row = g.database.execute(
        "SELECT 1 FROM tasks WHERE done = 0 AND rater IS NULL AND part NOT IN (SELECT part FROM tasks WHERE rater = "
        "?) AND part NOT IN (SELECT part FROM answers WHERE rater = ?) LIMIT 1",
        (g.rater, g.rater),
    ).fetchone()
    return row is not None
