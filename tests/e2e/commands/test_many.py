"""A sweep in which jobs fail in every way: the others stand, and the failed are told with the way back to them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from tests.e2e.commands.variants import FAST, write_variants

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with variants and a store that the tests share."""
    tmp = tmp_path_factory.mktemp("variants")
    write_variants(tmp)
    return tmp


@pytest.fixture(autouse=True)
def importable(place: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(place))


def words(place: Path, out: Path, *more: str) -> list[str]:
    return ["-cd", str(place / "conf"), *FAST, f"store={place / 'store'}", f"out={out}", *more]


def variants(out: Path) -> list[str]:
    return sorted(json.loads(path.read_text())["variant"] for path in out.glob("*/run.json"))


def in_a_process(place: Path, arguments: list[str], **more: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(place), str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "bench.cli", "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path, **more})


TAIL = "-whole-retrieval-no_merge"


@pytest.mark.slow
def test_a_job_that_raises_takes_nothing_from_the_others(place: Path, tmp_path: Path, capsys) -> None:
    arguments = words(place, tmp_path, "-m", "encode=half,fails,no_layer,third")
    assert main(["run", *arguments]) == 1
    told = capsys.readouterr()
    assert variants(tmp_path) == [f"half{TAIL}", f"third{TAIL}"]
    assert f"half{TAIL}" in told.out and f"third{TAIL}" in told.out and "95 % intervals" in told.out
    assert "Traceback" not in told.err
    end = told.err.partition("2 of 4 jobs failed:\n")[2].splitlines()
    assert end[:2] == ["  job 2: encode=fails", "    RuntimeError: boom"]
    trace = Path(end[2].removeprefix("    traceback: "))
    assert tmp_path in trace.parents and "raise {" in trace.read_text(), "of the process where it happened"
    assert end[3] == "  job 3: encode=no_layer" and "start_layer: ${models.start_layer}" in end[4]
    assert end[5] == "only these again:"
    again = shlex.split(end[6])
    assert again[:2] == ["zgs", "run"] and {"-m", "encode=fails,no_layer"} <= set(again)
    assert main(again[1:]) == 1
    assert "2 of 2 jobs failed:" in capsys.readouterr().err
    lines = [line for line in told.err.splitlines() if line.startswith("zgs: ")]
    assert lines[0].startswith("zgs: job 2 (encode=fails): RuntimeError: boom; traceback: "), "as soon as it happens"


@pytest.mark.slow
def test_what_each_job_became_lies_in_the_sweeps_folder(place: Path, tmp_path: Path) -> None:
    main(["run", *words(place, tmp_path, "-m", "encode=half,fails")])
    (folder,) = (tmp_path / "sweeps").iterdir()
    first, second = (json.loads((folder / f"job-00{at}.json").read_text()) for at in (1, 2))
    assert (first["code"], second["code"]) == (0, 1) and "encode=half" in first["overrides"]
    assert Path(first["folder"]).is_dir() and second["reason"] == "RuntimeError: boom"
    main(["run", *words(place, tmp_path, "-m", "encode=half,third")])
    assert len(list((tmp_path / "sweeps").iterdir())) == 2, "another sweep into the same place has a folder of its own"


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("how", "reason"), [("exit", "SystemExit: 5"), ("key", "KeyError: 'boom'"), ("odd", "Awkward: layer 3")]
)
def test_one_job_with_any_error_is_one_line(place: Path, tmp_path: Path, how: str, reason: str, capsys) -> None:
    assert main(["run", *words(place, tmp_path, "encode=fails", f"encode.how={how}")]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if line and "img/s" not in line]
    (folder,) = tmp_path.iterdir()
    assert told == [f"zgs: {reason}; traceback: {folder / 'traceback.txt'}"]
    assert reason in (folder / "traceback.txt").read_text()


@pytest.mark.slow
def test_a_traceback_goes_when_the_run_succeeds(place: Path, tmp_path: Path) -> None:
    main(["run", *words(place, tmp_path, "encode=half")])
    (folder,) = tmp_path.iterdir()
    (folder / "traceback.txt").write_text("of an earlier try")
    main(["run", *words(place, tmp_path, "encode=half")])
    assert not (folder / "traceback.txt").exists()


@pytest.mark.slow
def test_an_error_of_a_worker_that_cannot_be_unpickled_is_no_dead_worker(place: Path, tmp_path: Path) -> None:
    arguments = words(place, tmp_path, "encode=fails", "encode.how=odd", "executor=local", "executor.workers=1")
    arguments.remove("executor=serial")
    done = in_a_process(place, arguments)
    assert done.returncode == 1 and "zgs: Awkward: layer 3; traceback: " in done.stderr
    assert "Traceback" not in done.stderr and "worker process died" not in done.stderr


@pytest.mark.slow
def test_a_key_that_one_variant_lacks_fails_that_job_alone(place: Path, tmp_path: Path, capsys) -> None:
    arguments = words(place, tmp_path, "-m", "encode=global_subtraction,half", "encode.sigma2=1,2")
    assert main(["run", *arguments]) == 2, "wrong words alone"
    told = capsys.readouterr()
    assert variants(tmp_path) == [f"global_subtraction{TAIL}"] * 2
    assert "encode.sigma2=1" in told.out and "encode.sigma2=2" in told.out, "rows are told apart"
    assert "encode=half has no sigma2 (its keys: start_layer, share)" in told.err and "did you mean" not in told.err
    assert "  job 3: encode=half encode.sigma2=1\n" in told.err
    assert "encode=half encode.sigma2=1,2" in told.err.splitlines()[-1]


