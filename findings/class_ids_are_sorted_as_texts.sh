#!/bin/sh
# Class numbers of a data set are turned to datasets' ClassLabel by class_encode_column, which train_test_split asks for
# where parts shall have the same shares of classes. Whole numbers are made texts and sorted as texts, and the column holds
# the places: 10 becomes 2 and 2 becomes 4, and nothing is said. Each part numbers its own classes: what is 4 in training may
# be 3 in validation. Up to ten classes, 0 to 9 with none missing, nothing moves. int2str gives the number back, as a text;
# cast_column(name, ClassLabel(num_classes=n)) keeps numbers.
# Guess noted before: numbers that are numbers already stay.
# Seen with datasets 5.2.0, pyarrow 26.0.1:
#   0 1 2 3 10 11 -> 0 1 4 5 2 3, names 0 1 10 11 2 3;   0 1 2 10 -> 0 1 3 2;   -1 0 2 255 -> 0 1 2 3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 numpy==2.4.6 pandas==3.1.1
cd "$folder"
HF_HOME="$folder" HF_HUB_OFFLINE=1 HF_DATASETS_DISABLE_PROGRESS_BARS=1 venv/bin/python - <<'PYTHON'
from datasets import ClassLabel, Dataset

training, validation, void = [0, 1, 2, 3, 10, 11], [0, 1, 2, 10], [-1, 0, 2, 255]


def encode(numbers):
    """What the column holds afterwards, and the names of its places."""
    encoded = Dataset.from_dict({"label": numbers}).class_encode_column("label")
    return list(encoded["label"]), encoded.features["label"].names


seen = [encode(numbers) for numbers in (training, validation, void)]
for numbers, (column, names) in zip((training, validation, void), seen):
    print(f"{numbers} -> {column}, names {names}")
assert [column for column, _ in seen] == [[0, 1, 4, 5, 2, 3], [0, 1, 3, 2], [0, 1, 2, 3]]
assert seen[0][1] == ["0", "1", "10", "11", "2", "3"]
try:
    Dataset.from_dict({"label": training}).train_test_split(0.5, stratify_by_column="label")
    raise SystemExit("a column of numbers may be split by its classes")
except ValueError as error:
    print("by shares of classes:", str(error)[:120])
cast = Dataset.from_dict({"label": training}).cast_column("label", ClassLabel(num_classes=12))
assert list(cast["label"]) == training and [encode(range(n))[0] == list(range(n)) for n in (10, 11)] == [True, False]
print("as described")
PYTHON
