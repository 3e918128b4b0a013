"""Model loading is tested without a network."""

from __future__ import annotations

import os

os.environ["HF_HUB_OFFLINE"] = "1"
