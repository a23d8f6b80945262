"""What stands in for the files of `weights download --syncnet`: SyncNet with weights from a seed, and a face detector that sees red dots.

The detector has YuNet's inputs and outputs, and is written as ONNX by hand: the package for that is needed nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from humo_engine.weights import lock
from humo_quality.syncnet import CHECKPOINT, SyncNet

FLOAT, WHOLE, WHOLES = 1, 7, 7  # of tensors, and of attributes
SIDE = 640


def _number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of a protocol buffer: a whole number, or what has a length."""
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    content = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(content)) + content


def _fields(number: int, values: Iterable[int | str | bytes]) -> bytes:
    return b"".join(_field(number, value) for value in values)


def _tensor(name: str, values: np.ndarray) -> bytes:
    kind = WHOLE if values.dtype == np.int64 else FLOAT
    return _fields(1, values.shape) + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _value(name: str, shape: Iterable[int]) -> bytes:
    dimensions = _fields(1, (_field(1, side) for side in shape))
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, dimensions)))


def _node(kind: str, inputs: Iterable[str], output: str, **attributes: Iterable[int]) -> bytes:
    given = (_field(1, name) + _fields(8, values) + _field(20, WHOLES) for name, values in attributes.items())
    return _fields(1, inputs) + _field(2, output) + _field(4, kind) + _fields(5, given)


def write_detector(file: Path, in_the_middle: bool = False, lacking: str | None = None) -> None:
    """A face of 160 pixels of the square around each cell of 8 pixels that is red, and `in_the_middle` one of 643, whatever is there."""
    filters = np.zeros((1, 3, 8, 8), np.float32)
    filters[:, 2], filters[:, 1] = 1 / 64 / 255, -1 / 64 / 255  # blue, green, red
    constants, outputs = {"filters": filters, "row": np.array([1, -1, 1])}, {}
    for stride in (8, 16, 32):
        cells = (SIDE // stride) ** 2
        constants[f"cls_{stride}"] = np.ones((1, cells, 1), np.float32)
        constants[f"obj_{stride}"] = np.zeros((1, cells, 1), np.float32)
        constants[f"bbox_{stride}"] = np.tile(np.array([0.5, 0.5, 3, 3], np.float32), (1, cells, 1))
        outputs |= {f"{what}_{stride}": (1, cells, 4 if what == "bbox" else 1) for what in ("cls", "obj", "bbox")}
    if in_the_middle:
        constants["obj_32"][0, 10 * 20 + 10] = 1
    del constants["obj_8"]
    outputs.pop(lacking or "", None)
    graph = (
        _field(1, _node("Conv", ["input", "filters"], "red", strides=[8, 8]))
        + _field(1, _node("Reshape", ["red", "row"], "obj_8"))
        + _field(2, "red dots")
        + _fields(5, (_tensor(name, values) for name, values in constants.items()))
        + _field(11, _value("input", (1, 3, SIDE, SIDE)))
        + _fields(12, (_value(name, shape) for name, shape in outputs.items()))
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13)))


def random_syncnet(seed: int = 0) -> SyncNet:
    torch.manual_seed(seed)
    return SyncNet().eval().requires_grad_(False)


def write_checkpoint(root: Path, **changed: torch.Tensor) -> None:
    """As the published file is: of a PyTorch before 0.4.1, in its old form and without counters."""
    state = {key: value for key, value in random_syncnet().state_dict().items() if "num_batches" not in key} | changed
    file = root / CHECKPOINT
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file, _use_new_zipfile_serialization=False)


def lock_as(monkeypatch, root: Path) -> None:
    """A lock file that says of SyncNet's files what lies in `root`."""
    document = json.loads(lock.LOCK_FILE.read_text(encoding="utf-8"))
    for repository in document["repositories"]:
        for entry in repository["files"]:
            if entry["models"] == ["syncnet"]:
                content = (root / repository["folder"] / entry["path"]).read_bytes()
                entry |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                repository["revision"] = "c" * 40
    (root / "lock.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(lock, "LOCK_FILE", root / "lock.json")
