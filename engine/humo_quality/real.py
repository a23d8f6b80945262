"""Figures of clips of real people: lips by SyncNet, and what needs neither a drawing's truth nor a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from humo_engine.audio import SAMPLES_PER_FEATURE_PAIR
from humo_quality import signals
from humo_quality.asked import Asked
from humo_quality.detector import FaceDetector, load_detector
from humo_quality.long import Piece, away_from_seams, most_change
from humo_quality.meter import Figures
from humo_quality.syncnet import SHORTEST, Sync, SyncNet, coefficients_of, compare, load_syncnet
from humo_quality.track import Track, faces_of, follow

SMALL = 100.0  # pixels: of smaller faces SyncNet’s authors make no figures


@dataclass(frozen=True)
class Seen:
    """A face in a stretch of a clip: where, its pictures (frames, 224, 224, 3), and their places in SyncNet's space."""

    track: Track
    faces: Tensor
    places: Tensor


class Judge:
    """SyncNet and the face detector, on the CPU: the GPU is the engine's, and this takes a small part of its time."""

    def __init__(self, network: SyncNet, detector: FaceDetector) -> None:
        self._network, self._detector = network, detector

    def look(self, frames: Tensor) -> Seen | None:
        """The face of a stretch; None where none is to be followed for two seconds."""
        track = follow(frames, self._detector)
        if track is None or len(track.boxes) < SHORTEST:
            return None
        faces = faces_of(frames, track)
        return Seen(track, faces, self._network.seen(faces))

    def hear(self, samples: Tensor, seen: Seen, first: int) -> Tensor:
        """The places of the sound from frame `first` on, for as long as the face is there."""
        begins = (first + seen.track.start) * SAMPLES_PER_FEATURE_PAIR
        return self._network.heard(coefficients_of(samples[begins:], len(seen.track.boxes)))

    def sync(self, samples: Tensor, seen: Seen, first: int = 0) -> Sync:
        """How lips agree with a sound whose frame `first` is the first of the stretch."""
        return compare(seen.places, self.hear(samples, seen, first))


def load_judge(weights: Path) -> Judge:
    """From the weights folder; raises as `load_syncnet` and `load_detector`."""
    return Judge(load_syncnet(weights), load_detector(weights))


def measure_real(
    clip: Asked,
    frames: Tensor,
    others: Sequence[Tensor],
    pieces: Sequence[Piece],
    seams: Sequence[Sequence[int]],
    judge: Judge,
    full: Tensor | None = None,
) -> tuple[Figures, Tensor | None]:
    """The figures of one clip, and its faces as SyncNet saw them; None where there was none.

    frames (frames, height, width, 3), 0 … 255. `others`: samples of other clips' sounds. Shots are measured each for itself: the figures
    are their means. `full`: what the full number of steps makes of the same seed.
    """
    parts, first_seen = [], None
    for piece in pieces:
        cut = slice(piece.start, piece.start + piece.frames)
        shown = frames[cut]
        seen = judge.look(shown)
        first_seen = first_seen or seen
        parts.append(
            {
                **_lips(clip.samples, others, judge, seen, piece),
                "change between frames": float(signals.neighbour_change(shown).mean()),
                "change every fourth frame": signals.every_fourth(shown),
                "background drift": signals.background_drift(shown),
                "frames like the reference": None
                if clip.reference is None
                else float(signals.flashes(shown, clip.reference).float().mean()),
                "PSNR, same seed": None if full is None else signals.psnr(shown, full[cut]),
            }
        )
    joined: Figures = {}
    for name in parts[0]:
        values = [value for part in parts if (value := part[name]) is not None]
        joined[name] = sum(values) / len(values) if values else None
    joined["change at seams"] = most_change(frames, seams)
    joined["change away from seams"] = most_change(frames, away_from_seams(seams, pieces))
    if joined["offset within a frame"] is not None:  # yes or no: of shots, whether all are
        joined["offset within a frame"] = float(joined["offset within a frame"] == 1)
    joined["face found"] = float(joined["face found"] == 1)
    return joined, None if first_seen is None else first_seen.faces


def _lips(samples: Tensor, others: Sequence[Tensor], judge: Judge, seen: Seen | None, piece: Piece) -> Figures:
    names = (
        "LSE-C",
        "LSE-D",
        "AV offset",
        "offset within a frame",
        "LSE-C, shuffled sound",
        "LSE-D, shuffled sound",
        "face, pixels",
    )
    if seen is None:
        return {**dict.fromkeys(names), "face found": 0.0, "frames with a face": None}
    own = judge.sync(samples, seen, piece.start)
    shuffled = [judge.sync(other, seen, piece.start) for other in others]
    values = (
        own.confidence, own.distance, float(own.offset), float(abs(own.offset) <= 1),
        _mean([sync.confidence for sync in shuffled]), _mean([sync.distance for sync in shuffled]), seen.track.size,
    )  # fmt: skip
    return {**dict(zip(names, values, strict=True)), "face found": 1.0, "frames with a face": seen.track.found / piece.frames}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
