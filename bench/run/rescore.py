"""Section 4 on stored predictions of any system: tables once, then every protocol, in a folder like a run's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench.data.base import nearest
from bench.errors import UserError, writing
from bench.evaluate.names import parse
from bench.evaluate.per_image import per_class, per_image, per_image_n
from bench.evaluate.protocol import Score
from bench.predictions.remarks import remarks
from bench.predictions.source import PredictionFile
from bench.report.layout import EMBEDDED_NOTE
from bench.report.tables import write_scores
from bench.resources import processors
from bench.run.attach import Measures
from bench.run.build import NOT_IN_RUN_NAME, Builder, data_name
from bench.run.one_protocol import Numbers, Session, score_protocol
from bench.run.scores import score_of
from bench.run.tabulate import Tables, ids_without, tabulate
from bench.store import safe_name, write_atomically


@dataclass(frozen=True)
class Request:
    """What is to be scored: resolved settings, resolved ``score`` settings of each protocol, the predictions.

    ``chosen`` says that mappings were asked for by name: one that cannot be measured is then an error, else it is left
    out with a note.
    """

    settings: Mapping[str, Any]
    protocols: Sequence[Mapping[str, Any]]
    predictions: Path
    variant: str | None
    ignore_unknown: bool = False
    chosen: bool = False

    @property
    def name(self) -> str:
        """The folder: the same request is the same folder."""
        told = {k: v for k, v in self.settings.items() if k not in (*NOT_IN_RUN_NAME, "score")}
        told |= {"score": list(self.protocols), "predictions": str(self.predictions.resolve())}
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]
        return safe_name(f"score-{data_name(self.settings)}-{self.settings['data']['split']}-{self.variant}-{digest}")


@dataclass(frozen=True)
class Rescored:
    """The folder, the tidy table, the protocols, and in words everything that was counted or left out."""

    folder: Path
    table: pd.DataFrame
    protocols: list[Score]
    notes: list[str]
    incomplete: bool


def rescore(request: Request) -> Rescored:
    """Score predictions. Raises UserError for whatever is wrong with predictions, ids, tables or ratings."""
    builder, file = Builder(request.settings), PredictionFile(request.predictions)
    request = replace(request, variant=request.variant or _variant(file))
    if builder.dataset.classes is None:
        raise UserError("these data have no labels, so there is nothing to score; give data=… with labels")
    ids = builder.dataset.ids()
    missing, unknown = ids_without(file, ids)
    notes = _told_of_ids(request, ids, len(file), missing, unknown)
    notes += remarks(file, ids)
    scores, numbers = [score_of(builder, options) for options in request.protocols], Numbers()
    session = Session(builder, Measures(builder, file), request.name, str(request.variant), request.chosen, notes)
    tables = {overlap: _tables(builder, file, ids, overlap) for overlap in dict.fromkeys(s.overlap for s in scores)}
    found = Tables()
    for score in scores:
        found = tables[score.overlap]
        counted = {"expected": len(ids), "skipped": len(found.skipped)}
        counted["found"] = len(ids) - len([i for i in missing if i not in found.skipped]) - len(found.skipped)
        score_protocol(session, score, found, counted, numbers)
    table = pd.concat(numbers.lines, ignore_index=True)
    if table.empty:
        raise UserError(f"{request.predictions}: nothing to score: {'; '.join(notes) or 'no metric was asked for'}")
    if found.resized:
        notes.append(f"predictions of another size than the truth: {found.resized} (resized by nearest neighbour)")
    notes += [f"skipped {image_id}: {reason}" for image_id, reason in sorted(found.skipped.items())]
    record = {"ids": list(ids), "missing": missing, "unknown": unknown, "skipped": dict(sorted(found.skipped.items()))}
    folder = Path(request.settings["out"]) / request.name
    with writing(folder, "out=FOLDER"):
        small = request.settings["models"]["name"] == "embedded" and any(parse(m).model for m in table["metric"])
        made = file.head.get("about", {}).get("models") == "embedded"
        if small or made:
            notes.append(EMBEDDED_NOTE)
        told = {"protocols": [score.settings() for score in scores], "embedded": small or made, "notes": notes}
        told["made_embedded"] = made
        _write(folder, request, table, numbers, record | told | _account(builder))
    return Rescored(folder, table, scores, notes, bool(missing or found.skipped))


def _variant(file: PredictionFile) -> str:
    """The name of the row: as the file says, else the file's own."""
    about = file.head.get("about")
    told = about.get("variant") if isinstance(about, dict) else None
    return str(told or file.path.stem)


def _told_of_ids(request: Request, ids: Sequence[str], given: int, missing: list[str], unknown: list[str]) -> list[str]:
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
    if unknown:
        notes.append(f"{len(unknown)} of the file's {given} images are not in the data set and were ignored")
    return notes


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
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").unlink(missing_ok=True)
    settings = {**request.settings, "variant": request.variant, "score": dict(request.protocols[0])}
    settings |= {"protocols": [dict(o) for o in request.protocols], "predictions": str(request.predictions.resolve())}
    write_atomically(folder / "config.yaml", yaml.safe_dump(settings, sort_keys=False).encode())
    write_scores(table, folder / "scores.csv")
    ids = sorted({image_id for rows in numbers.rows.values() for image_id in rows.image_ids})
    per_image(numbers.rows, ids).to_parquet(folder / "per_image.parquet", index=False)
    per_image_n(numbers.rows, ids).to_parquet(folder / "per_image_n.parquet", index=False)
    numbers.segments.to_parquet(folder / "segments.parquet", index=False)
    per_class(numbers.rows).to_parquet(folder / "per_class.parquet", index=False)
    for name, tables in (("curves", numbers.curves), ("areas", numbers.areas), ("ratings", numbers.ratings)):
        if tables:
            pd.concat(tables, ignore_index=True).to_csv(folder / f"{name}.csv", index=False)
    told = {"run": request.name, "variant": request.variant, **record}
    write_atomically(folder / "run.json", json.dumps(told, indent=1).encode())
