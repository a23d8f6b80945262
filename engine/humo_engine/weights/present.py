"""Which files are there, whole, and which of them a model is loaded from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from humo_engine.weights.errors import WeightsMissing
from humo_engine.weights.lock import LockedFile, read_lock, select
from humo_engine.weights.record import read_record

CONVERTED_FOLDERS = {"17b": "HuMo/HuMo-17B-bf16", "1_7b": "HuMo/HuMo-1.7B-bf16"}
ORIGINAL_FOLDERS = {"17b": "HuMo/HuMo-17B", "1_7b": "HuMo/HuMo-1.7B"}
ORIGINAL_17B = "HuMo/HuMo-17B/humo.safetensors.index.json"
ORIGINAL_1_7B = "HuMo/HuMo-1.7B/ema.pth"
INDEX_NAME = "humo.safetensors.index.json"


def missing_files(root: Path, model: str, lock: Iterable[LockedFile] | None = None) -> list[str]:
    """Places (relative to `root`) that `model` needs and that are absent or of another size than locked or recorded.

    A complete converted copy of the transformer stands in for the original one.
    """
    root = Path(root)
    missing = []
    converted = converted_copy(root, model)
    for entry in select(read_lock() if lock is None else lock, [model]):
        if converted and entry.place.startswith(f"{ORIGINAL_FOLDERS[model]}/"):
            continue
        if not is_in_place(root, entry):
            missing.append(entry.place)
    if model == "17b" and not converted:
        named = (f"{ORIGINAL_FOLDERS[model]}/{name}" for name in shards(root / ORIGINAL_17B))
        missing += [place for place in named if place not in missing and not is_whole(root, place)]
    return missing


def require(root: Path, model: str) -> None:
    """WeightsMissing, with the command to run, unless all files of `model` are there. Looks at names and sizes only."""
    missing = missing_files(root, model)
    if missing:
        raise WeightsMissing(Path(root), model, missing)


def transformer_files(root: Path, model: str) -> list[Path]:
    """The files to load the transformer from: converted bf16 shards if complete, else the official fp32 files.

    Either safetensors shards or one pickle (`ema.pth`). WeightsMissing if neither is complete.
    """
    root = Path(root)
    converted = converted_copy(root, model)
    if converted:
        return converted
    if model == "17b":
        original = complete_index(root, ORIGINAL_17B)
        if original:
            return original
        raise WeightsMissing(root, model, missing_files(root, model) or [ORIGINAL_17B])
    if is_whole(root, ORIGINAL_1_7B):
        return [root / ORIGINAL_1_7B]
    raise WeightsMissing(root, model, [ORIGINAL_1_7B])


def is_in_place(root: Path, entry: LockedFile) -> bool:
    if entry.is_pattern:
        # Which files it stands for is known from the index beside them, once that is there.
        return complete_index(root, ORIGINAL_17B) is not None
    if entry.place == ORIGINAL_17B and not shards(root / ORIGINAL_17B):
        return False
    return is_whole(root, entry.place, entry.size)


def is_whole(root: Path, place: str, size: int | None = None) -> bool:
    """Whether the file is there, as large as the lock says, or else as large as it was when it was recorded."""
    file = root / place
    if not file.is_file():
        return False
    return file.stat().st_size == (size or read_record(root).get(place, {}).get("size", file.stat().st_size))


def shards(index: Path) -> list[str]:
    """The files that an index names; none where it is absent or damaged."""
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return []


def complete_index(root: Path, index: str) -> list[Path] | None:
    """The shards of an index, or None unless all of them are there and whole."""
    folder = Path(index).parent
    places = [str(folder / name) for name in shards(root / index)]
    return [root / place for place in places] if places and all(is_whole(root, place) for place in places) else None


def converted_copy(root: Path, model: str) -> list[Path] | None:
    return complete_index(root, f"{CONVERTED_FOLDERS[model]}/{INDEX_NAME}") if model in CONVERTED_FOLDERS else None
