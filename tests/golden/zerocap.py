"""Section 3.3 on golden small models: the whole search against the reference implementation, token by token."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import open_clip
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from bench.caption.search import TokenStep
from bench.caption.zerocap import ZeroCap
from bench.models.text_tower import TextTower
from bench.records import Embeddings
from tests.golden import configured, golden
from tests.golden.golden import Family, Found, Vectors

PROBABILITY = 1e-5
ATOL = {"clip_loss_per_step_iteration": 1e-4}
"""Cosines are divided by a temperature of 0.01 and summed over five beams (up to 30): float32 keeps no more."""
KEYS = {
    "beam_size": "beams", "target_seq_length": "tokens", "num_iterations": "iterations", "stepsize": "step",
    "grad_norm_factor": "grad_norm_factor", "clip_scale": "clip_scale", "ce_scale": "fluency_scale",
    "clip_loss_temperature": "clip_temperature", "clip_top_size": "candidates", "fusion_factor": "fusion",
    "repetition_penalty": "repetition_penalty", "end_token": "end_token", "end_factor": "end_factor",
    "start_factor_end_token": "end_start_factor", "forbidden_factor": "forbidden_factor",
}  # fmt: skip
"""The reference's names of hyper-parameters and ours."""


class GoldenClip:
    """What ZeroCap asks of CLIP."""

    def __init__(self, text: TextTower, tokenizer: Tokenizer) -> None:
        self.text, self.tokenizer = text, tokenizer

    def tokenize_raw(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text).ids)


def weights(vectors: Mapping[str, Any], prefix: str) -> dict[str, torch.Tensor]:
    own = {name.removeprefix(prefix): vectors[name] for name in vectors if name.startswith(prefix)}
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in own.items()}


def load_language(vectors: Mapping[str, Any]) -> SimpleNamespace:
    sizes = vectors["json/lm"]
    config = GPT2Config(
        vocab_size=sizes["vocab"],
        n_layer=sizes["layers"],
        n_embd=sizes["width"],
        n_head=sizes["heads"],
        n_positions=sizes["positions"],
    )
    model = GPT2LMHeadModel(config).eval()
    state = weights(vectors, "lm.")
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys and missing.missing_keys == ["lm_head.weight"]
    model.lm_head.weight = model.transformer.wte.weight
    path = str(golden.folder() / vectors["json/files"]["lm_tokenizer"])
    end = "<|endoftext|>"
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=path, bos_token=end, eos_token=end)
    return SimpleNamespace(model=model, tokenizer=tokenizer)


def load_clip(vectors: Mapping[str, Any]) -> GoldenClip:
    sizes = vectors["json/clip_text"]
    text = {"context_length": sizes["context"], "vocab_size": sizes["vocab"]}
    text |= {key: sizes[key] for key in ("width", "heads", "layers")}
    vision = {"image_size": 8, "layers": 1, "width": 8, "patch_size": 8, "head_width": 8}
    model = open_clip.CLIP(embed_dim=sizes["embed"], vision_cfg=vision, text_cfg=text, quick_gelu=True).eval()
    missing = model.load_state_dict(weights(vectors, "clip_text."), strict=False)
    assert not missing.unexpected_keys and all(k.startswith(("visual.", "logit")) for k in missing.missing_keys)
    tokenizer = Tokenizer.from_file(str(golden.folder() / vectors["json/files"]["clip_tokenizer"]))
    return GoldenClip(TextTower(model), tokenizer)


def captioner(vectors: Mapping[str, Any]) -> ZeroCap:
    """ZeroCap as configured, with the reference's quirks and the vectors' hyper-parameters and models."""
    given = vectors["json/hyper_parameters"]
    words = [f"caption.{ours}={given[theirs]}" for theirs, ours in KEYS.items()]
    words += [f"caption.forbidden={vectors['forbidden_tokens'].tolist()}"]
    words += [f"caption.prompt='{vectors['json/prompt']}'", f"caption.clip_prompt='{vectors['json/clip_prompt']}'"]
    words = ["caption=zerocap_paper", "method=reference", *words]
    made: ZeroCap = configured.stage("caption", *words, language=load_language(vectors), clip=load_clip(vectors))
    return made


