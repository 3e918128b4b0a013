"""Section 4 on stored predictions of any system: tables once, then every protocol, in a folder like a run's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench.data.base import nearest, remarks_of
from bench.errors import UserError, writing
from bench.mapping.remarks import describe_absent_classes
from bench.metric_name import parse
from bench.predictions.remarks import remarks
from bench.predictions.source import PredictionFile
from bench.protocol import Protocol
from bench.run.attach import Measures
from bench.run.context import Builder
from bench.run.one_protocol import Numbers, Session, score_protocol
from bench.run.run_folder import role_of
from bench.run.scores import score_of
from bench.run.tabulate import Tables, tabulate, told_apart
from bench.run.writing import one_writer
from bench.score.per_image import make_per_class, make_per_image, make_per_image_n
from bench.score.score_table import EMBEDDED_NOTE, OF_CURVES, add_columns, write_scores
from bench.settings.naming import data_name
from bench.settings.ranges import NOT_IN_RUN_NAME
from bench.store.facts.contents import by_content, content_of
from bench.store.files import safe_name, write_atomically
from bench.store.model_facts import told_of
from bench.store.sealed import write_record
from bench.system.resources import processors
from bench.text.csv_files import write_csv


@dataclass(frozen=True)
class Request:
    """What is to be scored: resolved settings, resolved ``score`` settings of each protocol, the predictions.

    ``chosen`` says that mappings were asked for by name: one that cannot be measured is then an error, else it is left
    out with a note. ``made_by`` goes into the record as it is.
    """

    settings: Mapping[str, Any]
    protocols: Sequence[Mapping[str, Any]]
    predictions: Path
    variant: str | None
    ignore_unknown: bool = False
    chosen: bool = False
    made_by: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder: the same request of the same contents is the same folder, wherever they lie."""
        archive = self.predictions.with_suffix(".npz")  # where embeddings lie by custom
        told = told_of({k: v for k, v in self.settings.items() if k not in (*NOT_IN_RUN_NAME, "score")})
        told["score"] = by_content(list(self.protocols), named=True)
        told["predictions"] = [content_of(path) for path in (self.predictions, archive) if path.is_file()]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]
        return safe_name(f"score-{data_name(self.settings)}-{self.settings['data']['split']}-{self.variant}-{digest}")


@dataclass(frozen=True)
class Rescored:
    """The folder, the tidy table, the protocols, and in words everything that was counted or left out."""

    folder: Path
    table: pd.DataFrame
    protocols: list[Protocol]
    notes: list[str]
    incomplete: bool


def rescore(request: Request) -> Rescored:
    """Score predictions. Raises UserError for whatever is wrong with predictions, ids, tables or ratings."""
    builder, file = Builder(request.settings), PredictionFile(request.predictions)
    request = replace(request, variant=request.variant or _variant(file))
    if builder.dataset.classes is None:
        raise UserError("these data have no labels, so there is nothing to score; give data=… with labels")
    ids = builder.dataset.ids()
    missing, unknown, outside = told_apart(file, builder.dataset)
    notes = [*remarks_of(builder.dataset), *_told_of_ids(request, ids, len(file), missing, unknown, outside)]
    notes += remarks(file, ids)
    scores, numbers = [score_of(builder, options) for options in request.protocols], Numbers()
    session = Session(builder, Measures(builder, file), request.name, str(request.variant), request.chosen, notes)
    tables = {overlap: _tables(builder, file, ids, overlap) for overlap in dict.fromkeys(s.overlap for s in scores)}
    found = Tables()
    for score in scores:
        found = tables[score.overlap]
        if found.misfits and score.proportions == "same":
            raise UserError(_misfits(found))
        counted = {"expected": len(ids), "skipped": len(found.skipped)}
        counted["found"] = len(ids) - len([i for i in missing if i not in found.skipped]) - len(found.skipped)
        score_protocol(session, score, found, counted, numbers)
    if builder.dataset.subset is None:
        notes += describe_absent_classes(found.tables.values(), builder.classes)
    role = role_of(request.settings)
    table = add_columns(pd.concat(numbers.lines, ignore_index=True), role)
    if table.empty:
        raise UserError(f"{request.predictions}: nothing to score: {'; '.join(notes) or 'no metric was asked for'}")
    if found.misfits:
        notes.append(f"predictions of other proportions than the truth: {len(found.misfits)} (stretched to fit)")
    if found.resized:
        notes.append(f"predictions of another size than the truth: {found.resized} (resized by nearest neighbour)")
    notes += [f"skipped {image_id}: {reason}" for image_id, reason in sorted(found.skipped.items())]
    record = {"ids": list(ids), "missing": missing, "unknown": unknown, "skipped": dict(sorted(found.skipped.items()))}
    record["outside"] = outside
    folder = Path(request.settings["out"]) / request.name
    with writing(folder, "out=FOLDER"):
        small = request.settings["models"]["name"] == "embedded" and any(parse(m).model for m in table["metric"])
        made = file.head.get("about", {}).get("models") == "embedded"
        if small or made:
            notes.append(EMBEDDED_NOTE)
        told = {"protocols": [score.settings() for score in scores], "embedded": small or made, "notes": notes}
        told["made_embedded"] = made
        folder.mkdir(parents=True, exist_ok=True)
        with one_writer(folder):
            _write(folder, request, table, numbers, record | told | _account(builder))
    return Rescored(folder, table, scores, notes, bool(missing or found.skipped))


