"""Which jobs a sweep has, and the lines that run some of them again."""

from __future__ import annotations

import itertools
import random
import re
import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from bench.commands.run import run_jobs
from bench.commands.sweeps import (
    describe_job,
    expand_jobs,
    group_jobs,
    is_sweep,
    make_commands,
    make_folder_name,
    quote_value,
    strip_quotes,
)
from bench.errors import UsageError


def test_the_jobs_are_hydras_in_hydras_order() -> None:
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    words = ["encode=a,b", "n=range(1,4)", "k='x,y'", "l=[1,2]", "hydra/launcher=joblib", "+m=1.50,2", "out=o"]
    jobs, shared = expand_jobs(words)
    own = [o for o in OverridesParser.create().parse_overrides(words) if not o.is_hydra_override()]
    assert jobs == [tuple(job) for job in BasicSweeper.split_arguments(own, None)[0]]
    assert len(jobs) == 12 and shared == ["hydra/launcher=joblib"]


def test_a_glob_takes_the_users_own_options_too(tmp_path: Path) -> None:
    (tmp_path / "encode").mkdir()
    (tmp_path / "encode/my_mask.yaml").write_text("a: 1")
    assert expand_jobs(["encode=glob(*mask*)"], str(tmp_path))[0] == [
        ("encode=mask_tokens",), ("encode=maskclip",), ("encode=masked",), ("encode=my_mask",), ("encode=unmasked",),
    ]  # fmt: skip


def test_where_another_sweeper_chooses_nobody_else_knows_the_jobs() -> None:
    assert expand_jobs(["hydra/sweeper=optuna", "n=1,2"]) == ([], ["hydra/sweeper=optuna"])
    assert expand_jobs(["n=interval(0,1)"]) == ([], [])


@pytest.mark.parametrize("seed", range(20))
def test_groups_make_the_jobs_given_and_no_others(seed: int) -> None:
    draw = random.Random(seed)
    whole = list(itertools.product(*([f"{key}={value}" for value in range(draw.randint(1, 4))] for key in "abc")))
    some = draw.sample(whole, draw.randint(1, len(whole)))
    again = [job for group in group_jobs(some) for job in expand_jobs(group)[0]]
    assert sorted(again) == sorted(some)


def test_a_whole_grid_is_one_line() -> None:
    grid = list(itertools.product(["encode=a", "encode=b"], ["n=1", "n=2", "n=3"], ["out=o"]))
    assert make_commands(grid, []) == ["zgs run -m encode=a,b n=1,2,3 out=o"]
    assert make_commands([grid[0], grid[4]], []) == ["zgs run encode=a n=1 out=o", "zgs run encode=b n=2 out=o"]


def test_lines_are_quoted_for_a_shell_and_carry_flags_and_launcher() -> None:
    jobs = [("data.root='/my photos/a=b'", "l=[1,2]", "x="), ("data.root='/my photos/a=b'", "l=[3]", "x=")]
    (line,) = make_commands(jobs, ["-cd", "my conf", "hydra/launcher=joblib"])
    assert shlex.split(line) == [
        "zgs", "run", "-m", "-cd", "my conf", "hydra/launcher=joblib", "data.root=/my photos/a=b", "l=[1,2],[3]",
        "x=",
    ]  # fmt: skip
    assert make_commands(jobs[:1], []) == ["zgs run 'data.root=/my photos/a=b' 'l=[1,2]' x="]


@pytest.mark.parametrize("word", ["hydra/launcher=ray", "hydra.launcher.n_jobs=2", "+hydra.launcher.more.qos=me"])
def test_one_job_goes_back_to_the_launcher_that_it_came_from(word: str) -> None:
    """Without -m Hydra would run it here, whatever launcher is named."""
    assert make_commands([("encode=a",)], [word]) == [f"zgs run -m {word} encode=a"]
    assert make_commands([("encode=a",)], ["hydra.verbose=true"]) == ["zgs run hydra.verbose=true encode=a"]


@pytest.mark.parametrize("word", ["hydra/launcher=joblib", "hydra/launcher=ray", "hydra/sweeper=optuna"])
def test_a_launcher_without_a_sweep_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"{word}: is for sweeps") + ".*add -m"):
        run_jobs(["encode=masked", word])


@given(st.text(st.characters(codec="utf-8", exclude_characters="$\n\r"), min_size=1))
def test_any_path_is_read_back_by_hydra(text: str) -> None:
    (override,) = OverridesParser.create().parse_overrides([f"hydra.sweep.dir={quote_value(text)}"])
    assert override.value() == text


def test_a_job_is_told_by_what_others_of_its_sweep_have_not() -> None:
    jobs = [("a=1", "b=1", "out=o"), ("a=2", "b=1", "out=o")]
    assert describe_job(jobs[0], jobs) == "a=1"
    assert describe_job(jobs[0], jobs[:1]) == "a=1 b=1 out=o"


def test_two_sweeps_into_one_folder_never_share_theirs(tmp_path: Path) -> None:
    folders = {make_folder_name(str(tmp_path)) for _ in range(100)}
    assert len(folders) == 100 and {folder.parent for folder in folders} == {tmp_path / "sweeps"}


def test_what_asks_for_a_sweep() -> None:
    assert is_sweep(["-m", "a=1"]) and is_sweep(["--multirun"]) and is_sweep(["hydra.mode=MULTIRUN"])
    assert not is_sweep(["a=-m"])


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("out='outputs/tune'", "out=outputs/tune"), (r"data.subset=first\:60", "data.subset=first:60"),
        ("data.root='a (1)=b'", "data.root=a (1)=b"), ("variant='1'", "variant='1'"), ("n=1,2", "n=1,2"),
        ("k='x,y'", "k='x,y'"), ("l=[1,2]", "l=[1,2]"), ("data.split=null", "data.split=null"),
    ],
)  # fmt: skip
def test_a_word_is_told_as_a_person_types_it(word: str, typed: str) -> None:
    """Only where the door makes the same setting of it: quotes that mean something stay."""
    assert strip_quotes(word) == typed
