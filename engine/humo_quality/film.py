"""Films: frames and sound of a video file, and how well its lips follow its sound."""

from __future__ import annotations

import json
import re
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

FIRST_PICTURE, FIRST_SOUND = "V:0", "a:0"  # as ffmpeg names them: V is no cover
NO_SOUND = "There is no sound that lips could follow."
NOTHING_TO_FOLLOW = "Nothing in the sound opens and shuts a mouth: it is silent, or always equally loud."
NO_MOUTH_MOVES = "No mouth moves in the picture, so lips and sound do not agree."
FEWEST_FRAMES = 2 * signals.LARGEST_LAG + 1
SMALLEST_SIDE = 48  # pixels: in less a drawn mouth has none of its own
# Pixels that a film's shorter side is scaled down to: enough to measure, and a minute fits into memory.
DRAWN_SIDE, REAL_SIDE = 224, 720


class FilmError(ValueError):
    """A file that is no film with a picture and a sound; the message says why."""


@dataclass(frozen=True)
class Agreement:
    """How lips and sound of a film agree: correlation, the lag in frames at which it is best (positive: lips late), and there."""

    correlation: float
    lag: int
    at_lag: float


def read_frames(file: Path, side: int = DRAWN_SIDE) -> Tensor:
    """The frames of a video that ffmpeg reads, turned as players turn it, at 25 a second from its beginning (frames, height, width, 3), uint8.

    What is larger comes with a shorter side of `side` pixels.
    """
    done = _probed(file, FIRST_PICTURE)
    if done.returncode != 0 or not done.stdout.strip():
        raise FilmError(f"{file} has no picture that ffmpeg reads: {done.stderr.strip()[-300:] or 'there is no video stream'}")
    smaller = f"min(1,{side}/min(iw,ih))"
    scale = f"scale=w='round(iw*{smaller})':h='round(ih*{smaller})':flags=area"
    command = [*_decoding(file, FIRST_PICTURE), "-vf", f"fps={FPS}:start_time=0,{scale}", "-f", "image2pipe", "-c:v", "ppm", "-"]
    raw = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if raw.returncode != 0 or not raw.stdout:
        raise FilmError(f"{file} cannot be decoded: {raw.stderr.decode(errors='replace').strip()[-300:]}")
    header = raw.stdout[: re.match(rb"P6\n(\d+) (\d+)\n255\n", raw.stdout).end()]  # before every frame, always the same
    width, height = map(int, header.split()[1:3])
    pixels = np.frombuffer(raw.stdout, dtype=np.uint8).reshape(-1, len(header) + 3 * width * height)[:, len(header) :]
    return torch.from_numpy(pixels.reshape(-1, height, width, 3).copy())


def _probed(file: Path, stream: str) -> subprocess.CompletedProcess[str]:
    """What ffprobe says of a stream; nothing on its output where there is none."""
    probe = ["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "stream=index", "-of", "csv=p=0", str(file)]
    return subprocess.run(probe, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def _decoding(file: Path, stream: str) -> list[str]:
    """How ffmpeg's call begins that reads one stream of a file, and of nothing else."""
    return ["ffmpeg", "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe", "-i", str(file), "-map", f"0:{stream}"]


def read_raw(file: Path, width: int, height: int) -> Tensor:
    """The engine's raw rgb24 frames (frames, height, width, 3), fp32."""
    return torch.from_numpy(np.fromfile(file, dtype=np.uint8).reshape(-1, height, width, 3)).float()


def sound_of(file: Path, scratch: Path) -> Tensor | None:
    """The sound of a film as samples at 16 kHz; None where there is none. `scratch` is a folder for a moment. FilmError if it cannot be read."""
    if not _probed(file, FIRST_SOUND).stdout.strip():
        return None
    # A sound may begin after its picture, and stop and go on: whoever reads samples alone hears it all too early.
    timed = scratch / "timed.wav"
    command = [*_decoding(file, FIRST_SOUND), "-af", "aresample=async=1:first_pts=0", "-c:a", "pcm_s16le", str(timed)]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    try:
        return read_wav(to_engine_wav(timed if done.returncode == 0 else file, scratch / "film.wav"))
    except ValueError as error:
        raise FilmError(f"{file}: {error}") from error


def agreement(file: Path, frames: Tensor, scratch: Path) -> Agreement | str:
    """How lips and sound of a film agree, whose frames `read_frames` read; or why nothing can be said of that.

    `scratch` is a folder for a moment. FilmError for a sound that cannot be read, and for a picture too small to see a mouth in.
    """
    height, width = frames.shape[1:3]
    if min(height, width) < SMALLEST_SIDE:
        raise FilmError(f"{file} is {width}×{height} pixels large; to see a mouth takes {SMALLEST_SIDE} or more each way")
    samples = sound_of(file, scratch)
    if samples is None:
        return NO_SOUND
    if len(frames) < FEWEST_FRAMES:
        return f"The film is too short to say how lips and sound agree: {len(frames)} frames at {FPS} a second, and {FEWEST_FRAMES} are needed."
    sound = openings_from_sound(samples, len(frames))
    if not signals.moves(sound):
        return NOTHING_TO_FOLLOW
    mouth = face.openings(frames.float())
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


def in_words(found: Agreement | str) -> str:
    """One line for people."""
    if isinstance(found, str):
        return found
    if found.correlation == found.at_lag == 0:
        return NO_MOUTH_MOVES
    how = "well" if found.at_lag >= 0.7 else "in part" if found.at_lag >= 0.4 else "not"
    if how == "not":
        return f"Lips and sound do not agree (correlation {found.correlation:.2f})."
    return f"Lips and sound agree {how}: correlation {found.at_lag:.2f}, lips {_when(found.lag)}."


def as_json(found: Agreement | str) -> str:
    """For programs: the figures, null where nothing can be said, and the line for people."""
    return json.dumps(
        {"agreement": None if isinstance(found, str) else asdict(found), "words": in_words(found)}, ensure_ascii=False
    )
