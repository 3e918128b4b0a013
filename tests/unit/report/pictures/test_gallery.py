"""The gallery: what is drawn, what is escaped, that every link leads to a picture, and small and odd images."""

from __future__ import annotations

import html.parser
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bench.records import BACKGROUND, VOID
from bench.report.pictures import gallery
from bench.report.pictures.contact_sheet import CELL, draw_contact_sheet
from bench.report.pictures.draw import Colours, Panel, choose_colour, draw, make_label_map
from bench.report.pictures.gallery import GalleryRow, write_gallery
from bench.report.pictures.lettering import fold_text, load_font, shorten_text, wrap_text

EVIL = "<script>alert('x')</script> & \"q\""


class Links(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [value or "" for name, value in attrs if name in ("src", "href")]


def row(image_id: str = "a", size: tuple[int, int] = (40, 60), text: str = "dog") -> GalleryRow:
    height, width = size
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    labels = np.zeros(size, dtype=np.int16)
    labels[height // 2 :] = 1
    masks = np.stack([labels == 0, labels == 1])
    panels = (
        Panel("over-segments", labels=labels, note="2 leaves"),
        Panel("full", masks=masks, texts=(text, "grass"), note="IoU 12.3"),
        Panel("full", masks=np.zeros((0, *size), bool)),
        Panel("truth", labels=np.where(labels == 0, VOID, 0), texts=("grass", "never seen")),
    )
    return GalleryRow(image_id, image, panels)


def write(tmp_path: Path, rows: list[GalleryRow], embedded: bool = True) -> tuple[str, Path]:
    page, overview = write_gallery(rows, tmp_path / "gallery", title="t", facts={"seed": "0"}, embedded=embedded)
    assert page == tmp_path / "gallery" / "index.html"
    return page.read_text(encoding="utf-8"), overview


def test_every_link_is_relative_and_leads_to_a_picture(tmp_path: Path) -> None:
    text, overview = write(tmp_path, [row("a/b c"), row("ä#?%"), row("../up")])
    links = [link for link in Links(text).targets if not link.startswith("#")]
    assert len(links) == 2 * 3 * 5
    for link in links:
        assert not link.startswith(("/", "http", "..")) and unquote(link) == link
        assert Image.open(tmp_path / "gallery" / link).size == (420, 280)
    assert Image.open(overview).width > 1000
    assert not list(tmp_path.glob("*.png"))


def test_all_texts_are_escaped(tmp_path: Path) -> None:
    bad = row(EVIL, text=EVIL)
    bad = GalleryRow(bad.image_id, bad.image, (*bad.panels, Panel(EVIL, note=EVIL)), note=EVIL)
    page, _ = write_gallery([bad], tmp_path, title=EVIL, facts={EVIL: EVIL}, embedded=True)
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "script" not in Links(text).tags and text.count("&lt;script&gt;") >= 7


def test_page_has_scores_texts_facts_and_the_banner_only_when_so(tmp_path: Path) -> None:
    text, _ = write(tmp_path, [row()])
    assert all(part in text for part in ("IoU 12.3", "dog", "grass", "seed", "cannot be compared with published"))
    assert "never seen" not in text
    assert "cannot be compared" not in write(tmp_path, [row()], embedded=False)[0]


def test_pictures_of_an_earlier_page_go_and_other_files_stay(tmp_path: Path) -> None:
    write(tmp_path, [row("old1"), row("old2")])
    (tmp_path / "gallery" / "pictures" / "mine.png").touch()
    write(tmp_path, [row("new")])
    names = {path.name for path in (tmp_path / "gallery" / "pictures").iterdir()}
    assert "mine.png" in names and not any("old" in name for name in names) and len(names) == 6


def test_only_a_picture_that_is_the_same_pixel_by_pixel_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Image.Image] = []
    plain = gallery._encode
    monkeypatch.setattr(gallery, "_encode", lambda picture, *a, **k: made.append(picture) or plain(picture, *a, **k))

    def count_made(rows: list[GalleryRow]) -> int:
        gallery.PICTURES.clear()
        gallery.OVERVIEWS.clear()
        made.clear()
        write(tmp_path, rows)
        return len(made) - 1  # the overview

    def read() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / "gallery" / "pictures").iterdir()}

    assert count_made([row("a")]) == 5
    first = read()
    assert count_made([row("a")]) == 0 and read() == first
    assert count_made([row("a", text="cat")]) == 1, "a word in a picture is another"
    assert read() != first and count_made([row("a")]) == 1 and read() == first
    one, two, three, four, _ = sorted((tmp_path / "gallery" / "pictures").iterdir())
    one.write_bytes(first[one.name][:-40])
    told = PngInfo()
    told.add_text("by", "somebody")
    with Image.open(two) as picture:
        picture.load()
    picture.save(two, pnginfo=told)
    picture.convert("L").save(three)
    four.write_bytes(b"no picture")
    assert count_made([row("a")]) == 4 and read() == first, "damaged, with a text, of another kind"


