#!/bin/sh
# A label is one or two words, and metrics of captions are made for sentences: of a label that is its reference, letter by
# letter, NLTK's METEOR says 0.5 for one word and 0.94 for two (its penalty of one chunk for one match), CIDEr 2.5 and 5 of its 10
# (a quarter for each length of n-grams that there is) and 0 where every image has the same label, BLEU-4 0, 3e-5 or 100, by
# package, and of one package by whether it is asked for a sentence or a corpus. So the longer of two right labels wins.
# ROUGE is 1, but 0 for any text in Cyrillic, Chinese or Greek letters: its tokenizer keeps a to z and digits alone.
# Guess noted before: METEOR 1, CIDEr 10, ROUGE 1; BLEU-4 was expected to be 0 everywhere.
# Seen with nltk 3.10.4, pycocoevalcap 1.2, sacrebleu 2.6.0, rouge-score 0.1.2, each text against itself:
#                     METEOR   CIDEr    BLEU-4: nltk, pycocoevalcap, sacrebleu's sentence and corpus    ROUGE-L
#   dog                0.5      2.5      0  3e-05  100  0                                               1
#   small dog          0.9375   5        0  0.001  100  0                                               1
#   a dog on grass     0.9922   10       1  1      100  100                                             1
#   собака                                                                                              0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nltk==3.10.4 sacrebleu==2.6.0 rouge-score==0.1.2 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps pycocoevalcap==1.2
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import sacrebleu
from nltk.translate.bleu_score import sentence_bleu
from nltk.translate.meteor_score import single_meteor_score
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from rouge_score.rouge_scorer import RougeScorer

no_synonyms = SimpleNamespace(synsets=lambda word: [])  # WordNet is another download, and the words are the same

def score(text):
    """METEOR, CIDEr beside a hundred other labels, four times BLEU-4, ROUGE-L."""
    words, others = text.split(), {key: [f"thing{key}"] for key in range(100)}
    texts = {"it": [text], **others}
    with redirect_stdout(StringIO()):
        coco = Bleu(4).compute_score({"it": [text]}, {"it": [text]})[0][3]
    return (
        single_meteor_score(words, words, wordnet=no_synonyms), Cider().compute_score(texts, texts)[1][list(texts).index("it")],
        sentence_bleu([words], words), coco, sacrebleu.sentence_bleu(text, [text]).score,
        sacrebleu.corpus_bleu([text], [[text]]).score, RougeScorer(["rougeL"]).score(text, text)["rougeL"].fmeasure,
    )

seen = {text: [round(float(value), 5) for value in score(text)] for text in ("dog", "small dog", "a dog on grass", "собака")}
for text, values in seen.items():
    print(f"{text:16}", *values)
same = {key: ["dog"] for key in range(3)}
alike = float(Cider().compute_score(same, same)[0])
print("CIDEr of three images with the same label", alike)
assert list(seen.values()) == [
    [0.5, 2.5, 0, 3e-05, 100, 0, 1], [0.9375, 5, 0, 0.001, 100, 0, 1], [0.99219, 10, 1, 1, 100, 100, 1],
    [0.5, 2.5, 0, 3e-05, 100, 0, 0],
]
assert alike == 0
print("as described")
PYTHON
