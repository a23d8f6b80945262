"""`weights verify`: every file read, and its sum compared."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from humo_engine.weights.events import Damaged, Tell, Verified, tell_people
from humo_engine.weights.lock import LockedFile, read_lock, select
from humo_engine.weights.present import CONVERTED_FOLDERS, INDEX_NAME, ORIGINAL_17B, ORIGINAL_FOLDERS, converted_copy, shards
from humo_engine.weights.record import read_record
from humo_engine.weights.sums import file_hash


def verify(
    root: Path,
    models: Iterable[str],
    lock: Iterable[LockedFile] | None = None,
    tell: Tell = tell_people,
) -> bool:
    """Read every file that `models` need and compare its sum with the lock, or with what a download or conversion recorded.

    Tells of each file; True if all are right. A file that neither knows is reported as unknown and counts as wrong.
    """
    root = Path(root)
    right = True
    for place, size, expected in known_sums(root, list(models), lock):
        file = root / place
        if not file.is_file():
            verdict = "missing"
        elif size is not None and file.stat().st_size != size:
            verdict = f"wrong size: {file.stat().st_size} bytes, expected {size}"
        elif expected is None:
            verdict = "unknown: neither the lock file nor a download or conversion recorded its SHA-256"
        else:
            actual = file_hash(file)
            verdict = "ok" if actual == expected else f"wrong SHA-256: {actual}, expected {expected}"
        event = Verified(place, verdict)
        right = right and event.is_right
        tell(event)
    if not right:
        tell(Damaged())
    return right


def known_sums(
    root: Path, models: list[str], lock: Iterable[LockedFile] | None = None
) -> Iterator[tuple[str, int | None, str | None]]:
    """(place, size, SHA-256) of the files of `models`, converted copies included. Originals that those replace may be absent."""
    record = read_record(root)
    replaced = tuple(f"{ORIGINAL_FOLDERS[model]}/" for model in models if converted_copy(root, model))
    for entry in _expanded(root, select(read_lock() if lock is None else lock, models), record):
        if not entry.place.startswith(replaced) or (root / entry.place).is_file():
            known = record.get(entry.place, {})
            yield entry.place, entry.size or known.get("size"), entry.sha256 or known.get("sha256")
    for folder in (CONVERTED_FOLDERS[model] for model in models if model in CONVERTED_FOLDERS):
        if (root / folder / INDEX_NAME).is_file():
            for name in (INDEX_NAME, *shards(root / folder / INDEX_NAME)):
                known = record.get(f"{folder}/{name}", {})
                yield f"{folder}/{name}", known.get("size"), known.get("sha256")


def _expanded(root: Path, entries: Iterable[LockedFile], record: dict[str, Any]) -> list[LockedFile]:
    expanded = []
    for entry in entries:
        if not entry.is_pattern:
            expanded.append(entry)
            continue
        places = {f"{ORIGINAL_FOLDERS['17b']}/{name}" for name in shards(root / ORIGINAL_17B)}
        places |= {place for place in record if fnmatch.fnmatchcase(place, entry.place)}
        expanded += [replace(entry, path=place.removeprefix(f"{entry.folder}/")) for place in sorted(places)] or [entry]
    return expanded
