"""API pages from the docstrings, by pdoc, and the Markdown pages beside them, in one folder that opens from disk.

    python scripts/make_docs.py [TO]                  (`make docs`; TO: docs; needs `pip install 'zgs[docs]'`)

No network is asked, neither now nor by the pages. Every link of every page is looked up afterwards: one that leads
nowhere in the folder ends the script with its page.
"""

from __future__ import annotations

import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jinja2
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    "bench", "bench.api", "bench.records", "bench.protocol", "bench.metric_name", "bench.pipeline", "bench.interfaces",
    "bench.errors", "bench.encode", "bench.segment", "bench.caption", "bench.merge", "bench.mapping", "bench.metrics",
    "bench.score", "bench.overlap", "bench.predictions", "bench.data", "bench.store",
)  # fmt: skip
"""What pages are made of: packages with all that is in them; `bench` alone says where to begin."""


def main(to: Path) -> int:
    """Build all pages, look up their links; 1 where one leads nowhere."""
    to.mkdir(parents=True, exist_ok=True)
    write_api(to / "api")
    pages = [write_page(page, to) for page in sorted(ROOT.glob("*.md"))]
    shutil.copyfile(to / "README.html", to / "index.html")
    lost = list(find_lost_links(to))
    print(*lost, sep="\n", end="\n" * bool(lost), file=sys.stderr)
    files = len(list(to.rglob("*.html")))
    print(f"{to}/index.html: {files} pages ({len(pages)} of them from Markdown), {len(lost)} links that lead nowhere")
    return 1 if lost else 0


def write_api(to: Path) -> None:
    """Write the pages of `MODULES` by pdoc, whose search index stands in a file beside them."""
    try:
        import pdoc
        import pdoc.doc
        import pdoc.render
    except ImportError:
        sys.exit("make_docs: pdoc is missing; pip install 'zgs[docs]'")
    pdoc.render.configure(docformat="markdown", footer_text="zgs", show_source=True)
    whole = [name for name in MODULES if name != "bench"]
    with warnings.catch_warnings():
        # pdoc 16 looks up names of inherited constructors in another module; such a type stands there as it is written
        warnings.filterwarnings("ignore", "Error parsing type annotation", UserWarning)
        pdoc.pdoc(*whole, output_directory=to)
    for page in to.rglob("*.html"):  # pdoc 16 links constructors that a dataclass inherits, and gives them no place
        html = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r'(href="[^"#]+\.html#\w+)\.__init__"', r'\1"', html), encoding="utf-8")


def write_page(page: Path, to: Path) -> Path:
    """Write a Markdown page as HTML; links to Markdown lead to pages here, pictures and tables are copied beside it."""
    parser = MarkdownIt("commonmark").enable("table")
    body = add_anchors(parser.render(page.read_text(encoding="utf-8")))
    for name in sorted({urlsplit(link).path for link in read_links(body)} - {""}):
        source = ROOT / unquote(name)
        if source.suffix != ".md" or "/" in name:
            copy_beside(source, to / unquote(name))
    body = re.sub(r'href="([\w.-]+)\.md(#[^"]*)?"', lambda found: f'href="{found[1]}.html{found[2] or ""}"', body)
    body = f'<p><a href="README.html">zgs</a> · <a href="api/index.html">API</a></p>\n{body}'
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "bench/report/templates"), autoescape=True)
    path = to / f"{page.stem}.html"
    path.write_text(environment.get_template("page.html").render(title=page.stem, body=body), encoding="utf-8")
    return path


def copy_beside(source: Path, target: Path) -> None:
    """Copy what a page shows or links to, and what that shows; of a folder nothing but its name."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        if source.suffix == ".html":  # with the pictures that it shows
            for name in {urlsplit(link).path for link in read_links(source.read_text(encoding="utf-8"))} - {""}:
                copy_beside(source.parent / unquote(name), target.parent / unquote(name))


def add_anchors(body: str) -> str:
    """Give every heading the id by which links name it: small letters, blanks as dashes, no other marks."""

    def mark(found: re.Match[str]) -> str:
        plain = unescape(re.sub(r"<[^>]+>", "", found[2]))
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        return f'<h{found[1]} id="{slug}">{found[2]}</h{found[1]}>'

    return re.sub(r"<h([1-6])>(.*?)</h\1>", mark, body, flags=re.DOTALL)


class _Links(HTMLParser):
    """Links, pictures and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids |= {value for key in ("id", "name") if (value := told.get(key))}
        self.links += [
            value for key in ("href", "src") if (value := told.get(key)) and tag in ("a", "img", "script", "link")
        ]


def read_links(html: str) -> list[str]:
    """Read where a page leads within the folder: no addresses of other hosts, no data."""
    parser = _Links()
    parser.feed(html)
    return [link for link in parser.links if not urlsplit(link).scheme and not link.startswith("//")]


def find_lost_links(folder: Path) -> Iterator[str]:
    """Find every link of every page that leads to no file, or to no place in it."""
    pages = {path.resolve(): path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}
    ids: dict[Path, set[str]] = {}
    for path, html in pages.items():
        parser = _Links()
        parser.feed(html)
        ids[path] = parser.ids
    for path, html in pages.items():
        for link in dict.fromkeys(read_links(html)):
            where, place = urlsplit(link).path, unquote(urlsplit(link).fragment)
            target = (path.parent / unquote(where)).resolve() if where else path
            if not target.exists() or (place and target in ids and place not in ids[target]):
                yield f"{path.relative_to(folder.resolve())}: {link} leads nowhere"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")))
