"""Sections 3 and 4 (models): from the text that names some weights to the folder or hub name that a library loads.

``embedded:NAME`` is a folder that ships in the package; what exists on disk is a folder or a checkpoint file; anything
else is a hub name, looked up in the local cache first (and there only, if HF_HUB_OFFLINE=1).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bench.errors import UserError
from bench.models import hub
from bench.system.hashing import hash_file

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "bfloat16", "float16")
RECORDS = ("training.json", "seeds.json")
"""What the embedded models' cards are written from: no loader reads it, and a new measurement makes no new weights."""
EMBEDDED = "embedded:"
LOCAL_DIR = "local-dir:"
HUB = "hf-hub:"
# Everything a library reads when it loads: a changed tokenizer or config changes results as a changed weight does.
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
LOADED = (*WEIGHTS, ".json", ".txt", ".model")

FAMILIAR = (OSError, ValueError, RuntimeError)

Model = TypeVar("Model")


def resolve(source: str) -> str:
    """A path as text, or a hub name, for ``from_pretrained``; UserError for a path or an embedded name that is none."""
    if source.startswith(EMBEDDED):
        return str(_locate_embedded(source.removeprefix(EMBEDDED)))
    name = source.removeprefix(LOCAL_DIR).removeprefix(HUB)
    path = Path(name).expanduser()
    if path.exists():
        return str(path)
    if source.startswith(LOCAL_DIR) or _is_path(name):
        raise UserError(
            f"model weights {source!r}: no such folder or file: give an existing path, a hub name or embedded:…"
        )
    return name


def resolve_for_open_clip(source: str) -> str:
    """The same for open_clip, which marks folders with ``local-dir:``; its own architecture names pass unchanged."""
    if source.startswith(HUB):
        return source
    name = resolve(source)
    return LOCAL_DIR + name if Path(name).is_dir() else name


def split_open_clip_source(source: str, pretrained: str | None, architecture: str | None) -> tuple[str, str | None]:
    """Name and ``pretrained`` for open_clip; the name is empty for a checkpoint file that tells its own architecture.

    A folder or hub repository carries its own weights, so a tag left over from the yaml does not count there.
    """
    name = resolve_for_open_clip(source)
    if name.startswith((HUB, LOCAL_DIR)):
        return name, None
    if Path(name).is_file():
        return architecture or "", name
    tag = str(Path(pretrained).expanduser()) if pretrained else None
    return name, tag if tag and Path(tag).exists() else pretrained


def find_open_clip_checkpoint(name: str, pretrained: str | None) -> Path | None:
    """Find the checkpoint that open_clip reads, where it lies on disk; None for published weights."""
    if name.startswith(LOCAL_DIR):
        from open_clip.factory import _find_checkpoint_in_dir

        checkpoint = _find_checkpoint_in_dir(Path(name.removeprefix(LOCAL_DIR)))
        return Path(checkpoint) if checkpoint else None
    return Path(pretrained) if pretrained and Path(pretrained).is_file() else None


def count_vocabulary(tokenizer: Any) -> int:
    """How many ids a tokenizer of open_clip or of transformers can write."""
    inner = getattr(tokenizer, "tokenizer", tokenizer)
    return int(getattr(inner, "vocab_size", 0)) if not hasattr(inner, "__len__") else len(inner)


def load(what: str, source: str, call: Callable[[str], Model]) -> Model:
    """``call(where the weights lie)``; whatever a library says of missing or damaged weights is one UserError line.

    The snapshot in the hub's cache takes the place of a hub name, so that what is loaded is what `hash_weights` hashed.
    """
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # a bar of its own for each model would break into the run's
    name = resolve(source)
    place = name if Path(name).exists() else str(find_cached_copy(name) or name)
    try:
        with _silence_libraries():
            return hub.try_caches_first(f"{what} {source!r}", lambda: call(place))
    except UserError:
        raise
    except Exception as error:  # open_clip, transformers and pickle raise anything over files that are cut or changed
        words = (
            f"{'' if isinstance(error, FAMILIAR) else type(error).__name__ + ': '}{' '.join(str(error).split())[:200]}"
        )
        reason = words or type(error).__name__
        raise UserError(f"{what} {source!r} cannot be loaded: {_advise(name, error)} ({reason})") from error


