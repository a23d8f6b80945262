"""What is said when a disk is full: which one, and what to do. A library's own words name no folder, or a file that nobody knows."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("No space left on device", "PytorchStreamWriter failed writing file")
"""What a library says instead of a number: safetensors, and `torch.save`, of which nothing but that a write failed is to be learnt."""


def is_full_disk(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that no room is left."""
    while error is not None:
        if getattr(error, "errno", None) in _FULL or any(words in str(error) for words in _FULL_WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain_full_disk(error: BaseException, folders: Iterable[Path]) -> str:
    """One sentence that names the full folder.

    `folders`: where the command writes. The error's own file comes first, if it names one; else the one with the least room is meant.
    """
    named = getattr(error, "filename", None)
    folder = Path(named).parent if isinstance(named, str) else min([Path(tempfile.gettempdir()), *folders], key=_room)
    return (
        f"the disk is full: nothing more goes into {folder}. Free some space there, or name another folder"
        " (what is made on the way goes where TMPDIR says)."
    )


def _room(folder: Path) -> int:
    """Free bytes on the disk of a folder, or of the first above it that is there."""
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return 1 << 62
