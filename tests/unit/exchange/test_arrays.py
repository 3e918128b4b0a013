"""npz of transformers and masks without words: real post-processing in, the same maps out."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.exchange.runs import decode_counts
from tests.unit.exchange.drawn import classes_file, coded, masks_of, plain, read, read_noted, write_json

MAP = np.array([[0, 0, 1], [2, 2, 1]])


def save(path: Path, **arrays: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


def named(folder: Path) -> str:
    return str(write_json(folder / "config.json", {"id2label": {"0": "wall", "1": "sky", "2": "tree"}}))


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32])
def test_a_semantic_map_is_of_class_numbers(tmp_path: Path, kind: type) -> None:
    save(tmp_path / "n/a.npz", segmentation=MAP.astype(kind))
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    assert {text: mask[0].tolist() for text, mask in masks_of(one).items()} == {
        name: (number == MAP).tolist() for number, name in enumerate(("wall", "sky", "tree"))
    }


def info(*rows: tuple[int, int, float]) -> str:
    return json.dumps([{"id": i, "label_id": label, "was_fused": False, "score": score} for i, label, score in rows])


def test_panoptic_ids_that_no_segment_has_are_of_none(tmp_path: Path) -> None:
    """0 and -1, by model; 0 is a segment where the list says so, as EoMT's is."""
    rows = info((1, 2, 0.75), (2, 2, 0.5), (9, 0, 0.25))
    save(tmp_path / "n/a.npz", segmentation=MAP, segments_info=rows)
    (one,), notes = read_noted("transformers", tmp_path / "n", classes=named(tmp_path))
    assert [s.score for s in one.segments] == [0.75, 0.5] and len(masks_of(one)["tree"]) == 2
    assert notes == ["1 segments have no pixel: left out (the first: a)"]
    save(tmp_path / "n/a.npz", segmentation=MAP - 1, segments_info=info((0, 1, 0.5), (1, 0, 0.5)))
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    assert {t: m[0].sum() for t, m in masks_of(one).items()} == {"sky": 2, "wall": 2} and not one.faults


def test_maps_with_a_segment_at_every_pixel_are_counted(tmp_path: Path) -> None:
    """Where nothing is left out transformers may have filled the map; an image of no segment is none of them."""
    rows = info((0, 2, 0.75), (1, 0, 0.5), (2, 1, 0.5))
    for name, labels in (("a", MAP), ("b", MAP), ("c", np.where(MAP == 1, -1, MAP)), ("d", np.where(MAP == 1, 3, MAP))):
        save(tmp_path / f"n/{name}.npz", segmentation=labels, segments_info=rows)
    save(tmp_path / "n/e.npz", segmentation=MAP * 0, segments_info=info())
    notes = read_noted("transformers", tmp_path / "n", classes=named(tmp_path))[1]
    assert [note for note in notes if "at every pixel" in note] == [
        "2 maps have a segment at every pixel: but for EoMT, transformers (5.23) gives pixels that no mask has to the "
        "strongest one (the first: a)"
    ]


def test_instances_of_a_mask_each_overlap(tmp_path: Path) -> None:
    """As Mask2Former's return_binary_maps=True gives them, asked of transformers itself; a map would lose pixels."""
    from transformers import Mask2FormerImageProcessor

    classes, masks = torch.tensor([[[7.0, 0, 0, 0], [0, 2.5, 0, 0]]]), torch.full((1, 2, 8, 8), -9.0)
    masks[0, 0, :, :5] = masks[0, 1, :, 3:] = 9.0
    outputs = SimpleNamespace(class_queries_logits=classes, masks_queries_logits=masks)
    (found,) = Mask2FormerImageProcessor().post_process_instance_segmentation(
        outputs, threshold=0.6, target_sizes=[(8, 8)], return_binary_maps=True
    )
    listed = json.dumps(found["segments_info"])
    save(tmp_path / "n/a.npz", segmentation=found["segmentation"].numpy(), segments_info=listed)
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    areas = {text: int(mask[0].sum()) for text, mask in masks_of(one).items()}
    assert areas == {"wall": 40, "sky": 40} and one.size == (8, 8)
    assert {s.text: s.score for s in one.segments} == {
        ("wall", "sky")[each["label_id"]]: each["score"] for each in found["segments_info"]
    }


def test_fused_segments_are_one_and_ids_of_two_classes_are_a_fault(tmp_path: Path) -> None:
    place = save(tmp_path / "n/a.npz", segmentation=MAP, segments_info=info((1, 1, 0.5), (1, 1, 0.75), (2, 0, 1)))
    (one,), notes = read_noted("transformers", tmp_path / "n", classes=named(tmp_path))
    assert [(s.text, s.score) for s in one.segments] == [("sky", 0.75), ("wall", 1)]
    assert any(note.startswith("1 segments are listed again where transformers fused them") for note in notes)
    save(place, segmentation=MAP, segments_info=info((1, 1, 0.5), (1, 2, 0.75), (2, 0, 1)))
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    assert one.faults[0].startswith(f"{place}, segment 1: is both 'sky' and 'tree'") and not one.segments


