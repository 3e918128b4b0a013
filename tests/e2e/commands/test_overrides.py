"""`zgs run` with wrong words: one line that names the nearest right one, exit code 2."""

import pytest

from bench.cli import main
from bench.settings.compose import list_options


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["encode=global_subtractoin"], "encode=global_subtractoin: no such option; did you mean global_subtraction"),
        (["encode=nothing"], f"known: {', '.join(list_options('encode'))}"),
        (["encode.sgima2=1"], "encode.sgima2: no such key; did you mean encode.sigma2"),
        (["segment.N=3"], "segment.N: no such key; did you mean segment.n"),
        (["sigma2=1"], "encode.sigma2"),
        (["encod=crop"], "did you mean encode"),
        (["experiment=ful"], "did you mean full?"),
        (["data=folder"], "data.root has to be given"),
        (["data=folder"], "data.root has to be given"),
        (["encode=crop", "encode.sigma2=1"], "encode.sigma2: no such key"),
        (["caption.segments=1"], "caption.segments: has a default and stands in no file; write +caption.segments=1"),
        (["caption.store_mb=9"], "write +caption.store_mb=9"),
        (["caption.language=9"], "caption.language: no such key"),
        (["caption=retrieval", "caption.segments=1"], "caption.segments: no such key"),
        (["method.segments=1"], "method.segments: no such key"),
        (
            ["models/clip=vit_b_32"],
            "models/clip: chooses a part of models=paper; write models=paper models/clip=vit_b_32",
        ),
        (["models/clap=vit_b_32"], "models/clap: no such key"),
        (["store.path=/x"], "store.path: store is a value, not a group; write store=/x"),
        (["seed.x=2"], "seed.x: seed is a value, not a group; write seed=2"),
        (["tuned_on.a.b=c"], "tuned_on.a.b: tuned_on is a value, not a group; write tuned_on=c"),
        (["encode.sigma2.x=1"], "encode.sigma2.x: encode.sigma2 is a value, not a group; write encode.sigma2=1"),
        (["data=folder", "data.root.x=1"], "data.root.x: data.root is a value, not a group; write data.root=1"),
        (["controls.x=1"], "controls.x: controls is a list, not a group; write controls=[A,B]"),
        (["score.tau_sbert"], "score.tau_sbert"),
        (["data.subset=frist:3"], "did you mean 'first'"),
        (["data.split=tset"], "did you mean 'test'"),
        (["device=cuda"], "device=cuda: no GPU"),
    ],
)
def test_one_line_and_exit_code_2(words: list[str], told: str, capfd, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["run", *words, f"store={tmp_path}/store", f"out={tmp_path}/out", "executor=serial"]) == 2
    error = capfd.readouterr().err
    assert told in error
    assert error.startswith("zgs: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [(["rnu"], "did you mean run?"), (["x"], "known: run, demo, "), (["report"], "folders of finished runs")],
)
def test_wrong_commands(words: list[str], told: str, capfd) -> None:
    assert main(words) == 2
    assert told in capfd.readouterr().err


def test_a_folder_that_is_no_run(tmp_path, capfd) -> None:
    assert main(["report", str(tmp_path)]) == 1
    assert "run.json is missing" in capfd.readouterr().err


def test_help_loads_nothing_but_its_text() -> None:
    """So that it costs what an interpreter costs: `scripts/compare_speed.py --only help` says how much."""
    import subprocess
    import sys

    code = "import sys; known = set(sys.modules); sys.argv = ['zgs', 'help']; from bench.cli import main; main()"
    code += "; print(*sorted(set(sys.modules) - known))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.splitlines()[-1] == "__future__ bench bench.cli"


def test_help_names_every_command_and_loads_no_torch() -> None:
    import subprocess
    import sys

    # Neither do scoring and the table that ends a run, which draws nothing either.
    code = (
        "import sys; from bench.cli import main; main(['--help']); import bench.report.printed, bench.run.score_folder"
    )
    code += "; sys.exit(bool({'torch', 'matplotlib', 'scipy'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    names = ("run", "demo", "prepare", "score", "vocabulary", "report", "agree", "doctor", "verify")
    assert all(f"zgs {name}" in told.stdout for name in names)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("segment.n=1.5", "needs a whole number"),
        ("segment.n=0", "segment.n=0"),
        ("segment.prune_threshold=abc", "needs a number"),
        ("merge.threshold=null", "needs a number"),
        ("score.tau_sbert=abc", "needs a number from -1 to 1 or null"),
        ("score.mapping=[xt]", "score.mapping=xt"),
        ("seed=abc", "seed=abc: needs a whole number"),
        ("pictures=-1", "pictures=-1: must be from 0 to 100000"),
        ("caption.beams=0", "caption.beams=0: must be from 1 to"),
        ("encode.micro_batch=0", "encode.micro_batch=0: must be from 1 to"),
        ("encode.sigma2=abc", "needs a number"),
        ("encode.heads=foo", "per_head_mean"),
        ("executor.threads=abc", "needs a whole number"),
        ("dtype=float31", "bfloat16"),
        ("controls=shufled", "controls=shufled"),
        ("+foo=1", "foo: no such key"),
    ],
)
def test_wrong_values(word: str, told: str, capfd, tmp_path) -> None:
    words = [word, "data.subset=first:1", f"store={tmp_path}/store", f"out={tmp_path}/out", "executor=serial"]
    assert main(["run", *words]) == 2
    error = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs:")]
    assert len(error) == 1 and told in error[0]