@pytest.mark.slow
def test_where_no_job_can_be_composed_the_same_reason_is_said_once(place: Path, tmp_path: Path, capsys) -> None:
    assert main(["run", *words(place, tmp_path, "-m", "encode=half,third", "encode.sigma2=1")]) == 2
    told = capsys.readouterr().err
    assert "job 1: encode=half\n" in told and "encode=third has no sigma2" in told, "each has its own"
    assert main(["run", *words(place, tmp_path, "-m", "encode=half,third", "segmet.n=1")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("zgs: segmet.n: no such key; did you mean segment") and told.count("\n") == 1
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.slow
def test_three_yamls_of_one_class_are_three_variants(place: Path, tmp_path: Path, capsys) -> None:
    assert main(["run", *words(place, tmp_path, "-m", "encode=half,third,masked")]) == 0
    names = [f"half{TAIL}", f"masked{TAIL}", f"third{TAIL}"]
    assert variants(tmp_path) == names
    assert len({folder.name for folder in tmp_path.glob("toyscenes-*")}) == 3
    told = capsys.readouterr().out
    scores = pd.concat([pd.read_csv(path) for path in tmp_path.glob("*/scores.csv")])
    assert sorted(set(scores["variant"])) == names and all(name in told for name in names)


LAUNCHER = '''
"""A launcher that runs jobs on other hosts, as far as a job can tell: another process, environment and TMPDIR."""

import os
import subprocess
import sys
from pathlib import Path

import cloudpickle
from hydra.core.config_store import ConfigStore
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

JOB = """
import sys
import cloudpickle
from hydra.core.utils import run_job, setup_globals
from hydra.core.singleton import Singleton
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict
context, master, task, state, overrides, number = cloudpickle.load(open(sys.argv[1], "rb"))
setup_globals()
Singleton.set_state(state)
config = context.config_loader.load_sweep_config(master, overrides)
with open_dict(config):
    config.hydra.job.id = config.hydra.job.num = number
HydraConfig.instance().set_config(config)
run_job(hydra_context=context, config=config, task_function=task,
        job_dir_key="hydra.sweep.dir", job_subdir_key="hydra.sweep.subdir")
"""


class Elsewhere(Launcher):
    def setup(self, *, hydra_context, task_function, config):
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides, initial_job_idx):
        done = []
        for number, overrides in enumerate(job_overrides, initial_job_idx):
            host = Path(os.environ["HOSTS"]) / str(number)
            (host / "tmp").mkdir(parents=True)
            state = Singleton.get_state()
            given = self.context, self.config, self.task, state, list(overrides), number
            (host / "job").write_bytes(cloudpickle.dumps(given))
            kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
            subprocess.run([sys.executable, "-c", JOB, str(host / "job")], cwd=host,
                           env={**kept, "TMPDIR": str(host / "tmp"), "HF_HUB_OFFLINE": "1"})
            job = JobReturn(status=JobStatus.COMPLETED)
            job.return_value = None
            done.append(job)
        return done


ConfigStore.instance().store(
    group="hydra/launcher", name="elsewhere", node={"_target_": "hydra_plugins.elsewhere.Elsewhere"}, provider="test"
)
'''


@pytest.mark.slow
def test_jobs_on_other_hosts_tell_through_the_sweeps_folder(place: Path, tmp_path: Path) -> None:
    (tmp_path / "plugins/hydra_plugins").mkdir(parents=True)
    (tmp_path / "plugins/hydra_plugins/elsewhere.py").write_text(LAUNCHER)
    impatient = "from bench.run import outcomes; outcomes.PATIENCE = 0; import bench.cli as c, sys; sys.exit(c.main())"
    arguments = words(place, tmp_path / "out", "-m", "hydra/launcher=elsewhere", "encode=half,fails,killed")
    path = os.pathsep.join([str(place), str(tmp_path / "plugins"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "HOSTS": str(tmp_path / "hosts")}
    command = [sys.executable, "-c", impatient, "run", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1, done.stderr
    assert f"half{TAIL}" in done.stdout and variants(tmp_path / "out") == [f"half{TAIL}"]
    end = done.stderr.partition("2 of 3 jobs failed:\n")[2].splitlines()
    assert end[:2] == ["  job 2: encode=fails", "    RuntimeError: boom"]
    assert Path(end[2].removeprefix("    traceback: ")).is_file()
    assert end[3:5] == ["  job 3: encode=killed", "    no outcome: it ended at work"]
    again = shlex.split(end[6])
    assert {"hydra/launcher=elsewhere", "-m", "encode=fails,killed"} <= set(again)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "serial"])
def test_joblibs_workers_run_jobs_with_every_executor_and_end(place: Path, tmp_path: Path, executor: str) -> None:
    arguments = words(place, tmp_path, "-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    arguments[arguments.index("executor=serial")] = f"executor={executor}"
    more = ["executor.workers=1"] if executor == "local" else []
    done = in_a_process(place, [*arguments, *more, "encode=half,fails,third"])
    assert done.returncode == 1 and "cannot find context" not in done.stderr, done.stderr
    assert variants(tmp_path) == [f"half{TAIL}", f"third{TAIL}"]
    assert "1 of 3 jobs failed:\n  job 2: encode=fails\n    RuntimeError: boom\n" in done.stderr


@pytest.mark.slow
def test_a_worker_of_joblib_that_is_killed_is_told_with_what_the_launcher_says(place: Path, tmp_path: Path) -> None:
    arguments = words(place, tmp_path, "-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=1", "encode=killed,half")
    done = in_a_process(place, [*arguments, "hydra.launcher.n_jobs=2"])
    assert done.returncode == 1
    assert "job 1: encode=killed\n    no outcome: it ended at work (the launcher stopped: Term" in done.stderr