@pytest.mark.thinned(3)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (128, 128), (700, 900)])
def test_images_of_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    text, _ = write(tmp_path, [row("a", size)])
    picture = Image.open(tmp_path / "gallery" / Links(text).targets[1])
    assert 384 <= max(picture.size) <= 768 and picture.format == ("PNG" if max(size) < 384 else "JPEG")


@pytest.mark.slow
def test_a_remembered_picture_is_the_one_that_would_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", text="cat"), row("b"), row("c", (50, 60))]
    noted = [replace(rows[0], panels=(replace(rows[0].panels[0], note="3 leaves"), *rows[0].panels[1:])), *rows[1:]]
    pages = {"first": rows, "again": rows, "other colours": rows[::-1], "another note": noted}
    drawn = []
    monkeypatch.setattr(gallery, "draw", lambda *given: drawn.append(given) or draw(*given))

    def read(name: str) -> dict[str, bytes]:
        write_gallery(pages[name], tmp_path / name, title="t", facts={}, embedded=False)
        return {path.name: path.read_bytes() for path in sorted((tmp_path / name).rglob("*.*"))}

    def forget() -> None:
        gallery.PICTURES.clear()
        gallery.OVERVIEWS.clear()

    forget()
    remembered = {}
    for name, new in (("first", 11), ("again", 0), ("other colours", 3), ("another note", 0)):
        before = len(drawn)
        remembered[name] = read(name)
        assert len(drawn) - before == new, name
    assert remembered["again"] == remembered["first"]
    other = {name for name, file in remembered["another note"].items() if file != remembered["first"][name]}
    assert other == {"overview.png", "index.html"}
    for name in ("first", "other colours", "another note"):
        forget()
        assert read(name) == remembered[name]
    monkeypatch.setattr(gallery.PICTURES, "most", 3)
    forget()
    assert read("first") == remembered["first"] and len(gallery.PICTURES) == 3


def test_no_rows_is_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No image could be shown" in write(tmp_path, [])[0]


def test_rows_may_come_one_at_a_time(tmp_path: Path) -> None:
    page, _ = write_gallery((row(str(i)) for i in range(3)), tmp_path, title="t", facts={}, embedded=False)
    assert page.read_text().count("<article") == 3


