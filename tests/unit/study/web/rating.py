"""A study with its pages and one rater, as tests of the pages ask them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("flask", reason="zgs[study] is not installed")
from flask.testing import FlaskClient

from bench.study.raters import add_raters
from bench.study.web.app import make_app
from tests.unit.study.made import make_study


class Site:
    """A study with the pages of one rater."""

    def __init__(self, folder: Path, count: int = 10, task: int = 6, **more) -> None:  # type: ignore[no-untyped-def]
        self.folder = folder
        self.database = make_study(folder, count=count, task=task, **more)
        ((self.code, self.token),) = add_raters(self.database, 1, 30)
        self.app = make_app(folder)
        self.client: FlaskClient = self.app.test_client()

    def enter(self) -> str:
        """The first page, by the rater's link."""
        return self.client.get(f"/r/{self.token}", follow_redirects=True).text

    def begin(self) -> str:
        return self.post("/task", self.enter()).text

    def post(self, path: str, page: str, **fields: str):  # type: ignore[no-untyped-def]
        """Send a form with what the page hides in it."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        return self.client.post(path, data=hidden | fields, follow_redirects=True)


def count(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM answers").fetchone()[0])
