"""Where faces are in pictures: YuNet, by the onnxruntime that is here for speech.

W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023; the file is OpenCV's (`weights download --syncnet`). What
comes out of it is read here as OpenCV's FaceDetectorYN reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_engine.checkpoint import CheckpointError, reading
from humo_engine.weights.errors import download_option
from humo_engine.weights.lock import SYNCNET
from humo_engine.weights.present import require

FILE = "face_detection_yunet/face_detection_yunet_2023mar.onnx"  # in the weights folder
SIDE = 640  # pixels of the square that it looks at
STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{what}_{stride}" for what in ("cls", "obj", "bbox") for stride in STRIDES)
SURE = 0.7  # of 1: what is less a face than that is none
SAME = 0.3  # of their union that two boxes share: they are one face


class FaceDetector:
    """A face detector on the CPU."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def find(self, frame: Tensor) -> Tensor:
        """A picture (height, width, 3), RGB, 0 … 255 → boxes of its faces (n, 4): left, top, right, bottom in pixels, the surest first."""
        height, width = frame.shape[:2]
        scale = SIDE / max(height, width)
        size = (round(height * scale), round(width * scale))
        picture = F.interpolate(frame.float().flip(-1).permute(2, 0, 1)[None], size, mode="bilinear", antialias=scale < 1)
        picture = F.pad(picture, (0, SIDE - size[1], 0, SIDE - size[0]))
        found = self._session.run(OUTPUTS, {"input": picture.numpy()})
        values = {name: torch.from_numpy(value)[0] for name, value in zip(OUTPUTS, found, strict=True)}
        sure, boxes = zip(*(_decode(values, stride) for stride in STRIDES), strict=True)
        return _of_their_own(torch.cat(sure), torch.cat(boxes)) / scale


def load_detector(root: Path) -> FaceDetector:
    """The published detector from the weights folder. WeightsMissing if it is not there, CheckpointError if it cannot be read."""
    import onnxruntime

    require(root, SYNCNET)
    with reading(root / FILE, fetch=f"weights download {download_option(SYNCNET)}"):
        session = onnxruntime.InferenceSession(str(root / FILE), providers=["CPUExecutionProvider"])
    lacking = {*OUTPUTS} - {output.name for output in session.get_outputs()}
    if lacking or [given.name for given in session.get_inputs()] != ["input"]:
        raise CheckpointError(f"{root / FILE} is not YuNet: it has no {', '.join(sorted(lacking)) or 'input of that name'}")
    return FaceDetector(session)


def _decode(values: dict[str, Tensor], stride: int) -> tuple[Tensor, Tensor]:
    """What one of its three scales says: how sure (n,), and boxes (n, 4) in pixels of its square."""
    sure = (values[f"cls_{stride}"].clamp(0, 1) * values[f"obj_{stride}"].clamp(0, 1)).sqrt()[:, 0]
    across = SIDE // stride
    cells = torch.arange(across * across)
    corner = torch.stack((cells % across, cells // across), dim=1)
    middle = (corner + values[f"bbox_{stride}"][:, :2]) * stride
    half = values[f"bbox_{stride}"][:, 2:].exp() * stride / 2
    return sure, torch.cat((middle - half, middle + half), dim=1)


def _of_their_own(sure: Tensor, boxes: Tensor) -> Tensor:
    """Boxes that are sure enough, the surest first; of those that overlap, the surest alone."""
    order = sure.argsort(descending=True, stable=True)
    left, kept = boxes[order[sure[order] >= SURE]], []
    while len(left):
        kept.append(left[0])
        left = left[overlap(left[0], left) <= SAME]
    return torch.stack(kept) if kept else left


def overlap(box: Tensor, others: Tensor) -> Tensor:
    """The part of their union that a box (left, top, right, bottom) shares with each of others (n, 4) → (n,)."""
    shared = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0).prod(-1)
    together = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(-1) - shared
    return shared / together.clamp(min=1e-9)
