"""What of the aims of speed is no number: where it is shown. A part of scripts/speed_aims.py, none of the paper."""

from __future__ import annotations

from pathlib import Path
from pydoc import locate

import yaml

ENCODE = Path(__file__).resolve().parents[1] / "conf" / "encode"
TESTS = (
    (
        "The embedded models' stages agree in CI, and of time nothing is asserted",
        "tests/e2e/commands/test_speed.py::test_both_forms_of_every_stage_agree",
    ),
    (
        "What is not run in full is marked as extrapolated",
        "tests/unit/speed/test_trial.py::test_what_was_not_run_is_marked",
    ),
    (
        "A language model without GPT-2's vocabulary is refused",
        "tests/e2e/commands/test_speed.py::test_a_language_model_without_gpt2s_vocabulary_is_refused",
    ),
    (
        "FLOPs counted from the architecture are torch's own count",
        "tests/unit/speed/test_products.py::test_dinos_products",
    ),
    (
        "float16 on a processor is refused in a line",
        "tests/e2e/settings/test_device.py::test_float16_on_a_processor_is_refused_with_the_reason",
    ),
    (
        "Out of memory, a batch is halved: in a child process with a limit",
        "tests/unit/system/test_memory.py::test_every_stage_goes_on_with_halves_in_a_process_with_a_limit",
    ),
    (
        "Batches are what free memory holds",
        "tests/unit/system/test_memory.py::test_a_batch_is_what_free_memory_holds_and_little_is_not_looked_into",
    ),
    (
        "A predictions file is read in memory that does not grow with its images",
        "tests/unit/predictions/test_index.py::test_memory_does_not_grow_with_the_number_of_images",
    ),
    (
        "A run that finds everything loads no model and starts no worker",
        "tests/e2e/run/test_run.py::test_a_run_that_finds_everything_starts_no_worker_and_loads_no_model",
    ),
    (
        "`zgs score` imports no torch",
        "tests/e2e/commands/test_score.py::test_no_model_and_no_torch_is_loaded_where_no_mapping_needs_one",
    ),
    (
        "`zgs --help` imports no torch",
        "tests/e2e/commands/test_overrides.py::test_help_names_every_command_and_loads_no_torch",
    ),
    (
        "Without a GPU shapes are counted, and say that nothing was measured",
        "tests/e2e/commands/test_speed.py::test_shapes_are_counted_without_a_gpu_and_say_so",
    ),
)
"""What is no number, with the test that shows it."""


SCORES = (
    "What bfloat16 does to the embedded models, with intervals: to [segments and texts](bfloat16/changes.md) and to "
    "[every score](bfloat16/compare.md), made by `sh scripts/precision.sh`."
)


def write_words() -> list[str]:
    """Write the lines of the page: a table of tests, and what stands elsewhere."""
    told = [f"| {sentence} | `{test}` |" for sentence, test in TESTS]
    skipping = f"Tokens that no segment sees influence nothing, and are left out, with `encode=` {list_skipping()}."
    return ["| what holds | the test that asks for it |", "|---|---|", *told, "", SCORES, "", skipping]


def list_skipping() -> str:
    """List the maskings that leave out tokens whose mask is 0; the others read every token, or pixels."""
    options = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(ENCODE.glob("*.yaml"))}
    targets = {name: locate(option["_target_"]) for name, option in options.items() if "_target_" in option}
    return ", ".join(name for name, target in targets.items() if getattr(target, "skips_unseen", False))
