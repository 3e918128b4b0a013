"""The full name of a number: what must agree before two numbers may be compared.

    name    = dataset ":" split [ "[" subset "]" ] "/" classlist "/" score "/" mapping "/" metric ;
    score   = word [ "{" word "=" word { "," word "=" word } "}" ] ;
    mapping = word [ "(" model ")" ] [ ">=" number ] ;
    metric  = word [ ( ">" | ">=" ) number ] ;
    dataset = split = classlist = word ;
    word    = ( letter | digit | "_" ) { letter | digit | "_" | "." | "+" | "-" } ;
    subset  = one or more characters except "[", "]" and line ends ;
    model   = one or more characters except "(", ")" and white space ;
    number  = as Python writes a float, without a final ".0" ;

The mapping is "none" where a metric uses none, and it carries the model with its weights (the first 8 hex digits of
their hash), precision and prompt, because a threshold has no meaning across models; a table carries its hash, human
ratings ("+human") theirs. In braces stand the options that differ from the protocol of that name. Examples:

    toyscenes:test[first:48]/own30/paper/tt(minilm-static)>=0.5/iou.image.union
    voc2012:val/voc20/paper{background=voc}/st(ViT-L-14-336@openai)>=0.1/recall>0.5
    toyscenes:test/own30/paper/tt(minilm-static@1b2c3d4e,fp32)/tgq.micro>0.5
    voc:val/own20/paper/st+human(ViT-L-14-336-openai,fp32,prompt=image-of-a,ratings=9f31ab20)>=2/iou.image.union
    voc:val/own20/dataset_miou{overlap=highest_score}/table(0c1d2e3f)/iou.dataset.union
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from bench.errors import UserError

_WORD = r"[A-Za-z0-9_][A-Za-z0-9_.+\-]*"
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_PARTS = (
    ("data set", rf"(?P<dataset>{_WORD}):"),
    ("split", rf"(?P<split>{_WORD})(?:\[(?P<subset>[^\[\]\r\n]+)\])?/"),
    ("class list", rf"(?P<classlist>{_WORD})/"),
    ("score", rf"(?P<score>{_WORD})(?:\{{(?P<options>{_WORD}={_WORD}(?:,{_WORD}={_WORD})*)\}})?/"),
    ("mapping", rf"(?P<mapping>{_WORD})(?:\((?P<model>[^()\s]+)\))?(?:>=(?P<threshold>{_NUMBER}))?/"),
    ("metric", rf"(?P<metric>{_WORD})(?:(?P<relation>>=|>)(?P<bound>{_NUMBER}))?\Z"),
)
_EXAMPLE = "toyscenes:test[first:48]/own30/paper/tt(minilm-static)>=0.5/iou.image.union"


@dataclass(frozen=True)
class MetricName:
    """The parts of a name; ``str()`` writes it, `parse` reads it back."""

    dataset: str
    split: str
    classlist: str
    score: str
    metric: str
    subset: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    mapping: str = "none"
    model: str | None = None
    threshold: float | None = None
    relation: str | None = None
    bound: float | None = None

    def __str__(self) -> str:
        subset = f"[{self.subset}]" if self.subset else ""
        options = "{" + ",".join(f"{key}={value}" for key, value in self.options) + "}" if self.options else ""
        mapping = self.mapping + (f"({self.model})" if self.model else "")
        mapping += "" if self.threshold is None else f">={write_number(self.threshold)}"
        bound = "" if self.bound is None else f"{self.relation}{write_number(self.bound)}"
        return (
            f"{self.dataset}:{self.split}{subset}/{self.classlist}/{self.score}{options}/{mapping}/{self.metric}{bound}"
        )


class Named(Protocol):
    """A mapping that brings its own name."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Naming:
    """What the names of one run share: the data, the class list, and the model behind each mapping ("tt", "st")."""

    dataset: str
    split: str
    classlist: str
    subset: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, score: str, metric: str, mapping: str | Named = "none", threshold: float | None = None) -> str:
        """The full name of a metric; raises UserError where a part cannot stand in a name.

        A mapping that is a strategy brings its own name; a word gets the model that stands behind it.
        """
        place = f"{self.dataset}:{self.split}" + (f"[{self.subset}]" if self.subset else "")
        bound = "" if threshold is None else f">={write_number(threshold)}"
        if isinstance(mapping, str):
            model = self.models.get(mapping)
            mapped = mapping + (f"({model})" if model else "")
        else:
            mapped = mapping.name
        return str(parse(f"{place}/{self.classlist}/{score}/{mapped}{bound}/{metric}"))


@lru_cache(maxsize=4096)
def parse(text: str) -> MetricName:
    """Read a full name. Raises UserError that names the part that is wrong and shows a right name."""
    found: dict[str, str | None] = {}
    position = 0
    for part, pattern in _PARTS:
        match = re.compile(pattern).match(text, position)
        if match is None:
            raise UserError(f"metric name {text!r}: no {part} at {text[position:]!r}; a right name is {_EXAMPLE}")
        found |= match.groupdict()
        position = match.end()
    options = tuple(tuple(pair.split("=", 1)) for pair in (found.pop("options") or "").split(",") if pair)
    numbers = {key: None if found[key] is None else float(found[key] or 0) for key in ("threshold", "bound")}
    return MetricName(**{**found, **numbers, "options": options})  # type: ignore[arg-type]


def write_number(value: float) -> str:
    """Write the shortest text that reads back as the same float."""
    return repr(float(value)).removesuffix(".0")
