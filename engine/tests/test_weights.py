"""Downloads against a local hub: whole, resumed, refused. Checks, the lock file, and the conversion to bf16."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import termios
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hub_server import Hub, serving
from safetensors.torch import load_file, save_file

from humo_engine import checkpoint, components
from humo_engine.checkpoint import CheckpointError
from humo_engine.components import official_components
from humo_engine.speech.voices import VOICES
from humo_engine.weights import retries
from humo_engine.weights.convert import convert
from humo_engine.weights.disk import SPARE_BYTES
from humo_engine.weights.download import download
from humo_engine.weights.errors import WeightsError, WeightsMissing
from humo_engine.weights.events import Event, Waiting
from humo_engine.weights.lock import LockedFile, lora_named, read_lock, select
from humo_engine.weights.pickles import require_pickles
from humo_engine.weights.pin import pin
from humo_engine.weights.present import INDEX_NAME, ORIGINAL_1_7B, ORIGINAL_17B, missing_files, require, transformer_files
from humo_engine.weights.record import put_in_place
from humo_engine.weights.retries import ATTEMPTS, LONGEST_WAIT, seconds_asked_for
from humo_engine.weights.sums import file_hash
from humo_engine.weights.verify import verify
from humo_quality.detector import FILE
from humo_quality.syncnet import CHECKPOINT

ENGINE = Path(__file__).parents[1]
FORK = multiprocessing.get_context("fork")  # a process of its own that has loaded what this one has
REPOSITORY = "someone/model"
CHUNK = 10 << 20  # huggingface_hub writes what arrives in pieces of 10 MiB; less than a piece is lost in a cut
BIG = random.Random(1).randbytes(2 * CHUNK + 1_000_000)
SMALL = b'{"a": 1}\n'


def locked(path: str, body: bytes | None = None, revision: str | None = "c" * 40) -> LockedFile:
    return LockedFile(
        REPOSITORY,
        revision,
        "folder",
        path,
        len(body) if body else None,
        hashlib.sha256(body).hexdigest() if body else None,
        ("17b",),
    )


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("HUMO_RETRY_SECONDS", "0")
    with serving(Hub({REPOSITORY: {"big.bin": BIG, "sub/small.json": SMALL}}, large={"big.bin"})) as hub:
        yield hub


def fetch(root: Path, hub: Hub, lock: list[LockedFile], **options) -> list[Path]:
    return download(root, ["17b"], lock=lock, endpoint=hub.endpoint, tell=lambda event: None, **options)


def test_files_arrive_whole_are_recorded_and_are_not_fetched_twice(tmp_path, hub):
    lock = [locked("big.bin", BIG), locked("sub/small.json")]
    assert len(fetch(tmp_path, hub, lock)) == 2
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG
    assert (tmp_path / "folder/sub/small.json").read_bytes() == SMALL
    record = json.loads((tmp_path / ".verified.json").read_text())
    # The hub has no SHA-256 of a small file; the download's own is written down for later checks.
    assert record["folder/sub/small.json"]["sha256"] == hashlib.sha256(SMALL).hexdigest()
    assert record["folder/big.bin"]["revision"] == hub.commit
    assert not (tmp_path / ".partial").exists()
    asked = len(hub.requests)
    assert fetch(tmp_path, hub, lock) == []
    assert all(not path.startswith("big") for _, path, _, _ in hub.requests[asked:])
    assert verify(tmp_path, ["17b"], lock=lock, tell=lambda event: None)


def test_a_cut_transfer_goes_on_where_it_broke(tmp_path, hub):
    hub.cuts["big.bin"] = [CHUNK + 1000, CHUNK + 1000]
    fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG
    assert hub.sent("big.bin") == [None, f"bytes={CHUNK}-", f"bytes={2 * CHUNK}-"]


def test_a_download_given_up_leaves_no_file_and_a_later_one_continues(tmp_path, hub):
    hub.cuts["big.bin"] = [CHUNK + 1000] + [1000] * (ATTEMPTS - 1)
    lock = [locked("big.bin", BIG)]
    with pytest.raises(WeightsError, match="resumes where it stopped"):
        fetch(tmp_path, hub, lock)
    assert not (tmp_path / "folder").exists()
    assert missing_files(tmp_path, "17b", lock) == ["folder/big.bin"]
    assert hub.cuts["big.bin"] == []
    hub.requests.clear()
    lines: list[str] = []
    download(tmp_path, ["17b"], lock=lock, endpoint=hub.endpoint, tell=lambda event: lines.append(str(event)))
    assert hub.sent("big.bin") == [f"bytes={CHUNK}-"]
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG
    assert f"{(len(BIG) - CHUNK) / 2**30:.2f} GiB to fetch" in lines[0]


def test_a_server_that_knows_no_parts_sends_all_of_it_again(tmp_path, hub):
    hub.cuts["big.bin"] = [CHUNK + 1000]
    hub.whole = {"big.bin"}
    fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG
    assert hub.sent("big.bin") == [None, f"bytes={CHUNK}-"]


@pytest.mark.parametrize("harm", ["longer than the file", "of another version"])
def test_a_part_that_cannot_be_gone_on_with_is_forgotten(tmp_path, hub, harm):
    hub.cuts["big.bin"] = [CHUNK + 1000] + [1000] * (ATTEMPTS - 1)
    with pytest.raises(WeightsError):
        fetch(tmp_path, hub, [locked("big.bin", BIG)])
    (part,) = (tmp_path / ".partial").rglob("*.incomplete")
    wanted = BIG
    if harm == "longer than the file":
        part.write_bytes(BIG + b"x")
    else:
        wanted = hub.files[REPOSITORY]["big.bin"] = BIG[::-1]
    hub.requests.clear()
    fetch(tmp_path, hub, [locked("big.bin", wanted)])
    assert hub.sent("big.bin") == [None]
    assert (tmp_path / "folder/big.bin").read_bytes() == wanted
    assert not (tmp_path / ".partial").exists()


def test_a_finished_download_leaves_what_another_one_began(tmp_path, hub):
    hub.cuts["big.bin"] = [CHUNK + 1000] + [1000] * (ATTEMPTS - 1)
    with pytest.raises(WeightsError):
        fetch(tmp_path, hub, [locked("big.bin", BIG)])
    fetch(tmp_path, hub, [locked("sub/small.json")])
    hub.requests.clear()
    fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert hub.sent("big.bin") == [f"bytes={CHUNK}-"]
    assert not (tmp_path / ".partial").exists()


@pytest.mark.parametrize("second", ["big.bin", "sub/small.json"])
def test_of_two_downloads_at_once_the_second_waits_and_fetches_only_what_is_still_missing(tmp_path, hub, second):
    waits = threading.Event()
    begun = threading.Event()
    hub.stalls["big.bin"] = [CHUNK + 1000]
    hub.requests = Noticed("big.bin", begun)
    lock = [locked("big.bin", BIG), locked("sub/small.json")]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(fetch, tmp_path, hub, lock)
        assert begun.wait(60)
        other = pool.submit(
            download,
            tmp_path,
            ["17b"],
            lock=[entry for entry in lock if entry.path == second],
            endpoint=hub.endpoint,
            tell=lambda event: waits.set() if isinstance(event, Waiting) else None,
        )
        try:
            assert waits.wait(60)
        finally:
            hub.released.set()
        assert len(first.result(60)) == 2 and other.result(60) == []
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG
    assert hub.sent("big.bin") == [None] and len(hub.sent("sub/small.json")) == 1
    assert verify(tmp_path, ["17b"], lock=lock, tell=lambda event: None)


class Noticed(list):
    """The hub's list of requests that tells when a file is asked for."""

    def __init__(self, path: str, event: threading.Event):
        super().__init__()
        self.path, self.event = path, event

    def append(self, request: tuple) -> None:
        super().append(request)
        if request[:2] == ("GET", self.path):
            self.event.set()


