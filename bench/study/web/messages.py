"""Pages that say one thing and what to do; no part of the paper."""

from __future__ import annotations

from dataclasses import dataclass

from flask import make_response, render_template
from werkzeug.wrappers import Response


@dataclass(frozen=True)
class Message:
    """A title, a sentence, the status, and whether there is a way on (to the rater's first page)."""

    title: str
    text: str
    status: int = 200
    way_on: bool = False


GONE = Message("This page was too old", "Nothing was changed. Go on from the first page.", 400, way_on=True)
DONE = Message(
    "This question is no longer yours",
    "Its task is done, or it went to somebody else after a day without an answer. This rating was not needed; your "
    "earlier answers are kept.", 409, way_on=True,
)  # fmt: skip
UNKNOWN = Message(
    "This link is not known",
    "Copy the whole of the last link that you were given, for a new one ends those before it. If it is lost, ask for a "
    "new one and say your code, if you know it: you go on where you stopped.", 404,
)  # fmt: skip


def explain_ended(code: str) -> Message:
    """Explain to a rater that the link has ended, and what to ask for."""
    return Message(
        "Your link has ended",
        f"Ask for a new one and say your code, {code}: you go on where you stopped. All your answers are kept.", 410,
    )  # fmt: skip


def render(message: Message) -> Response:
    """Render a message as a page."""
    response: Response = make_response(render_template("message.html", message=message), message.status)
    return response
