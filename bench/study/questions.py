"""Appendix F, what a rater is asked: does this text describe this segment? The records of a study; no disk here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

RATINGS = (0, 1, 2, 3)
MEANINGS = ("incorrect", "partially correct", "correct, but too general or too specific", "correct")
"""Of each rating, as section 4.2 defines it."""
CORRECT = 2
"""The rating from which on section 5.2 counts a text as correct."""
TEXT = "text"
KINDS = (TEXT, "tt", "st")
"""What a label is: the predicted text (Table 2), or the class that TT or ST gives the segment (Tables 1 and 4)."""
REGULAR, RIGHT, WRONG = "", "right", "wrong"
"""What is known of a question: nothing, or that its label is right, or wrong (a control)."""


@dataclass(frozen=True)
class Use:
    """Where an answer counts: the label of one segment of one run.

    ``cosine`` is that of the reassignment (None of texts); ``weight`` is how many segments of the run this one stands
    for, one over the probability that the sample holds it.
    """

    run: str
    segment: int
    kind: str
    cosine: float | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Question:
    """One screen: a region of an image and a label, whoever predicted them.

    ``mask`` is a digest of the region in the image's own size, so that two runs that say the same of the same region
    ask once. ``known`` is `RIGHT` or `WRONG` for controls.
    """

    image: str
    mask: str
    label: str
    known: str = REGULAR
    uses: tuple[Use, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """Sixteen hexadecimal digits that tell nothing of the run, the label, or whether the answer is known."""
        return hash_parts("question", self.image, self.mask, self.label)

    @property
    def picture(self) -> str:
        """File name of its picture, which questions of the same region share."""
        return f"{hash_parts('region', self.image, self.mask)}.jpg"

    @property
    def photograph(self) -> str:
        """File name of the picture without the segment."""
        return f"{hash_parts('photograph', self.image)}.jpg"


def hash_parts(*parts: str) -> str:
    """Hash texts to sixteen hexadecimal digits; where one ends and the next begins counts."""
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def join_questions(questions: list[Question]) -> list[Question]:
    """Join questions that show the same to one, with the uses of all, in the order of their first.

    Two segments of one run that cover the same pixels and say the same keep both uses: one answer counts for both.
    """
    uses: dict[Question, dict[Use, None]] = {}
    for question in questions:
        uses.setdefault(question, {}).update(dict.fromkeys(question.uses))
    return [
        Question(question.image, question.mask, question.label, question.known, tuple(each))
        for question, each in uses.items()
    ]
