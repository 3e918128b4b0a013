"""The folder of a report site: which one may be written, and which files in it are its own; no part of the paper.

``zgs-site.json`` marks a folder that a site was written to and lists the files that are the site's: these alone are
replaced by another. A folder that holds anything else and no site is never written to.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from bench.errors import UserError, writing

PAGE = Path(__file__).parent / "page"
MARK, FORMAT = "zgs-site.json", "zgs-site/1"
_DATA = re.compile(
    r"data/((site|provenance)\.js|(numbers-\d+-[\w+-]+|segments-\d+|image-\d{5,})\.(js|css)|image-\d{5,}\.(jpg|png))"
)
"""Names that data of a site may have; nothing else is removed, whatever a mark lists."""


def check_place(to: Path) -> None:
    """Raise UserError for a folder that holds files and no site, or files that are called as a site's and are none.

    Names that begin with a dot are passed over. Nothing is changed.
    """
    with writing(to, "site=FOLDER"):
        if to.exists() and not to.is_dir():
            raise UserError(f"site={to}: is a file; name a folder, a new or an empty one")
        if not to.exists():
            return
        own = _list_own(to)
        others = [each.name for each in to.iterdir() if not each.name.startswith(".")]
        if own is None and others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            raise UserError(f"site={to}: holds {min(others)!r}{more} and no site of zgs; name a new or an empty folder")
        if strange := sorted(set(_list_by_name(to)).difference(own or ())):
            raise UserError(
                f"site={to}: {strange[0]!r} is called as a file of the site is, and is not the site's; move it away"
            )


def begin_site(to: Path) -> None:
    """Remove the files of the site that is there, its page first, and mark the folder as one that is being written.

    Raises UserError as `check_place` does.
    """
    check_place(to)
    own = _list_own(to) or []
    to.mkdir(parents=True, exist_ok=True)
    _write_mark(to, None)
    for name in sorted(filter(_is_ours, own), key=lambda name: name != "index.html"):
        (to / name).unlink(missing_ok=True)


def finish_site(to: Path) -> None:
    """List the site's files in its mark: all that are called so, for no others were there (`check_place`)."""
    _write_mark(to, _list_by_name(to))


def _list_own(to: Path) -> list[str] | None:
    """List the files of the site in a folder; None where none is there.

    Of a site whose writing was cut short, and of those of earlier versions, which left no mark, they are known by name.
    """
    try:
        mark = json.loads((to / MARK).read_text(encoding="utf-8"))
        if mark["format"] == FORMAT:
            return _list_by_name(to) if mark["files"] is None else list(map(str, mark["files"]))
    except FileNotFoundError:
        if _is_unmarked_site(to):
            return _list_by_name(to)
    except (ValueError, KeyError, TypeError):
        pass  # somebody else's file of this name
    return None


def _is_unmarked_site(to: Path) -> bool:
    page, first = to / "index.html", to / "data" / "site.js"
    if not (page.is_file() and first.is_file()):
        return False
    with first.open("rb") as stream:
        return stream.read(16) == b'zgs.take("site",' and b'src="data/site.js"' in page.read_bytes()


def _is_ours(name: str) -> bool:
    return _DATA.fullmatch(name) is not None or ("/" not in name and (PAGE / name).is_file())


def _list_by_name(to: Path) -> list[str]:
    """List the files that are called as those of a site are."""
    files = [file for place in (to, to / "data") if place.is_dir() for file in place.iterdir() if file.is_file()]
    return sorted(name for name in (file.relative_to(to).as_posix() for file in files) if _is_ours(name))


def _write_mark(to: Path, files: list[str] | None) -> None:
    text = json.dumps({"format": FORMAT, "files": files}, indent=0, ensure_ascii=False)
    (to / MARK).write_text(text + "\n", encoding="utf-8")
