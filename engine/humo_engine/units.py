"""Units that people read."""

from __future__ import annotations

GIB = 1 << 30


def gibibytes(size: int) -> str:
    """Bytes in GiB, to a tenth."""
    return f"{size / GIB:.1f} GiB"
