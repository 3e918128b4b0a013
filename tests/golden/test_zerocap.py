"""Section 3.3: the whole search against the reference implementation, token by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from bench.caption.search import TokenStep
from bench.caption.zerocap import ZeroCap
from bench.models.text_tower import TextTower
from bench.records import Embeddings
from tests.golden import golden


@dataclass(eq=False)
class GoldenLanguage:
    model: Any
    tokenizer: Any


@dataclass(eq=False)
class GoldenClip:
    text: TextTower
    tokenizer: Tokenizer

    def tokenize_raw(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids


@dataclass(eq=False)
class Run:
    """The vectors of one seed, our captioner with the reference's options, and every step it made."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]
    zerocap: ZeroCap
    steps: list[TokenStep]
    beams: Any

    @property
    def target(self) -> torch.Tensor:
        return torch.from_numpy(self.arrays["target_embedding"])


def weights(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, torch.Tensor]:
    named = ((name.removeprefix(prefix), array) for name, array in arrays.items() if name.startswith(prefix))
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in named}


def load_language(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> GoldenLanguage:
    sizes = facts["lm"]
    config = GPT2Config(
        vocab_size=sizes["vocab"],
        n_layer=sizes["layers"],
        n_embd=sizes["width"],
        n_head=sizes["heads"],
        n_positions=sizes["positions"],
    )
    model = GPT2LMHeadModel(config).eval()
    state = weights(arrays, "lm.")
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys and missing.missing_keys == ["lm_head.weight"]
    model.lm_head.weight = model.transformer.wte.weight
    path = str(golden.folder() / facts["files"]["lm_tokenizer"])
    end = "<|endoftext|>"
    return GoldenLanguage(model, PreTrainedTokenizerFast(tokenizer_file=path, bos_token=end, eos_token=end))


def load_clip(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> GoldenClip:
    sizes = facts["clip_text"]
    text = {"context_length": sizes["context"], "vocab_size": sizes["vocab"]}
    text |= {key: sizes[key] for key in ("width", "heads", "layers")}
    vision = {"image_size": 8, "layers": 1, "width": 8, "patch_size": 8, "head_width": 8}
    model = open_clip.CLIP(embed_dim=sizes["embed"], vision_cfg=vision, text_cfg=text, quick_gelu=True).eval()
    missing = model.load_state_dict(weights(arrays, "clip_text."), strict=False)
    assert not missing.unexpected_keys and all(k.startswith(("visual.", "logit")) for k in missing.missing_keys)
    tokenizer = Tokenizer.from_file(str(golden.folder() / facts["files"]["clip_tokenizer"]))
    return GoldenClip(TextTower(model), tokenizer)


@pytest.fixture(scope="module", params=golden.seeds("zerocap"))
def run(request: pytest.FixtureRequest) -> Run:
    arrays, facts = golden.load("zerocap", request.param)
    given = facts["hyper_parameters"]
    zerocap = ZeroCap(
        load_language(arrays, facts),
        load_clip(arrays, facts),
        prompt=facts["prompt"],
        clip_prompt=facts["clip_prompt"],
        beams=given["beam_size"],
        tokens=given["target_seq_length"],
        iterations=given["num_iterations"],
        step=given["stepsize"],
        grad_norm_factor=given["grad_norm_factor"],
        clip_scale=given["clip_scale"],
        fluency_scale=given["ce_scale"],
        clip_temperature=given["clip_loss_temperature"],
        candidates=given["clip_top_size"],
        fusion=given["fusion_factor"],
        repetition_penalty=given["repetition_penalty"],
        end_token=given["end_token"],
        end_factor=given["end_factor"],
        end_start_factor=given["start_factor_end_token"],
        forbidden_factor=given["forbidden_factor"],
        forbidden=arrays["forbidden_tokens"].tolist(),
        normalisation="joint",
        final="cut_last",
    )
    steps: list[TokenStep] = []
    (beams,) = zerocap.search(torch.from_numpy(arrays["target_embedding"])[None], watch=steps.append)
    return Run(arrays, facts, zerocap, steps, beams)


def close(actual: torch.Tensor, expected: np.ndarray, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=atol)


def test_first_token_probabilities(run: Run) -> None:
    step = run.steps[0]
    np.testing.assert_array_equal(step.context[0], run.arrays["prompt_tokens"])
    close(step.guided.before[0].softmax(-1), run.arrays["step0_probs_before_shift"])
    close(step.guided.logits[0].softmax(-1), run.arrays["step0_probs_shifted_lm_only"])
    close(step.log_probabilities[0].exp(), run.arrays["step0_probs_after_shift"])


def test_context_before_and_after_five_updates(run: Run) -> None:
    before = run.zerocap.search.model.read(run.arrays["prompt_tokens"][:-1].tolist())
    close(before[:, :, 0], run.arrays["step0_context_before"])
    close(run.steps[0].guided.cache[:, :, 0], run.arrays["step0_context_after"])


def test_losses_of_every_iteration(run: Run) -> None:
    losses = torch.stack([step.guided.losses.sum(-1) for step in run.steps])
    for column, name in enumerate(("clip", "fluency")):
        expected = run.arrays[f"{name}_loss_per_step_iteration"]
        np.testing.assert_allclose(losses[..., column], expected, rtol=1e-5, atol=1e-5)


def test_second_token(run: Run) -> None:
    step = run.steps[1]
    np.testing.assert_array_equal(step.context, run.arrays["step1_context_tokens"])
    close(step.guided.before.softmax(-1), run.arrays["step1_probs_before_shift"])
    close(step.log_probabilities.exp(), run.arrays["step1_probs_after_shift"])


def test_contexts_and_texts_of_every_step(run: Run) -> None:
    np.testing.assert_array_equal(run.steps[-1].context, run.arrays["last_step_context_tokens"])
    for step, lines in zip(run.steps, run.facts["beam_texts_and_scores_per_step"], strict=True):
        written = [line.rsplit(" : ", 1) for line in lines]
        decode = run.zerocap.vocabulary.tokenizer.decode
        assert [decode(tokens) for tokens in step.beams.tokens.tolist()] == [text for text, _ in written]
        close(step.beams.mean_scores, np.array([float(score) for _, score in written]))


def test_final_candidates_and_caption(run: Run) -> None:
    expected = run.facts["candidates"]
    texts = run.zerocap.candidates(run.beams)
    assert texts == [candidate["text"] for candidate in expected]
    close(run.beams.mean_scores, run.arrays["candidate_lm_score"])
    features = run.zerocap.prompted(texts)
    close(features, run.arrays["candidate_text_embedding"])
    cosines = torch.nn.functional.cosine_similarity(features, run.target[None])
    close(cosines, run.arrays["candidate_clip_score"])


def test_caption(run: Run) -> None:
    empty = np.zeros((2, 0), np.float32)
    vector = run.arrays["target_embedding"]
    captions = run.zerocap(Embeddings(np.stack([vector, 3 * vector]), empty, empty))
    assert captions.texts == (run.facts["caption"],) * 2
    winner = run.facts["selected_candidate"]
    np.testing.assert_allclose(captions.scores, run.arrays["candidate_clip_score"][winner], atol=1e-5)
    np.testing.assert_allclose(captions.features[0], run.arrays["candidate_text_embedding"][winner], atol=1e-5)
