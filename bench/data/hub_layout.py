"""Section 4, data: which columns of a Hugging Face data set hold what, and what its numbers mean, in a few lines.

image: image               # the column of pictures
label: annotation          # the column of label maps: pictures, their bytes, or lists of rows of whole numbers
classes: classes.txt       # as in `bench.data.layout`: a list, {number: name}, a file, or voc20, ade150, coco133 …
background: 0              # a number or a list of them: no class of the list; may be left out
void: 255                  # a number or a list of them: never scored; may be left out
objects: instance          # optional: the column of maps that number objects from 1 on, 0 for none
id: file_name              # optional: the column of ids; else the number of the row
name: mydata               # optional: as it stands in a metric's name; else the name of the yaml file
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.data.layout import Meanings, make_name, read_keys, read_meanings
from bench.errors import UserError

NEEDED = ("image", "label", "classes")
KEYS = (*NEEDED, "background", "void", "objects", "id", "name")


@dataclass(frozen=True)
class HubLayout:
    """A layout as read: columns, and what the numbers mean."""

    name: str
    image: str
    label: str
    meanings: Meanings
    objects: str | None = None
    id: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with contents, in this order."""
        return tuple(filter(None, (self.image, self.label, self.objects)))


def read_hub_layout(path: Path) -> HubLayout:
    """Read a layout file; a file of classes that it names is looked for beside it.

    Raises `UserError` that names the file and the key of the first fault.
    """
    content = read_keys(path, NEEDED, KEYS)
    for key in ("image", "label", "objects", "id"):
        if content.get(key) is not None and not isinstance(content[key], str):
            raise UserError(f"{path}: {key}={content[key]}: needs the name of a column")
    name = make_name(path, content)
    meanings = read_meanings(path, path.parent, name, content)
    return HubLayout(name, content["image"], content["label"], meanings, content.get("objects"), content.get("id"))
