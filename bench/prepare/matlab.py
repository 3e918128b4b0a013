"""Section 4.4: MATLAB files, read as MATLAB shows them: rows first, numbers in the type that they had there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.errors import BadSample

_HDF5 = b"MATLAB 7.3 MAT-file"


def load_matlab(path: Path, name: str, structs: bool = False) -> Any:
    """Load one variable; None where the file does not hold it. With ``structs`` they are objects with attributes.

    Raises `BadSample` for a file that is missing or damaged, and for one of MATLAB 7.3: that is HDF5, whose arrays come
    back with rows and columns exchanged.
    """
    from scipy.io import loadmat

    try:
        with path.open("rb") as stream:
            if stream.read(len(_HDF5)) == _HDF5:
                raise BadSample(
                    f"{path}: a MATLAB 7.3 file (HDF5, whose arrays come back with rows and columns exchanged); use "
                    "the publisher's file, or save it with -v7"
                )
        # As MATLAB would see it: doubles are kept in fewer bytes on disk, which says nothing of their range.
        kind = {"squeeze_me": structs, "struct_as_record": not structs}
        found = loadmat(path, variable_names=[name], mat_dtype=True, **kind)
    except FileNotFoundError as error:
        raise BadSample(f"{path}: file is missing") from error
    except BadSample:
        raise
    except Exception as error:  # scipy raises ValueError, TypeError, zlib.error, NotImplementedError and more
        raise BadSample(f"{path}: cannot be decoded ({' '.join(str(error).split())[:160]}); unpack it again") from error
    return found.get(name)
