#!/bin/sh
# COCO's image ids are often written as texts, "000000000139", and a free label may be "2019" or "1e5". pandas reads texts
# between quotation marks in JSON as numbers where a whole column can be one: the id is 139, the label 2019, "1e5" is
# 100000.0, in columns, in JSON Lines and as names of rows alike; joined with the ids of a data set nothing is found. polars
# and pyarrow keep them; but a text such as "2019-03-01", a name that cameras give, is a date to DuckDB, pyarrow and
# Hugging Face datasets. dtype=False lets pandas keep texts in columns.
# Guess before: what stands between quotation marks is a text in all of them.
# Seen with pandas 3.1.1, polars 2.1.0, duckdb 2.0.1, pyarrow 26.0.1:
#   pandas  [139, 2019, 100000.0, '2019-03-01']      polars ['000000000139', '2019', '1e5', '2019-03-01']
#   pyarrow [..., datetime.datetime(2019, 3, 1, 0, 0)]   duckdb [..., datetime.date(2019, 3, 1)]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 polars==2.1.0 duckdb==2.0.1 \
  pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import datetime
import io
import json

import duckdb
import pandas
import polars
import pyarrow.json

written = ["000000000139", "2019", "1e5", "2019-03-01"]
rows = [dict(zip(("image", "label", "other", "camera"), line)) for line in (written, ["000000000285", "7", "2e5", "2020-01-02"])]
with open("predictions.jsonl", "w") as file:
    file.write("".join(json.dumps(row) + "\n" for row in rows))
seen = pandas.read_json("predictions.jsonl", lines=True).astype(object).iloc[0].tolist()
print("pandas ", seen)
assert seen == [139, 2019, 100000.0, "2019-03-01"], seen
kept = pandas.read_json("predictions.jsonl", lines=True, dtype=False).iloc[0].tolist()
print("pandas, dtype=False", kept)
assert kept == written
named = pandas.read_json(io.StringIO(json.dumps({"iou": {"000139": 0.5, "000285": 0.1}})), dtype=False)
print("pandas, names of rows", named.index.tolist())
assert named.index.tolist() == [139, 285]
assert list(polars.read_ndjson("predictions.jsonl").row(0)) == written
lines = {
    "pyarrow": list(pyarrow.json.read_json("predictions.jsonl").to_pylist()[0].values()),
    "duckdb ": list(duckdb.sql("select * from 'predictions.jsonl'").fetchall()[0]),
}
for name, line in lines.items():
    print(name, line)
    assert line[:3] == written[:3] and isinstance(line[3], datetime.date), line
print("as described")
PYTHON
