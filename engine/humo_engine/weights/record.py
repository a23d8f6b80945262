"""What is known of the files in the folder, written down before each gets its name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from humo_engine.weights.errors import WeightsError
from humo_engine.weights.sums import file_hash

RECORD_FILE = ".verified.json"


def read_record(root: Path) -> dict[str, Any]:
    file = root / RECORD_FILE
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise WeightsError(
            f"{file} is damaged: {error}. Delete it; what the lock file does not know is checked no more then"
        ) from error


def put_in_place(
    root: Path, temporary: Path, place: str, sha256: str | None = None, repository: str | None = None, revision: str | None = None
) -> Path:
    """Give a whole, checked file its name. On disk first, then in the record, then the name, so that nothing is ever in place
    that is not all there, or that `verify` knows nothing of: not even after a power cut between any two steps.
    """
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    entry = {"size": temporary.stat().st_size, "sha256": sha256 or file_hash(temporary)}
    origin = {} if repository is None else {"repository": repository, "revision": revision}
    write_whole(
        root / RECORD_FILE, json.dumps({**read_record(root), place: {**origin, **entry}}, indent=1, sort_keys=True) + "\n"
    )
    final = root / place
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, final)
    return final


def write_whole(file: Path, text: str) -> None:
    temporary = file.with_name(file.name + ".new")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, file)
