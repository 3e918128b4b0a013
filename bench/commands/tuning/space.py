"""What a search may choose, as it is typed in Hydra's grammar: ``encode.sigma2=interval(0.1,4)`` (appendix E)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError
from bench.settings.compose import list_options
from bench.settings.decimals import shorten_decimals

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

LOG = "log"
"""The tag of an interval that is searched by its logarithm: ``tag(log, interval(0.1,10))``."""


@dataclass(frozen=True)
class Space:
    """The words that every trial has, and the distribution of each key that is chosen."""

    fixed: tuple[str, ...]
    chosen: Mapping[str, BaseDistribution]

    def make_words(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Make the words of a trial from the values that were chosen."""
        return (*self.fixed, *(f"{key}={write_value(value)}" for key, value in values.items()))

    def make_first_words(self) -> tuple[str, ...]:
        """Make the words of a trial that may be: of each key the first choice, or the lowest number."""
        chosen = dict[str, Any](self.chosen)
        return self.make_words({key: each.choices[0] if hasattr(each, "choices") else each.low
                                for key, each in chosen.items()})  # fmt: skip


def read_space(overrides: Sequence[Any], config_dir: str | None = None) -> Space:
    """Read a space from Hydra's overrides; those that sweep nothing are fixed words.

    Raises UsageError for an interval or range that holds nothing, and where nothing is to be chosen.
    """
    chosen = {each.get_key_element(): _read(each, config_dir) for each in overrides if each.is_sweep_override()}
    fixed = (
        f"{each.get_key_element()}={each.get_value_element_as_str()}"
        for each in overrides
        if not each.is_sweep_override()
    )
    if not chosen:
        raise UsageError(
            "hydra/sweeper=optuna: nothing is left to choose; give keys a choice: 'encode.sigma2=interval(0.1,4)' "
            "'encode.start_layer=range(1,9)' encode=crop,masked"
        )
    return Space(tuple(fixed), chosen)


def count_combinations(space: Space) -> int:
    """Count all that may be chosen. Raises UsageError for a number without steps, which has no end of values."""
    number, chosen = 1, dict[str, Any](space.chosen)
    for key, each in chosen.items():
        if not hasattr(each, "choices") and each.step is None:
            raise UsageError(f"{key}: an interval holds no number of values; hydra.sweeper.sampler=brute needs a range")
        number *= len(each.choices) if hasattr(each, "choices") else round((each.high - each.low) / each.step) + 1
    return number


def write_value(value: Any) -> str:
    """Write a chosen value as Hydra reads it: a float by its shortest decimal."""
    return str(shorten_decimals(value)) if isinstance(value, float) else str(value)


def _read(override: Any, config_dir: str | None) -> BaseDistribution:
    try:
        if override.is_interval_sweep():
            return _read_interval(override.value())
        if override.is_range_sweep():
            return _read_range(override.value())
        return _read_choice(override, config_dir)
    except (ValueError, ArithmeticError) as error:
        raise UsageError(f"{override.input_line}: {' '.join(str(error).split())}") from error


def _read_interval(interval: Any) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    kind = IntDistribution if isinstance(interval.start, int) and isinstance(interval.end, int) else FloatDistribution
    return kind(interval.start, interval.end, log=LOG in interval.tags)


def _read_range(span: Any) -> BaseDistribution:
    """Read a range, whose end does not belong to it, as with whole numbers: by Hydra, that of floats sometimes does."""
    from optuna.distributions import FloatDistribution, IntDistribution

    start, stop, step = (Decimal(str(number)) for number in (span.start, span.stop, span.step))
    steps = -((start - stop) // step)
    last = start + step * (steps - (start + step * steps >= stop))
    if last < start:
        raise ValueError("holds no number; a range goes up from its start to below its end")
    if all(number == number.to_integral_value() for number in (start, step)):
        return IntDistribution(int(start), int(last), step=int(step))
    return FloatDistribution(float(start), float(last), step=float(step))


def _read_choice(override: Any, config_dir: str | None) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    if override.value_type.name == "GLOB_CHOICE_SWEEP":
        return CategoricalDistribution(override.value().filter(sorted(list_options(override.key_or_group, config_dir))))
    return CategoricalDistribution(list(override.sweep_string_iterator()))
