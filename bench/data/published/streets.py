"""Section 4.4, street scenes as published: Cityscapes and Mapillary Vistas."""

from __future__ import annotations

from dataclasses import replace

from bench.data.publisher import Publisher, Split

_VISTAS_TERMS = (
    "Mapillary Vistas, research edition: CC BY-NC-SA 4.0 as we remember it, after registration (terms come with "
    "the download, and decide); not ours to redistribute"
)
_VISTAS = (
    "Mapillary Vistas, https://www.mapillary.com/dataset/vistas (registration; Neuhold et al., ICCV 2017)",
    "  An archive of v2.0 holds both versions: validation/images, validation/v1.2/{labels,instances}, "
    "validation/v2.0/{labels,instances}",
    "Unpack it; --from is the folder with validation/ (and config_v1.2.json, config_v2.0.json). Archives of before "
    "v2.0, without folders of versions, are v1.2.",
)
_VISTAS_SPLITS = {"train": Split(18000), "val": Split(2000)}
_VISTAS_NOTES = (
    "Masks are palettes of labels from 0 on; class ids here are one more. Labels that the publisher's evaluation "
    "leaves out are void: unlabelled, and in v2.0 also groups and what is ambiguous.",
    "A version's own config is held against the list known here, and its numbers against its range.",
)
_VISTAS_65 = Publisher(
    "Mapillary Vistas v1.2, 65 classes, 37 of them with objects",
    "mapillary65",
    "ignore",
    _VISTAS_TERMS,
    _VISTAS,
    _VISTAS_SPLITS,
    _VISTAS_NOTES,
    "mapillary",
    ("masks",),
)
STREETS = {
    "cityscapes": Publisher(
        "Cityscapes, the 19 classes of its benchmark, with objects of 8",
        "cityscapes19",
        "ignore",
        "Cityscapes' own licence: non-commercial use after registration, no redistribution "
        "(https://www.cityscapes-dataset.com/license/)",
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
    "mapillary_v12": _VISTAS_65,
    "mapillary_v20": replace(
        _VISTAS_65, title="Mapillary Vistas v2.0, 116 classes, 70 of them with objects", class_list="mapillary116"
    ),
}
