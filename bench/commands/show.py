"""`zgs show`: the whole method on one image as one picture (section 3, figure 2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import DONE, UsageError, UserError

USAGE = """zgs show IMAGE [to=STEM] [segments=0,3] [words=FILE] [report.blocklist=FILE] [KEY=VALUE …]

IMAGE          a picture file, or an image of the data set by its id (`zgs show test-0003`, `data=…`)
to=STEM        STEM.png and STEM.svg are written (show/IMAGE)
segments=0,3   final segments to follow, by their positions (the three largest)
words=FILE     words to compare segments with, one a line (the class names of the data); what the method says comes too
report.blocklist=FILE  words, one a line, that the picture does not show
KEY=VALUE      any key of `zgs run --help` that chooses data, models or stages: models=paper encode=masked"""
_OWN = ("to", "segments", "words", "report.blocklist")


def main(arguments: list[str]) -> int:
    """Draw the method on an image: over-segments, attention, subtraction, words, merging, result."""
    from bench.commands.words import is_there

    own = dict(word.split("=", 1) for word in arguments if word.partition("=")[0] in _OWN and "=" in word)
    rest = [word for word in arguments if not (word.partition("=")[0] in _OWN and "=" in word)]
    if flags := [word for word in rest if word.startswith("-")]:
        raise UsageError(f"show: {flags[0]}: no such option; `zgs show --help` shows all")
    places = [word for word in rest if "=" not in word or is_there(word)]
    if len(places) != 1:
        raise UsageError(f"show: name one image, not {len(places)}; `zgs show --help`")
    words = _read_words(own.get("words"))
    return _show(places[0], [word for word in rest if word not in places], own, words)


def _show(place: str, settings: Sequence[str], own: dict[str, str], words: Sequence[str]) -> int:
    from bench.commands.arguments import refuse_inputs
    from bench.commands.settings import compose_settings
    from bench.errors import writing
    from bench.report.blocklist import read_blocklist
    from bench.report.method.picture import draw_method, list_largest
    from bench.report.pictures.gallery import make_slug
    from bench.run.context import RunContext
    from bench.run.explain import explain_image, load_shown_image
    from bench.settings.check import check_settings

    hide = read_blocklist(own.get("report.blocklist"))
    chosen = compose_settings(settings)
    check_settings(chosen)
    context = RunContext(chosen)
    if context.has_baseline:
        raise UsageError("show: baseline=…: a whole system has no steps to show; leave it out")
    sample = load_shown_image(context, place)
    stem = Path(own.get("to") or f"show/{make_slug(sample.image_id)}")
    root = chosen["data"].get("root")
    data = [Path(root) / f"{place}{ending}" for ending in ("", ".png")] if root else []
    for file in (stem.with_name(f"{stem.name}{ending}") for ending in (".png", ".svg")):
        refuse_inputs(file, [place, own.get("words"), own.get("report.blocklist"), *data], "to")
    told = explain_image(context, sample, words)
    segments = _read_segments(own.get("segments", ""), len(told.merged.masks))
    embedded = chosen["models"]["name"] == "embedded"
    with writing(stem, "to=STEM"):
        written = draw_method(told, stem, segments, embedded=embedded, blocklist=hide)
    print(f"{len(told.tree.heap_ids)} over-segments, {told.facts['merge']}, {len(told.merged.masks)} segments:")
    from bench.text.escape import escape_for_terminal

    pictured = segments or list_largest(told)  # of which the picture has counted the nearest words
    for at, (text, near) in enumerate(zip(told.merged.captions.texts, told.nearest, strict=True)):
        write = hide.mask if at in pictured else hide.hide
        listed = ", ".join(f"{write(word)} {cosine:.2f}" for word, cosine in near)
        print(escape_for_terminal(f"  {at}  {hide.mask(text)}  (nearest words: {listed})"))
    print(*written, *([hide.describe()] if hide else []), sep="\n")
    return DONE


def _read_segments(text: str, count: int) -> list[int]:
    """Read positions of segments. Raises UsageError for what is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not part.isdigit() or int(part) >= count:
            raise UsageError(f"show: segments={text}: {part} is no segment; there are 0 to {count - 1}")
    if len(parts) > 5:
        raise UsageError(f"show: segments={text}: give at most 5")
    return [int(part) for part in parts]


def _read_words(path: str | None) -> list[str]:
    """Read a list of words, one a line. Raises UserError for what is no such file."""
    if path is None:
        return []
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"words={path}: {getattr(error, 'strerror', None) or error}; give one word a line") from error
    return [line.strip() for line in lines if line.strip()]
