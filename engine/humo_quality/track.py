"""One face through a clip, and the pictures of it that SyncNet sees, cut as its authors do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_quality.detector import FaceDetector, overlap
from humo_quality.syncnet import SIDE

LONGEST_GAP = 25  # frames without the face, after which it is another one
SAME_FACE = 0.5  # of their union that boxes of one face share from frame to frame
SMOOTHED = 13  # frames of which a place is the median
ROOM = 0.4  # of the face's size, around it
GREY = 110.0  # beyond the picture


@dataclass(frozen=True)
class Track:
    """A face from frame `start` on: a box (left, top, right, bottom) for each frame, and in how many of them it was found."""

    start: int
    boxes: Tensor
    found: int

    @property
    def size(self) -> float:
        """Pixels of the face, in the mean."""
        return float((self.boxes[:, 2:] - self.boxes[:, :2]).amax(1).mean())


def follow(frames: Tensor, detector: FaceDetector) -> Track | None:
    """The face that is there the longest and the largest; None where there is none. frames (frames, height, width, 3)."""
    return main_face([detector.find(frame) for frame in frames])


def main_face(found: Sequence[Tensor]) -> Track | None:
    """Boxes of each frame (n, 4) → the face whose boxes cover the most together. Where it was not found, its place lies between."""
    faces: list[list[tuple[int, Tensor]]] = []
    for number, boxes in enumerate(found):
        going_on = [face for face in faces if number - face[-1][0] <= LONGEST_GAP]
        for box in boxes:
            waiting = [face for face in going_on if face[-1][0] < number]
            shared = overlap(box, torch.stack([face[-1][1] for face in waiting])) if waiting else torch.zeros(1)
            if float(shared.max()) > SAME_FACE:
                waiting[int(shared.argmax())].append((number, box))
            else:
                faces.append([(number, box)])
    if not faces:
        return None
    main = max(faces, key=lambda face: sum(float((box[2:] - box[:2]).prod()) for _, box in face))
    start, end = main[0][0], main[-1][0]
    boxes = torch.empty(end - start + 1, 4)
    boxes[0] = main[0][1]
    for (before, a), (after, b) in itertools.pairwise(main):
        for number in range(before + 1, after + 1):
            boxes[number - start] = torch.lerp(a, b, (number - before) / (after - before))
    return Track(start, boxes, len(main))


def faces_of(frames: Tensor, track: Track) -> Tensor:
    """The face of each frame of a track (frames, 224, 224, 3), 0 … 255: its place and size smoothed, more room below than above."""
    half = _smooth((track.boxes[:, 2:] - track.boxes[:, :2]).amax(1) / 2)
    x, y = (_smooth((track.boxes[:, side] + track.boxes[:, side + 2]) / 2) for side in (0, 1))
    cut = []
    for number in range(len(track.boxes)):
        size, across, down = float(half[number]), float(x[number]), float(y[number])
        border = int(size * (1 + 2 * ROOM)) + 1
        picture = F.pad(frames[track.start + number].float().permute(2, 0, 1), (border,) * 4, value=GREY)
        top, left = max(0, int(down - size) + border), max(0, int(across - size * (1 + ROOM)) + border)
        side = max(1, int(2 * size * (1 + ROOM)))
        face = picture[None, :, top : top + side, left : left + side]
        cut.append(F.interpolate(face, (SIDE, SIDE), mode="bilinear")[0].permute(1, 2, 0))
    return torch.stack(cut)


def _smooth(values: Tensor) -> Tensor:
    """Each value's median with its neighbours'."""
    reach = SMOOTHED // 2
    return F.pad(values[None, None], (reach, reach), mode="replicate")[0, 0].unfold(0, SMOOTHED, 1).median(1).values