def test_a_complete_folder_needs_no_writing(tmp_path, hub):
    lock = [locked("sub/small.json", SMALL)]
    (tmp_path / "folder/sub").mkdir(parents=True)
    (tmp_path / "folder/sub/small.json").write_bytes(SMALL)
    assert fetch(tmp_path, hub, lock) == []
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_a_damaged_file_is_refused_and_deleted(tmp_path, hub):
    hub.damaged.update({"big.bin", "sub/small.json"})
    for entry in (locked("big.bin", BIG), locked("sub/small.json")):
        with pytest.raises(WeightsError, match="expected .*It was deleted"):
            fetch(tmp_path, hub, [entry])
    assert [file for file in tmp_path.rglob("*") if file.is_file() and file.name in ("big.bin", "small.json")] == []
    hub.damaged.clear()
    fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG


def test_too_little_disk_is_refused_before_the_first_byte(tmp_path, hub):
    with pytest.raises(WeightsError, match="Not enough disk"):
        fetch(tmp_path, hub, [locked("big.bin", BIG)], free_bytes=lambda folder: SPARE_BYTES + len(BIG) - 1)
    assert hub.sent("big.bin") == []
    fetch(tmp_path, hub, [locked("big.bin", BIG)], free_bytes=lambda folder: SPARE_BYTES + len(BIG))


