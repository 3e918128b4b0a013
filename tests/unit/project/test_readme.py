"""What the README and CONTRIBUTING name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = ("README.md", "CONTRIBUTING.md", "DATA.md", "SCORES.md", "PREDICTIONS.md", "RUNS.md", "MODELS.md", "STUDY.md",
         "EXCHANGE.md", "PAPER.md", "CLUSTER.md", "STORE.md", "KEYS.md")  # fmt: skip
LEFT_BY_RUNS = ("ids.txt",)
FOLDERS = ("bench/", "conf/", "data_prep/", "results/", "scripts/", "tests/", ".ci/")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*PAGES, "results/README.md"])
def test_relative_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(page))
    missing = [t for t in targets if "://" not in t and not (ROOT / page).parent.joinpath(t).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_files_in_backticks_exist(page: str) -> None:
    # Files of an example that the reader is asked to write are marked "(new)".
    names = re.findall(r"`((?:[\w.-]+/)[\w./-]*|[\w-]+\.(?:txt|toml|cff|sh))`(?! \(new\))", text_of(page))
    ours = [name for name in names if name.startswith(FOLDERS) or "/" not in name and name not in LEFT_BY_RUNS]
    if page in ("README.md", "CONTRIBUTING.md"):
        assert ours, "no file is named any more: does the pattern still fit?"
    assert [name for name in ours if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(page), re.MULTILINE)) <= targets


def test_every_folder_of_the_house_is_on_the_map() -> None:
    rooms = [f for f in (ROOT / "bench").iterdir() if f.is_dir() and (f / "__init__.py").exists()]
    assert len(rooms) > 5
    assert [room.name for room in rooms if f"`bench/{room.name}/`" not in text_of("CONTRIBUTING.md")] == []


def test_the_readme_leads_to_every_page() -> None:
    pages = {path.name for path in ROOT.glob("*.md")} - {"README.md"}
    assert pages == {page for page in pages if f"]({page})" in text_of("README.md")} >= set(PAGES) - {"README.md"}


def test_every_configuration_group_is_listed() -> None:
    groups = [folder.name for folder in (ROOT / "conf").iterdir() if folder.is_dir() and folder.name != "hydra"]
    groups += [f"hydra/{folder.name}" for folder in (ROOT / "conf/hydra").iterdir()]
    assert [group for group in groups if f"`{group}`" not in text_of("RUNS.md")] == []


def test_every_launcher_and_executor_has_its_command() -> None:
    for group in ("hydra/launcher", "executor"):
        names = [path.stem for path in (ROOT / "conf" / group).glob("*.yaml") if path.stem not in ("local", "serial")]
        assert len(names) >= 2 and [name for name in names if f"{group}={name}" not in text_of("CLUSTER.md")] == []


def test_ci_runs_the_readmes_own_command() -> None:
    assert re.search(r"^make test$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert re.search(r"^make test\b", text_of("README.md"), re.MULTILINE)
