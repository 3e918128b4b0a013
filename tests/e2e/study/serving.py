"""A server of a study in a process of its own, and a rater who speaks HTTP to it."""

from __future__ import annotations

import re
import subprocess
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

from tests.command import launch, zgs


class Server:
    """`zgs study serve` on a free port; waits until it listens."""

    def __init__(self, folder: Path) -> None:
        self.process: subprocess.Popen[str] = launch(zgs("study", "serve", str(folder), "port=0"))
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r"(http://[\d.:]+)/ serves", line)
        assert found, line + self.process.communicate()[1]
        self.address = found[1]

    def kill(self) -> None:
        """Kill it, as the system does where memory is short."""
        self.process.kill()
        self.process.communicate()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """An answer is kept when the server says so, before the next page is asked for."""

    def redirect_request(self, *_: object) -> None:
        return None


class Client:
    """One rater's browser: cookies, no script. Raises OSError where the server is gone."""

    def __init__(self, token: str) -> None:
        self.token, self.jar = token, CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), NoRedirect()).open

    def ask(self, address: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page."""
        data = urlencode(fields).encode() if fields is not None else None
        try:
            with self._open(f"{address}{path}", data, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def enter(self, address: str) -> str:
        """The first page, by the link."""
        assert self.ask(address, f"/r/{self.token}")[0] == 302
        return self.ask(address, "/")[1]


def read_hidden(page: str) -> dict[str, str]:
    """What a form hides."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