def test_a_hub_that_contradicts_the_lock_is_refused_before_the_first_byte(tmp_path, hub):
    with pytest.raises(WeightsError, match="SHA-256 .* the lock file says"):
        fetch(tmp_path, hub, [locked("big.bin", BIG[::-1])])
    with pytest.raises(WeightsError, match="size .* the lock file says"):
        fetch(tmp_path, hub, [locked("sub/small.json", SMALL + b" ")])
    assert hub.sent("big.bin") == hub.sent("sub/small.json") == []


def test_the_pinned_revision_is_the_one_asked_for(tmp_path, hub):
    with pytest.raises(WeightsError, match="weights pin"):
        fetch(tmp_path, hub, [locked("big.bin", BIG, revision="d" * 40)])


def test_a_repository_that_does_not_exist_or_is_private_names_the_token(tmp_path, hub):
    with pytest.raises(WeightsError, match="HF_TOKEN"):
        fetch(tmp_path, hub, [LockedFile("nobody/nothing", None, "folder", "x", None, None, ("17b",))])


def test_the_token_of_the_environment_is_sent_and_the_endpoint_variable_is_honoured(tmp_path, hub):
    script = (
        "import sys\nfrom humo_engine.weights.download import download\nfrom humo_engine.weights.lock import LockedFile\n"
        f"lock = [LockedFile({REPOSITORY!r}, None, 'folder', 'big.bin', None, None, ('17b',))]\n"
        "download(sys.argv[1], ['17b'], lock=lock)\n"
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": "hf_secret",
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ENGINE),
    }
    # A terminal, because only there do progress bars make sense and show.
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "weights")], env=environment, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end was closed
        while block := os.read(ours, 65536):
            shown += block
    os.close(ours)
    assert process.wait(timeout=600) == 0, shown.decode()
    assert {token for _, _, _, token in hub.requests} == {"Bearer hf_secret"}
    assert b"100%" in shown and b"hf_secret" not in shown


def test_the_token_goes_to_the_hub_alone_and_not_to_the_storage_it_points_to(tmp_path, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(Hub(hub.files, large=hub.large)) as storage:
        # The same address by another name is another host, as far as HTTP goes.
        hub.storage = storage.endpoint.replace("127.0.0.1", "localhost")
        storage.cuts["big.bin"] = [CHUNK + 1000]
        fetch(tmp_path, hub, [locked("big.bin", BIG), locked("sub/small.json")])
        assert storage.sent("big.bin") == [None, f"bytes={CHUNK}-"]
        assert {token for *_, token in storage.requests} == {None}
        assert {token for *_, token in hub.requests} == {"Bearer hf_secret"}
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        ({"RateLimit": '"resolvers";r=0;t=243'}, 243),
        ({"RateLimit": '"resolvers";r=12;t=243'}, 0),
        ({"Retry-After": "86400"}, LONGEST_WAIT),
    ],
)
def test_a_hub_that_refuses_for_now_is_left_alone_as_long_as_it_asks(headers, seconds):
    assert seconds_asked_for(headers) == seconds


