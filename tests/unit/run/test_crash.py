"""Whatever a stage of one's own raises crosses processes and becomes one line."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hydra.errors import InstantiationException

from bench.errors import BadSample, UsageError, UserError
from bench.run.crash import LONGEST, Crashed, contain_errors, describe_error, format_trace


class Awkward(Exception):
    """Cannot be unpickled: its constructor asks for more than its arguments."""

    def __init__(self, *, layer: int) -> None:
        super().__init__(f"layer {layer}\n  is missing")


class Theirs(UsageError):
    """A user's own kind of user error."""

    def __init__(self, *, key: str) -> None:
        super().__init__(f"{key} is wrong")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def raised(error: BaseException) -> BaseException:
    @contain_errors
    def work() -> None:
        raise error

    with pytest.raises(BaseException) as caught:  # noqa: B017, PT011
        work()
    return caught.value


def test_an_error_that_cannot_be_unpickled_arrives_with_its_words_and_its_traceback() -> None:
    with pytest.raises(TypeError):
        pickle.loads(pickle.dumps(Awkward(layer=3)))
    error: Any = pickle.loads(pickle.dumps(raised(Awkward(layer=3))))
    assert isinstance(error, Crashed) and describe_error(error) == "Awkward: layer 3 is missing"
    assert "test_crash.py" in format_trace(error) and "raise error" in format_trace(error)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RuntimeError("boom"), "RuntimeError: boom"),
        (KeyError("x"), "KeyError: 'x'"),
        (SystemExit(3), "SystemExit: 3"),
        (AssertionError(), "AssertionError"),
        (Mute(), "Mute"),
        (MemoryError("x" * 1000), f"MemoryError: {'x' * LONGEST} …"),
    ],
)
def test_every_kind_is_one_line(error: BaseException, line: str) -> None:
    assert describe_error(raised(error)) == describe_error(error) == line


def test_of_an_error_that_hydra_wraps_the_one_inside_is_told() -> None:
    wrapped = InstantiationException("Error in call to target")
    wrapped.__cause__ = RuntimeError("boom")
    assert describe_error(wrapped) == "RuntimeError: boom"


def test_user_errors_and_ctrl_c_stay_what_they_are() -> None:
    assert type(raised(BadSample("a"))) is BadSample and type(raised(UserError("a"))) is UserError
    assert type(raised(KeyboardInterrupt())) is KeyboardInterrupt
    theirs = pickle.loads(pickle.dumps(raised(Theirs(key="encode.share"))))
    assert type(theirs) is UsageError and str(theirs) == "encode.share is wrong"
