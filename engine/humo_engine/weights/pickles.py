"""Pickles that could run code, refused before they are opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from humo_engine import checkpoint
from humo_engine.runtime_environment import own_command
from humo_engine.weights.errors import download_option
from humo_engine.weights.lock import LockedFile, read_lock, select
from humo_engine.weights.sums import file_hash

PICKLES = (".pth", ".model")


def require_pickles(root: Path, model: str, lock: Iterable[LockedFile] | None = None) -> None:
    """CheckpointError unless each pickle of `model` that is there has the sum of the lock. Reads these files whole.

    Does nothing with a PyTorch whose `weights_only` keeps pickles from running code.
    """
    import torch

    if checkpoint.pickles_are_safe(torch.__version__):
        return
    for entry in select(read_lock() if lock is None else lock, [model]):
        file = Path(root) / entry.place
        if file.suffix not in PICKLES or not file.is_file():
            continue
        if entry.sha256 is None or file_hash(file) != entry.sha256:
            raise checkpoint.CheckpointError(
                f"{file} is not the file that was published, and was not opened: it could run code. Delete it and fetch it anew "
                f"with: {own_command(f'weights download {download_option(model)}')}"
            )
