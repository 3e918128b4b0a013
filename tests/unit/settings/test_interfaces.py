"""Every option of ``conf/`` against the interface of its group: mypy reads this file, pytest that none is missing."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

from bench import interfaces
from bench.baselines.groupvit import GroupVitLabels
from bench.caption.retrieval import Retrieval
from bench.caption.zerocap import ZeroCap
from bench.data.base import Dataset
from bench.data.folder import open_folder
from bench.data.hub import Hub
from bench.data.prepared import Prepared
from bench.data.toyscenes import ToyScenes
from bench.data.voc import open_voc
from bench.encode.blur_outside import BlurOutside
from bench.encode.clearclip import ClearClip
from bench.encode.crop import CropAndMask
from bench.encode.gem import Gem
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.mask_tokens import MaskTokens
from bench.encode.maskclip import MaskClip
from bench.encode.masked import Masked
from bench.encode.naclip import NAClip
from bench.encode.projected_subtraction import ProjectedSubtraction
from bench.encode.proxyclip import ProxyClip
from bench.encode.red_circle import RedCircle
from bench.encode.sclip import SClip
from bench.encode.surgery import Surgery
from bench.encode.unmasked import Unmasked
from bench.merge.none import NoMerge
from bench.merge.siblings import Siblings
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.groupvit import GroupVit
from bench.models.language import Language
from bench.models.sam import Sam
from bench.models.sentence import Sentence
from bench.run.context import RunContext
from bench.run.executor import Executor, Local, Serial
from bench.run.executors.on_ray import Ray
from bench.run.executors.on_slurm import Slurm
from bench.segment.dino_ward import DinoWard
from bench.segment.grid import Grid
from bench.segment.oracle import Oracle
from bench.segment.sam import SamMasks
from bench.segment.superpixels import Felzenszwalb, Slic
from bench.segment.whole import Whole
from bench.settings.trust import list_installed
from bench.tracking.base import NoTracking, Several, Tracker
from bench.tracking.mlflow_run import MLflow
from bench.tracking.tensorboard_run import TensorBoard
from bench.tracking.wandb_run import Wandb

DATA: tuple[Callable[..., Dataset], ...] = (ToyScenes, Prepared, open_folder, open_voc, Hub)
CLIP: tuple[Callable[..., interfaces.ClipModel], ...] = (Clip,)
DINO: tuple[Callable[..., interfaces.DinoModel], ...] = (Dino,)
LANGUAGE: tuple[Callable[..., interfaces.LanguageModel], ...] = (Language,)
SENTENCE: tuple[Callable[..., interfaces.SentenceModel], ...] = (Sentence,)
GROUPVIT: tuple[Callable[..., interfaces.GroupVitModel], ...] = (GroupVit,)
SAM: tuple[Callable[..., interfaces.SamModel], ...] = (Sam,)
SEGMENT: tuple[Callable[..., interfaces.Segmenter], ...] = (DinoWard, Whole, Grid, Slic, Felzenszwalb, Oracle, SamMasks)
ENCODE: tuple[Callable[..., interfaces.Encoder], ...] = (
    GlobalSubtraction, Masked, Unmasked, ProjectedSubtraction, MaskTokens, MaskClip, SClip, ClearClip, NAClip, Surgery,
    Gem, ProxyClip, CropAndMask, RedCircle, BlurOutside,
)  # fmt: skip
CAPTION: tuple[Callable[..., interfaces.Captioner], ...] = (ZeroCap, Retrieval)
MERGE: tuple[Callable[..., interfaces.Merger], ...] = (Siblings, NoMerge)
BASELINE: tuple[Callable[..., interfaces.Baseline], ...] = (GroupVitLabels,)
EXECUTOR: tuple[Callable[..., Executor], ...] = (Local, Serial, Ray, Slurm)
TRACKING: tuple[Callable[..., Tracker], ...] = (NoTracking, Wandb, MLflow, TensorBoard, Several)
PARTS = ("bench.segment.crf.DenseCrf", "bench.protocol.Protocol")
"""Targets that stand inside an option, or that are their own interface."""


def test_every_target_is_held_against_an_interface() -> None:
    groups: tuple[tuple[Any, ...], ...] = (
        DATA, CLIP, DINO, LANGUAGE, SENTENCE, GROUPVIT, SAM, SEGMENT, ENCODE, CAPTION, MERGE, BASELINE,
        EXECUTOR, TRACKING,
    )  # fmt: skip
    held = {f"{each.__module__}.{each.__qualname__}" for group in groups for each in group}
    missing, gone = list_installed() - set(PARTS) - held, held - list_installed()
    assert not missing, f"put these into the tuple of their group above: {sorted(missing)}"
    assert not gone and len(held) >= 46, f"no option names these: {sorted(gone)}"


def test_nothing_public_of_a_run_is_any() -> None:
    """What a run hands out has a type, so that mypy follows it from the door to the last stage."""
    untyped = []
    for name, member in vars(RunContext).items():
        function = getattr(member, "func", getattr(member, "fget", member))
        if not name.startswith("_") and inspect.isfunction(function):
            source = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
            returns = next(node.returns for node in ast.walk(source) if isinstance(node, ast.FunctionDef))
            if returns is None or ast.unparse(returns) == "Any":
                untyped.append(name)
    assert untyped == []


def test_the_data_set_of_a_run_is_one() -> None:
    assert get_type_hints(vars(RunContext)["dataset"].func)["return"] is Dataset
    assert "bench" in Path(interfaces.__file__).parts
