"""Section 3.3: makes the byte-level BPE that the embedded language model and the embedded CLIP share.

    python -m data_prep.train_tokenizer --out bench/models/embedded

It is trained on captions of the toy world and a few hundred common words. Ids: bytes and merges first, then
<|pad|>, <|startoftext|> and, highest, <|endoftext|>, so that CLIP's pooling at the highest id finds the end of text.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from bench.toyworld.classes import NAMES
from bench.toyworld.scene import sample_captions
from bench.toyworld.words import WORDS

VOCABULARY = 800
"""Size with the three special tokens."""
PAD, START, END = "<|pad|>", "<|startoftext|>", "<|endoftext|>"
CONTEXT = 32
"""Positions of CLIP's text tower."""

COMMON = """
the of and to in is it you that he was for on are with as his they at be this from have or by one had not but what
all were when we there can an your which their said if do will each about how up out them then she many some so
these would other into has more her two like him see time could no make than first been its who now people my made
over did down only way find use may water long little very after words called just where most know get through back
much before go good new write our used me man too any day same right look think also around another came come work
three word must because does part even place well such here take why things help put years different away again off
went old number great tell men say small every found still between name should home big give air line set own under
read last never us left end along while might next sound below saw something thought both few those always looked
show large often together asked house world going want school important until form food keep children feet land side
without boy once animals life enough took sometimes four head above kind began almost live page got earth need far
hand high year mother light parts country father let night following picture being study second eyes soon times
story boys since white days ever paper hard near sentence better best across during today others however sure means
knew try told young miles sun ways thing whole hear example heard several change answer room sea against top turned
learn point city play toward five using himself
"""


def write_corpus(captions: int) -> list[str]:
    """Write captions, every class name and synonym in a caption's place, and the common words once each."""
    names = {word for name in NAMES for word in WORDS.get(name, (name,))} | set(NAMES)
    lines = list(sample_captions("train", captions))
    lines += [f"Image of a {name}." for name in sorted(names)] * 200
    return lines + [f" {word}" for word in COMMON.split()]


def train(captions: int) -> Tokenizer:
    """The trained tokenizer with its special tokens at the end of the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 3,
        special_tokens=[],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(write_corpus(captions), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (PAD, START, END)])
    return tokenizer


def _write_config(folder: Path, fields: dict[str, object]) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n")


def save_language(tokenizer: Tokenizer, folder: Path) -> None:
    """GPT-2's files: tokenizer.json, vocab.json, merges.txt; texts get no special tokens of themselves."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    with tempfile.TemporaryDirectory() as scratch:
        for file in tokenizer.model.save(scratch):
            (folder / Path(file).name).write_text(Path(file).read_text())
    special = {"bos_token": END, "eos_token": END, "unk_token": END, "pad_token": PAD}
    _write_config(
        folder, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "model_max_length": 64, **special}
    )


def save_clip(tokenizer: Tokenizer, folder: Path) -> None:
    """One tokenizer.json that puts <|startoftext|> and <|endoftext|> around a text, as CLIP's text tower expects."""
    folder.mkdir(parents=True, exist_ok=True)
    wrapped = Tokenizer.from_str(tokenizer.to_str())
    ends = [(START, wrapped.token_to_id(START)), (END, wrapped.token_to_id(END))]
    wrapped.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ends)
    wrapped.save(str(folder / "tokenizer.json"))
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": PAD}
    _write_config(folder, {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT, **special})


def main() -> None:
    """Trains and writes ``language/`` and ``clip/`` under ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/models/embedded"))
    parser.add_argument("--captions", type=int, default=60_000)
    args = parser.parse_args()
    tokenizer = train(args.captions)
    save_language(tokenizer, args.out / "language")
    save_clip(tokenizer, args.out / "clip")
    split = [name for name in NAMES if len(tokenizer.encode(f" {name}").ids) > 1]
    print(f"{tokenizer.get_vocab_size()} tokens; class names of more than one token: {', '.join(split) or 'none'}")


if __name__ == "__main__":
    main()
