"""Files that were made once are kept for whoever asks next, or goes on where a download broke off.

They are in a folder of this host alone. A host without one makes it anew, with the same bytes.
"""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

FRESH = 3_600  # seconds after which a file that is still unfinished was left by a process that ended


def kept(folder: Path, name: str, make: Callable[[IO[bytes]], None], *, space: int) -> Path:
    """Return the file of that name, made by `make` if it is not there yet.

    What was asked for longest ago goes when all files together have more than `space` bytes. A file is there whole or
    not at all, and two who make it at once make the same.
    """
    path = folder / name
    with suppress(FileNotFoundError):
        os.utime(path)
        return path
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as unfinished:
        try:
            make(unfinished)
        except BaseException:
            os.unlink(unfinished.name)
            raise
    os.replace(unfinished.name, path)
    tidy(folder, space=space, but=path)
    return path


def tidy(folder: Path, *, space: int, but: Path) -> None:
    """Remove what was asked for longest ago until no more than `space` bytes are left, and what was never finished."""
    left = 0
    for asked_at, size, path in sorted(_files(folder), reverse=True):
        left += size
        unfinished = path.name.startswith(".")
        if path != but and (asked_at < time.time() - FRESH if unfinished else left > space):
            path.unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            state = path.stat()
            found.append((state.st_mtime, state.st_size, path))
    return found