def test_a_rate_limit_is_waited_out(tmp_path, hub, monkeypatch):
    waits: list[float] = []
    monkeypatch.setenv("HUMO_RETRY_SECONDS", "1")
    monkeypatch.setattr(retries.time, "sleep", waits.append)
    hub.refusals["big.bin"] = [(429, {"RateLimit": '"resolvers";r=0;t=55'}), (429, {}), (503, {"Retry-After": "3"})]
    fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG and waits[0] == 55


def test_a_hub_that_stays_away_is_not_taken_for_a_file_that_is_gone(tmp_path, hub, monkeypatch):
    monkeypatch.setattr(retries.time, "sleep", lambda seconds: None)  # huggingface_hub tries each request again, too
    hub.refusals["big.bin"] = [(503, {})] * 100
    with pytest.raises(WeightsError, match=r"503.*resumes where it stopped"):
        fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert len([True for method, path, *_ in hub.requests if path == "big.bin"]) >= ATTEMPTS


def test_a_token_that_the_hub_does_not_know_is_named(tmp_path, hub):
    hub.refusals["big.bin"] = [(401, {})]
    with pytest.raises(WeightsError, match="the token in HF_TOKEN"):
        fetch(tmp_path, hub, [locked("big.bin", BIG)])


def test_a_full_disk_is_said_at_once_and_what_came_is_kept(tmp_path, hub, monkeypatch):
    """The disk fills after the check: somebody else writes to it, too."""
    import huggingface_hub

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(huggingface_hub, "hf_hub_download", full)
        with pytest.raises(WeightsError, match="the disk is full. Free some. Run the same command again"):
            fetch(tmp_path, hub, [locked("big.bin", BIG)])
    assert missing_files(tmp_path, "17b", [locked("big.bin", BIG)]) == ["folder/big.bin"]


