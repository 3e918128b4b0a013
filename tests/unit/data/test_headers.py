"""Sizes are read from headers: what claims to be larger than its image is refused before it is unpacked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from bench.data import voc
from bench.data.folder import open_folder
from bench.data.headers import compute_size, read_array_header, read_claimed_size, read_whole_array, refuse_larger
from bench.data.layout import read_layout
from bench.errors import BadSample, UserError
from tests.unit.data.png import png_header
from tests.unit.data.small_voc import voc as voc_tree  # noqa: F401


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "npy"])
def test_the_size_of_a_file_without_reading_its_pixels(ending: str, tmp_path: Path) -> None:
    path, values = tmp_path / f"a.{ending}", np.zeros((5, 7), np.uint8)
    np.save(path, values) if ending == "npy" else Image.fromarray(values).save(path)
    assert read_claimed_size(path) == (5, 7)
    assert read_claimed_size(tmp_path / "x", path.read_bytes()) == (None if ending == "npy" else (5, 7))
    refuse_larger(path, (5, 7))
    refuse_larger(path, (7, 5))  # turned: whoever reads it decides
    with pytest.raises(BadSample, match="a.*: mask is 7x5 but its image b is 3x5"):
        refuse_larger(path, (5, 3), "b ")
    path.write_bytes(b"nothing")
    assert read_claimed_size(path) is None and read_claimed_size(tmp_path / "none.png") is None


def layout(root: Path, mask: str) -> Path:
    (root / "img").mkdir(parents=True)
    (root / "ann").mkdir()
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(root / "img/a.png")
    (root / "l.yaml").write_text(f"images: img/{{id}}.png\nmasks: ann/{{id}}.{mask}\nclasses: [x, y]\n")
    return root / "l.yaml"


def test_a_mask_that_claims_millions_of_pixels_is_a_skip_and_is_not_decoded(
    tmp_path: Path, voc_tree: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    load = ImageFile.ImageFile.load
    monkeypatch.setattr(
        ImageFile.ImageFile, "load", lambda image: load(image) if image.width < 9 else pytest.fail("it was decoded")
    )
    path = layout(tmp_path, "png")
    (tmp_path / "ann/a.png").write_bytes(png_header(9400, 9400) + bytes(8))
    data = open_folder(tmp_path, layout=path)
    with pytest.raises(BadSample, match="ann/a.png: mask is 9400x9400 but its image .*img/a.png is 6x4"):
        data.load("a")
    (voc_tree / "SegmentationClass/b.png").write_bytes(png_header(9400, 9400) + bytes(8))
    with pytest.raises(BadSample, match="b.png: mask is 9400x9400 but its image is 4x2"):
        voc.open_voc(voc_tree).load("b")


def test_an_array_that_claims_more_than_it_holds_is_a_skip(tmp_path: Path) -> None:
    path = layout(tmp_path, "npy")
    np.save(tmp_path / "ann/a.npy", np.zeros((4, 6), np.uint8))
    data = open_folder(tmp_path, layout=path)
    assert data.load("a").truth is not None
    content = (tmp_path / "ann/a.npy").read_bytes()
    (tmp_path / "ann/a.npy").write_bytes(content.replace(b"(4, 6)", b"(6, 6)"))
    with pytest.raises(BadSample, match="mask is 6x6 but its image .* is 6x4"):
        data.load("a")
    (tmp_path / "ann/a.npy").write_bytes(content[:-3])
    with pytest.raises(BadSample, match="no array that can be read \\(says it holds 24 bytes but has 21\\)"):
        data.load("a")
    np.save(tmp_path / "ann/a.npy", np.full((4, 6), 254, np.uint8).view(bool))
    with pytest.raises(BadSample, match="booleans whose bytes are neither 0 nor 1, .* take ~mask"):
        data.load("a")
    np.save(tmp_path / "ann/a.npy", np.array([[{}] * 6] * 4), allow_pickle=True)
    with pytest.raises(BadSample, match="no array that can be read \\(an array of Python objects"):
        data.load("a")


def test_limits_are_numbers_that_do_not_wrap_around(tmp_path: Path) -> None:
    assert compute_size((2**40, 2**40), np.dtype(np.int64)) == 2**83
    stream = io.BytesIO()
    np.save(stream, np.zeros((4, 6), np.uint8))
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    with pytest.raises(ValueError, match="more than 23 numbers"):
        read_whole_array(tmp_path / "a.npy", 23)
    assert read_whole_array(tmp_path / "a.npy", 24).shape == (4, 6)
    stream.seek(0)
    assert read_array_header(stream) == ((4, 6), np.dtype(np.uint8)) and len(stream.read()) == 24


@pytest.mark.parametrize("name", ["../out.txt", "/etc/hostname", "~/x.txt", "a/../../out.txt"])
@pytest.mark.parametrize("key", ["classes", "ids"])
def test_files_that_a_layout_names_lie_below_the_data_or_beside_it(key: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("x\ny\n")
    (tmp_path / "d/a").mkdir(parents=True)
    lines = {"images": "img/{id}.png", "masks": "ann/{id}.png", "classes": "[x, y]", key: name}
    layout = tmp_path / "d/l.yaml"
    layout.write_text("".join(f"{k}: {v}\n" for k, v in lines.items()))
    with pytest.raises(UserError, match=f"l.yaml: {key}=.*: should lie below .* or beside the layout; copy it there"):
        read_layout(layout, tmp_path / "d")
    layout.write_text("".join(f"{k}: {v}\n" for k, v in {**lines, key: "a/out.txt"}.items()))
    (tmp_path / "d/a/out.txt").symlink_to(tmp_path / "out.txt")  # data sets made of links are common
    read_layout(layout, tmp_path / "d")
