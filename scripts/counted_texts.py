"""ZeroCap with a counter around its texts, for scripts that ask what a real search reads. No part of the paper."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.caption.candidates import CandidateFeatures
from bench.caption.zerocap import ZeroCap
from bench.records import Captions, Embeddings

COUNTS = "ZGS_COUNTED_TEXTS"
"""The environment's variable that names the file; no setting, for a run ends where a file of its settings changes."""


class CountedZeroCap(ZeroCap):
    """ZeroCap that adds a line of json to that file for each call: texts that were asked for, and that CLIP read."""

    def __call__(self, embeddings: Embeddings) -> Captions:
        """Caption each segment as ZeroCap does."""
        read, encode = [0], CandidateFeatures._encode

        def count(features: CandidateFeatures, known: Any, missing: Any) -> Any:
            read[0] += sum(map(len, missing))
            return encode(features, known, missing)

        with patch.object(CandidateFeatures, "_encode", count):
            made = super().__call__(embeddings)
        line = {"segments": len(made.texts), "asked": len(made.texts) * self.count_asked(), "read": read[0]}
        with Path(os.environ[COUNTS]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        return made

    def count_asked(self) -> int:
        """Count the texts that a segment's search asks for, if no beam ends: of a row at first, then of each beam."""
        search = self.search
        rows = 1 + search.width * (search.tokens - 1)
        return rows * search.guidance.iterations * (search.guidance.candidates or self.vocabulary.size)
