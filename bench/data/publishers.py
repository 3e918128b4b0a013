"""Section 4.4: where people get each data set, on which terms, and the sizes its publisher states. No data is here.

An id set is known by a sum of hashes, so that a list is checked by id although no list travels with the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Split:
    """How many ids a split has as published, and in lists made through the common converters where they differ."""

    published: int
    converters: int | None = None
    known: tuple[int, str] | None = None
    """Size and `sum_ids` of a list that was at hand when this was written."""


@dataclass(frozen=True)
class Publisher:
    """A data set as its publisher ships it."""

    title: str
    class_list: str
    background: str
    licence: str
    where: tuple[str, ...]
    splits: dict[str, Split]
    notes: tuple[str, ...]


_VOC_TERMS = (
    "photographs from Flickr under PASCAL VOC's terms of use: research, respecting Flickr's terms and the owners' "
    "rights; not ours to redistribute"
)
_VOC2012 = (
    "PASCAL VOC 2012, http://host.robots.ox.ac.uk/pascal/VOC/voc2012/ (Everingham et al., University of Oxford)",
    "  VOCtrainval_11-May-2012.tar, about 2 GB, md5 6cd6e144f989b92b3379bac3b3de84fd (as torchvision checks it)",
)
_VOC2010 = (
    "PASCAL VOC 2010, http://host.robots.ox.ac.uk/pascal/VOC/voc2010/ (images and the split lists)",
    "  VOCtrainval_03-May-2010.tar, about 1.3 GB, md5 da459979d0c395079b5c75ee67908abb (as torchvision checks it)",
)
_CONTEXT_PAGE = (
    "PASCAL-Context, https://cs.stanford.edu/~roozbeh/pascal-context/ (Mottaghi et al., CVPR 2014)",
)  # fmt: skip
_CONTEXT_NOTES = (
    "No checksum of the PASCAL-Context archives is known here; its page states no licence as we remember it and asks "
    "for the citation.",
    "PASCAL-Part's archive of .mat files is called trainval.tar.gz too: it is another data set.",
    "Splits are the VOC 2010 lists ImageSets/Main/{train,val}.txt, not those of VOC 2012. Published: 4,998 train and "
    "5,105 val; lists made through detail-api have 4,996 and 5,104, and published numbers stand on either.",
    "Context val shares 925 photographs with VOC 2012 val: what is tuned on one has seen part of the other.",
)
_CONTEXT_SPLITS = {
    "train": Split(4998, 4996),
    "val": Split(5105, 5104, (5104, "8cf9d2179a21bd91")),
    "trainval": Split(10103, 10100),
}

PUBLISHERS = {
    "voc": Publisher(
        "PASCAL VOC 2012 segmentation (PAS-20): 20 classes, background, void",
        "voc20",
        "voc",
        _VOC_TERMS,
        (*_VOC2012, "Unpack it; --from is the folder with VOCdevkit/ (ImageSets/Segmentation, SegmentationClass)."),
        {
            "train": Split(1464, known=(1464, "f8be86f4a71b426f")),
            "val": Split(1449, known=(1449, "fdee3f81e411f3b5")),
            "trainval": Split(2913),
        },
        (),
    ),
    "pascal_context_59": Publisher(
        "PASCAL-Context, the 59 frequent classes (PC-59)",
        "context59",
        "context",
        _VOC_TERMS + "; annotations by the PASCAL-Context authors",
        (
            *_VOC2010,
            *_CONTEXT_PAGE,
            "  trainval.tar.gz (.mat maps of all classes; best, nothing to guess) or 59_context_labels.tar.gz (PNG)",
            "Unpack all into one folder and give it as --from. Masks of detail-api, mmsegmentation or detectron2 "
            "converters are taken too; their class order is told by VOC's masks (--voc) or by --order.",
        ),
        _CONTEXT_SPLITS,
        _CONTEXT_NOTES,
    ),
    "pascal_context_459": Publisher(
        "PASCAL-Context, all 459 classes (PC-459)",
        "context459",
        "context",
        _VOC_TERMS + "; annotations by the PASCAL-Context authors",
        (
            *_VOC2010,
            *_CONTEXT_PAGE,
            "  trainval.tar.gz (.mat maps of all classes)",
            "Unpack both into one folder and give it as --from. 16-bit TIFFs of the common converters are taken too.",
        ),
        _CONTEXT_SPLITS,
        ("Class 431 is called unknown: it stays in the labels; say whether it is scored.", *_CONTEXT_NOTES),
    ),
}


def write_page(name: str) -> str:
    """Write where to get a data set and what to do then."""
    publisher = PUBLISHERS[name]
    sizes = ", ".join(f"{split} {s.published:,}" for split, s in publisher.splits.items())
    lines = [
        f"{name}: {publisher.title}",
        f"splits: {sizes} images",
        f"licence: {publisher.licence}",
        "",
        *publisher.where,
        "",
        *publisher.notes,
    ]
    return "\n".join([*lines, f"Then: zgs prepare {name} --from FOLDER"])


def write_overview() -> str:
    """Write all data sets, one a line."""
    width = max(map(len, PUBLISHERS))
    lines = [f"  {name:{width}}  {publisher.title}" for name, publisher in PUBLISHERS.items()]
    return "\n".join(
        [
            "Data sets that zgs prepare knows (nothing is downloaded; the publisher's files come from you):",
            *lines,
            "zgs prepare DATASET                 where to get it, its licence and sizes",
            "zgs prepare DATASET --from FOLDER   prepare it",
            "zgs prepare --check FOLDER          check a prepared set again",
        ]
    )


def sum_ids(ids: Iterable[str]) -> str:
    """Compute a set of ids' fingerprint, 16 hex digits: the sum of their hashes, so that one can be taken away."""
    return f"{sum(map(_hash_id, ids)) % _MODULUS:016x}"


def find_extra_id(ids: Iterable[str], known: str) -> str | None:
    """Find the one id without which the set has the fingerprint ``known``; None where there is no such id."""
    listed = list(ids)
    rest = (sum(map(_hash_id, listed)) - int(known, 16)) % _MODULUS
    return next((image_id for image_id in listed if _hash_id(image_id) == rest), None)


_MODULUS = 2**64


def _hash_id(image_id: str) -> int:
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8], "big")
