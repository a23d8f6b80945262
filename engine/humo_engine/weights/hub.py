"""The hub: what it says of a repository, and one file of it fetched, on from where an earlier call stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from humo_engine.weights.lock import LockedFile
from humo_engine.weights.retries import with_retries

PARTIAL_FOLDER = ".partial"


@dataclass(frozen=True)
class RemoteFile:
    """What the hub says of a file at one commit. Small files have a git blob id and no SHA-256."""

    path: str
    size: int
    sha256: str | None
    blob_id: str


def list_remote(repository: str, revision: str | None, endpoint: str | None = None) -> tuple[str, list[RemoteFile]]:
    """(commit, files) of a repository at a revision (None: its main branch). WeightsError explains a refusal."""
    # A cut plain transfer resumes at the byte where it broke; the chunked protocol starts the file again. So does hf_transfer,
    # which images for rented GPUs often ask for by this variable, without having it.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    os.environ["HF_HUB_ENABLE_HF_TRANSFER"] = "0"
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint)

    def ask() -> tuple[str, list[RemoteFile]]:
        commit = api.model_info(repository, revision=revision).sha
        files = [
            RemoteFile(item.path, item.size, item.lfs.sha256 if item.lfs else None, item.blob_id)
            for item in api.list_repo_tree(repository, revision=commit, recursive=True)
            if hasattr(item, "size")
        ]
        return commit, files

    return with_retries(ask, f"{repository} at {revision or 'main'}")


def fetch(root: Path, entry: LockedFile, endpoint: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    # huggingface_hub keeps the growing file beside local_dir, so a later call continues where this one stopped.
    return Path(
        with_retries(
            lambda: hf_hub_download(
                entry.repository,
                entry.path,
                revision=entry.revision,
                local_dir=partial_folder(root, entry),
                endpoint=endpoint,
            ),
            f"{entry.repository}/{entry.path}",
        )
    )


def partial_folder(root: Path, entry: LockedFile) -> Path:
    return root / PARTIAL_FOLDER / entry.place


def forget_partial(root: Path, entry: LockedFile) -> None:
    """Remove what a finished transfer left, and the folders above that hold no other file's."""
    folder = partial_folder(root, entry)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty: somebody else's part lies there
        while (folder := folder.parent) != root:
            folder.rmdir()


def partial_bytes(root: Path, entry: LockedFile) -> int:
    folder = partial_folder(root, entry)
    done = folder / entry.path
    if done.is_file():
        return done.stat().st_size
    cache = (folder / ".cache" / "huggingface" / "download" / entry.path).parent
    if entry.sha256 is None or not cache.is_dir():
        return 0
    # The growing file is named after a hash of the path and the file's etag, which is the SHA-256 of large files.
    return sum(file.stat().st_size for file in cache.glob(f"*{entry.sha256}.incomplete"))