@contextmanager
def _silence_libraries() -> Iterator[None]:
    """open_clip logs to the root, transformers warns: what matters of it is raised here or by a guard, in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def hash_weights(source: str | Path) -> str:
    """sha256 (hex) over the names and contents of the files that loading reads; for a hub name, of its cached copy."""
    path = Path(resolve(str(source)))
    if not path.exists():
        path = _fetch_into_cache(str(source))
    weights = list_weight_files(path)
    beside = (f for f in path.rglob("*") if f.suffix in LOADED and f.suffix not in WEIGHTS and f.name not in RECORDS)
    others = [] if path.is_file() else list(beside)
    files = sorted([*weights, *others])
    if not weights:
        raise UserError(f"model weights {str(source)!r}: {path} holds no weight files: give a folder that does")
    total = hashlib.sha256()
    for file in files:
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        status = file.stat()
        total.update(f"{name}\0{_hash_file_once(str(file), status.st_size, status.st_mtime_ns)}\n".encode())
    return total.hexdigest()


def list_weight_files(path: Path) -> list[Path]:
    """The files of weights that loading reads, sorted: the path itself, or a folder's, safetensors where it has any."""
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in WEIGHTS and file.is_file())
    return [file for file in files if file.suffix == ".safetensors"] or files


def find_dtype(dtype: str) -> torch.dtype:
    """Find the torch type of a configured name; UserError lists the known ones."""
    if dtype not in DTYPES:
        raise UserError(f"dtype={dtype!r} is unknown: use one of {', '.join(DTYPES)}")
    import torch  # seconds, which a command that only hashes weights does not pay

    kind: torch.dtype = getattr(torch, dtype)
    return kind


@lru_cache(maxsize=256)
def _hash_file_once(path: str, size: int, modified: int) -> str:
    """``size`` and ``modified`` belong to the key only: a file that changed is read again."""
    return hash_file(path)


def _locate_embedded(name: str) -> Path:
    root = Path(str(resources.files("bench.models"))) / "embedded"
    if Path(name).name == name and any((root / name).glob("*.safetensors")):
        return root / name
    known = sorted({file.relative_to(root).parts[0] for file in root.glob("*/**/*.safetensors")})
    if name in known:
        return root / name
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean embedded:{close[0]}? " if close else ""
    raise UserError(f"model weights 'embedded:{name}' do not ship: {hint}there are {', '.join(known) or 'none'}")


def _is_path(name: str) -> bool:
    """Hub names have at most one slash and start with neither a dot, a slash nor a tilde."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or name.endswith(LOADED) or "\\" in name


def _advise(name: str, error: BaseException | None = None) -> str:
    if isinstance(error, MemoryError) or "out of memory" in str(error):
        return "there is not enough memory: free some, or add dtype=bfloat16"
    if Path(name).is_file():
        return "the file is damaged or of another kind: fetch it again, or give the model's folder"
    if Path(name).exists() or find_cached_copy(name):
        return "files are missing or damaged: fetch or make the folder again"
    if hub.is_forbidden():
        return "not in the local cache and HF_HUB_OFFLINE is set: unset it to download, or give a folder"
    return "neither cached nor downloadable: check the name and the network, or give a folder"


def find_cached_copy(name: str) -> Path | None:
    """The snapshot of a hub repository in the local cache; None where there is none, or one without all its weights."""
    path = find_cached_snapshot(name)
    return path if path and list_weight_files(path) and not _is_cut_off(path) else None


def find_cached_snapshot(name: str) -> Path | None:
    """What the local cache has of a hub repository, perhaps not all of it; None where it has nothing."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name.removeprefix(HUB), local_files_only=True))
    except (OSError, ValueError) as error:
        snapshot = getattr(error, "snapshot_path", None)  # files for other libraries were left out, as they should be
        return Path(snapshot) if snapshot else None


def _is_cut_off(path: Path) -> bool:
    """Whether a fetch was cut off between two files of one model, for which an index names all."""
    for index in path.glob("*.safetensors.index.json"):
        named = set(json.loads(index.read_text()).get("weight_map", {}).values())
        if not all((path / file).exists() for file in named):
            return True
    return False


def _fetch_into_cache(name: str) -> Path:
    if copy := find_cached_copy(name):
        return copy
    # Keys need the weights before any model is loaded, so what is not there yet is fetched here.
    from huggingface_hub import snapshot_download

    name = name.removeprefix(HUB)
    hub.require(f"model weights {name!r}")
    try:
        path = Path(snapshot_download(name, allow_patterns=[f"*{ending}" for ending in LOADED if ending != ".bin"]))
        if not any(path.rglob("*.safetensors")):  # older repositories; fetched now, lest the hash change at loading
            snapshot_download(name, allow_patterns=["*.bin"])
        return path
    except (OSError, ValueError) as error:
        raise UserError(f"model weights {name!r}: {_advise(name)}") from error
