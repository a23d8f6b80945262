"""The official weight files: fetch, check, find, and convert.

`weights.lock.json` says which files of which revision belong to a model and what their sizes and SHA-256 sums are. A
file is downloaded into a folder of its own in `weights/.partial/`, checked there, and only then renamed to its place,
so whatever lies at its place is complete. What was checked is written down in `weights/.verified.json`, and so is what
a conversion wrote.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from humo_engine.full_disk import is_full_disk
from humo_engine.place import own_command

# HUMO_WEIGHTS_LOCK: a lock file of one's own, such as for a mirror that holds other revisions.
LOCK_FILE = Path(os.environ.get("HUMO_WEIGHTS_LOCK") or Path(__file__).with_name("weights.lock.json"))
PARTIAL_FOLDER = ".partial"
IN_USE_FILE = ".in-use"  # locked by the download or conversion that is at work
RECORD_FILE = ".verified.json"
CONVERTED_FOLDERS = {"17b": "HuMo/HuMo-17B-bf16", "1_7b": "HuMo/HuMo-1.7B-bf16"}
ORIGINAL_FOLDERS = {"17b": "HuMo/HuMo-17B", "1_7b": "HuMo/HuMo-1.7B"}
ORIGINAL_17B = "HuMo/HuMo-17B/humo.safetensors.index.json"
ORIGINAL_1_7B = "HuMo/HuMo-1.7B/ema.pth"
LORA_PREFIX = "lora:"
INDEX_NAME = "humo.safetensors.index.json"
SPARE_BYTES = 1 << 30  # left free after a download, for the logs and videos of whoever shares the disk
ATTEMPTS = 5
LONGEST_WAIT = 330.0  # seconds; the hub counts requests in windows of five minutes
GIB = 1 << 30


class WeightsError(RuntimeError):
    """A download, check or conversion cannot go on. The message says what to do."""


class WeightsMissing(WeightsError):
    """Files that a model needs are not there. `code` is the protocol's failure code."""

    code = "weights_missing"

    def __init__(self, root: Path, model: str, missing: list[str]):
        self.missing = missing
        shown = "\n".join(f"  - {path}" for path in missing)
        super().__init__(
            f"The weights of {_title(model)} are not complete in {root}; missing or of the wrong size:\n{shown}\n"
            f"Fetch them with: {own_command(f'weights download {_option(model)}')}"
        )


