"""`zgs study export` and `import`: a study on somebody else's platform, and its results back."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments
from bench.errors import DONE, UsageError, writing

FORMS = ("csv", "labelstudio")


def run_export(arguments: list[str]) -> int:
    """Write the questions and pictures of a study for a platform."""
    from bench.study.database import open_database
    from bench.study.exports import export_csv, export_label_studio
    from bench.study.folder import check_pictures

    places, options = read_arguments("study", arguments, {"to": "", "form": "", "url": ""})
    _check("export", places, options["form"], 1, "the folder of one study")
    if not options["to"]:
        raise UsageError("study export: to=FOLDER: where the files go")
    folder, to = Path(places[0]), Path(options["to"])
    database = open_database(folder)
    check_pictures(database, folder)
    write = export_csv if options["form"] == "csv" else export_label_studio
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        written = write(database, folder, to, options["url"])
    print("export:", *written, sep="\n  ")
    return DONE


def run_import(arguments: list[str]) -> int:
    """Take the results of a platform into a study."""
    from bench.study.database import open_database
    from bench.study.imports import import_answers, read_csv_answers, read_label_studio_answers

    places, options = read_arguments("study", arguments, {"form": ""})
    _check("import", places, options["form"], 2, "the folder of one study and a file of answers")
    read = read_csv_answers if options["form"] == "csv" else read_label_studio_answers
    answers, raters = import_answers(open_database(Path(places[0])), read(Path(places[1])))
    print(f"{answers} answers of {raters} raters taken; next: zgs study report {places[0]}")
    return DONE


def _check(action: str, places: list[str], form: str, count: int, what: str) -> None:
    if len(places) != count:
        raise UsageError(f"study {action}: name {what}; `zgs study --help` shows how")
    if form not in FORMS:
        raise UsageError(f"study {action}: form={form}: {' or '.join(FORMS)}")
