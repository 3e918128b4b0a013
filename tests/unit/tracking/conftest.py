"""What tests of tracking are given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

LAUNCH = ("wandb.sdk.launch", "wandb.sdk.launch.inputs", "wandb.sdk.launch.inputs.internal")


class NoInputs:
    """Stands for W&B's inputs of a job that its own queue has started, of which there are none."""

    def apply(self, run: object) -> None:
        """Change nothing of a run."""


@pytest.fixture(scope="session", autouse=True)
def no_launch(pytestconfig: pytest.Config) -> Iterator[None]:
    """Leave out W&B Launch, which we never ask for: each first run of a process reads all of its API, for a second.

    Where slow tests run W&B is whole.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "not slow" in pytestconfig.getoption("markexpr") and LAUNCH[0] not in sys.modules:
            for name in LAUNCH:
                patch.setitem(sys.modules, name, ModuleType(name))
            patch.setattr(sys.modules[LAUNCH[-1]], "StagedLaunchInputs", NoInputs, raising=False)
        yield
