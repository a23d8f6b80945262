"""Sums of files, and whether a fetched one is what the lock and the hub say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from humo_engine.weights.errors import WeightsError
from humo_engine.weights.hub import RemoteFile
from humo_engine.weights.lock import LockedFile


def check_fetched(file: Path, entry: LockedFile, remote: RemoteFile) -> None:
    """Refuse and delete a file whose size or sum is wrong: continuing it would only keep the damage."""
    size = file.stat().st_size
    problem = None
    if size != remote.size:
        problem = f"has {size} bytes, expected {remote.size}"
    elif entry.sha256 is not None:
        actual = file_hash(file)
        if actual != entry.sha256:
            problem = f"has the SHA-256 {actual}, expected {entry.sha256}"
    else:
        actual = git_blob_id(file)
        if actual != remote.blob_id:
            problem = f"has the git id {actual}, expected {remote.blob_id}"
    if problem:
        file.unlink()
        raise WeightsError(f"{entry.place} {problem}. It was deleted; run the same command again to download it")


def file_hash(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal, with a progress bar for large ones."""
    digest = hashlib.sha256()
    with file.open("rb") as stream, _bar(file.stat().st_size, f"check {file.name}") as bar:
        while block := stream.read(1 << 24):
            digest.update(block)
            bar.update(len(block))
    return digest.hexdigest()


def git_blob_id(file: Path) -> str:
    """The id git gives a file's content, which is what the hub knows of files outside its large-file storage."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _bar(total: int, title: str) -> Any:
    from tqdm import tqdm

    return tqdm(
        total=total, unit="B", unit_scale=True, desc=title, leave=False, disable=True if total < 1 << 28 else None
    )  # None: only in a terminal