@dataclass(frozen=True)
class LockedFile:
    """One file (or glob) of a repository. `size` in bytes and `sha256` are enforced where they are not None.

    `models` names what needs it: "17b", "1_7b", "vocals", "voices", "lora:NAME". `folder` is relative to the weights folder.
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


# ── the lock ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_lock(file: Path = LOCK_FILE) -> list[LockedFile]:
    """The entries of the lock file. WeightsError if it is not of the known form."""
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
    """The entries that any of `models` ("17b", "1_7b", "vocals", "voices") needs."""
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


# ── the hub ──────────────────────────────────────────────────────────────────────────────────────────────────────────


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

    return _with_retries(ask, f"{repository} at {revision or 'main'}")


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


# ── download ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def download(
    root: Path,
    models: Iterable[str],
    *,
    lock: Iterable[LockedFile] | None = None,
    endpoint: str | None = None,
    free_bytes: Callable[[Path], int] | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> list[Path]:
    """Fetch what `models` need into `root`; returns the files that were fetched now.

    Sizes and free disk are checked before the first byte. Cut transfers resume, also in a later call. Each file is
    checked (size, SHA-256 or git id) before it gets its name. Of several calls for one folder, all but one wait.
    WeightsError says what went wrong and what to do.
    """
    root = Path(root)
    entries = select(read_lock() if lock is None else lock, models)
    fetched: list[Path] = []
    if not all(_is_in_place(root, entry) for entry in entries):  # a complete folder may be one that cannot be written
        root.mkdir(parents=True, exist_ok=True)
        with _alone_in(root, say):
            fetched = _download(root, entries, endpoint, free_bytes or (lambda folder: shutil.disk_usage(folder).free), say)
    if not fetched:
        say("All files are there already.")
    return fetched


def _download(
    root: Path,
    entries: list[LockedFile],
    endpoint: str | None,
    free_bytes: Callable[[Path], int],
    say: Callable[[str], None],
) -> list[Path]:
    plan: list[tuple[LockedFile, RemoteFile]] = []
    for repository in dict.fromkeys(entry.repository for entry in entries):
        own = [entry for entry in entries if entry.repository == repository]
        if all(_is_in_place(root, entry) for entry in own):
            continue
        commit, files = list_remote(repository, own[0].revision, endpoint)
        if own[0].revision is not None and commit != own[0].revision:
            raise WeightsError(f"{repository}: asked for {own[0].revision}, the hub answered {commit}")
        plan += [pair for pair in resolve(own, files, commit) if not _is_in_place(root, pair[0])]
    if not plan:
        return []
    already = sum(_partial_bytes(root, entry) for entry, _ in plan)
    needed = sum(remote.size for _, remote in plan) - already
    free = free_bytes(root)
    say(f"{len(plan)} files, {needed / GIB:.2f} GiB to fetch into {root} ({free / GIB:.1f} GiB free)")
    if needed + SPARE_BYTES > free:
        raise WeightsError(
            f"Not enough disk: {needed / GIB:.2f} GiB to fetch and 1 GiB to spare are more than the {free / GIB:.2f} GiB "
            f"free at {root}. Free some, or choose another folder with --weights"
        )
    fetched: list[Path] = []
    for number, (entry, remote) in enumerate(plan, start=1):
        say(f"[{number}/{len(plan)}] {entry.place}  {remote.size / GIB:.3f} GiB")
        partial = _fetch(root, entry, endpoint)
        _check(partial, entry, remote)
        fetched.append(_put_in_place(root, partial, entry.place, entry.sha256, entry.repository, entry.revision))
        _forget_partial(root, entry)
    return fetched


@contextlib.contextmanager
def _alone_in(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep other processes from changing the folder meanwhile; wait for one that does. The lock ends with its process."""
    from filelock import FileLock, Timeout

    lock = FileLock(root / IN_USE_FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say(f"Another download or conversion is at work in {root}; waiting for its end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _partial_folder(root: Path, entry: LockedFile) -> Path:
    return root / PARTIAL_FOLDER / entry.place


def _forget_partial(root: Path, entry: LockedFile) -> None:
    """Remove what a finished transfer left, and the folders above that hold no other file's."""
    folder = _partial_folder(root, entry)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty: somebody else's part lies there
        while (folder := folder.parent) != root:
            folder.rmdir()


def _fetch(root: Path, entry: LockedFile, endpoint: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    # huggingface_hub keeps the growing file beside local_dir, so a later call continues where this one stopped.
    return Path(
        _with_retries(
            lambda: hf_hub_download(
                entry.repository,
                entry.path,
                revision=entry.revision,
                local_dir=_partial_folder(root, entry),
                endpoint=endpoint,
            ),
            f"{entry.repository}/{entry.path}",
        )
    )


def _with_retries(action: Callable[[], Any], what: str) -> Any:
    import httpx
    import requests
    from huggingface_hub import errors

    again = "Run the same command again: it goes on where it stopped"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except (requests.RequestException, httpx.HTTPError, errors.HfHubHTTPError, errors.EntryNotFoundError, OSError) as raised:
            error: BaseException = raised
            if isinstance(raised, errors.LocalEntryNotFoundError) and raised.__cause__:
                # A hub that does not answer, or refuses for now, is reported as a file that is not in the cache either.
                error = raised.__cause__
            if isinstance(error, errors.GatedRepoError):
                raise WeightsError(f"{what}: access must be granted on the hub first; then set HF_TOKEN") from error
            if isinstance(error, errors.RepositoryNotFoundError):
                raise WeightsError(f"{what}: not found, or private; if private, set HF_TOKEN") from error
            if isinstance(error, (errors.EntryNotFoundError, errors.RevisionNotFoundError)):
                raise WeightsError(f"{what}: not on the hub any more; `{own_command('weights pin')}` looks again") from error
            if is_full_disk(error):
                raise WeightsError(f"{what}: the disk is full. Free some. {again}") from error
            response = getattr(error, "response", None)
            status = getattr(response, "status_code", None)
            if status == 401:
                raise WeightsError(f"{what}: the hub does not know the token in HF_TOKEN; set a valid one, or none") from error
            if attempt == ATTEMPTS or (status is not None and status < 500 and status != 429):
                raise WeightsError(f"{what}: {type(error).__name__}: {error}. {again}") from error
            asked = 0.0 if response is None else seconds_asked_for(response.headers)
            if asked > 10:
                print(f"{what}: the hub asks to wait {asked:.0f} s", file=sys.stderr, flush=True)
            time.sleep(max(asked, min(2.0 ** (attempt - 1), 8.0)) * float(os.environ.get("HUMO_RETRY_SECONDS", "1")))
    raise AssertionError("unreachable")


def seconds_asked_for(headers: Mapping[str, str]) -> float:
    """How long a server that refuses for now wants to be left alone; 0 where it does not say. At most `LONGEST_WAIT`.

    Either `Retry-After: SECONDS`, or the hub's own `RateLimit: "resolvers";r=0;t=SECONDS` for its windows of five minutes.
    """
    retry_after = re.fullmatch(r"\s*(\d+)\s*", headers.get("Retry-After", ""))
    window = re.search(r";\s*r=0\s*;\s*t=(\d+)", headers.get("RateLimit", ""))
    found = retry_after or window
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0


def _partial_bytes(root: Path, entry: LockedFile) -> int:
    folder = _partial_folder(root, entry)
    done = folder / entry.path
    if done.is_file():
        return done.stat().st_size
    cache = (folder / ".cache" / "huggingface" / "download" / entry.path).parent
    if entry.sha256 is None or not cache.is_dir():
        return 0
    # The growing file is named after a hash of the path and the file's etag, which is the SHA-256 of large files.
    return sum(file.stat().st_size for file in cache.glob(f"*{entry.sha256}.incomplete"))


def _check(file: Path, entry: LockedFile, remote: RemoteFile) -> None:
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
        raise WeightsError(f"{entry.place} {problem}. It was deleted; run the same command again to fetch it anew")


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

    return tqdm(total=total, unit="B", unit_scale=True, desc=title, leave=False, disable=total < 1 << 28)


# ── what is there ────────────────────────────────────────────────────────────────────────────────────────────────────


def missing_files(root: Path, model: str, lock: Iterable[LockedFile] | None = None) -> list[str]:
    """Places (relative to `root`) that `model` needs and that are absent or of another size than locked or recorded.

    A complete converted copy of the transformer stands in for the original one.
    """
    root = Path(root)
    missing = []
    converted = _converted_copy(root, model)
    for entry in select(read_lock() if lock is None else lock, [model]):
        if converted and entry.place.startswith(f"{ORIGINAL_FOLDERS[model]}/"):
            continue
        if not _is_in_place(root, entry):
            missing.append(entry.place)
    if model == "17b" and not converted:
        named = (f"{ORIGINAL_FOLDERS[model]}/{name}" for name in _shards(root / ORIGINAL_17B))
        missing += [place for place in named if place not in missing and not _is_whole(root, place)]
    return missing


def require(root: Path, model: str) -> None:
    """WeightsMissing, with the command to run, unless all files of `model` are there. Looks at names and sizes only."""
    missing = missing_files(root, model)
    if missing:
        raise WeightsMissing(Path(root), model, missing)


def require_pickles(root: Path, model: str, lock: Iterable[LockedFile] | None = None) -> None:
    """CheckpointError unless each pickle of `model` that is there has the sum of the lock. Reads these files whole.

    Does nothing with a PyTorch whose `weights_only` keeps pickles from running code.
    """
    import torch

    from humo_engine import checkpoint

    if checkpoint.pickles_are_safe(torch.__version__):
        return
    for entry in select(read_lock() if lock is None else lock, [model]):
        file = Path(root) / entry.place
        if file.suffix != ".pth" or not file.is_file():
            continue
        if entry.sha256 is None or file_hash(file) != entry.sha256:
            raise checkpoint.CheckpointError(
                f"{file} is not the file that was published, and was not opened: it could run code. Delete it and fetch it anew "
                f"with: {own_command('weights download')}"
            )


def transformer_files(root: Path, model: str) -> list[Path]:
    """The files to load the transformer from: converted bf16 shards if complete, else the official fp32 files.

    Either safetensors shards or one pickle (`ema.pth`). WeightsMissing if neither is complete.
    """
    root = Path(root)
    converted = _converted_copy(root, model)
    if converted:
        return converted
    if model == "17b":
        original = _complete_index(root, ORIGINAL_17B)
        if original:
            return original
        raise WeightsMissing(root, model, missing_files(root, model) or [ORIGINAL_17B])
    if _is_whole(root, ORIGINAL_1_7B):
        return [root / ORIGINAL_1_7B]
    raise WeightsMissing(root, model, [ORIGINAL_1_7B])


def verify(
    root: Path,
    models: Iterable[str],
    lock: Iterable[LockedFile] | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Read every file that `models` need and compare its sum with the lock, or with what a download or conversion recorded.

    Prints one line a file; True if all are right. A file that neither knows is reported as unknown and counts as wrong.
    """
    root = Path(root)
    right = True
    for place, size, expected in _to_verify(root, list(models), read_lock() if lock is None else lock):
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
        right = right and verdict == "ok"
        say(f"{place}: {verdict}")
    if not right:
        say(
            f"Delete what is wrong and fetch what is missing with `{own_command('weights download')}`. "
            f"Files in a folder …-bf16 come from `{own_command('weights convert')}`."
        )
    return right


def _to_verify(root: Path, models: list[str], lock: Iterable[LockedFile]) -> Iterator[tuple[str, int | None, str | None]]:
    """(place, size, SHA-256) of the files of `models`, converted copies included. Originals that those replace may be absent."""
    record = _read_record(root)
    replaced = tuple(f"{ORIGINAL_FOLDERS[model]}/" for model in models if _converted_copy(root, model))
    for entry in _expanded(root, select(lock, models), record):
        if not entry.place.startswith(replaced) or (root / entry.place).is_file():
            known = record.get(entry.place, {})
            yield entry.place, entry.size or known.get("size"), entry.sha256 or known.get("sha256")
    for folder in (CONVERTED_FOLDERS[model] for model in models if model in CONVERTED_FOLDERS):
        if (root / folder / INDEX_NAME).is_file():
            for name in (INDEX_NAME, *_shards(root / folder / INDEX_NAME)):
                known = record.get(f"{folder}/{name}", {})
                yield f"{folder}/{name}", known.get("size"), known.get("sha256")


def _expanded(root: Path, entries: Iterable[LockedFile], record: dict[str, Any]) -> list[LockedFile]:
    expanded = []
    for entry in entries:
        if not entry.is_pattern:
            expanded.append(entry)
            continue
        places = {f"{ORIGINAL_FOLDERS['17b']}/{name}" for name in _shards(root / ORIGINAL_17B)}
        places |= {place for place in record if fnmatch.fnmatchcase(place, entry.place)}
        expanded += [replace(entry, path=place.removeprefix(f"{entry.folder}/")) for place in sorted(places)] or [entry]
    return expanded


def _is_in_place(root: Path, entry: LockedFile) -> bool:
    if entry.is_pattern:
        # Which files it stands for is known from the index beside them, once that is there.
        return _complete_index(root, ORIGINAL_17B) is not None
    if entry.place == ORIGINAL_17B and not _shards(root / ORIGINAL_17B):
        return False
    return _is_whole(root, entry.place, entry.size)


def _is_whole(root: Path, place: str, size: int | None = None) -> bool:
    """Whether the file is there, as large as the lock says, or else as large as it was when it was recorded."""
    file = root / place
    if not file.is_file():
        return False
    return file.stat().st_size == (size or _read_record(root).get(place, {}).get("size", file.stat().st_size))


def _shards(index: Path) -> list[str]:
    """The files that an index names; none where it is absent or damaged."""
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return []


def _complete_index(root: Path, index: str) -> list[Path] | None:
    """The shards of an index, or None unless all of them are there and whole."""
    folder = Path(index).parent
    places = [str(folder / name) for name in _shards(root / index)]
    return [root / place for place in places] if places and all(_is_whole(root, place) for place in places) else None


def _converted_copy(root: Path, model: str) -> list[Path] | None:
    return _complete_index(root, f"{CONVERTED_FOLDERS[model]}/{INDEX_NAME}") if model in CONVERTED_FOLDERS else None


def _read_record(root: Path) -> dict[str, Any]:
    file = root / RECORD_FILE
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise WeightsError(
            f"{file} is damaged: {error}. Delete it; what the lock file does not know is checked no more then"
        ) from error


def _put_in_place(
    root: Path, temporary: Path, place: str, sha256: str | None = None, repository: str | None = None, revision: str | None = None
) -> Path:
    """Give a whole, checked file its name. On disk first, then in the record, then the name, so that nothing is ever in place
    that is not all there, or that `verify` knows nothing of: not even after a power cut between any two steps.
    """
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    entry = {"size": temporary.stat().st_size, "sha256": sha256 or file_hash(temporary)}
    origin = {} if repository is None else {"repository": repository, "revision": revision}
    _write_whole(
        root / RECORD_FILE, json.dumps({**_read_record(root), place: {**origin, **entry}}, indent=1, sort_keys=True) + "\n"
    )
    final = root / place
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, final)
    return final


def _write_whole(file: Path, text: str) -> None:
    temporary = file.with_name(file.name + ".new")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, file)


# ── pin ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def pin(file: Path = LOCK_FILE, endpoint: str | None = None, say: Callable[[str], None] = print) -> None:
    """Rewrite the lock file from the hub: commit, every size, every SHA-256, patterns expanded.

    A revision that stands there is kept; a value that stands there and differs from the hub's is an error, not
    replaced: someone must decide. Files without a sum on the hub (small ones) are fetched and summed.
    """
    import tempfile

    lock = read_lock(file)
    document = json.loads(file.read_text(encoding="utf-8"))
    for repository in document["repositories"]:
        own = [entry for entry in lock if entry.repository == repository["repository"]]
        commit, files = list_remote(repository["repository"], repository["revision"], endpoint)
        entries = []
        with tempfile.TemporaryDirectory() as folder:
            for entry, remote in resolve(own, files, commit):
                if entry.sha256 is None:
                    small = _fetch(Path(folder), entry, endpoint)
                    _check(small, entry, remote)
                    entry = replace(entry, sha256=file_hash(small))
                entries.append({"path": entry.path, "size": entry.size, "sha256": entry.sha256, "models": list(entry.models)})
                say(f"{repository['repository']} {entry.path} {entry.size} {entry.sha256}")
        repository.update(revision=commit, files=entries, confirmed="Read from the hub by `npm run engine -- weights pin`.")
    _write_whole(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


# ── convert ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stays_float32(key: str, dimensions: int) -> bool:
    """Whether a tensor keeps fp32: all that runs in fp32 anyway (modulation, norms, time, head) and vectors, 2% of the bytes."""
    return dimensions < 2 or "modulation" in key or key.startswith(("head.", "time_embedding.", "time_projection."))


def convert(root: Path, model: str, say: Callable[[str], None] = print) -> Path:
    """Write the official fp32 transformer as bf16 safetensors beside it; returns the new index file.

    One shard at a time: the input is memory-mapped, so what is held is one bf16 output shard. Shards get their names
    when complete, the index last; `transformer_files` prefers the copy from then on. Sums are recorded for `verify`.
    WeightsMissing without the input, CheckpointError if it is damaged.
    """
    root = Path(root)
    folder = root / CONVERTED_FOLDERS[model]
    if model == "17b":
        sources = _complete_index(root, ORIGINAL_17B)
        if sources is None:
            raise WeightsMissing(root, model, missing_files(root, model) or [ORIGINAL_17B])
        index = json.loads((root / ORIGINAL_17B).read_text(encoding="utf-8"))["weight_map"]
        keys_by_shard = [(file, sorted(key for key, name in index.items() if name == file.name)) for file in sources]
    else:
        file = root / ORIGINAL_1_7B
        if not _is_whole(root, ORIGINAL_1_7B):
            raise WeightsMissing(root, model, [ORIGINAL_1_7B])
        keys_by_shard = [(file, None)]
    bytes_in = sum(file.stat().st_size for file, _ in keys_by_shard)
    free = shutil.disk_usage(root).free
    if bytes_in * 0.52 + SPARE_BYTES > free:
        raise WeightsError(
            f"Not enough disk: about {bytes_in * 0.52 / GIB:.1f} GiB are needed, {free / GIB:.1f} GiB are free at {root}"
        )
    with _alone_in(root, say):
        return _convert(root, folder, keys_by_shard, say)


def _convert(root: Path, folder: Path, keys_by_shard: list[tuple[Path, list[str] | None]], say: Callable[[str], None]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.relative_to(root).as_posix()
    (folder / INDEX_NAME).unlink(missing_ok=True)  # a copy written over an older one counts when it is whole, not before
    weight_map: dict[str, str] = {}
    total = 0
    for number, (file, keys) in enumerate(keys_by_shard, start=1):
        name = f"humo-{number:05d}-of-{len(keys_by_shard):05d}.safetensors"
        say(f"[{number}/{len(keys_by_shard)}] {file.name} → {folder.name}/{name}")
        sizes = _convert_shard(file, keys, folder / f"{name}.new")
        _put_in_place(root, folder / f"{name}.new", f"{place}/{name}")
        weight_map.update(dict.fromkeys(sizes, name))
        total += sum(sizes.values())
    text = json.dumps({"metadata": {"total_size": total, "format": "pt"}, "weight_map": weight_map}, indent=1) + "\n"
    new_index = folder / f"{INDEX_NAME}.new"
    new_index.write_text(text, encoding="utf-8")
    return _put_in_place(root, new_index, f"{place}/{INDEX_NAME}")


def _convert_shard(source: Path, keys: list[str] | None, target: Path) -> dict[str, int]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    from humo_engine.checkpoint import read_tensors

    def lower(key: str, tensor: torch.Tensor) -> torch.Tensor:
        narrow = tensor.is_floating_point() and not stays_float32(key, tensor.dim())
        # clone: what stays fp32 must not keep the memory-mapped file alive past this shard.
        return tensor.to(torch.bfloat16) if narrow else tensor.clone()

    converted = {key: lower(key, tensor) for key, tensor in read_tensors([source])}
    if keys is not None and set(keys) != converted.keys():
        difference = sorted(set(keys) ^ converted.keys())
        raise WeightsError(f"{source.name}: the index and the shard disagree about {', '.join(difference[:5])}")
    try:
        save_file(converted, target, metadata={"format": "pt"})
    except (SafetensorError, OSError) as error:
        target.unlink(missing_ok=True)  # most often the disk is full: what was begun must not keep it so
        raise WeightsError(f"{target} cannot be written: {error}. Run the same command again when that is mended") from error
    return {key: tensor.numel() * tensor.element_size() for key, tensor in converted.items()}


def _title(model: str) -> str:
    return {"17b": "HuMo 17B", "1_7b": "HuMo 1.7B", "vocals": "the vocal isolation", "voices": "the voices"}.get(model, model)


def _option(model: str) -> str:
    return f"--{model}" if model in ("vocals", "voices") else f"--model {model.replace('_', '.')}"
