"""`weights download`: what models need and is not there, fetched, checked and put in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from humo_engine.units import GIB
from humo_engine.weights.disk import SPARE_BYTES, free_bytes_at
from humo_engine.weights.errors import WeightsError
from humo_engine.weights.events import Fetching, NothingToFetch, Planned, Tell, tell_people
from humo_engine.weights.hub import RemoteFile, fetch, forget_partial, list_remote, partial_bytes
from humo_engine.weights.in_use import alone_in
from humo_engine.weights.lock import LockedFile, read_lock, select
from humo_engine.weights.present import is_in_place
from humo_engine.weights.record import put_in_place
from humo_engine.weights.resolve import resolve
from humo_engine.weights.sums import check_fetched


def download(
    root: Path,
    models: Iterable[str],
    *,
    lock: Iterable[LockedFile] | None = None,
    endpoint: str | None = None,
    free_bytes: Callable[[Path], int] = free_bytes_at,
    tell: Tell = tell_people,
) -> list[Path]:
    """Fetch what `models` need into `root`; returns the files that were fetched now.

    Sizes and free disk are checked before the first byte. Cut transfers resume, also in a later call. Each file is
    checked (size, SHA-256 or git id) before it gets its name. Of several calls for one folder, all but one wait.
    WeightsError says what went wrong and what to do.
    """
    root = Path(root)
    entries = select(read_lock() if lock is None else lock, models)
    fetched: list[Path] = []
    if not all(is_in_place(root, entry) for entry in entries):  # a complete folder may be one that cannot be written
        root.mkdir(parents=True, exist_ok=True)
        with alone_in(root, tell):
            fetched = _download(root, entries, endpoint, free_bytes, tell)
    if not fetched:
        tell(NothingToFetch())
    return fetched


def _download(
    root: Path,
    entries: list[LockedFile],
    endpoint: str | None,
    free_bytes: Callable[[Path], int],
    tell: Tell,
) -> list[Path]:
    plan: list[tuple[LockedFile, RemoteFile]] = []
    for repository in dict.fromkeys(entry.repository for entry in entries):
        own = [entry for entry in entries if entry.repository == repository]
        if all(is_in_place(root, entry) for entry in own):
            continue
        commit, files = list_remote(repository, own[0].revision, endpoint)
        if own[0].revision is not None and commit != own[0].revision:
            raise WeightsError(f"{repository}: asked for {own[0].revision}, the hub answered {commit}")
        plan += [pair for pair in resolve(own, files, commit) if not is_in_place(root, pair[0])]
    if not plan:
        return []
    for entry, remote in plan:
        # What a server that knows no parts, and an older library, have put one behind the other: asked for more of it, every server refuses.
        if partial_bytes(root, entry) > remote.size:
            forget_partial(root, entry)
    already = sum(partial_bytes(root, entry) for entry, _ in plan)
    needed = sum(remote.size for _, remote in plan) - already
    free = free_bytes(root)
    tell(Planned(len(plan), needed, free, str(root)))
    if needed + SPARE_BYTES > free:
        raise WeightsError(
            f"Not enough disk: {needed / GIB:.2f} GiB to fetch and 1 GiB to spare are more than the {free / GIB:.2f} GiB "
            f"free at {root}. Free some, or choose another folder with --weights"
        )
    fetched: list[Path] = []
    for number, (entry, remote) in enumerate(plan, start=1):
        tell(Fetching(number, len(plan), entry.place, remote.size))
        partial = fetch(root, entry, endpoint)
        check_fetched(partial, entry, remote)
        fetched.append(put_in_place(root, partial, entry.place, entry.sha256, entry.repository, entry.revision))
        forget_partial(root, entry)
    return fetched
