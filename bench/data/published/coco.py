"""Section 4.4, data sets on COCO's photographs as published: COCO-Stuff, COCO panoptic, LVIS."""

from __future__ import annotations

from dataclasses import replace

from bench.data.publisher import Publisher, Split

_IMAGES = (
    "COCO 2017, https://cocodataset.org/#download (Lin et al., ECCV 2014)",
    "  val2017.zip (1 GB), train2017.zip (18 GB)",
)
_TERMS = (
    "annotations CC BY 4.0; photographs from Flickr under its terms of use (https://cocodataset.org/#termsofuse), not "
    "ours to redistribute"
)
_SPLITS = {"train": Split(118287), "val": Split(5000)}
_STUFF = (
    *_IMAGES,
    "COCO-Stuff, https://github.com/nightrome/cocostuff (Caesar et al., CVPR 2018)",
    "  stuffthingmaps_trainval2017.zip, about 0.7 GB",
    "Unpack all into one folder; --from is that folder (…/val2017/*.jpg, …/val2017/*.png).",
)
_STUFF_NOTES = (
    "Masks hold the id less one (person is 0) and 255 for unlabelled, which is void. *_labelTrainIds.png "
    "(mmsegmentation) and annotations_detectron2 number the 171 from 0 to 170: told by name and number, or by --order.",
    "Eleven of the 91 thing ids were never drawn (street sign, hat, shoe, eye glasses, plate, mirror, window, desk, "
    "door, blender, hair brush): 80 things and 91 stuff are the 171.",
)
_CLASSES_171 = Publisher(
    "COCO-Stuff (164k), the 171 classes that occur",
    "cocostuff171",
    "ignore",
    _TERMS,
    _STUFF,
    _SPLITS,
    _STUFF_NOTES,
    "cocostuff",
    ("order", "masks"),
    ("own", "train"),
)
COCO = {
    "cocostuff": _CLASSES_171,
    "cocostuff_182": replace(
        _CLASSES_171, title="COCO-Stuff (164k), all 182 ids, eleven of which never occur", class_list="cocostuff182"
    ),
    "coco_panoptic": Publisher(
        "COCO panoptic, 133 classes: 80 things with objects, 53 stuff",
        "coco133",
        "ignore",
        _TERMS,
        (
            *_IMAGES,
            "  panoptic_annotations_trainval2017.zip (0.8 GB), which holds panoptic_val2017.zip and "
            "panoptic_train2017.zip: unpack these too",
            "Unpack all into one folder; --from is that folder (val2017/, panoptic_val2017/, panoptic_val2017.json).",
        ),
        _SPLITS,
        (
            "Not COCO-Stuff's list: stuff ids go to 200, and many names end in -merged.",
            "Pixels under no segment are void. A crowd's pixels are of its class, and it is no object: it is neither "
            "found nor missed, and a prediction that is on it by more than half is no false positive (as panopticapi).",
        ),
        "coco_panoptic",
    ),
    "lvis": Publisher(
        "LVIS v1, objects of 1,203 classes",
        "lvis1203",
        "ignore",
        _TERMS,
        (
            *_IMAGES,
            "LVIS, https://www.lvisdataset.org/ (Gupta et al., CVPR 2019)",
            "  lvis_v1_val.json.zip (64 MB), lvis_v1_train.json.zip (350 MB)",
            "Unpack all into one folder; --from is that folder (lvis_v1_val.json, val2017/ and train2017/: LVIS "
            "divides COCO's photographs anew).",
        ),
        {"train": Split(100170), "val": Split(19809)},
        (
            "LVIS does not draw everything: a pixel of no object is void, never background, so that IoU and PQ say "
            "nothing of what lies there. Recall of objects is what it is good for.",
            "A label map has one answer a pixel: where objects lie on one another the smaller is in front.",
        ),
        "lvis",
    ),
}
