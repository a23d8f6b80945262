"""`weights pin`: the lock file, rewritten from the hub."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from humo_engine.weights.hub import fetch, list_remote
from humo_engine.weights.lock import LOCK_FILE, read_lock
from humo_engine.weights.record import write_whole
from humo_engine.weights.resolve import resolve
from humo_engine.weights.sums import check_fetched, file_hash


def pin(file: Path = LOCK_FILE, endpoint: str | None = None, say: Callable[[str], None] = print) -> None:
    """Rewrite the lock file from the hub: commit, every size, every SHA-256, patterns expanded.

    A revision that stands there is kept; a value that stands there and differs from the hub's is an error, not
    replaced: someone must decide. Files without a sum on the hub (small ones) are fetched and summed.
    """
    lock = read_lock(file)
    document = json.loads(file.read_text(encoding="utf-8"))
    for repository in document["repositories"]:
        own = [entry for entry in lock if entry.repository == repository["repository"]]
        commit, files = list_remote(repository["repository"], repository["revision"], endpoint)
        entries = []
        with tempfile.TemporaryDirectory() as folder:
            for entry, remote in resolve(own, files, commit):
                if entry.sha256 is None:
                    small = fetch(Path(folder), entry, endpoint)
                    check_fetched(small, entry, remote)
                    entry = replace(entry, sha256=file_hash(small))
                entries.append({"path": entry.path, "size": entry.size, "sha256": entry.sha256, "models": list(entry.models)})
                say(f"{repository['repository']} {entry.path} {entry.size} {entry.sha256}")
        repository.update(revision=commit, files=entries, confirmed="Read from the hub by `npm run engine -- weights pin`.")
    write_whole(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
