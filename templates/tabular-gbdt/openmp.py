"""Finds LightGBM an OpenMP runtime.

LightGBM's wheel needs the system's `libgomp.so.1`, which slim images lack. scikit-learn's wheel carries the same
library under another name, so where the system has none, a link to that copy is put on the loader's path. The loader
reads its path once, when a process starts: hence the restart, which keeps the process id.
"""

import ctypes
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

LIBRARY = "libgomp.so.1"
PATH_VARIABLE = "LD_LIBRARY_PATH"
GUARD = "AGON_OPENMP_RESTARTED"


def ensure_openmp() -> None:
    """Return where OpenMP loads; else restart once with scikit-learn's copy on the path."""
    if sys.platform != "linux" or GUARD in os.environ or _loads(LIBRARY):
        return
    copy = bundled_copy()
    if copy is None:
        return  # LightGBM's own error will name the library that is missing
    folder = Path(tempfile.mkdtemp(prefix="agon-openmp-"))
    (folder / LIBRARY).symlink_to(copy)
    paths = [str(folder), os.environ.get(PATH_VARIABLE, "")]
    os.environ[PATH_VARIABLE] = os.pathsep.join(p for p in paths if p)
    os.environ[GUARD] = "1"
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  the same program with the same arguments


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def bundled_copy() -> Path | None:
    """scikit-learn's copy of the library, without importing scikit-learn."""
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        return None
    site = Path(next(iter(found.submodule_search_locations))).parent
    return next(iter(sorted(site.glob("scikit_learn.libs/libgomp*.so*"))), None)
