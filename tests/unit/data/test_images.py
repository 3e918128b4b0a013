"""Image files of every kind: what the pixels must be, worked out by hand, and one clear line for each bad file."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from bench.data import images
from bench.data.images import read_beside_mask, read_image, read_labels
from bench.errors import BadSample

NOISE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, bits: int, colour: int, rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand, so that depths Pillow cannot write are read too."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def palette_picture(values: np.ndarray) -> Image.Image:
    picture = Image.frombytes("P", values.shape[::-1], values.astype(np.uint8).tobytes())
    picture.putpalette([(7 * i) % 256 for i in range(768)])
    return picture


def halved(kind: str) -> bytes:
    content = encoded(Image.fromarray(NOISE), kind)
    return content[: len(content) // 2]


def one(mode: str, value: object) -> Image.Image:
    return Image.new(mode, (1, 1), value)  # type: ignore[arg-type]


GOOD = {
    "rgb": (encoded(one("RGB", (1, 2, 3)), "PNG"), (1, 2, 3)),
    "grey": (encoded(one("L", 77), "PNG"), (77, 77, 77)),
    "black and white": (encoded(one("1", 1), "PNG"), (255, 255, 255)),
    "transparent": (encoded(one("RGBA", (10, 20, 30, 0)), "PNG"), (255, 255, 255)),
    "opaque": (encoded(one("RGBA", (10, 20, 30, 255)), "PNG"), (10, 20, 30)),
    # 51/255 = 0.2: 0.2*10 + 0.8*255 = 206
    "a fifth opaque": (encoded(one("RGBA", (10, 20, 255, 51)), "PNG"), (206, 208, 255)),
    "grey with alpha": (encoded(one("LA", (10, 51)), "PNG"), (206, 206, 206)),
    "transparent colour": (png(1, 1, 8, 2, b"\0\1\2\3", (b"tRNS", struct.pack(">HHH", 1, 2, 3))), (255, 255, 255)),
    "16-bit grey": (encoded(Image.fromarray(np.full((1, 1), 32896, np.uint16)), "PNG"), (128, 128, 128)),
    "16-bit grey, low": (encoded(Image.fromarray(np.full((1, 1), 300, np.uint16)), "PNG"), (1, 1, 1)),
    "16-bit TIFF": (encoded(Image.fromarray(np.full((1, 1), 65535, np.uint16)), "TIFF"), (255, 255, 255)),
    "4-bit grey": (png(1, 1, 4, 0, b"\0\x30"), (51, 51, 51)),
    "CMYK": (encoded(one("CMYK", (255, 0, 0, 0)), "TIFF"), (0, 255, 255)),
    "palette": (encoded(palette_picture(np.array([[3]])), "PNG"), (63, 70, 77)),
    "palette, transparent": (encoded(palette_picture(np.array([[3]])), "PNG", transparency=3), (255, 255, 255)),
    "32-bit grey within 16": (encoded(one("I", 65535), "TIFF"), (255, 255, 255)),
}


@pytest.mark.parametrize("kind", GOOD)
def test_one_pixel_of_every_kind_has_the_colour_people_see(kind: str, tmp_path: Path) -> None:
    content, colour = GOOD[kind]
    (tmp_path / "picture").write_bytes(content)
    pixels = read_image(tmp_path / "picture")
    assert pixels.dtype == np.uint8 and pixels.shape == (1, 1, 3)
    assert tuple(pixels[0, 0].tolist()) == colour


def test_cmyk_jpeg_keeps_its_colour(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - [255, 0, 0]).max() < 12


def test_sixteen_bit_is_scaled_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None]
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png")[0, :, 1], np.arange(256))


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=10)
    assert read_image(tmp_path / "a.gif")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("tag", range(1, 9))
def test_orientation_is_undone_for_people_and_left_for_masks(tag: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = tag
    stored = NOISE
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    turned = {
        1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1), 7: stored[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(stored),
    }[tag]  # fmt: skip
    assert np.array_equal(read_image(tmp_path / "a.png"), turned)
    assert np.array_equal(read_image(tmp_path / "a.png", orient=False), stored)


def test_damaged_exif_does_not_lose_the_picture(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\1\x12")
    assert np.array_equal(read_image(tmp_path / "a.png"), NOISE)


BAD = {
    "empty": (b"", "0 bytes"),
    "text": (b"this is no picture" * 10, "not an image"),
    "png header alone": (png(1, 1, 8, 2, b"\0\1\2\3")[:20], "cannot be decoded"),
    "damaged png": (encoded(Image.fromarray(NOISE), "PNG").replace(b"IDAT", b"IDXT"), "not an image"),
    "float": (encoded(one("F", 0.5), "TIFF"), "floating-point"),
    "32-bit range": (encoded(one("I", 70000), "TIFF"), "no known range"),
    "too many pixels": (png(30000, 30000, 8, 2, b"\0"), "pixels allowed"),
    "more than Pillow warns of": (png(10000, 9000, 8, 2, b"\0"), "pixels allowed"),
} | {f"half a {kind}": (halved(kind), "cannot be decoded") for kind in ("PNG", "JPEG", "BMP", "TIFF", "PPM")}
UNSCALED = ("float", "32-bit range")  # bad as a photograph only
CASES = [(read_image, kind) for kind in BAD] + [(read_labels, kind) for kind in BAD if kind not in UNSCALED]


@pytest.mark.parametrize(("read", "kind"), CASES)
def test_bad_file_is_one_line_that_names_it(read, kind: str, tmp_path: Path) -> None:
    content, reason = BAD[kind]
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(BadSample) as caught:
        read(tmp_path / "bad.png")
    message = str(caught.value)
    assert "bad.png" in message and reason in message and "\n" not in message


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_half_a_file_of_other_kinds_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(halved(kind))
    with pytest.raises(BadSample, match="bad"):
        read_image(tmp_path / "bad")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BadSample, match="missing"):
        read_image(tmp_path / "none.png")
    with pytest.raises(BadSample):
        read_image(tmp_path)


def test_truncated_files_are_never_accepted_and_limits_stay(tmp_path: Path) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    test_missing_file_and_folder(tmp_path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False and limit == Image.MAX_IMAGE_PIXELS
    assert limit == images.MAX_PIXELS


def test_labels_are_the_palette_index(tmp_path: Path) -> None:
    values = np.array([[0, 1, 20], [255, 5, 0]])
    palette_picture(values).save(tmp_path / "a.png")
    read = read_labels(tmp_path / "a.png")
    assert read.dtype == np.int32 and np.array_equal(read, values)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (encoded(Image.fromarray(np.array([[0, 59]], np.uint8)), "PNG"), [[0, 59]]),
        (encoded(Image.fromarray(np.array([[0, 459]], np.uint16)), "PNG"), [[0, 459]]),
        (png(4, 1, 4, 0, b"\0\x01\x2f"), [[0, 1, 2, 15]]),
        (png(4, 1, 2, 0, b"\0\x1b"), [[0, 1, 2, 3]]),
        (png(4, 1, 1, 0, b"\0\x50"), [[0, 1, 0, 1]]),
        (png(4, 1, 2, 3, b"\0\x1b", (b"PLTE", bytes(range(12)))), [[0, 1, 2, 3]]),
    ],
    ids=["grey", "16 bit", "4 bit", "2 bit", "1 bit", "2-bit palette"],
)
def test_labels_of_every_depth_are_not_stretched(content: bytes, values: list, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert read_labels(tmp_path / "a.png").tolist() == values


def test_colour_and_lossy_labels_are_refused_with_the_reason(tmp_path: Path) -> None:
    palette_picture(np.array([[1, 2]])).convert("RGB").save(tmp_path / "rgb.png")
    with pytest.raises(BadSample, match="saved as RGB"):
        read_labels(tmp_path / "rgb.png")
    Image.new("L", (8, 8), 3).save(tmp_path / "a.jpg")
    with pytest.raises(BadSample, match="lossy"):
        read_labels(tmp_path / "a.jpg")


JPEGS = {
    "baseline": encoded(Image.fromarray(NOISE), "JPEG"),
    "progressive": encoded(Image.fromarray(NOISE), "JPEG", progressive=True),
    "whole colours": encoded(Image.fromarray(NOISE), "JPEG", subsampling=0, restart_marker_blocks=2),
    "grey": encoded(Image.fromarray(NOISE[:, :, 0]), "JPEG"),
    "CMYK": encoded(Image.fromarray(NOISE).convert("CMYK"), "JPEG"),
    "one row": encoded(Image.fromarray(NOISE[:1]), "JPEG"),
}


def verdict(data: bytes, blank: bool) -> object:
    """The size of a picture, or what is said of it."""
    try:
        return read_beside_mask("a.jpg", blank=blank, data=data).shape
    except BadSample as error:
        return str(error)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("kind", JPEGS)
def test_a_blank_picture_is_refused_exactly_where_the_picture_is(kind: str) -> None:
    """Cut off anywhere, with any byte changed, or a marker in its place: scoring skips the images that a run skips."""
    data, draw = JPEGS[kind], np.random.default_rng(0)
    cut = [data[:length] for length in np.linspace(0, len(data), 40, dtype=int)]
    changed = [bytearray(data) for _ in range(60)]
    for one in changed:
        one[int(draw.integers(len(one)))] ^= int(draw.integers(1, 256))
    for one in changed[::3]:
        at = int(draw.integers(len(one) // 3, len(one)))
        one[at:at] = (0xFF, int(draw.integers(256)))
    verdicts = [(verdict(bytes(one), False), verdict(bytes(one), True)) for one in [data, *cut, *changed]]
    assert all(plain == blank for plain, blank in verdicts)
    assert verdicts[0][0] == verdicts[0][1] != verdicts[1][0], "the whole one is read, the empty one is not"


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "GIF", "BMP"])
def test_a_picture_of_another_kind_is_read_as_ever(kind: str) -> None:
    data = encoded(Image.fromarray(NOISE), kind)
    assert (read_beside_mask("a", blank=True, data=data) == read_image("a", orient=False, data=data)).all()


def test_a_blank_picture_is_black_and_takes_no_memory() -> None:
    blank = read_beside_mask("a", blank=True, data=JPEGS["baseline"])
    assert blank.shape == NOISE.shape and not blank.any() and blank.strides == (0, 0, 1)
