"""Section 4.4, PAS-20, PC-59 and PC-459: PASCAL VOC 2012 and PASCAL-Context as published."""

from __future__ import annotations

from dataclasses import replace

from bench.data.publisher import Publisher, Split

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
_CONTEXT_OPTIONS = ("voc", "order", "first", "masks")
_CONTEXT_ORDERS = ("own", "by459")
_CONTEXT_SPLITS = {
    "train": Split(4998, 4996),
    "val": Split(5105, 5104, (5104, "8cf9d2179a21bd91")),
    "trainval": Split(10103, 10100),
}

_PART = (
    *_VOC2010,
    "PASCAL-Part, http://roozbehm.info/pascal-parts/pascal-parts.html (Chen et al., CVPR 2014)",
    "  trainval.tar.gz (Annotations_Part/*.mat)",
    "Unpack both into one folder and give it as --from.",
)
_PART_SPLITS = {"train": Split(4998), "val": Split(5105), "trainval": Split(10103)}
_PART_NOTES = (
    "No checksum and no licence of the annotations is known here.",
    "PASCAL-Context's archive of .mat files is called trainval.tar.gz too: it is another data set.",
    "Left and right, front and back, upper and lower are united into the 116 parts of OV-PARTS (NeurIPS 2023). Whether "
    "a text names the part or the whole is asked by scoring the same predictions on both sets.",
    "Splits are the VOC 2010 lists ImageSets/Main/{train,val}.txt, as PASCAL-Context's.",
)
_PARTS = Publisher(
    "PASCAL-Part, 116 parts of the objects of 17 classes, each with its object",
    "pascal_part116",
    "context",
    _VOC_TERMS + "; annotations by the PASCAL-Part authors",
    _PART,
    _PART_SPLITS,
    _PART_NOTES,
    "pascal_part",
)
PASCAL = {
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
        (
            "--objects also reads SegmentationObject/, so that PQ and recall.objects count objects. Without it a set "
            "is what it always was, to the fingerprint: PQ counts all pixels of a class in an image as one.",
        ),
        "voc",
        ("objects",),
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
        "context",
        _CONTEXT_OPTIONS,
        _CONTEXT_ORDERS,
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
        "context",
        _CONTEXT_OPTIONS,
        _CONTEXT_ORDERS,
    ),
    "pascal_part": _PARTS,
    "pascal_part_whole": replace(
        _PARTS,
        title="PASCAL-Part, the whole objects on the same photographs, VOC's 20 classes",
        class_list="voc20",
    ),
}
