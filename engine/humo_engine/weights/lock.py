"""Which files of which revision belong to a model: the lock file, read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from humo_engine.weights.errors import WeightsError

# HUMO_WEIGHTS_LOCK: a lock file of one's own, such as for a mirror that holds other revisions.
LOCK_FILE = Path(os.environ.get("HUMO_WEIGHTS_LOCK") or Path(__file__).with_name("weights.lock.json"))
LORA_PREFIX = "lora:"
SYNCNET = "syncnet"  # what `quality` measures real faces with: SyncNet and a face detector


@dataclass(frozen=True)
class LockedFile:
    """One file (or glob) of a repository. `size` in bytes and `sha256` are enforced where they are not None.

    `models` names what needs it: "17b", "1_7b", "vocals", "voices", "syncnet", "lora:NAME". `folder` is relative to the weights folder.
    """

    repository: str
    revision: str | None
    folder: str
    path: str
    size: int | None
    sha256: str | None
    models: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where the file belongs, relative to the weights folder."""
        return f"{self.folder}/{self.path}"

    @property
    def is_pattern(self) -> bool:
        return "*" in self.path


def read_lock(file: Path | None = None) -> list[LockedFile]:
    """The entries of a lock file, `LOCK_FILE` unless another is named. WeightsError if it is not of the known form."""
    file = file or LOCK_FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["version"] != 1:
            raise WeightsError(f"{file}: version {document['version']!r} is not supported; this program reads version 1")
        return [
            LockedFile(
                repository["repository"],
                repository["revision"],
                repository["folder"],
                entry["path"],
                entry["size"],
                entry["sha256"],
                tuple(entry["models"]),
            )
            for repository in document["repositories"]
            for entry in repository["files"]
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise WeightsError(f"{file} is not a lock file of weights: {type(error).__name__}: {error}") from error


def select(lock: Iterable[LockedFile], models: Iterable[str]) -> list[LockedFile]:
    """The entries that any of `models` ("17b", "1_7b", "vocals", "voices", "syncnet") needs."""
    wanted = set(models)
    return [entry for entry in lock if wanted & set(entry.models)]


def lora_named(name: str, lock: Iterable[LockedFile] | None = None) -> str:
    """What `models` call the LoRA that goes by a name, or by its file's. WeightsError names those that are known."""
    known = {
        model.removeprefix(LORA_PREFIX): entry.path.rpartition("/")[2]
        for entry in (read_lock() if lock is None else lock)
        for model in entry.models
        if model.startswith(LORA_PREFIX)
    }
    for short, file in known.items():
        if name.rpartition("/")[2] in (short, file):
            return LORA_PREFIX + short
    listed = ", ".join(f"{short} ({file})" for short, file in known.items())
    raise WeightsError(
        f"There is no LoRA {name!r} to fetch; known are {listed}. Any other file can be laid into the weights folder"
    )
