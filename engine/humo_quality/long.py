"""Clips longer than the model sees at once: what is asked of the engine, and figures of their parts.

One continuous take is asked for as it is. Shots are asked for as the worker does, each with the whole sound and a lead of frames that
are dropped; here they are cut evenly, since where the cuts lie says nothing about the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from humo_engine.settings import Takes, whole_frames
from humo_engine.vae import TEMPORAL_STRIDE
from humo_engine.windows import Window
from humo_mini.drawing import FRAMES
from humo_quality import face, signals
from humo_quality.held_out import HeldOut
from humo_quality.meter import Figures, measure


@dataclass(frozen=True)
class Piece:
    """A stretch of a clip that is asked for at once: its first frame and its frames, and `lead` frames before them that are dropped."""

    start: int
    frames: int
    lead: int = 0

    @property
    def made(self) -> int:
        """Frames to ask for, 4k + 1."""
        return whole_frames(self.lead + self.frames)


def pieces_of(take: str, frames: int, takes: Takes, fps: int) -> list[Piece]:
    """How a clip is asked for: at once for the take `one`, else in shots, as few as their longest allows."""
    if take == "one":
        return [Piece(0, frames)]
    count = -(-frames // int(takes.shot_maximum * fps))
    starts = [index * frames // count for index in range(count + 1)]
    return [Piece(start, end - start, min(start, takes.pre_roll)) for start, end in itertools.pairwise(starts)]


def seams_of(windows: Sequence[Window]) -> list[list[int]]:
    """For each two neighbouring windows the frames that both show, and the first that only the later one does."""
    return [
        [*range(max(1, TEMPORAL_STRIDE * after.start - 3), TEMPORAL_STRIDE * (before.end - 1) + 2)]
        for before, after in itertools.pairwise(windows)
    ]


def away_from_seams(seams: Sequence[Sequence[int]], pieces: Sequence[Piece]) -> list[list[int]]:
    """For each seam as many frames without one: midway between its end and the next seam, or the end of its piece, where they find room."""
    away = []
    for index, seam in enumerate(seams):
        if not seam:
            continue
        following = [other[0] for other in seams[index + 1 :] if other]
        end = min([piece.start + piece.frames for piece in pieces if seam[-1] < piece.start + piece.frames] + following)
        begins = (seam[-1] + 1 + end - len(seam)) // 2
        if begins > seam[-1]:
            away.append([*range(begins, begins + len(seam))])
    return away


def stretches_of(pieces: Sequence[Piece]) -> list[Piece]:
    """The parts of a clip that are measured by themselves: shots, and of what is longer than the usual clip parts as long as that."""
    stretches = []
    for piece in pieces:
        count = max(1, round(piece.frames / FRAMES))
        starts = [piece.start + index * piece.frames // count for index in range(count + 1)]
        stretches += [Piece(start, end - start) for start, end in itertools.pairwise(starts)]
    return stretches


def measure_long(
    clip: HeldOut,
    frames: Tensor,
    others: Sequence[HeldOut],
    pieces: Sequence[Piece],
    seams: Sequence[Sequence[int]],
    full: Tensor | None = None,
) -> Figures:
    """As `measure`, of a clip of any length: means over its stretches, and what only a long clip has. `seams` as `seams_of` says them."""
    stretches = stretches_of(pieces)
    if len(stretches) == 1:
        return measure(clip, frames, others, full)
    cuts = [slice(part.start, part.start + part.frames) for part in stretches]
    parts = [
        measure(_part(clip, cut), frames[cut], [_part(other, cut) for other in others], None if full is None else full[cut])
        for cut in cuts
    ]
    joined: Figures = {}
    for name in parts[0]:
        values = [value for part in parts if (value := part[name]) is not None]
        joined[name] = sum(values) / len(values) if values else None
    worst = [value for part in parts if (value := part["lip-sync, worst second"]) is not None]
    joined["lip-sync, worst second"] = min(worst) if worst else None
    synced = [part["lip-sync"] or 0.0 for part in parts]
    joined["lip-sync, first stretch"] = synced[0]
    joined["lip-sync, later stretches"] = sum(synced[1:]) / len(synced[1:]) if len(synced) > 1 else None
    joined["change at seams"] = most_change(frames, seams)
    joined["change away from seams"] = most_change(frames, away_from_seams(seams, pieces))
    if len(pieces) == 1:
        joined["background drift"] = signals.background_drift(frames)
        joined["mouth moves, pixels"] = _wander([frames[cut] for cut in cuts])
    return joined


def most_change(frames: Tensor, seams: Sequence[Sequence[int]]) -> float | None:
    return max((change for seam in seams if (change := signals.seam_change(frames, list(seam))) is not None), default=None)


def _part(clip: HeldOut, cut: slice) -> HeldOut:
    return replace(clip, sound=clip.sound[cut])


def _wander(parts: Sequence[Tensor]) -> float:
    """How far the mouth's place is moved from one stretch to the next, the most, in pixels."""
    places = [face.find_mouth(part) for part in parts]
    return max((((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5 for a, b in itertools.pairwise(places)), default=0.0)
