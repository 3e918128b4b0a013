"""The pages that a rater sees: one question a screen. Every answer is on the disk before the next page is sent.

Flask, since every request here is a short transaction of SQLite and nothing waits for anything else: an asynchronous
server would only add threads. Flask-WTF signs the forms against forgery, `limits` slows down whoever guesses links.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bench.study.database import open_database, read_fact
from bench.study.raters import read_rater
from bench.study.tasks import NotAsked
from bench.study.timing import Stopwatch
from bench.study.web.messages import DONE, GONE, Message, explain_ended, render
from bench.study.web.pages import pages
from bench.study.web.tokens import Guesses
from bench.text.escape import escape_for_terminal

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script, style or picture but the study's own files, whatever a label says."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OPEN = {"pages.enter", "static"}
"""What is shown to who has no session yet."""
_BODY = 16 << 10
"""Bytes of a request: a form of ours has a few hundred."""


def make_app(folder: Path, secure: bool = False) -> Flask:
    """Make the application of a study; ``secure`` where people reach it by https. Raises UserError for no study."""
    app = Flask(__name__)
    database = open_database(folder)
    app.config.update(
        SECRET_KEY=read_fact(database, "secret"), STUDY=folder.resolve(), SESSION_COOKIE_NAME="zgs_study",
        SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=secure, MAX_CONTENT_LENGTH=_BODY, MAX_FORM_MEMORY_SIZE=_BODY,
    )  # fmt: skip
    app.extensions["study"] = {
        "study": read_fact(database, "study"), "stopwatch": Stopwatch(), "guesses": Guesses(),
        "local": threading.local(),
    }  # fmt: skip
    database.close()
    CSRFProtect(app)
    app.register_blueprint(pages)
    app.before_request(_find_rater)
    app.after_request(_add_headers)
    app.register_error_handler(NotAsked, lambda _: render(DONE))
    app.register_error_handler(CSRFError, lambda _: render(GONE))
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(sqlite3.Error, _explain_database)
    app.jinja_env.filters["visible"] = escape_for_terminal
    return app


def get_database() -> sqlite3.Connection:
    """Get this thread's connection to the study."""
    local = current_app.extensions["study"]["local"]
    if not hasattr(local, "database"):
        local.database = open_database(current_app.config["STUDY"])
    database: sqlite3.Connection = local.database
    return database


def _find_rater() -> Any:
    """Find who asks, before every page; a page that says what to do where that is nobody, or the study is closed."""
    g.database = get_database()
    if request.endpoint == "static":
        return None
    if closed := read_fact(g.database, "closed"):
        return render(
            Message("This study is closed", f"It was closed on {closed}. Thank you: all your answers are kept.", 410)
        )
    if request.endpoint in OPEN:
        return None
    rater = read_rater(g.database, str(session.get("rater", "")))
    if rater is None or session.get("link") != rater.link:  # who came by a link that was lost is out with it
        text = "Open the last link that you were given: it says which answers are yours."
        return render(Message("Please open your link", text, 401))
    if rater.has_expired:
        return render(explain_ended(rater.code))
    if rater.excluded:
        return render(Message("Thank you", f"There is nothing more to answer for the code {rater.code}.", 403))
    g.rater = rater.code
    return None


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _explain(error: HTTPException) -> AnyResponse:
    told = {
        404: "There is no such page here. Go back, or open your link again.",
        413: "That was more than an answer. Go back and choose a rating.",
        429: "Too many wrong links came from where you are. Wait a minute and open your link again.",
    }
    text = told.get(error.code or 500, "Go back and try again; what you have answered is kept.")
    return render(Message(str(error.name), text, error.code or 500))


def _explain_database(error: sqlite3.Error) -> AnyResponse:
    """Say that an answer was not kept; the reason is for who runs the server."""
    current_app.logger.error("the study's database says: %s", error)
    return render(
        Message("Your last answer was not kept", "The disk of the study did not take it. Tell who sent you here, then "
                "go back and answer again; earlier answers are kept.", 503)
    )  # fmt: skip
