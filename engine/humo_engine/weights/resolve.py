"""What the lock asks for, found in what the hub lists."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import replace

from humo_engine.runtime_environment import own_command
from humo_engine.weights.errors import WeightsError
from humo_engine.weights.hub import RemoteFile
from humo_engine.weights.lock import LockedFile


def resolve(entries: Iterable[LockedFile], files: Iterable[RemoteFile], commit: str) -> list[tuple[LockedFile, RemoteFile]]:
    """Match lock entries of one repository with what the hub lists, patterns expanded. Pure.

    WeightsError if a file is not there, or the hub contradicts the lock about its size or sum.
    """
    files = list(files)
    pairs: list[tuple[LockedFile, RemoteFile]] = []
    for entry in entries:
        found = [item for item in files if fnmatch.fnmatchcase(item.path, entry.path)]
        if not found:
            raise WeightsError(f"{entry.repository} has no {entry.path} at {commit}; `{own_command('weights pin')}` looks again")
        for item in found:
            for name, pinned, actual in (("size", entry.size, item.size), ("SHA-256", entry.sha256, item.sha256)):
                if pinned is not None and actual is not None and pinned != actual:
                    raise WeightsError(
                        f"{entry.repository}/{item.path}: the hub says {name} {actual}, the lock file says {pinned}. The "
                        "file was changed upstream or the lock is wrong; nothing was downloaded"
                    )
            pairs.append(
                (replace(entry, path=item.path, revision=commit, size=item.size, sha256=entry.sha256 or item.sha256), item)
            )
    return pairs
