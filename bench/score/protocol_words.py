"""Section 4, told: what a protocol does, a sentence a decision, for people who do not know its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.metrics.registry import find_title

_MAPPINGS = {
    "tt": "TT: a segment takes the class whose name is most like its text",
    "st": "ST: a segment takes the class whose name is most like its embedding",
    "grounded-tt": "grounded TT: as TT, among the classes that the image has",
    "grounded-st": "grounded ST: as ST, among the classes that the image has",
    "exact": "exact: a segment takes the class that its text names, letter by letter",
    "maxoverlap": "maxoverlap: a segment takes the class of which it covers most pixels",
    "hungarian": "hungarian: segments and true segments are matched one to one, by similarity",
    "hungarian-iou": "hungarian-iou: segments and true segments are matched one to one, by IoU",
    "table": "table: a segment takes the class that a table gives for its text",
}
_NAMES = {
    "paper": "As the paper's text says.",
    "reference": "As the paper's published implementation computes.",
    "dataset_miou": "Intersections and unions are summed over the whole set.",
    "soft": "What texts are worth to true segments, without any threshold.",
}
_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "verify": {"human": "People decide which labels stand, and no threshold."},
    "background": {
        "auto": "Background counts as the data set says.",
        "context": "A pixel of background counts against whatever class it was given.",
        "voc": "A pixel of background counts only against classes that the image has.",
        "ignore": "Pixels of background are not scored.",
        "class": "Background is scored as one more class.",
        "class_if_any": "Background is scored as one more class where the truth has any.",
    },
    "void": {
        "ignore": "Void pixels are not scored.", "count": "Void pixels count against whatever class they were given.",
        "first": "Void pixels count as the first label.",
    },
    "unlabelled": {
        "count": "Pixels under no segment count as misses.", "ignore": "Pixels under no segment are left out.",
    },
    "below": {
        "count": "Pixels whose segments stay below the threshold count as misses.",
        "ignore": "Pixels whose segments stay below the threshold are left out.",
    },
    "absent": {
        "zero": "A predicted class that the image does not have scores 0.",
        "ignore": "A predicted class that the image does not have is left out.",
    },
    "unseen": {
        "ignore": "A class that is neither there nor predicted is left out.",
        "one": "A class that is neither there nor predicted scores 1.",
        "zero": "A class that is neither there nor predicted scores 0.",
    },
    "empty": {
        "zero": "An image without any predicted segment scores 0.",
        "skip": "An image without any predicted segment is left out.",
    },
    "overlap": {
        "all": "Where segments overlap, all of them stand.",
        "highest_score": "Where segments overlap, the one with the highest score stands.",
    },
    "representative": {
        "union": "All segments of a class count together.",
        "argmax": "Of all segments of a class the most similar one counts.",
    },
    "recall": {"reference": "Recall is the published implementation's, over 101 IoU thresholds."},
    "tgq": {"macro": "TGQ is taken image by image, as the published implementation does."},
    "proportions": {"any": "Masks of other proportions than the image's are stretched."},
    "unmapped": {"error": "A word that the table lacks is an error."},
    "unmatched": {"zero": "A class without any match scores 0 in SQ."},
}  # fmt: skip
_AVERAGES = {
    "image": "over images",
    "pair": "over pairs of image and class",
    "dataset": "over classes of the whole set",
}


def describe_in_words(options: Mapping[str, Any]) -> list[str]:
    """Describe the settings of a protocol in sentences; what a reader would take for granted has none."""
    told = [_NAMES.get(str(options.get("name")), f"The protocol {options.get('name')}.")]
    if library := options.get("library"):
        told = [f"As {library} would compute it."]
    told.append(f"Metrics: {_join(find_title(each) for each in _list(options, 'metrics'))}.")
    told += [f"{_MAPPINGS.get(each, each)}{_write_bound(each, options)}." for each in _list(options, "mapping")]
    told.append(f"IoU is averaged {_join(_AVERAGES.get(each, each) for each in _list(options, 'aggregation'))}.")
    told.append(f"A true segment is found above an IoU of {options.get('tau_iou')}.")
    told += [words[str(options[key])] for key, words in _SENTENCES.items() if str(options.get(key)) in words]
    decimals = options.get("rounding")
    told.append("Similarities are compared " + ("as they are." if decimals is None else f"to {decimals} decimals."))
    told.append(
        f"Intervals hold {100 * float(options.get('level', 0.95)):g} %, by {options.get('resamples')} resamples."
    )
    return told


def _write_bound(mapping: str, options: Mapping[str, Any]) -> str:
    key = {"tt": "tau_sbert", "st": "tau_clip"}.get(mapping.removeprefix("grounded-"))
    if key is None or options.get("verify") == "human":
        return ""
    return f", if the similarity is {options[key]} or more" if options.get(key) is not None else ", however alike"


def _list(options: Mapping[str, Any], key: str) -> Sequence[str]:
    value = options.get(key) or ()
    return [value] if isinstance(value, str) else [str(each).partition("(")[0] for each in value]


def _join(words: Any) -> str:
    return ", ".join(words) or "none"
