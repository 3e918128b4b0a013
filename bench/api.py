"""The method, the scorer and the store for scripts and notebooks: ten lines each, and the same code as the commands.

    import bench

    method = bench.Method("encode=masked")            # words as `zgs run` takes them; nothing is loaded yet
    prediction = method.predict("photo.jpg")          # masks [n, h, w] and a text for each

    scorer = bench.Scorer(["cat", "sofa"])            # a protocol by name, as `score=` chooses it
    scorer.add(prediction, truth)                     # truth [h, w]: a class's position, -1 background, -2 not labelled
    print(scorer.compute())                           # value, interval and n of every metric

    store = bench.Results("store")                    # what runs have kept
    print(store.list_keys())

``import bench`` loads none of this; the first use of a name does. Numbers are those of the commands: the scorer is the
one of `zgs score`, and a method with ``store=FOLDER`` among its words shares its results with `zgs run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int16

from bench.commands.settings import compose_settings
from bench.data.given import Image, make_sample
from bench.encode.segments import check_masks
from bench.errors import UserError
from bench.overlap.table import make_overlap
from bench.pipeline import Pipeline
from bench.predictions.overlapping import settle_overlaps
from bench.records import Captions, Embeddings, Overlap, Prediction, Sample, SegmentTree
from bench.run.context import RunContext
from bench.run.held import make_held_scoring
from bench.run.score import name_classes, score_own
from bench.run.score_protocol import reads_embeddings
from bench.run.tables import Tables
from bench.score.in_memory import (
    check_embeddings,
    check_instances,
    check_prediction,
    check_truth,
    make_changed_protocol,
    make_class_list,
)
from bench.settings.check import check_settings
from bench.store.entries import Entry
from bench.store.files import Namespace, Store
from bench.store.key_words import describe_places
from bench.store.listing import list_items, list_namespaces, measure_namespace, read_key_inputs
from bench.store.places import open_place

if TYPE_CHECKING:
    from bench.run.explain import Explained

_STAGES = ("segment", "encode", "caption", "merge")


class Method:
    """Zero-guidance segmentation (section 3) with any choice of models and stages.

    ``words`` are those of `zgs run`: ``models=paper``, ``encode=masked``, ``merge.threshold=0.7``. Raises
    `bench.errors.UsageError`, which names the nearest right word, for a wrong one. Models are loaded when a result
    first needs them. With ``store=FOLDER`` among the words results are kept there and found again; else nothing is
    written.
    """

    def __init__(self, *words: str) -> None:
        self.settings: dict[str, Any] = compose_settings(words)
        """Every setting, resolved: what a run's config.yaml holds."""
        check_settings(self.settings)
        self._context = RunContext(self.settings)
        self._keeps = any(word.startswith("store=") for word in words)

    def __repr__(self) -> str:
        stages = (f"{name}={self.settings[name]['_target_'].rpartition('.')[2]}" for name in _STAGES)
        return f"Method(models={self.settings['models']['name']}, {', '.join(stages)})"

    @cached_property
    def pipeline(self) -> Pipeline:
        """Sections 3.1 to 3.4 as functions of records, with or without a store around them."""
        context = self._context
        if self._keeps:
            return Pipeline(context.stages.segment, context.stages.embed, context.stages.describe, context.merge)
        encoder, captioner = context.make_stage("encode"), context.make_stage("caption")
        return Pipeline(
            context.make_stage("segment"), encoder, lambda sample, embeddings: captioner(embeddings), context.merge
        )

    def predict(self, image: Image | str | Path, image_id: str = "image") -> Prediction:
        """Predict the named segments of an image.

        ``image`` is uint8 [h, w, 3] or a picture file. The result has n disjoint ``masks``, bool [n, h, w], a text for
        each in ``texts``, and ``embeddings``, float32 [n, d], in CLIP's joint space.
        """
        return self.pipeline.predict(make_sample(image, image_id))

    def segment(self, image: Image | str | Path) -> SegmentTree:
        """Cut an image into its over-segments (3.1), the leaves of a binary tree."""
        return self.pipeline.segment(make_sample(image))

    def embed(self, image: Image | str | Path, masks: Bool[np.ndarray, "n h w"]) -> Embeddings:
        """Embed segments of your own (3.2): ``vectors`` float32 [n, d], saliency and weight by masked layer [n, l].

        ``masks`` are bool, of the image's size or its proportions. Raises `bench.errors.UserError` for others, and for
        an empty one.
        """
        sample = make_sample(image)
        checked = check_masks(masks, sample.image.shape[:2])
        return self.pipeline.embed(sample, checked)

    def describe(self, image: Image | str | Path, masks: Bool[np.ndarray, "n h w"]) -> Captions:
        """Describe segments of your own (``masks`` as for `embed`) by a text each, with its cosine (3.2, 3.3)."""
        sample = make_sample(image)
        checked = check_masks(masks, sample.image.shape[:2])
        return self.pipeline.describe(sample, self.pipeline.embed(sample, checked))

    def explain(self, image: Image | str | Path, words: Sequence[str] = ()) -> Explained:
        """Return all that happens on the way, as `zgs show` draws it; results go into the store (``store``)."""
        from bench.run.explain import explain_image

        return explain_image(self._context, make_sample(image), words)