def test_smaller_masks_lie_on_top() -> None:
    masks = np.zeros((3, 4, 4), dtype=bool)
    masks[0, 1, 1] = True
    masks[1] = True
    masks[2, :2, :2] = True
    painted = make_label_map(Panel("p", masks=masks))
    assert painted is not None and painted.tolist() == [[2, 2, 1, 1], [2, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def test_segments_are_tinted_half_and_unlabelled_is_pale() -> None:
    image = np.full((400, 400, 3), 100, dtype=np.uint8)
    labels = np.full((400, 400), BACKGROUND, dtype=np.int16)
    labels[:, :200] = 0
    colours = Colours()
    drawn = np.asarray(draw(image, Panel("p", labels=labels, texts=("",)), colours)).astype(int)
    assert np.abs(drawn[10, 10] - (100 + np.array(colours[""])) / 2).max() <= 1
    assert (drawn[10, 390] > 190).all() and (drawn[10, 200] == 255).all()


def test_labels_of_another_size_cover_the_whole_image() -> None:
    image = np.zeros((400, 600, 3), dtype=np.uint8)
    drawn = np.asarray(draw(image, Panel("p", labels=np.array([[0, 1]])), Colours())).astype(int)
    assert np.abs(drawn[200, 290] - np.array(choose_colour(0)) / 2).max() <= 1
    assert np.abs(drawn[200, 310] - np.array(choose_colour(1)) / 2).max() <= 1


def test_same_text_same_colour_and_first_colours_differ() -> None:
    colours = Colours()
    assert colours["dog"] == colours["dog"] != colours["cat"]
    many = np.array([choose_colour(i) for i in range(30)]).astype(int)
    distance = np.abs(many[:, None] - many[None]).sum(axis=-1) + 1000 * np.eye(30, dtype=int)
    assert distance.min() > 30


def test_long_texts_are_wrapped_and_cut() -> None:
    assert wrap_text("a red ball on the lawn", 20, 400) == "a red ball\non the lawn"
    cut = shorten_text("w" * 100, 20, 200)
    assert cut.endswith("…") and 5 < len(cut) < 30
    assert wrap_text("", 20, 100) == ""


def test_panels_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="1 texts for 2 masks"):
        Panel("p", masks=np.zeros((2, 3, 3), bool), texts=("a",))
    with pytest.raises(ValueError, match="label 3 has no text"):
        Panel("p", labels=np.full((2, 2), 3), texts=("a",))
    with pytest.raises(ValueError, match="not both"):
        Panel("p", labels=np.zeros((2, 2), int), masks=np.zeros((1, 2, 2), bool))


def test_figures_stand_above_the_rows_and_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "gallery" / "where.png")
    page, _ = write_gallery(
        [row()], tmp_path / "gallery", title="t", facts={}, embedded=False, figures=[(EVIL, "where.png")]
    )
    text = page.read_text(encoding="utf-8")
    assert text.index('src="where.png" width="30" height="20"') < text.index('id="row-1"')
    assert EVIL not in text and "<script>" not in text


def test_a_title_takes_two_lines_and_keeps_both_its_ends() -> None:
    for text in (
        "full",
        "global_subtraction with half the strength",
        "x" * 40,
        "y" * 500 + "end",
        "猫" * 40,
        "\x1b[31m" * 9,
    ):
        lines = fold_text(text, 13, 216)
        assert 1 <= len(lines) <= 2 and all(load_font(13).getlength(line) <= 216 for line in lines)
        assert all(line.isprintable() for line in lines)
    assert fold_text("global_subtraction with half the strength", 13, 216) == [
        "global_subtraction with half",
        "the strength",
    ]
    assert fold_text("y" * 500 + "end", 13, 216)[1].endswith("yend") and "…" in fold_text("y" * 500 + "end", 13, 216)[1]


@pytest.mark.parametrize(("count", "across", "down"), [(1, 1, 1), (7, 7, 1), (10, 10, 1), (11, 6, 2), (23, 8, 3)])
def test_pictures_of_many_variants_stand_in_several_lines(count: int, across: int, down: int) -> None:
    pictures = [Image.new("RGB", (CELL, CELL))] * count
    sheet = draw_contact_sheet([("image", [(f"v{at}", "note") for at in range(count)], pictures)], title="", footer="")
    assert sheet.width == 36 + across * (CELL + 8) - 8
    assert sheet.height == 36 + down * (CELL + 2 * 20 + 8) + 20 * (down > 1)


def test_names_with_codes_and_markup_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    name = "\x1b[31m\u202e`$x$|<b>\n"
    bad = GalleryRow(name, row().image, (Panel(name, note="first\nsecond"),), note=name)
    page, _ = write_gallery([bad], tmp_path, title=name, facts={name: name}, embedded=False)
    text = page.read_text(encoding="utf-8")
    assert not {"\x1b", "\u202e"} & set(text) and "<b>" not in text
    assert text.count("\\x1b[31m\\u202e`$x$|&lt;b&gt;") >= 6 and "first\nsecond" in text