def _variant(file: PredictionFile) -> str:
    """The name of the row: as the file says, else the file's own."""
    about = file.head.get("about")
    told = about.get("variant") if isinstance(about, dict) else None
    return str(told or file.path.stem)


def _told_of_ids(
    request: Request, ids: Sequence[str], given: int, missing: list[str], unknown: list[str], outside: list[str]
) -> list[str]:
    """What to say of ids that only one side has; unknown ones stop unless they are to be ignored."""
    if unknown and not request.ignore_unknown:
        raise UserError(
            f"{request.predictions}: {len(unknown)} of its {given} images are not in the data set, the first "
            f"{unknown[0]!r}{nearest(unknown[0], ids[:2000])}; choose other data, or ignore them: --ignore-unknown"
        )
    notes = []
    if missing:
        first = f"the first {missing[0]!r}"
        notes.append(f"{len(missing)} of {len(ids)} images have no prediction, {first}: each counts as an empty one")
    if outside:
        first = f"the first {outside[0]!r}"
        notes.append(
            f"{len(outside)} of the file's {given} images are of the split, not of the subset, {first}: left out"
        )
    if unknown:
        near = f", the first {unknown[0]!r}{nearest(unknown[0], ids[:2000])}" if missing else ""
        notes.append(f"{len(unknown)} of the file's {given} images are not in the data set and were ignored{near}")
    return notes


def _misfits(found: Tables) -> str:
    more = len(found.misfits) - 1
    return next(iter(found.misfits.values())) + (f" (and so are those of {more} more images)" if more else "")


def _tables(builder: Builder, file: PredictionFile, ids: Sequence[str], overlap: str) -> Tables:
    workers = builder.settings["executor"].get("workers", 1)
    number = processors() if workers == "auto" else int(workers)
    found = tabulate(file, ids, builder.settings["data"], builder.identity, builder.store, overlap, number)
    if not found.tables:
        reason = next(iter(found.skipped.values()), "the data set has no image")
        raise UserError(f"none of the {len(ids)} images could be used; the first: {reason}")
    return found


def _account(builder: Builder) -> dict[str, Any]:
    account = builder.store.account
    return {"store": account.counts(), "damaged": dict(account.damaged), "data": builder.identity.fingerprint}


def _write(folder: Path, request: Request, table: pd.DataFrame, numbers: Numbers, record: dict[str, Any]) -> None:
    """The files of a run, as far as they exist for predictions whose making nobody saw."""
    settings = {**request.settings, "variant": request.variant, "score": dict(request.protocols[0])}
    settings |= {"protocols": [dict(o) for o in request.protocols], "predictions": str(request.predictions.resolve())}
    write_atomically(folder / "config.yaml", yaml.safe_dump(settings, sort_keys=False).encode())
    write_scores(table, folder / "scores.csv")
    ids = sorted({image_id for rows in numbers.rows.values() for image_id in rows.image_ids})
    make_per_image(numbers.rows, ids).to_parquet(folder / "per_image.parquet", index=False)
    make_per_image_n(numbers.rows, ids).to_parquet(folder / "per_image_n.parquet", index=False)
    numbers.segments.to_parquet(folder / "segments.parquet", index=False)
    make_per_class(numbers.rows).to_parquet(folder / "per_class.parquet", index=False)
    role = role_of(request.settings)
    for name, tables in (("curves", numbers.curves), ("areas", numbers.areas), ("ratings", numbers.ratings)):
        (folder / f"{name}.csv").unlink(missing_ok=True)  # of the same request before its data changed
        if tables:
            whole = pd.concat(tables, ignore_index=True)
            described = whole if name == "ratings" else add_columns(whole, role, "name", OF_CURVES)
            write_csv(described, folder / f"{name}.csv")
    write_record(folder, {"run": request.name, "variant": request.variant, **record, **request.made_by})