class Scorer:
    """The scorer of `zgs score` (section 4) for predictions and truths that you hold in memory.

    ``names`` are the class names, ``things`` tells things from stuff, ``aliases`` are further texts of each class.
    ``protocol`` is one that `score=` knows (paper, reference, dataset_miou, mmseg …), ``changes`` are its keys, e.g.
    ``tau_sbert=0.6``; ``background`` is "context" unless the protocol says else (for data as VOC's: "voc"). ``words``
    choose the models behind TT and ST as for `Method`.

    Text Generation Quality, which needs texts of the true segments, is left out, as `zgs score` does for a file without
    any, and so are controls, curves and tables. Raises `bench.errors.UsageError` where ``verify="human"`` or the metric
    tgq is asked for by name: these need files.
    """

    def __init__(
        self, names: Sequence[str], protocol: str = "paper", *, things: Sequence[bool] | None = None,
        aliases: Sequence[Sequence[str]] | None = None, words: Sequence[str] = (), **changes: Any,
    ) -> None:  # fmt: skip
        self.classes = make_class_list(names, things, aliases)
        self.protocol = name_classes(make_changed_protocol(protocol, changes), self.classes.texts)
        """Everything that changes a number."""
        self._scoring, self._predictions = make_held_scoring(compose_settings(words), self.classes)
        self._items: dict[str, Overlap] = {}

    def __len__(self) -> int:
        return len(self._items)

    @property
    def notes(self) -> list[str]:
        """What a reader of the last numbers must know, as `zgs score` prints it below its table."""
        return list(self._scoring.notes)

    def add(
        self, prediction: Prediction, truth: Int16[np.ndarray, "h w"], image_id: str | None = None,
        instances: Int16[np.ndarray, "h w"] | None = None,
    ) -> None:  # fmt: skip
        """Add one image: its predicted segments and, for each pixel, its class's position (-1 background, -2 void).

        ``instances`` tells the objects of a class apart for panoptic, objects, masks and names (-1: no object).
        ``image_id`` is the prediction's unless you give one. Raises `bench.errors.UserError` for an id that is there
        already, a truth that is no map of classes, masks that do not fit it or the texts, no embeddings for ST or
        CLIPScore, or no scores where overlap="highest_score" reads them.
        """
        named = image_id or (prediction.image_id if prediction.image_id != "image" else f"image {len(self):06d}")
        if named in self._items:
            raise UserError(f"{named}: was added already; give each image an image_id of its own")
        truth = check_truth(truth, named, len(self.classes))
        objects = check_instances(instances, named, truth.shape)
        check_prediction(prediction, named, truth.shape, self.protocol.proportions)
        if reads_embeddings(self.protocol) and len(prediction.masks):
            check_embeddings(prediction.embeddings, self._scoring.models.st.vectors.shape[1], named)
        black = np.zeros((*truth.shape, 3), np.uint8)
        shown = Prediction(named, prediction.masks, tuple(prediction.texts), None, None, prediction.scores)
        segments = settle_overlaps(shown, self.protocol.overlap, named)
        self._items[named] = make_overlap(segments, Sample(named, black, truth, instances=objects))
        self._predictions.vectors[named] = prediction.embeddings

    def compute(self) -> pd.DataFrame:
        """Compute every metric over the images added so far, a row each.

        The columns are metric (full name), value, low and high (a 95 % interval over images), n and unit_of_n. Shares
        are of 1. Raises `bench.errors.UserError` before the first image, and where no metric could be measured.
        """
        if not self._items:
            raise UserError("no image was added; call add(prediction, truth) first")
        self._scoring.notes.clear()
        table = score_own(self._scoring, self.protocol, Tables(dict(self._items))).table
        if table.empty:
            raise UserError(f"nothing to score: {'; '.join(self.notes) or 'no metric was asked for'}")
        return table[["metric", "value", "low", "high", "n", "unit_of_n"]]


class Results:
    """What a store holds: the results of stages under keys of all that they depend on ([STORE.md], [KEYS.md]).

    ``place`` is a folder that is there, or an address (``s3://…``). Nothing is written here; `zgs store` does that.
    """

    def __init__(self, place: str | Path = "store") -> None:
        self.root = open_place(str(place))
        if isinstance(self.root, Path) and "://" not in str(place) and not self.root.is_dir():
            raise UserError(f"{self.root}: no such folder; give the one that your runs have as store=FOLDER")
        self._store = Store(self.root)

    def list_keys(self) -> pd.DataFrame:
        """List every stage and key: stage, key, files, size in bytes, and what it is of in words."""
        spaces = list_namespaces(self.root)
        words = describe_places({(each.stage, each.key): read_key_inputs(each) for each in spaces})
        usages = map(measure_namespace, spaces)
        rows = [
            (u.namespace.stage, u.namespace.key, u.files, u.size, words[u.namespace.stage, u.namespace.key])
            for u in usages
        ]
        return pd.DataFrame(rows, columns=["stage", "key", "files", "size", "of"])

    def list_items(self, stage: str, key: str) -> list[str]:
        """List the items of a stage under a key: an image each, by the name of its file."""
        return [str(item) for item in list_items(self._find(stage, key))]

    def read(self, stage: str, key: str, item: str) -> dict[str, Entry]:
        """Read an item: by name its arrays and other facts. Raises `bench.errors.UserError` for what is not there."""
        space = self._find(stage, key)
        found = next((each for each in list_items(space) if each == item), None)
        if found is None:
            raise UserError(f"{stage}/{key}: holds no {item}; list_items('{stage}', '{key}') names what it holds")
        return self._store.read(space, found)

    def _find(self, stage: str, key: str) -> Namespace:
        matching = [each for each in list_namespaces(self.root) if each.stage == stage and each.key.startswith(key)]
        if len(matching) != 1:
            raise UserError(
                f"{self.root}: {len(matching)} keys of {stage} begin with {key}; list_keys() names them all"
            )
        return matching[0]


__all__ = ["Method", "Results", "Scorer", "make_sample"]