def post_process(masks: list[np.ndarray], labels: list[int], fuse: set[int]) -> dict[str, Any]:
    """Ask transformers' own Mask2Former what it makes of masks that are all but sure."""
    from transformers import Mask2FormerImageProcessorPil as Processor
    from transformers.models.mask2former.modeling_mask2former import Mask2FormerForUniversalSegmentationOutput as Output

    logits = torch.stack([torch.from_numpy(np.where(mask, 20.0, -20.0)) for mask in masks])[None].float()
    classes = torch.full((1, len(labels), 4), -20.0)
    classes[0, range(len(labels)), labels] = 20.0
    outputs = Output(class_queries_logits=classes, masks_queries_logits=logits)
    (found,) = Processor().post_process_panoptic_segmentation(
        outputs, label_ids_to_fuse=fuse, target_sizes=[masks[0].shape]
    )
    return dict(found)


def quarters() -> list[np.ndarray]:
    masks = [np.zeros((8, 8), bool) for _ in range(4)]
    for place, mask in enumerate(masks):
        mask[4 * (place // 2) : 4 * (place // 2) + 4, 4 * (place % 2) : 4 * (place % 2) + 4] = True
    return masks


@pytest.mark.slow  # transformers takes seconds to load; the same forms by hand stand above
@pytest.mark.parametrize("fuse", [set(), {1}])
def test_what_mask2former_returns_is_read_or_refused(tmp_path: Path, fuse: set[int]) -> None:
    """Four quarters, sky twice. Fused, transformers 5.23 gives the fourth the id of the second: told, not mixed up."""
    masks, labels = quarters(), [1, 2, 1, 0]
    said = post_process(masks, labels, fuse)
    rows = [{key: one[key] for key in ("id", "label_id", "score")} for one in said["segments_info"]]
    save(tmp_path / "n/a.npz", segmentation=said["segmentation"].numpy(), segments_info=json.dumps(rows))
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    if fuse:
        assert "segment 2: is both 'tree' and 'wall', so that its pixels cannot be told apart" in one.faults[0]
        return
    found = masks_of(one)
    assert (found["tree"][0] == masks[1]).all() and (found["wall"][0] == masks[3]).all()
    assert (np.any(found["sky"], axis=0) == masks[0] | masks[2]).all() and len(found["sky"]) == 2


@pytest.mark.slow
def test_where_no_segment_is_mask2former_says_0_and_eomt_minus_1() -> None:
    from transformers.models.eomt.image_processing_eomt import compute_segments

    quarter = torch.where(torch.from_numpy(quarters()[0]), 20.0, -20.0)[None]
    found, _ = compute_segments(quarter, torch.ones(1), torch.ones(1, dtype=torch.int64), [], 0.5, 0.8, (8, 8))
    assert found[::4, ::4].tolist() == [[0, -1], [-1, -1]]
    from transformers.models.mask2former import image_processing_mask2former as mask2former

    both = torch.stack([torch.from_numpy(quarters()[0]).float(), torch.full((8, 8), 0.9)])  # the second loses a quarter
    found, rows = mask2former.compute_segments(both, torch.ones(2), torch.ones(2, dtype=torch.int64), 0.5, 0.8, set())
    assert found[::4, ::4].tolist() == [[1, 0], [0, 0]] and len(rows) == 1


@pytest.mark.slow
def test_void_is_254_to_processors_that_reduce_labels() -> None:
    """255 becomes class 254 in three of transformers' processors, and Segformer's old name does nothing."""
    import transformers

    image, labels = np.zeros((8, 8, 3), np.uint8), np.array([[0, 1, 2, 255] * 2] * 8, np.uint8)
    for name in ("Mask2Former", "MaskFormer", "Eomt"):
        made = getattr(transformers, f"{name}ImageProcessorPil")(
            do_reduce_labels=True, ignore_index=255, do_resize=False, do_pad=False
        )
        (found,) = made(images=image, segmentation_maps=labels, return_tensors="pt")["class_labels"]
        assert found.tolist() == [0, 1, 254], name
    for said, wanted in (({"reduce_labels": True}, [0, 1, 2, 255]), ({"do_reduce_labels": True}, [0, 1, 255])):
        made = transformers.SegformerImageProcessorPil(do_resize=False, **said)
        found = made(images=image, segmentation_maps=labels, return_tensors="np")["labels"]
        assert np.unique(np.asarray(found)).tolist() == wanted


FAULTS: dict[str, dict[str, Any]] = {
    "holds other, but no 'segmentation'": {"other": MAP},
    "'segmentation' should be whole numbers [h, w] but is float64 [2, 3, 1]": {"segmentation": MAP[:, :, None] + 0.5},
    "holds numbers that are not whole": {"segmentation": MAP + 0.5},
    "an array of Python objects": {"segmentation": np.array([[{}]], object)},
    "segments_info is no list of segments as json": {"segmentation": MAP, "segments_info": "[{}]"},
    "'segments_info' should be one text (json)": {"segmentation": MAP, "segments_info": MAP},
    "segment 1: category 7 is none of the 3 classes": {
        "segmentation": MAP,
        "segments_info": info((1, 7, 1), (2, 0, 1)),
    },
    "segment 0: category 7 is none of the 3 classes": {
        "segmentation": MAP[None] > 0,
        "segments_info": info((0, 7, 1)),
    },
    "should be masks [n, h, w] of 0 and 1 but is int64 [1, 2, 3], up to 2": {
        "segmentation": MAP[None],
        "segments_info": info((0, 1, 1)),
    },
    "should be masks [n, h, w] of 0 and 1 but is int64 [1, 2, 3], from -1 up to 1": {
        "segmentation": MAP[None] - 1,
        "segments_info": info((0, 1, 1)),
    },
    "2 masks, but segments_info lists the ids [1, 2]": {
        "segmentation": np.stack([MAP > 0, MAP > 1]),
        "segments_info": info((1, 1, 1), (2, 0, 1)),
    },
    "the map holds the segment 2, which is not in segments_info": {
        "segmentation": MAP,
        "segments_info": info((1, 0, 1)),
    },
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_names_the_file(tmp_path: Path, said: str) -> None:
    place = save(tmp_path / "n/a.npz", **FAULTS[said])
    (one,) = read("transformers", tmp_path / "n", classes=named(tmp_path))
    assert one.faults[0].startswith(str(place)) and said in one.faults[0]


def test_masks_without_words_in_every_form_are_one_prediction(tmp_path: Path) -> None:
    """An npz of the pipeline's masks and scores, its own run lengths, and segment-anything's list."""
    from transformers.models.sam.image_processing_sam import _mask_to_rle

    masks = np.array([[[1, 1, 0, 0], [1, 0, 0, 0]], [[1, 0, 0, 1], [0, 0, 0, 1]]], bool)
    scores = [0.5, 0.75]
    save(tmp_path / "a/x.npz", masks=masks, scores=np.array(scores))
    (tmp_path / "b").mkdir()
    write_json(tmp_path / "b/x.json", {"rle_mask": _mask_to_rle(torch.from_numpy(masks)), "scores": scores})
    (tmp_path / "c").mkdir()
    write_json(tmp_path / "c/x.json", {"rle_mask": _mask_to_rle(torch.from_numpy(masks)), "scores": scores[:1]})
    assert read("mask-generation", tmp_path / "c")[0].faults == (f"{tmp_path}/c/x.json: 1 scores for 2 masks",)
    write_json(tmp_path / "c/x.json", {"rle_mask": _mask_to_rle(torch.from_numpy(masks)), "scores": [0.5, "high"]})
    assert "segment 1: score 'high' is no number" in read("mask-generation", tmp_path / "c")[0].faults[0]
    listed = [{"segmentation": f(m), "predicted_iou": s} for f, m, s in zip((coded, plain), masks, scores, strict=True)]
    write_json(tmp_path / "c/x.json", listed)
    found = [read("mask-generation", tmp_path / letter)[0] for letter in "abc"]
    assert found[0] == found[1] == found[2] and found[0].image_id == "x"
    assert [s.text for s in found[0].segments] == ["", ""] and [s.score for s in found[0].segments] == scores
    assert all((decode_counts(s.counts, (2, 4)) == m).all() for s, m in zip(found[0].segments, masks, strict=True))
    save(tmp_path / "a/x.npz", masks=masks, scores=np.zeros(3))
    assert "3 scores for 2 masks" in read("mask-generation", tmp_path / "a")[0].faults[0]
    save(tmp_path / "a/x.npz", masks=masks, scores=np.array([0.5, np.nan]))
    assert "'scores' should be finite numbers" in read("mask-generation", tmp_path / "a")[0].faults[0]
    save(tmp_path / "a/x.npz", masks=np.where(masks, np.uint8(254), np.uint8(255)).view(bool))
    assert "bytes are neither 0 nor 1, as OpenCV 5's" in read("mask-generation", tmp_path / "a")[0].faults[0]
    write_json(tmp_path / "c/x.json", [listed[0], {"segmentation": {"size": [2, 4], "counts": [3]}}])
    assert (
        "segment 1: mask cannot be read (counts cover 3 pixels" in read("mask-generation", tmp_path / "c")[0].faults[0]
    )


def test_half_an_npz_is_one_line(tmp_path: Path) -> None:
    place = save(tmp_path / "a/x.npz", masks=np.zeros((1, 20, 20), bool))
    place.write_bytes(place.read_bytes()[:-40])
    assert "no npz that can be read" in read("mask-generation", tmp_path / "a")[0].faults[0]
    assert "no npz" in read("transformers", tmp_path / "a", classes=str(classes_file(tmp_path)))[0].faults[0]
