"""The engine as a process: real lines over real pipes, with the profile `tiny`."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import queue
import subprocess
import sys
import threading
import wave
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from forked import Forked
from PIL import Image
from torch._dynamo.exc import BackendCompilerFailed

from humo_engine.cli import main
from humo_engine.group import RankLost
from humo_engine.load import load_pipelines
from humo_engine.protocol import RequestError
from humo_engine.serve import Server
from humo_engine.settings import load_settings

ENGINE = Path(__file__).parents[1]
PATIENCE = 600  # seconds until a test gives up on an event; nothing waits this long when all is well
SIDE = 32
LONG = {"steps": 8, "frames": 33, "width": 128, "height": 128}  # far from done when a test has done what it does meanwhile


class Engine:
    """A running `serve`, its events in the order of arrival."""

    patience = PATIENCE
    start = subprocess.Popen if torch.cuda.is_available() else Forked  # a fork of a process that asked for GPUs can use none

    ready: dict

    def __init__(self, *arguments: str, **environment: str):
        path = os.pathsep.join([str(ENGINE), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, **environment}
        self.process = self.start(
            [sys.executable, "-m", "humo_engine", "serve", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="surrogateescape",
            env=environment, cwd=ENGINE,
        )  # fmt: skip
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.log: list[str] = []
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self._read, self._read_log)]
        for thread in self.threads:
            thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _read_log(self) -> None:
        self.log.extend(self.process.stderr)

    def send(self, message: object) -> None:
        self.process.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
        self.process.stdin.flush()

    def event(self) -> dict | None:
        """The next event, which has to be a line of JSON; None when stdout has ended."""
        line = self.lines.get(timeout=self.patience)
        if line is None:
            return None
        event = json.loads(line)
        assert isinstance(event, dict) and line.endswith("\n")
        return event

    def outcome(self, identity: str | None) -> tuple[dict, list[dict]]:
        """The event that ends a request, and those of the request before it."""
        before = []
        while (event := self.event()) is not None:
            assert event.get("id") == identity, event
            if event["type"] in ("done", "failed"):
                return event, before
            before.append(event)
        raise AssertionError("the engine ended: " + "".join(self.log))

    def rest(self) -> list[dict]:
        return list(iter(self.event, None))

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            for thread in self.threads:
                thread.join()
            self.process.stdout.close()
            self.process.stderr.close()


def until_denoising(engine: Engine) -> None:
    """Read the events of the request just sent up to the first of its denoising."""
    while engine.event()["stage"] != "denoise":
        pass


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    for number, colour in enumerate(("red", "blue")):
        Image.new("RGB", (50, 70), colour).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no image")
    with wave.open(str(folder / "voice.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.sin(np.arange(16_000) / 20) * 9000).astype("<i2").tobytes())
    return folder


@pytest.fixture(scope="module")
def engine(cache_of_the_tests):
    engine = Engine("--profile", "tiny", "--model", "all")
    ready = engine.event()
    try:
        assert ready is not None, "".join(engine.log)
        engine.ready = ready
        yield engine
    finally:
        engine.stop()


def message_of(media: Path, folder: Path, identity: str, mode: str = "TIA", **changes: object) -> dict:
    """A `generate` message; keywords change the request."""
    request = {
        "prompt": "A person speaks", "mode": mode, "model": "17b", "width": SIDE, "height": SIDE, "frames": 5, "steps": 2,
        "seed": 1, "images": [str(media / "0.png")] if "I" in mode else [],
        "audio": str(media / "voice.wav") if "A" in mode else None,
    }  # fmt: skip
    return {"type": "generate", "id": identity, "request": {**request, **changes}, "outputDir": str(folder / identity)}


@pytest.fixture
def request_of(media, tmp_path):
    return partial(message_of, media, tmp_path)


@pytest.fixture(scope="module")
def usual_frames(engine, media, tmp_path_factory):
    """Those of `request_of("g-1")`."""
    return generate(engine, message_of(media, tmp_path_factory.mktemp("usual"), "g-1"))


def generate(engine, message: dict) -> bytes:
    """The frames of a request that has to work."""
    engine.send(message)
    done, _ = engine.outcome(message["id"])
    assert done["type"] == "done", done
    return Path(done["frames"]["path"]).read_bytes()


def test_ready_comes_first_and_says_what_is_loaded(engine):
    assert engine.ready == {
        "type": "ready", "protocol": 1, "models": ["17b", "1_7b"], "device": "CPU", "torch": torch.__version__,
        "weights": "random", "features": ["pieces", "windows"],
    }  # fmt: skip


@pytest.mark.parametrize("model", ["17b", "1_7b"])
@pytest.mark.parametrize("mode", ["TIA", "TA", "TI"])
def test_each_mode_of_each_model_makes_its_frames(engine, request_of, model, mode, tmp_path):
    message = request_of("g-1", mode, model=model, frames=9, width=64, height=48, seed=3)
    engine.send(message)
    done, before = engine.outcome("g-1")
    assert done["type"] == "done", done
    assert done["frames"] == {
        "path": str(tmp_path / "g-1" / "frames.rgb"), "pixelFormat": "rgb24", "width": 64, "height": 48, "fps": 25, "count": 9,
    }  # fmt: skip
    frames = np.frombuffer(Path(done["frames"]["path"]).read_bytes(), dtype=np.uint8).reshape(9, 48, 64, 3)
    assert frames.std() > 1
    assert done["seed"] == 3 and set(done["seconds"]) == {"encode", "denoise", "decode"}
    assert all(seconds > 0 for seconds in done["seconds"].values())
    stages = [(event["stage"], event["step"], event["steps"]) for event in before if event["type"] == "progress"]
    assert stages == [
        ("encode", 0, 1), ("encode", 1, 1), ("denoise", 0, 2), ("denoise", 1, 2), ("denoise", 2, 2),
        ("decode", 0, 3), ("decode", 1, 3), ("decode", 2, 3), ("decode", 3, 3),
    ]  # fmt: skip
    first, last = (event for event in before if event["stage"] == "denoise" and event["step"] > 0)
    assert first["secondsPerStep"] > 0 and first["etaSeconds"] >= 0 and last["etaSeconds"] == 0


def test_the_seed_decides_and_nothing_else_does(engine, request_of):
    once = generate(engine, request_of("g-1"))
    other = generate(engine, request_of("g-2", seed=2))
    again = generate(engine, request_of("g-3"))
    assert len(once) == 5 * SIDE * SIDE * 3
    assert once == again and once != other


@pytest.mark.parametrize(
    "changes", [{"prompt": "Another scene"}, {"scales": {"audio": 1.5}}, {"scales": {"text": 1.5}}, {"shift": 3.0}, {"steps": 3},
                {"negativePrompt": "blue"}, {"audio": None, "mode": "TI"}], ids=str,
)  # fmt: skip
def test_what_is_asked_for_changes_the_frames(engine, request_of, usual_frames, changes):
    assert generate(engine, request_of("g-2", **changes)) != usual_frames


def test_a_second_reference_and_another_image_change_the_frames(engine, request_of, media):
    red, blue = str(media / "0.png"), str(media / "1.png")
    clips = [
        generate(engine, request_of(f"g-{len(images)}-{i}", images=images))
        for i, images in enumerate([[red], [blue], [red, blue]])
    ]
    assert len(set(clips)) == 3


def test_frames_leave_in_pieces_where_that_is_asked_for(engine, request_of):
    whole = generate(engine, request_of("g-1", frames=9))
    engine.send(request_of("g-2", frames=9, pieces=True))
    done, before = engine.outcome("g-2")
    assert done["type"] == "done", done
    assert "path" not in done["frames"] and done["frames"]["count"] == 9 and done["windows"] == 1
    pieces = [event for event in before if event["type"] == "frames"]
    assert [(event["first"], event["count"]) for event in pieces] == [(0, 1), (1, 4), (5, 4)]
    assert b"".join(Path(event["path"]).read_bytes() for event in pieces) == whole


def test_a_clip_may_begin_in_the_middle_of_its_sound(engine, request_of):
    clips = [generate(engine, request_of(f"g-{offset}", audioOffset=offset)) for offset in (0, 10)]
    assert clips[0] != clips[1]


def test_previews_come_with_their_step(engine, request_of):
    engine.send(request_of("g-1", steps=5, preview=True))
    done, before = engine.outcome("g-1")
    assert done["type"] == "done"
    previews = [event for event in before if event["type"] == "preview"]
    assert [event["step"] for event in previews] == [2, 4]
    for event in previews:
        with Image.open(event["path"]) as image:
            assert image.format == "JPEG" and image.width == image.height > 8


@pytest.mark.parametrize(
    ("line", "identity", "words"),
    [
        ("{not json", None, "not JSON"),
        ("[1, 2]", None, "JSON object"),
        ('{"type":"dance","id":"g-9"}', "g-9", "dance"),
        ('{"type":"generate","request":{}}', None, "`id`"),
        ('{"type":"cancel","id":7}', None, "`id`"),
        ('{"type":"generate","id":"g-9","request":3,"outputDir":"/tmp"}', "g-9", "`request`"),
        ("\x00\x01 \ufffd", None, "not JSON"),
        ("\udcff\udcfe", None, "not JSON"),  # two bytes that are not UTF-8
        ('{"type":"dance","id":"\\ud800"}', "\ud800", "dance"),  # an id that UTF-8 cannot write
        ("[" * 100_000, None, "JSON"),
        ('{"type":' + "[" * 900 + "]" * 900 + "}", None, "unknown type [[["),
        ('{"type":"generate","id":"' + "x" * 1_000_000 + '"}', None, "`id`"),
        ('{"type":"generate","id":"g-9","request":{"steps":' + "9" * 4_000 + "}}", "g-9", "`steps`"),
    ],
    ids=["text", "list", "type", "no id", "id", "request", "bytes", "no utf-8", "surrogate", "deep", "deep type", "long id",
         "digits"],
)  # fmt: skip
def test_a_malformed_line_is_a_failed_event(engine, line, identity, words):
    engine.send(line)
    failed, _ = engine.outcome(identity)
    assert failed["code"] == "invalid_input" and words in failed["message"]
    assert len(failed["message"]) < 1000


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"colour": "red"}, "invalid_input", "`colour`"),
        ({"frames": "many", "width": 65}, "invalid_input", "`width`"),
        ({"mode": "XYZ"}, "invalid_input", "XYZ"),
        ({"prompt": "\ud800"}, "invalid_input", "`prompt`"),
        ({"images": ["absent.png"]}, "invalid_input", "absent.png"),
        ({"broken": True}, "unsupported_media", "broken.png"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_wrong_request_fails(engine, request_of, media, changes, code, words):
    if changes.pop("broken", False):
        changes = {"images": [str(media / "broken.png")]}
    engine.send(request_of("g-1", **changes))
    failed, _ = engine.outcome("g-1")
    assert (failed["type"], failed["code"]) == ("failed", code) and words in failed["message"]


def test_after_wrong_lines_and_requests_the_next_one_makes_what_it_always_makes(engine, request_of, usual_frames):
    for wrong in ("[" * 100_000, "\udcff\udcfe", request_of("g-1", width=65)):
        engine.send(wrong)
        assert engine.event()["type"] == "failed"
    assert generate(engine, request_of("g-1")) == usual_frames


def test_cancel_while_denoising_stops_there_and_leaves_nothing(engine, request_of, tmp_path):
    engine.send(request_of("g-1", steps=8, frames=33, width=128, height=128))
    until_denoising(engine)
    engine.send({"type": "cancel", "id": "g-1"})
    failed, before = engine.outcome("g-1")
    assert (failed["type"], failed["code"]) == ("failed", "cancelled")
    assert all(event["stage"] == "denoise" and event["step"] < 8 for event in before)
    assert list((tmp_path / "g-1").iterdir()) == []
    assert generate(engine, request_of("g-1", steps=1))


def test_cancel_of_a_waiting_request_is_answered_at_once_and_its_id_is_free(engine, request_of):
    engine.send(request_of("g-1", steps=8, frames=33, width=128, height=128))
    engine.send(request_of("g-2"))
    engine.send({"type": "cancel", "id": "g-2"})
    engine.send({"type": "cancel", "id": "nobody"})
    engine.send(request_of("g-2", seed=9))
    events = [engine.event()]
    while events[-1]["type"] != "failed":
        events.append(engine.event())
    assert (events[-1]["id"], events[-1]["code"]) == ("g-2", "cancelled")
    engine.send({"type": "cancel", "id": "g-1"})
    failed, _ = engine.outcome("g-1")  # still under way when the other had its answer
    assert failed["code"] == "cancelled"
    done, _ = engine.outcome("g-2")
    assert (done["type"], done["seed"]) == ("done", 9)


@pytest.mark.parametrize("again", ["request", "nonsense"])
def test_an_id_that_is_under_way_stays_its_own_and_is_free_again_afterwards(engine, request_of, again):
    engine.send(request_of("g-1", steps=4))
    engine.send(request_of("g-1", steps=1) if again == "request" else {"type": "dance", "id": "g-1"})
    events = [engine.event()]
    while events[-1]["type"] != "done":
        events.append(engine.event())
    (refused,) = (event for event in events if event["type"] == "failed")
    assert refused["id"] is None and refused["code"] == "invalid_input"
    assert ("g-1" if again == "request" else "dance") in refused["message"]
    assert all(event["id"] == "g-1" for event in events if event is not refused)
    assert generate(engine, request_of("g-1", steps=1))


def test_whoever_reads_no_more_ends_the_engine_though_requests_could_still_come(engine, request_of):
    """The last of the tests with this engine, of whose events each was read by its test: nothing is left over."""
    assert engine.lines.empty()
    engine.send(request_of("g-1", **LONG))
    until_denoising(engine)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), engine.process.stdout.fileno())  # the pipe has no reader any more
    assert engine.process.wait(PATIENCE) == 0


def test_missing_weights_are_one_event_that_names_the_command(tmp_path, monkeypatch):
    events = io.StringIO()
    monkeypatch.setattr("humo_engine.serve.claim_stdout", lambda: events)
    assert main(["serve", "--weights", str(tmp_path)]) == 1
    (failed,) = map(json.loads, events.getvalue().splitlines())
    assert failed["type"] == "failed" and failed["id"] is None and failed["code"] == "weights_missing"
    assert "weights download" in failed["message"]


@pytest.fixture(scope="module")
def tiny(cache_of_the_tests):
    """The settings of the profile, and a pipeline in this process."""
    settings = load_settings(profile="tiny")
    return settings, load_pipelines(settings, ["17b"], Path("weights"), torch.device("cpu"))["17b"]


@pytest.mark.parametrize("ending", ["shutdown", "stdin"])
def test_the_end_cancels_what_runs(tiny, request_of, ending):
    settings, pipeline = tiny
    lines: queue.Queue[str | None] = queue.Queue()
    out = io.StringIO()
    server = Server({"17b": pipeline}, settings, out)
    emit = server.emit

    def watched(**event):
        emit(**event)
        if event.get("stage") == "denoise" or event["type"] == "failed":
            lines.put('{"type":"shutdown"}' if ending == "shutdown" else None)

    server.emit = watched
    lines.put(json.dumps(request_of("g-1", **LONG)))
    server.run(iter(lines.get, None))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(event["id"], event["code"]) for event in events if event["type"] not in ("ready", "progress")] == [
        ("g-1", "cancelled")
    ]
    assert all(event["step"] < LONG["steps"] for event in events if event.get("stage") == "denoise")


def test_a_rank_that_is_lost_without_a_word_ends_the_engine_without_an_event(tiny, monkeypatch):
    settings, pipeline = tiny
    out = io.StringIO()
    server = Server({"17b": pipeline}, settings, out)

    def exit_now(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(os, "_exit", exit_now)
    with pytest.raises(SystemExit) as ended:
        server._lose(RankLost("GPU 1 of 2 was lost"))
    assert ended.value.code == 1 and out.getvalue() == ""


class FailingPipeline:
    """Stands where a pipeline does and fails as a GPU would; None in `errors` lets a request through."""

    device = torch.device("cpu")
    components = SimpleNamespace(weights="random")
    weights_folder = Path("weights")
    group = None

    def __init__(self, errors: list[BaseException | None], pipeline):
        self.errors, self.pipeline = errors, pipeline

    def generate(self, request, listener):
        if (error := self.errors.pop(0)) is not None:
            raise error
        return self.pipeline.generate(request, listener)


def test_out_of_memory_is_reported_and_the_next_request_works(tiny, request_of):
    settings, real = tiny
    try:
        torch.empty(1 << 52)
    except RuntimeError as error:
        on_the_cpu = error
    errors = [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"),
        MemoryError(),
        on_the_cpu,
        BackendCompilerFailed(len, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 GiB")),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RequestError("unsupported_media", "not enough memory.png is not an image"),
        OSError(errno.ENOSPC, "No space left on device"),
        ZeroDivisionError("x"),
    ]
    lines = io.StringIO("".join(json.dumps(request_of(f"g-{number}")) + "\n" for number in range(len(errors) + 1)))
    out = io.StringIO()
    server = Server({"17b": FailingPipeline([*errors, None], real)}, settings, out)
    finished = threading.Event()

    def requests():
        yield from lines
        assert finished.wait(PATIENCE)  # stdin stays open until the last request is done

    emit = server.emit

    def watched(**event):
        emit(**event)
        if event["type"] == "done":
            finished.set()

    server.emit = watched
    server.run(requests())
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    ends = [event for event in events if event["type"] in ("done", "failed")]
    assert [event.get("code", event["type"]) for event in ends] == [
        *["out_of_memory"] * 6, "unsupported_media", "disk_full", "internal", "done",
    ]  # fmt: skip
    assert "3 GiB" in ends[0]["message"] and "7 GiB" in ends[3]["message"] and "ZeroDivisionError" in ends[-2]["message"]
