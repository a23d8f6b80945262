"""From a clip's frames and what it should show to figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from humo_mini.palette import COLOURED_SCENES
from humo_quality import face, signals
from humo_quality.held_out import HeldOut
from humo_quality.judges import judged_looks, judged_openings, judged_scene
from humo_quality.statistics import Interval, mean_interval, share_interval

Figures = dict[str, float | None]
YES_OR_NO = (
    "own reference nearer", "hair shape kept", "glasses kept", "scene right", "scene's colour right", "clip with a second mouth",
    "face found", "offset within a frame",
)  # fmt: skip
SECOND_MOUTH_FRAMES = 5  # in so many frames, a fifth of a second, people see it


def measure(clip: HeldOut, frames: Tensor, others: Sequence[HeldOut], full: Tensor | None = None) -> Figures:
    """All figures of one clip; None is a figure that this clip cannot have.

    frames (frames, height, width, 3), 0 … 255; others: clips of other persons and sounds; full: what the full number of steps
    makes of the same seed.
    """
    height, width = frames.shape[1:3]
    sound = clip.sound[: len(frames)]
    place = face.find_mouth(frames)
    mouth, judged = face.openings(frames, place), judged_openings(frames)
    seen = face.colours(frames, place)
    usual = face.usual_place(height, width)
    own = face.colour_error(seen, face.colours(clip.reference[None], usual))
    another = [face.colour_error(seen, face.colours(other.reference[None], usual)) for other in others]
    hair, glasses = judged_looks(frames)
    scene, colour = judged_scene(frames)
    seconds = [value for value in signals.by_second(mouth, sound) if value is not None]
    shuffled = signals.shuffled(mouth, [other.sound[: len(frames)] for other in others])
    return {
        "lip-sync": signals.correlation(mouth, sound),
        "lip-sync, judge": signals.correlation(judged, sound),
        "best lag": float(signals.best_lag(mouth, sound)),
        "shifted sound found": signals.shifts_found(mouth, sound),
        "lip-sync, shuffled sound": shuffled,
        "lip-sync, worst second": min(seconds) if seconds else None,
        "opening in silence": signals.opening_in_silence(mouth, sound),
        **{f"colour error, {name}": value for name, value in own.items()},
        "colour error, another's": _mean([sum(errors.values()) / 3 for errors in another]),
        "own reference nearer": float(all(sum(own.values()) < sum(errors.values()) for errors in another)) if another else None,
        "hair shape kept": float(hair == clip.person.hair_shape),
        "glasses kept": float((glasses == "none") == (clip.person.glasses == "none")),
        "both eyes there": float(face.eyes(frames, place).all(1).float().mean()),
        "clip with a second mouth": float(int(face.second_mouths(frames, place).sum()) >= SECOND_MOUTH_FRAMES),
        "scene right": float(scene == clip.scene.name),
        "scene's colour right": float(colour == clip.scene.colour) if clip.scene.name in COLOURED_SCENES else None,
        "change between frames": float(signals.neighbour_change(frames).mean()),
        "change every fourth frame": signals.every_fourth(frames),
        "background drift": signals.background_drift(frames),
        "frames like the reference": float(signals.flashes(frames, clip.reference).float().mean()),
        "PSNR, same seed": None if full is None else signals.psnr(frames, full),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def summarise(clips: Sequence[Figures]) -> dict[str, Interval]:
    """Each figure's mean and 95% interval over the clips that have it."""
    summary = {}
    for name in clips[0]:
        values = [value for clip in clips if (value := clip[name]) is not None]
        if values:
            summary[name] = (share_interval if name in YES_OR_NO else mean_interval)(values)
    return summary


def by_skin(clips: Sequence[HeldOut], figures: Sequence[Figures]) -> Mapping[str, Mapping[str, float]]:
    """Group of skin colours → figure → mean."""
    groups: dict[str, list[Figures]] = {}
    for clip, values in zip(clips, figures, strict=True):
        groups.setdefault(clip.skin_group, []).append(values)
    return {name: {key: interval.mean for key, interval in summarise(group).items()} for name, group in groups.items()}