def produce(vectors: Vectors) -> dict[str, Found]:
    zerocap, target = captioner(vectors), torch.from_numpy(vectors["target_embedding"])
    steps: list[TokenStep] = []
    (beams,) = zerocap.search(target[None], watch=steps.append)
    texts = zerocap.list_candidates(beams)
    features = zerocap.prompted(texts)
    cosines = functional.cosine_similarity(features, target[None])
    prompt = list(zerocap.search.prompt)
    decode = zerocap.vocabulary.tokenizer.decode
    means = beams.mean_scores.double().numpy()
    losses = torch.stack([step.guided.losses.sum(-1) for step in steps])
    captions = zerocap(Embeddings(target.numpy()[None], *[np.zeros((1, 0), np.float32)] * 2))
    untruncated = [decode(tokens) for tokens in beams.tokens.tolist()]
    columns = zip(texts, cosines.tolist(), means.tolist(), untruncated, strict=True)
    names = ("text", "clip_score", "lm_score_mean_log_prob", "untruncated_text")
    winner = int(np.flatnonzero((features == torch.from_numpy(captions.features)).all(dim=1))[0])
    made = {
        "prompt_tokens": np.array(prompt),
        "step0_probs_before_shift": steps[0].guided.before[0].softmax(-1),
        "step0_probs_shifted_lm_only": steps[0].guided.logits[0].softmax(-1),
        "step0_probs_after_shift": steps[0].log_probabilities[0].exp(),
        "step0_context_before": zerocap.search.model.read(prompt[:-1])[:, :, 0],
        "step0_context_after": steps[0].guided.cache[:, :, 0],
        "clip_loss_per_step_iteration": losses[..., 0],
        "fluency_loss_per_step_iteration": losses[..., 1],
        "step1_context_tokens": steps[1].context,
        "step1_probs_before_shift": steps[1].guided.before.softmax(-1),
        "step1_probs_after_shift": steps[1].log_probabilities.exp(),
        "last_step_context_tokens": steps[-1].context,
        "candidate_text_embedding": features,
        "candidate_clip_score": cosines,
        "candidate_lm_score": means,
        "json/prompt_with_bos": decode(prompt),
        "json/candidates": [dict(zip(names, column, strict=True)) for column in columns],
        "json/selected_candidate": winner,
        "json/caption": captions.texts[0],
        "json/beam_texts_and_scores_per_step": [lines(step, decode) for step in steps],
        "json/smallest_gap_between_kept_beam_scores_per_step": [gap(step) for step in steps],
        "json/batched_variant": texts,
    }  # fmt: skip
    return {name: Found(plain(value), ATOL.get(name, PROBABILITY)) for name, value in made.items()}


def plain(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def lines(step: TokenStep, decode: Any) -> list[list[Any]]:
    """Text and mean log-probability of every kept beam."""
    pairs = zip(step.beams.tokens.tolist(), step.beams.mean_scores.tolist(), strict=True)
    return [[decode(tokens), score] for tokens, score in pairs]


def written(steps: list[list[str]]) -> list[list[list[Any]]]:
    """The same, from the reference's lines "text : score "."""
    parts = [[line.rsplit(" : ", 1) for line in step] for step in steps]
    return [[[text, float(score)] for text, score in step] for step in parts]


def gap(step: TokenStep) -> float:
    """Smallest difference between the mean log-probabilities of two kept beams."""
    return float(step.beams.mean_scores.double().diff().abs().min())


FAMILY = Family(
    "zerocap",
    produce,
    given=(
        "lm.*", "clip_text.*", "target_embedding", "forbidden_tokens", "json/hyper_parameters", "json/prompt",
        "json/clip_prompt", "json/lm", "json/clip_text", "json/files",
    ),
    parse={
        "json/beam_texts_and_scores_per_step": written,
        # What else stands there compares two paths of the reference; we have one, and it is a batch over beams.
        "json/batched_variant": lambda variant: variant["texts"],
    },
)  # fmt: skip
