"""Keys: everything a result depends on counts; which sources do is tested in tests/facts."""

from pathlib import Path

import numpy as np

from bench.store import keys


def test_every_part_changes_the_key() -> None:
    parts = {"options": {"sigma2": 2.5}, "seed": 0, "dtype": "float32"}
    key = keys.make_stage_key("encode", parts)
    assert key == keys.make_stage_key("encode", dict(reversed(parts.items())))
    others = [{**parts, "seed": 1}, {**parts, "dtype": "float16"}, {**parts, "options": {"sigma2": 2.0}}]
    assert len({key, keys.make_stage_key("caption", parts), *(keys.make_stage_key("encode", o) for o in others)}) == 5


def test_content_tells_shape_and_dtype_apart() -> None:
    a = np.zeros((2, 3), np.uint8)
    assert len({keys.hash_arrays(x) for x in (a, a.reshape(3, 2), a.astype(bool), a + 1)}) == 4
    assert keys.hash_arrays(a[:, ::-1]) == keys.hash_arrays(a.copy())


def test_code_around_a_stage_counts_without_what_it_imports() -> None:
    told = keys.hash_alone(["bench.store.stages", "bench.store.files"])
    assert len(set(told.values())) == 2 and told == keys.hash_alone(("bench.store.files", "bench.store.stages"))


def test_a_package_counts_with_every_file_but_weights_and_compiled_code() -> None:
    assert keys.hash_package("bench.data.toyscenes") == keys.hash_package("bench")
    root = Path(keys.__file__).parents[1]
    assert keys._is_counted(root, root / "data/class_tables/voc20.csv")
    assert not keys._is_counted(root, root / "models/embedded/clip/open_clip_model.safetensors")
