#!/bin/sh
# MLflow: of values of a metric with the same step and time, the latest is not the one logged last but the largest; and
# infinity comes back as a finite number. A score logged again because it was wrong, a loss that falls, or a batch that
# was stamped once, is shown by its largest value in every table and search.
# Guess before: the value logged last; infinity stays infinity.
# Seen with mlflow-skinny 3.17.2, sqlalchemy 2.1.9, alembic 1.20.1: 0.9 then 0.1 is 0.9, alone and in a batch, while the
# history has both; inf is 1.7976931348623157e+308, NaN stays NaN.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import math

from mlflow import MlflowClient
from mlflow.entities import Metric

client = MlflowClient(tracking_uri="sqlite:///mlflow.db")
run = client.create_run(client.create_experiment("x")).info.run_id
for value in (0.9, 0.1):
    client.log_metric(run, "alone", value, timestamp=1000, step=0)
client.log_batch(run, metrics=[Metric("batch", value, 1000, 0) for value in (0.9, 0.1)])
client.log_metric(run, "infinite", math.inf)
client.log_metric(run, "nan", math.nan)
latest = client.get_run(run).data.metrics
print("latest:", latest)
print("history:", [metric.value for metric in client.get_metric_history(run, "alone")])
assert latest["alone"] == latest["batch"] == 0.9
assert latest["infinite"] == 1.7976931348623157e308 < math.inf and math.isnan(latest["nan"])
print("as described")
PYTHON
