"""A page of a report: markdown beside its pictures, and HTML that needs no other file."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt

from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain
from bench.score.score_table import EMBEDDED_NOTE
from bench.store.sealed import read_record
from bench.text.escape import escape_markdown, join_cells


def write_pages(text: str, to: Path, stem: str) -> list[Path]:
    """Write ``stem`` .html, which carries the pictures that lie in ``to``, and .md; returns both."""
    (to / f"{stem}.md").write_text(text, encoding="utf-8")
    body = MarkdownIt("commonmark").enable("table").render(text)
    whole = re.sub(r'src="([\w.-]+\.png)"', lambda found: f'src="{_encode(to / found[1])}"', body)
    environment = jinja2.Environment(loader=jinja2.PackageLoader("bench.report"), autoescape=True)
    page = environment.get_template("page.html").render(title=text.partition("\n")[0].lstrip("# "), body=whole)
    (to / f"{stem}.html").write_text(page, encoding="utf-8")
    return [to / f"{stem}.html", to / f"{stem}.md"]


def write_head(heading: str, names: Mapping[Path, str], title: str, small: bool, remarks: Sequence[str]) -> str:
    """Write the heading (markdown), the runs with their n, and what must be known of them."""
    lines = [f"# {heading}\n", f"{escape_markdown(title)}\n"]
    lines += [join_cells(["run", "images", "skipped", "folder"]), "|---|---:|---:|---|"]
    for folder, name in names.items():
        record = read_record(folder)
        skipped = len(record.get("skipped", ()))
        counts = [str(len(record["ids"]) - skipped) if "ids" in record else "?", str(skipped)]
        lines.append(join_cells([escape_markdown(name), *counts, escape_markdown(folder.name)]))
    notes = [*([EMBEDDED_NOTE] if small else []), *([OUT_OF_DOMAIN] if any(map(is_out_of_domain, names)) else [])]
    return "\n".join([*lines, "", *(f"- {escape_markdown(note)}" for note in (*notes, *remarks)), ""])


def write_figure(heading: str, path: Path) -> str:
    """Write a picture beside the page, under a heading where there is one."""
    title = f"### {escape_markdown(heading)}\n\n" if heading else ""
    return f"{title}![{escape_markdown(heading or path.stem)}]({path.name})\n"


def _encode(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
