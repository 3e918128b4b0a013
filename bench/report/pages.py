"""A page in two forms: markdown, whose pictures lie beside it, and HTML that carries them and needs no other file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt


def write_pages(text: str, stem: Path) -> list[Path]:
    """Write ``stem``.html and ``stem``.md of a markdown text whose pictures lie in the same folder; returns the two."""
    html, markdown = (stem.with_name(stem.name + ending) for ending in (".html", ".md"))
    markdown.write_text(text, encoding="utf-8")
    body = MarkdownIt("commonmark").enable("table").render(text)
    whole = re.sub(r'src="([\w.-]+\.png)"', lambda found: f'src="{_encode(stem.parent / found[1])}"', body)
    environment = jinja2.Environment(loader=jinja2.PackageLoader("bench.report"), autoescape=True)
    page = environment.get_template("page.html").render(title=text.partition("\n")[0].lstrip("# "), body=whole)
    html.write_text(page, encoding="utf-8")
    return [html, markdown]


def _encode(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