def test_an_accelerator_that_is_asked_for_and_not_installed_does_no_harm(tmp_path, hub):
    done = run_download(tmp_path, hub, HF_HUB_ENABLE_HF_TRANSFER="1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "folder/big.bin").read_bytes() == BIG


def run_download(root: Path, hub: Hub, **environment: str) -> subprocess.CompletedProcess[str]:
    """A download of both files, of whose sums the lock knows nothing, in a process of its own."""
    script = (
        "import sys\nfrom humo_engine.weights.download import download\nfrom humo_engine.weights.lock import LockedFile\n"
        f"lock = [LockedFile({REPOSITORY!r}, None, 'folder', path, None, None, ('17b',))\n"
        "        for path in ('big.bin', 'sub/small.json')]\n"
        "download(sys.argv[1], ['17b'], lock=lock)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(root)],
        env={**os.environ, "HF_ENDPOINT": hub.endpoint, "PYTHONPATH": str(ENGINE), **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def killed_before(step: int, root: Path, hub: Hub, lock: list[LockedFile]) -> None:
    """A download in a process of its own, which kills itself before the so manieth call that puts something on disk under a name."""
    calls = itertools.count(1)

    def watched(call):
        def made(*args, **kwargs):
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return made

    for module, name in ((os, "replace"), (os, "fsync"), (shutil, "rmtree")):
        setattr(module, name, watched(getattr(module, name)))
    fetch(root, hub, lock)


def test_a_download_that_is_killed_between_any_two_steps_leaves_nothing_partial_and_nothing_unknown(tmp_path, hub):
    """kill -9 before the first such call, in the next run before the second, and so on."""
    lock = [locked("big.bin"), locked("sub/small.json")]
    whole = {"folder/big.bin": BIG, "folder/sub/small.json": SMALL}
    for step in range(1, 50):
        root = tmp_path / str(step)
        process = FORK.Process(target=killed_before, args=(step, root, hub, lock))
        process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        for place, body in whole.items():
            assert not (root / place).exists() or (root / place).read_bytes() == body
        missing = missing_files(root, "17b", lock)
        assert all((place in missing) != (root / place).exists() for place in whole)
        fetch(root, hub, lock)
        told: list[Event] = []
        assert verify(root, ["17b"], lock=lock, tell=told.append), told
        if process.exitcode == 0:
            break
    assert 6 < step < 49  # two files, each with three names and two flushes at least, and then a run that nothing killed


def test_verify_reports_missing_wrong_and_unknown_files(tmp_path):
    lock = [locked("good", b"good"), locked("bad", b"good"), locked("short", b"good"), locked("absent", b"x"), locked("unknown")]
    (tmp_path / "folder").mkdir()
    for name, body in {"good": b"good", "bad": b"bad!", "short": b"go", "unknown": b"?"}.items():
        (tmp_path / "folder" / name).write_bytes(body)
    lines: list[str] = []
    assert not verify(tmp_path, ["17b"], lock=lock, tell=lambda event: lines.append(str(event)))
    verdicts = {line.split(":")[0]: line.split(": ")[1] for line in lines[:5]}
    assert verdicts == {
        "folder/good": "ok",
        "folder/bad": "wrong SHA-256",
        "folder/short": "wrong size",
        "folder/absent": "missing",
        "folder/unknown": "unknown",
    }


def test_a_file_that_was_cut_off_after_its_download_is_missing_and_fetched_anew(tmp_path, hub):
    """Also where the lock knows no size: what the download recorded counts then."""
    lock = [locked("sub/small.json")]
    fetch(tmp_path, hub, lock)
    file = tmp_path / "folder/sub/small.json"
    file.write_bytes(SMALL[:-1])
    assert missing_files(tmp_path, "17b", lock) == ["folder/sub/small.json"]
    assert not verify(tmp_path, ["17b"], lock=lock, tell=lambda event: None)
    assert fetch(tmp_path, hub, lock) == [file]
    assert file.read_bytes() == SMALL and missing_files(tmp_path, "17b", lock) == []


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / ".verified.json").write_text('{"folder/')
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/small").write_bytes(SMALL)
    with pytest.raises(WeightsError, match=r"\.verified\.json is damaged"):
        missing_files(tmp_path, "17b", [locked("small")])


def test_missing_weights_are_one_error_with_the_command(tmp_path):
    with pytest.raises(WeightsMissing) as caught:
        require(tmp_path, "1_7b")
    assert caught.value.code == "weights_missing"
    assert "npm run engine -- weights download --model 1.7b" in str(caught.value)
    assert "HuMo/HuMo-1.7B/ema.pth" in caught.value.missing
    assert not any("17B" in path for path in caught.value.missing)


def test_a_lora_is_known_by_its_name_and_by_its_file(monkeypatch):
    from humo_engine.cli import main
    from humo_engine.settings import load_settings

    # What the shipped preset needs is what the command that its absence names fetches.
    (needed,) = load_settings(Path(__file__).parents[2] / "generate.yaml").preset("fast").loras
    (entry,) = select(read_lock(), [lora_named(Path(needed.file).name)])
    assert entry.place == needed.file and lora_named("lightx2v-4step") == lora_named(needed.file)
    with pytest.raises(WeightsError, match="known are lightx2v-4step"):
        lora_named("lightx2v-5step")
    asked = []
    monkeypatch.setattr("humo_engine.weights.download.download", lambda root, models, tell: asked.append(models))
    assert main(["weights", "download", "--lora", "lightx2v-4step"]) == 0
    assert main(["weights", "download", "--model", "17b", "--lora", "lightx2v-rank32"]) == 0
    assert asked == [["lora:lightx2v-4step"], ["17b", "lora:lightx2v-rank32"]]


def test_the_lock_file_is_complete_where_it_claims_to_be():
    lock = read_lock()
    assert {entry.folder for entry in lock} == {
        "HuMo",
        "Wan2.1-T2V-1.3B",
        "whisper-large-v3",
        "audio_separator",
        "voices",
        "loras",
        "LatentSync-1.5",
        "face_detection_yunet",
    }
    for entry in lock:
        assert entry.sha256 is None or len(bytes.fromhex(entry.sha256)) == 32
        assert entry.revision is None or len(bytes.fromhex(entry.revision)) == 20
        # Nothing is free of any pin: a revision fixes the content, and so does a sum.
        assert entry.revision or entry.sha256
    places = {model: {entry.place for entry in select(lock, [model])} for model in ("17b", "1_7b", "vocals", "voices", "syncnet")}
    assert ORIGINAL_17B in places["17b"] - places["1_7b"]
    assert ORIGINAL_1_7B in places["1_7b"] - places["17b"]
    assert places["syncnet"] == {CHECKPOINT, FILE}
    assert places["vocals"] == {"audio_separator/Kim_Vocal_2.onnx"}
    fetched = {f"voices/{voice.file}" for voice in VOICES if voice.package is None}
    assert {place for place in places["voices"] if place.endswith(".onnx")} == fetched


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "repositories": [{}]}', '{"version": 2}'])
def test_a_lock_file_of_another_form_is_named(tmp_path, content):
    (tmp_path / "lock.json").write_text(content)
    with pytest.raises(WeightsError, match=r"lock\.json"):
        read_lock(tmp_path / "lock.json")


def test_pin_fills_the_lock_from_the_hub_and_never_replaces_a_value(tmp_path, hub):
    file = tmp_path / "lock.json"
    document = {
        "version": 1,
        "about": "x",
        "repositories": [
            {
                "repository": REPOSITORY,
                "revision": None,
                "confirmed": "",
                "folder": "folder",
                "files": [
                    {"path": "*.bin", "size": None, "sha256": None, "models": ["17b"]},
                    {"path": "sub/small.json", "size": None, "sha256": None, "models": ["17b"]},
                ],
            }
        ],
    }
    file.write_text(json.dumps(document))
    pin(file, endpoint=hub.endpoint, say=lambda line: None)
    assert read_lock(file) == [locked("big.bin", BIG), locked("sub/small.json", SMALL)]
    hub.files[REPOSITORY]["big.bin"] = BIG + b"!"
    before = file.read_text()
    with pytest.raises(WeightsError, match="the lock file says"):
        pin(file, endpoint=hub.endpoint, say=lambda line: None)
    assert file.read_text() == before


# ── conversion ───────────────────────────────────────────────────────────────────────────────────────────────────────


def made_up_17b(root: Path, shards: int = 3, side: int = 64) -> dict[str, torch.Tensor]:
    folder = root / "HuMo/HuMo-17B"
    folder.mkdir(parents=True)
    everything: dict[str, torch.Tensor] = {}
    weight_map: dict[str, str] = {}
    for number in range(shards):
        state = {
            f"blocks.{number}.ffn.0.weight": torch.randn(side, side),
            f"blocks.{number}.ffn.0.bias": torch.randn(side),
            f"blocks.{number}.modulation": torch.randn(1, 6, side),
        }
        name = f"humo-{number}.safetensors"
        save_file(state, folder / name)
        weight_map.update(dict.fromkeys(state, name))
        everything.update(state)
    (folder / "humo.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return everything


def test_conversion_keeps_every_key_narrows_products_and_is_preferred_afterwards(tmp_path):
    original = made_up_17b(tmp_path)
    assert [file.parent.name for file in transformer_files(tmp_path, "17b")] == ["HuMo-17B"] * 3
    index = convert(tmp_path, "17b", tell=lambda event: None)
    files = transformer_files(tmp_path, "17b")
    assert [file.parent.name for file in files] == ["HuMo-17B-bf16"] * 3
    loaded = {key: tensor for file in files for key, tensor in load_file(file).items()}
    assert loaded.keys() == original.keys() == json.loads(index.read_text())["weight_map"].keys()
    for key, tensor in original.items():
        narrow = key.endswith("ffn.0.weight")
        assert loaded[key].dtype == (torch.bfloat16 if narrow else torch.float32)
        assert torch.equal(loaded[key], tensor.to(torch.bfloat16) if narrow else tensor)
    sizes = sum(tensor.numel() * tensor.element_size() for tensor in loaded.values())
    assert json.loads(index.read_text())["metadata"]["total_size"] == sizes


def test_a_conversion_that_did_not_finish_is_not_used(tmp_path):
    made_up_17b(tmp_path)
    index = convert(tmp_path, "17b", tell=lambda event: None)
    (index.parent / "humo-00002-of-00003.safetensors").unlink()
    assert transformer_files(tmp_path, "17b")[0].parent.name == "HuMo-17B"


def known(root: Path, place: str) -> None:
    """Record a file as a download does."""
    (root / place).rename(root / "new")
    put_in_place(root, root / "new", place)


LOCK_17B = [
    dataclasses.replace(locked(path), folder="HuMo")
    for path in ("HuMo-17B/humo.safetensors.index.json", "HuMo-17B/*.safetensors")
]


def test_a_shard_that_was_cut_off_counts_as_missing(tmp_path):
    made_up_17b(tmp_path)
    for name in ("humo-0.safetensors", "humo-1.safetensors", "humo-2.safetensors", INDEX_NAME):
        known(tmp_path, f"HuMo/HuMo-17B/{name}")
    assert missing_files(tmp_path, "17b", LOCK_17B) == []
    file = tmp_path / "HuMo/HuMo-17B/humo-1.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert "HuMo/HuMo-17B/humo-1.safetensors" in missing_files(tmp_path, "17b", LOCK_17B)
    with pytest.raises(WeightsMissing, match=r"humo-1\.safetensors"):
        transformer_files(tmp_path, "17b")


def test_an_index_that_was_cut_off_counts_as_missing(tmp_path):
    made_up_17b(tmp_path)
    file = tmp_path / ORIGINAL_17B
    file.write_bytes(file.read_bytes()[:50])
    assert ORIGINAL_17B in missing_files(tmp_path, "17b", LOCK_17B)


def verdicts_on_the_copy(root: Path) -> dict[str, str]:
    lines: list[str] = []
    right = verify(root, ["17b"], lock=LOCK_17B, tell=lambda event: lines.append(str(event)))
    verdicts = dict(line.split(": ")[:2] for line in lines if line.startswith("HuMo/"))
    assert right == (set(verdicts.values()) == {"ok"})
    return {Path(place).name: verdict for place, verdict in verdicts.items() if "HuMo-17B-bf16/" in place}


@pytest.mark.parametrize("damage", ["changed", "cut off", "index"])
def test_verify_finds_a_damaged_converted_copy_and_loading_never_uses_one_that_was_cut_off(tmp_path, damage):
    made_up_17b(tmp_path)
    index = convert(tmp_path, "17b", tell=lambda event: None)
    file = index if damage == "index" else index.parent / "humo-00002-of-00003.safetensors"
    for original in (tmp_path / "HuMo/HuMo-17B").iterdir():
        known(tmp_path, f"HuMo/HuMo-17B/{original.name}")
    assert set(verdicts_on_the_copy(tmp_path).values()) == {"ok"}
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage == "changed" else whole[:-9])
    assert verdicts_on_the_copy(tmp_path)[file.name] == ("wrong SHA-256" if damage == "changed" else "wrong size")
    used = transformer_files(tmp_path, "17b")[0].parent.name
    assert used == ("HuMo-17B-bf16" if damage == "changed" else "HuMo-17B")
    convert(tmp_path, "17b", tell=lambda event: None)
    assert file.read_bytes() == whole and set(verdicts_on_the_copy(tmp_path).values()) == {"ok"}


def test_verify_asks_for_no_original_that_a_converted_copy_replaces(tmp_path):
    made_up_17b(tmp_path)
    convert(tmp_path, "17b", tell=lambda event: None)
    shutil.rmtree(tmp_path / "HuMo/HuMo-17B")
    lines: list[str] = []
    assert verify(tmp_path, ["17b"], lock=LOCK_17B, tell=lambda event: lines.append(str(event)))
    assert len(lines) == 4  # three shards and their index


def test_a_conversion_over_an_older_copy_counts_when_it_is_whole(tmp_path):
    made_up_17b(tmp_path)
    convert(tmp_path, "17b", tell=lambda event: None)
    shard = tmp_path / "HuMo/HuMo-17B/humo-1.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"humo-1\.safetensors cannot be read"):
        convert(tmp_path, "17b", tell=lambda event: None)
    assert transformer_files(tmp_path, "17b")[0].parent.name == "HuMo-17B"


def test_the_pickle_of_1_7b_is_converted_and_a_pickle_with_code_is_refused(tmp_path):
    file = tmp_path / "HuMo/HuMo-1.7B/ema.pth"
    file.parent.mkdir(parents=True)
    state = {"blocks.0.ffn.0.weight": torch.randn(8, 8), "head.modulation": torch.randn(1, 2, 8)}
    torch.save(state, file)
    convert(tmp_path, "1_7b", tell=lambda event: None)
    (converted,) = transformer_files(tmp_path, "1_7b")
    loaded = load_file(converted)
    assert loaded["blocks.0.ffn.0.weight"].dtype == torch.bfloat16 and loaded["head.modulation"].dtype == torch.float32
    torch.save({"x": Path("anything")}, file)
    with pytest.raises(CheckpointError, match=r"ema\.pth is not a file of tensors alone"):
        convert(tmp_path, "1_7b", tell=lambda event: None)


def test_where_weights_only_is_no_wall_a_pickle_of_another_sum_is_refused_and_nothing_of_it_runs(tmp_path, monkeypatch):
    assert [checkpoint.pickles_are_safe(version) for version in ("2.5.1+cu124", "2.6.0", "2.11.0+cu130", "3.0.0")] == [
        *[False, True, True, True]
    ]
    (entry,) = (each for each in read_lock() if each.path.endswith("ema.pth"))
    file = tmp_path / entry.place
    file.parent.mkdir(parents=True)
    torch.save({"a": torch.zeros(2)}, file)
    published = dataclasses.replace(entry, sha256=file_hash(file))
    monkeypatch.setattr(checkpoint, "pickles_are_safe", lambda version: False)
    require_pickles(tmp_path, "1_7b", [published])
    for known in (entry, dataclasses.replace(entry, sha256=None)):
        with pytest.raises(CheckpointError, match=r"ema\.pth is not the file that was published, and was not opened"):
            require_pickles(tmp_path, "1_7b", [known])
    # And loading asks before it opens anything.
    monkeypatch.setattr(components, "require", lambda root, model: None)
    with pytest.raises(CheckpointError, match="was not opened"):
        official_components(tmp_path, "1_7b", torch.float32)


def test_a_shard_that_contradicts_the_index_is_named(tmp_path):
    made_up_17b(tmp_path)
    save_file({"other": torch.zeros(1)}, tmp_path / "HuMo/HuMo-17B/humo-1.safetensors")
    with pytest.raises(WeightsError, match="humo-1.safetensors.*disagree"):
        convert(tmp_path, "17b", tell=lambda event: None)
    assert not (tmp_path / "HuMo/HuMo-17B-bf16" / INDEX_NAME).exists()


def test_conversion_holds_one_shard_at_most(tmp_path):
    side, shards = 4096, 4  # 64 MiB a shard in fp32
    made_up_17b(tmp_path, shards=shards, side=side)
    # Anonymous memory, not resident memory: mapped file pages belong to the page cache and go when they are needed.
    script = (
        "import sys, threading; from humo_engine.weights.convert import convert; import torch\n"
        "from safetensors import safe_open; from safetensors.torch import save_file\n"
        "def anonymous():\n"
        "    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('RssAnon'))\n"
        "save_file({'warm': torch.zeros(1).to(torch.bfloat16)}, sys.argv[1] + '/warm')\n"
        "start, peak, stop = anonymous(), 0, threading.Event()\n"
        "def watch():\n"
        "    global peak\n"
        "    while not stop.wait(0.001): peak = max(peak, anonymous())\n"
        "thread = threading.Thread(target=watch); thread.start()\n"
        "convert(sys.argv[1], '17b', tell=lambda event: None)\n"
        "stop.set(); thread.join(); print(peak - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
        env={"PYTHONPATH": str(ENGINE), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    shard_kib = side * side * 4 // 1024
    # One bf16 shard is half of that; two held at once would reach it.
    assert 0.3 * shard_kib < int(done.stdout) < 0.9 * shard_kib
