"""`zgs variants`: what is listed is what there is, and what a class says of itself."""

import csv
from pathlib import Path

import pytest

from bench.cli import main
from bench.commands.variants import Variant, format_variants, list_variants, read_comment
from bench.settings.compose import list_options


def test_every_option_is_listed_with_source_cost_and_models() -> None:
    found = {group: list(list_variants(group)) for group in ("segment", "encode", "caption", "merge")}
    for group, variants in found.items():
        assert [each.name for each in variants] == sorted(list_options(group))
        for each in variants:
            assert "not said" not in (each.source, each.cost, each.training_free) and each.what, each
    by_name = {each.name: each for each in found["encode"]}
    assert by_name["sclip"].source == "arXiv 2312.01597" and by_name["sclip"].needs == "clip"
    assert (
        by_name["proxyclip"].needs == "clip dino"
        and by_name["global_subtraction"].source == "the paper, equations 2 to 4"
    )
    assert {each.name: each.needs for each in found["caption"]}["zerocap_embedded"] == "clip language"
    assert "which sees the class token and the segment's patches alone" in by_name["mask_tokens"].what
    assert {each.name: each.needs for each in found["segment"]}["grid"] == "none"


def test_an_option_of_one_s_own_is_listed_and_csv_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own_merging.py").write_text(
        '"""Mine (Me, 2026): nothing."""\nclass Mine:\n    source, cost = "Me, 2026", "none"\n'
    )
    (tmp_path / "merge").mkdir()
    (tmp_path / "merge/mine.yaml").write_text("# Mine.\n_target_: own_merging.Mine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["variants", "merge", "--config-dir", str(tmp_path), "csv=-"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["name"] for row in rows] == ["mine", "none", "siblings"]
    assert [rows[0][key] for key in ("source", "cost", "training_free", "what")] == [
        "Me, 2026",
        "none",
        "not said",
        "Mine.",
    ]


def test_the_first_sentence_is_whole_and_nothing_after_it(tmp_path: Path) -> None:
    for text, told in {
        "# Two lines,\n# of v1.5 and section 3.1. Then more.\n_target_: a\n": "Two lines, of v1.5 and section 3.1.",
        "# No stop\n\n# elsewhere\n": "No stop", "_target_: a  # A word.\n": "",
    }.items():  # fmt: skip
        (tmp_path / "a.yaml").write_text(text)
        assert read_comment(tmp_path / "a.yaml") == told


def test_the_list_is_grouped_and_no_line_is_long() -> None:
    text = format_variants([Variant("merge", "a", "s", "c", "yes", "none", "what " * 60)] * 2)
    assert text.count("merge=") == 1 and max(map(len, text.splitlines())) <= 100


def test_a_group_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["variants", "encoders"]) == 2
    assert (
        capsys.readouterr().err == "zgs: variants: encoders: no such group (known: segment, encode, caption, merge)\n"
    )
