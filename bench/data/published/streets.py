"""Section 4.4, street scenes as published: Cityscapes and Mapillary Vistas."""

from __future__ import annotations

from bench.data.publisher import Publisher, Split

STREETS = {
    "cityscapes": Publisher(
        "Cityscapes, the 19 classes of its benchmark, with objects of 8",
        "cityscapes19",
        "ignore",
        "Cityscapes' own licence: non-commercial use after registration, no redistribution",
        (
            "Cityscapes, https://www.cityscapes-dataset.com/ (registration; Cordts et al., CVPR 2016)",
            "  leftImg8bit_trainvaltest.zip (11 GB), gtFine_trainvaltest.zip (241 MB)",
            "Unpack both into one folder; --from is that folder (leftImg8bit/, gtFine/).",
        ),
        {"train": Split(2975), "val": Split(500)},
        (
            "*_gtFine_labelIds.png hold 0 to 33; the 19 evaluated are the classes, the rest is void, as in the "
            "publisher's scripts. *_labelTrainIds.png (0 to 18, 255) are taken where the former are not there.",
            "Objects come from *_instanceIds.png; a group (cargroup) is of its class and no object. The test split has "
            "no labels that are public. gtCoarse is not read.",
        ),
        "cityscapes",
    ),
}
