"""Films: frames and sound of a video file, and how well its lips follow its sound."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from humo_engine.audio import FPS, read_wav, to_engine_wav
from humo_mini.drawing import openings_from_sound
from humo_quality import face, signals
from humo_quality.real import SMALL, Judge
from humo_quality.syncnet import SHORTEST, Sync

NO_SOUND = "There is no sound that lips could follow."


class FilmError(ValueError):
    """A file that is no film with a picture and a sound; the message says why."""


@dataclass(frozen=True)
class Agreement:
    """How lips and sound of a film agree: correlation, the lag in frames at which it is best (positive: lips late), and there."""

    correlation: float
    lag: int
    at_lag: float


def read_frames(file: Path) -> Tensor:
    """The frames of a video that ffmpeg reads, at 25 a second (frames, height, width, 3), fp32, 0 … 255."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "json", str(file)]
    done = subprocess.run(probe, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    streams = json.loads(done.stdout or "{}").get("streams", [])
    if done.returncode != 0 or not streams:
        raise FilmError(f"{file} has no picture that ffmpeg reads: {done.stderr.strip()[-300:] or 'there is no video stream'}")
    width, height = streams[0]["width"], streams[0]["height"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-i", str(file)]
    command += ["-map", "0:v:0", "-vf", f"fps={FPS}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if raw.returncode != 0 or not raw.stdout:
        raise FilmError(f"{file} cannot be decoded: {raw.stderr.decode(errors='replace').strip()[-300:]}")
    return torch.from_numpy(np.frombuffer(raw.stdout, dtype=np.uint8).reshape(-1, height, width, 3).copy()).float()


def read_raw(file: Path, width: int, height: int) -> Tensor:
    """The engine's raw rgb24 frames (frames, height, width, 3), fp32."""
    return torch.from_numpy(np.fromfile(file, dtype=np.uint8).reshape(-1, height, width, 3)).float()


def sound_of(file: Path, scratch: Path) -> Tensor | None:
    """The sound of a film as samples at 16 kHz; None where there is none. `scratch` is a folder for a moment. FilmError if it cannot be read."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=index", "-of", "csv=p=0", str(file)]
    if not subprocess.run(probe, capture_output=True, stdin=subprocess.DEVNULL, check=False).stdout.strip():
        return None
    try:
        return read_wav(to_engine_wav(file, scratch / "film.wav"))
    except ValueError as error:
        raise FilmError(f"{file}: {error}") from error


def agreement(file: Path, frames: Tensor, scratch: Path) -> Agreement | None:
    """How lips and sound of a film agree, whose frames `read_frames` read; None where there is no sound.

    `scratch` is a folder for a moment. FilmError for a sound that cannot be read.
    """
    samples = sound_of(file, scratch)
    if samples is None:
        return None
    sound = openings_from_sound(samples, len(frames))
    mouth = face.openings(frames)
    lag = signals.best_lag(mouth, sound)
    return Agreement(round(signals.correlation(mouth, sound), 3), lag, round(signals.at_lag(mouth, sound, lag), 3))


@dataclass(frozen=True)
class Watched:
    """What SyncNet says of a film of a real face, rounded. `sync` is None without a face, and all are without a sound."""

    sync: Sync | None
    frames_with_a_face: float | None
    face_pixels: int | None

    def in_words(self) -> str:
        """One line for people."""
        if self.frames_with_a_face is None:
            return NO_SOUND
        if self.sync is None or self.face_pixels is None:
            return "No face is to be followed for two seconds, so nothing can be said of the lips."
        small = ", smaller than SyncNet's authors use: take the figures with care" if self.face_pixels < SMALL else ""
        return (
            f"SyncNet: LSE-C {self.sync.confidence:.2f} (more is better), LSE-D {self.sync.distance:.2f} (less is better), "
            f"lips {_when(self.sync.offset)}. The face is in {self.frames_with_a_face:.0%} of the frames, {self.face_pixels} pixels large{small}."
        )

    def as_json(self) -> str:
        """For programs."""
        return json.dumps({"syncnet": asdict(self), "words": self.in_words()}, ensure_ascii=False)


def watch(file: Path, frames: Tensor, scratch: Path, judge: Judge) -> Watched:
    """As `agreement`, by SyncNet. FilmError for a film of less than two seconds."""
    if len(frames) < SHORTEST:
        raise FilmError(f"{file} has {len(frames)} frames at {FPS} a second; SyncNet needs {SHORTEST} or more")
    samples = sound_of(file, scratch)
    if samples is None:
        return Watched(None, None, None)
    seen = judge.look(frames)
    if seen is None:
        return Watched(None, 0.0, None)
    found = judge.sync(samples, seen)
    rounded = Sync(round(found.distance, 3), round(found.confidence, 3), found.offset)
    return Watched(rounded, round(seen.track.found / len(frames), 3), round(seen.track.size))


def _when(late: int) -> str:
    if late == 0:
        return "at the same frame"
    return f"{abs(late)} frame{'' if abs(late) == 1 else 's'} {'late' if late > 0 else 'early'}"


def in_words(found: Agreement | None) -> str:
    """One line for people."""
    if found is None:
        return NO_SOUND
    how = "well" if found.at_lag >= 0.7 else "in part" if found.at_lag >= 0.4 else "not"
    if how == "not":
        return f"Lips and sound do not agree (correlation {found.correlation:.2f})."
    return f"Lips and sound agree {how}: correlation {found.at_lag:.2f}, lips {_when(found.lag)}."


def as_json(found: Agreement | None) -> str:
    """For programs: the figures, null without sound, and the line for people."""
    return json.dumps({"agreement": None if found is None else asdict(found), "words": in_words(found)}, ensure_ascii=False)
