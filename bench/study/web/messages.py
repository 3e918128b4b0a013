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


def render(message: Message) -> Response:
    """Render a message as a page."""
    response: Response = make_response(render_template("message.html", message=message), message.status)
    return response
