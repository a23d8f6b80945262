"""One download or conversion at a time in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from humo_engine.weights.events import Tell, Waiting

IN_USE_FILE = ".in-use"  # locked by the download or conversion that is at work


@contextlib.contextmanager
def alone_in(root: Path, tell: Tell) -> Iterator[None]:
    """Keep other processes from changing the folder meanwhile; wait for one that does. The lock ends with its process."""
    from filelock import FileLock, Timeout

    lock = FileLock(root / IN_USE_FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        tell(Waiting(str(root)))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
