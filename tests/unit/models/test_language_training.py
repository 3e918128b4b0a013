"""The scripts that make the embedded language model: resuming, perplexity, the card."""

from __future__ import annotations

import json
import math
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from data_prep import language_report, train_language

TEXTS = ["a red car.", "two sheep on grass.", "Image of a boat.", "Image of a dog by a tent.", "a white wall."] * 4


def fresh() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=800, n_positions=64, n_embd=16, n_layer=1, n_head=2,
                                      resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0))  # fmt: skip


def options(folder: Path, steps: int) -> Namespace:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(train_language.TARGET / name, folder)
    return Namespace(layers=1, width=16, steps=steps, every=2, rate=1e-3, batch=4, seed=3, texts=len(TEXTS),
                     device="cpu", work=folder / "work", target=folder)  # fmt: skip


def test_a_killed_training_resumes_to_the_same_weights_and_learning_curve(tmp_path: Path) -> None:
    ids = language_report.encode(AutoTokenizer.from_pretrained(train_language.TARGET), TEXTS)
    through, killed, resumed = fresh(), fresh(), fresh()
    train_language.train(options(tmp_path / "a", 4), through, ids, ids[:3])

    class KilledError(Exception):
        pass

    def stop(module: object, inputs: object) -> None:
        if seen.append(1) or len(seen) > 5:  # two steps, three texts of the curve, then the third step
            raise KilledError

    seen: list[int] = []
    killed.register_forward_pre_hook(stop)
    with pytest.raises(KilledError):
        train_language.train(options(tmp_path / "b", 4), killed, ids, ids[:3])
    train_language.train(options(tmp_path / "b", 4), resumed, ids, ids[:3])
    for name, weight in through.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
    curves = [json.loads((tmp_path / name / "training.json").read_text())["curve"] for name in "ab"]
    assert curves[0] == curves[1] and [point["step"] for point in curves[0]] == [2, 4]


def test_perplexity_is_that_of_the_tokens_one_by_one() -> None:
    model, ids = fresh().eval(), [[799, 5, 9, 11, 799], [799, 5, 799]]
    for bare, texts in ((False, ids), (True, [text[1:] for text in ids])):
        surprises = []
        for text in texts:
            for end in range(1, len(text)):
                with torch.no_grad():
                    chances = model(torch.tensor([text[:end]])).logits[0, -1].double().softmax(-1)
                surprises.append(-math.log(chances[text[end]]))
        value, count = language_report.compute_perplexity(model, ids, bare)
        assert count == len(surprises) and value == pytest.approx(math.exp(sum(surprises) / count), rel=1e-5)


@pytest.mark.slow
def test_the_card_measures_test_captions_and_keeps_other_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_report, "CAPTIONS", 40)
    ids = language_report.encode(AutoTokenizer.from_pretrained(train_language.TARGET), TEXTS)
    for seed in (3, 4):
        args = options(tmp_path / str(seed), 2)
        args.seed = seed
        train_language.train(args, fresh(), ids, ids[:3])
    language_report.write_card(tmp_path / "3", [tmp_path / "4"])
    first = (tmp_path / "3" / "README.md").read_text()
    assert "| seed 3 | seed 4 |" in first and "| test, captions, first token given | 40 |" in first
    language_report.write_card(tmp_path / "3", [])
    assert (tmp_path / "3" / "README.md").read_text() == first
