"""The engine as a process: requests on stdin, events on stdout, until stdin closes.

Two threads: one reads lines and answers at once what can be answered at once (cancel, mistakes); the main one does the
work, a request at a time, in the order of arrival. Only this module writes to stdout, and only protocol lines.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

import torch

from humo_engine.full_disk import explain_full_disk, is_full_disk
from humo_engine.group import RankLost
from humo_engine.memory.shortage import memory_shortage
from humo_engine.pipeline import Cancelled, Clip, Pipeline
from humo_engine.protocol import FEATURES, PROTOCOL_VERSION, Request, RequestError, message_id, parse_message, parse_request
from humo_engine.serve_output import claim_stdout
from humo_engine.settings import Settings
from humo_engine.vocals import can_isolate


class Server:
    """Serves requests with loaded pipelines, by model. `events` takes one JSON object a line."""

    def __init__(self, pipelines: Mapping[str, Pipeline], settings: Settings, events: TextIO):
        self._pipelines = dict(pipelines)
        self._settings = settings
        self._events = events
        self._writing = threading.Lock()
        self._state = threading.Lock()
        self._waiting: queue.Queue[tuple[dict[str, Any], threading.Event] | None] = queue.Queue()
        self._open: dict[str, threading.Event] = {}  # accepted requests, and whether they were cancelled
        self._at_work: str | None = None  # the one of them that is not waiting
        self._stopping = threading.Event()

    def run(self, lines: TextIO) -> None:
        """Serve until `lines` ends or a shutdown arrives; what is under way is cancelled then."""
        first = next(iter(self._pipelines.values()))
        group = first.group
        if group is not None:
            group.on_loss = self._lose
        self.emit(
            type="ready",
            protocol=PROTOCOL_VERSION,
            models=list(self._pipelines),
            device=device_name(first.device),
            torch=torch.__version__,
            weights=first.components.weights,
            features=[*FEATURES, *(["vocals"] if can_isolate(first.weights_folder) else [])],
            **({} if group is None else {"gpus": group.count}),
        )
        threading.Thread(target=self._read, args=(lines,), daemon=True, name="requests").start()
        while (item := self._waiting.get()) is not None:
            self._serve(*item)
            if group is not None and group.broken:
                print("the GPUs of this engine are out of step; it ends, to be started again", file=sys.stderr, flush=True)
                os._exit(1)
        if group is not None:
            group.close()

    def emit(self, **event: Any) -> None:
        """Write one event. A reader that is gone ends the server: there is nobody to work for."""
        with self._writing:
            try:
                self._events.write(_line(event))
                self._events.flush()
            except (BrokenPipeError, ValueError):
                self._stopping.set()
                self._waiting.put(None)

    def _lose(self, lost: RankLost) -> NoReturn:
        """Another rank is lost: end, since the main thread may wait for it for ever. What the rank could say of it is told.

        Without such word there is no event: whoever started the engine sees it end, as when this process is killed itself.
        """
        print(lost, file=sys.stderr, flush=True)
        code, identity = getattr(lost, "code", None), self._at_work
        with self._writing:  # never given back: nothing may follow
            if code is not None and identity is not None:
                with contextlib.suppress(OSError, ValueError):
                    self._events.write(_line(_failed(identity, lost)))
                    self._events.flush()
            os._exit(1)

    def _read(self, lines: TextIO) -> None:
        try:
            for line in lines:
                if not line.strip():
                    continue
                identity, under_way = None, False
                try:
                    identity = message_id(line)
                    with self._state:
                        under_way = identity in self._open
                    if not self._accept(parse_message(line)):
                        break
                except RequestError as error:
                    # With its id the request that is under way would seem to have failed.
                    self.emit(type="failed", id=None if under_way else identity, code=error.code, message=str(error))
                except Exception as error:  # whatever a line holds, the next one is read
                    self.emit(**{**_failed("", error), "id": None})
        finally:
            self._stopping.set()
            self._waiting.put(None)

    def _accept(self, message: dict[str, Any]) -> bool:
        """Queue or act on a message; False for a shutdown."""
        if message["type"] == "shutdown":
            return False
        identity = message["id"]
        with self._state:
            known = self._open.get(identity)
            if message["type"] == "generate":
                if known is not None:
                    raise RequestError("invalid_input", f"a request with id {identity!r} is under way")
                self._open[identity] = threading.Event()
                self._waiting.put((message, self._open[identity]))
            elif known is not None:  # one that has ended, or never came, needs no cancelling
                known.set()
                if identity != self._at_work:  # the clips before it may take an hour; nobody has to wait for them to hear this
                    del self._open[identity]
                    self.emit(**_failed(identity, Cancelled()))
        return True

    def _serve(self, message: dict[str, Any], cancelled: threading.Event) -> None:
        identity = message["id"]
        with self._state:
            if cancelled.is_set():
                return  # as it was told when that was asked for
            self._at_work = identity
        listener = _Listener(self, identity, cancelled, self._stopping)
        try:
            listener.check()
            request = parse_request(message, self._settings, tuple(self._pipelines))
            for warning in request.warnings:
                print(f"{identity}: {warning}", file=sys.stderr)
            clip = self._pipelines[request.model].generate(request, listener)
            event = _done(request, clip)
        except BaseException as error:  # a request may fail in any way; the next one must find the engine ready
            event = _failed(identity, error, [Path(str(message.get("outputDir") or "."))])
            if not isinstance(error, Exception):
                raise
        finally:
            with self._state:
                self._at_work = None
                del self._open[identity]
        _free_memory()
        self.emit(**event)


class _Listener:
    """Turns what a pipeline tells into events, and cancelling into an exception."""

    def __init__(self, server: Server, identity: str, cancelled: threading.Event, stopping: threading.Event):
        self._server, self._identity, self._cancelled, self._stopping = server, identity, cancelled, stopping

    def progress(self, stage: str, step: int, steps: int, seconds_per_step: float | None, eta: float | None) -> None:
        event: dict[str, Any] = {"type": "progress", "id": self._identity, "stage": stage, "step": step, "steps": steps}
        if seconds_per_step is not None:
            event["secondsPerStep"] = round(seconds_per_step, 3)
        if eta is not None:
            event["etaSeconds"] = round(eta, 1)
        self._server.emit(**event)

    def preview(self, path: Path, step: int) -> None:
        self._server.emit(type="preview", id=self._identity, path=str(path), step=step)

    def frames(self, path: Path, first: int, count: int) -> None:
        self._server.emit(type="frames", id=self._identity, path=str(path), first=first, count=count)

    def check(self) -> None:
        if self._cancelled.is_set() or self._stopping.is_set():
            raise Cancelled


def _line(event: dict[str, Any]) -> str:
    # ASCII, since ids and names may hold what UTF-8 cannot: half of a surrogate pair would end the server otherwise.
    return json.dumps(event) + "\n"


def _done(request: Request, clip: Clip) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "done",
        "id": request.id,
        "frames": {
            **({} if clip.path is None else {"path": str(clip.path)}),
            "pixelFormat": "rgb24",
            "width": clip.width,
            "height": clip.height,
            "fps": clip.fps,
            "count": clip.count,
        },
        "seconds": clip.seconds,
        "seed": clip.seed,
        "windows": clip.windows,
    }
    if clip.peak_gib is not None:
        event["peakGiB"] = round(clip.peak_gib, 2)
    if clip.spared is not None:
        event["spared"] = {
            "passes": clip.spared.passes, "gatedPasses": clip.spared.gated_passes, "cachedSteps": clip.spared.cached_steps
        }  # fmt: skip
    if clip.is_voice_alone:
        event["isVoiceAlone"] = True
    if request.warnings:
        event["warnings"] = list(request.warnings)
    return event


def _failed(identity: str, error: BaseException, folders: Sequence[Path] = ()) -> dict[str, Any]:
    """The event for an error: its own code where it has one, else `internal`. The log gets the trace. `folders`: where it was writing."""
    if isinstance(error, Cancelled):
        code, text = "cancelled", "the request was cancelled"
    elif isinstance(code := getattr(error, "code", None), str):
        text = str(error)
    elif (shortage := memory_shortage(error)) is not None:
        code, text = "out_of_memory", f"memory ran out: {shortage}"
    elif is_full_disk(error):
        code, text = "disk_full", explain_full_disk(error, folders)
    else:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
        code, text = "internal", f"{type(error).__name__}: {error}"
    return {"type": "failed", "id": identity, "code": code, "message": text}


def _free_memory() -> None:
    """Between requests, give back what a failed one may have left; within one, the allocator keeps its blocks."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def serve(load: Callable[[], tuple[Mapping[str, Pipeline], Settings]]) -> int:
    """Claim stdout, load, serve stdin. A load that fails is one `failed` event without id, and exit status 1."""
    events = claim_stdout()
    try:
        pipelines, settings = load()
    except Exception as error:
        event = {**_failed("", error), "id": None}
        print(event["message"], file=sys.stderr)
        events.write(_line(event))
        events.flush()
        return 1
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # a stray byte spoils its line, not the engine
    Server(pipelines, settings, events).run(sys.stdin)
    return 0
