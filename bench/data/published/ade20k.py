"""Section 4.4, ADE20K as published: the 150 classes of the scene-parsing benchmark, and the 847 of the full set."""

from __future__ import annotations

from bench.data.publisher import Publisher, Split

_TERMS = (
    "images for non-commercial research and education only, MIT does not own them; annotations BSD-3-Clause "
    "(https://ade20k.csail.mit.edu/terms/); not ours to redistribute"
)
ADE20K = {
    "ade20k": Publisher(
        "ADE20K scene parsing, 150 classes (SceneParsing release of 2016)",
        "ade150",
        "ignore",
        _TERMS,
        (
            "MIT scene parsing benchmark, http://sceneparsing.csail.mit.edu/ (Zhou et al., CVPR 2017)",
            "  ADEChallengeData2016.zip, about 1 GB (no checksum of it is known here)",
            "  annotations_instance.tar of the Places Challenge 2017, where objects are to be counted (100 classes)",
            "Unpack both side by side; --from is the folder with ADEChallengeData2016/ (images/, annotations/, and "
            "annotations_instance/ where you have it).",
        ),
        {"train": Split(20210), "val": Split(2000)},
        (
            "Masks hold 1 to 150, and 0 for everything else, which the benchmark does not score: it is void here. "
            "Converters write 0 to 149 and 255 (reduce_zero_label, annotations_detectron2): told by the numbers.",
            "Things and stuff are the publisher's: the 100 classes that have objects.",
        ),
        "ade20k",
        ("order", "masks"),
        ("own", "train"),
    ),
    "ade20k_full": Publisher(
        "ADE20K, the 847 classes of the full data set (release of January 2021)",
        "ade847",
        "ignore",
        _TERMS,
        (
            "ADE20K, https://ade20k.csail.mit.edu/ (registration; Zhou et al., IJCV 2019)",
            "  ADE20K_2021_17_01: images/ADE/{training,validation}/…/ADE_val_00000001.jpg with _seg.png beside it",
            "Unpack it; --from is the folder with ADE20K_2021_17_01/. The 16-bit TIFFs that MaskFormer's script writes "
            "(images_detectron2, annotations_detectron2) are taken too: other pixels, for it shrinks to 512.",
        ),
        {"train": Split(25574), "val": Split(2000)},
        (
            "The 847 are the classes of MaskFormer's list, by which others compare; all other classes are void. "
            "Ids are the release's own index (1 to 3148).",
            "Objects are those of the blue channel. The division into things and stuff is the publisher's for classes "
            "that the 150 have, and ours for the rest.",
        ),
        "ade20k_full",
        ("masks",),
    ),
}
