"""Room on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from humo_engine.units import GIB

SPARE_BYTES = GIB  # left free, for the logs and videos of whoever shares the disk


def free_bytes_at(folder: Path) -> int:
    """Bytes that may still be written in a folder."""
    return shutil.disk_usage(folder).free
