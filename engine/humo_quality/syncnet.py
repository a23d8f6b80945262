"""SyncNet: how far lips and sound are apart, in the form of its published checkpoint, and the figures that the field makes of it.

J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild", 2016: two networks bring five frames of a face and the
0.2 s of sound beside them to one space, where those that belong together lie close. LSE-D and LSE-C: K R Prajwal et al., "A Lip
Sync Expert Is All You Need for Speech to Lip Generation In The Wild", 2020. Which file, from where, under which licence:
docs/decisions/0111.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.audio import SAMPLES_PER_FEATURE_PAIR
from humo_engine.checkpoint import load_strict, read_pickle
from humo_engine.weights.errors import download_option
from humo_engine.weights.lock import SYNCNET
from humo_engine.weights.pickles import require_pickles
from humo_engine.weights.present import require
from humo_quality.mfcc import mfcc

CHECKPOINT = "LatentSync-1.5/auxiliary/syncnet_v2.model"  # in the weights folder
SIDE = 224  # pixels of a face
FRAMES_SEEN = 5
COEFFICIENTS_HEARD = 20  # times 10 ms
PER_FRAME = 4  # coefficients' times in a frame
WIDTH = 1024  # of the space
FARTHEST = 15  # frames of offset that are tried either way
SHORTEST = 50  # frames: with fewer, most of the farthest offsets would be compared with nothing
BATCH = 20


class SyncNet(nn.Module):
    """Both networks; the names and shapes of `state_dict` are those of the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        # What is heard: (n, 1, 13 coefficients, 20 times).
        self.netcnnaud = nn.Sequential(
            *_layer(nn.Conv2d(1, 64, 3, padding=1)), nn.Identity(),
            *_layer(nn.Conv2d(64, 192, 3, padding=1)), nn.MaxPool2d(3, (1, 2)),
            *_layer(nn.Conv2d(192, 384, 3, padding=1)),
            *_layer(nn.Conv2d(384, 256, 3, padding=1)),
            *_layer(nn.Conv2d(256, 256, 3, padding=1)), nn.MaxPool2d(3, 2),
            *_layer(nn.Conv2d(256, 512, (5, 4))),
        )  # fmt: skip
        # What is seen: (n, 3, frames, 224, 224). Only the first layer looks at several frames, so a clip goes through as it is.
        self.netcnnlip = nn.Sequential(
            *_layer(nn.Conv3d(3, 96, (FRAMES_SEEN, 7, 7), (1, 2, 2))), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_layer(nn.Conv3d(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1))), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_layer(nn.Conv3d(256, 512, (1, 6, 6))),
        )  # fmt: skip
        self.netfcaud, self.netfclip = _head(), _head()

    def heard(self, coefficients: Tensor) -> Tensor:
        """Coefficients (times, 13) → places in the space (frames, 1024): of each frame and the four after it."""
        windows = coefficients.T.unfold(1, COEFFICIENTS_HEARD, PER_FRAME).permute(1, 0, 2)[:, None]
        return torch.cat([self.netfcaud(self.netcnnaud(part).flatten(1)) for part in windows.split(BATCH)])

    def seen(self, faces: Tensor) -> Tensor:
        """Faces (frames, 224, 224, 3), RGB, 0 … 255 → places in the space (frames − 4, 1024)."""
        pictures = faces.float().flip(-1).permute(3, 0, 1, 2)[None]  # it was trained on blue, green, red
        places = []
        for start in range(0, len(faces) - FRAMES_SEEN + 1, BATCH):
            deep = self.netcnnlip(pictures[:, :, start : start + BATCH + FRAMES_SEEN - 1])
            places.append(self.netfclip(deep[0, :, :, 0, 0].T))
        return torch.cat(places)


def _layer(convolution: nn.Module) -> tuple[nn.Module, ...]:
    norm = nn.BatchNorm2d if isinstance(convolution, nn.Conv2d) else nn.BatchNorm3d
    return convolution, norm(convolution.out_channels), nn.ReLU()


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, WIDTH))


def load_syncnet(root: Path) -> SyncNet:
    """The published weights from the weights folder.

    WeightsMissing if they are not there; CheckpointError for a file that is damaged, not the one that was published, or of
    another layout (each key, with both shapes).
    """
    require(root, SYNCNET)
    require_pickles(root, SYNCNET)
    with torch.device("meta"):
        network = SyncNet()
    state = read_pickle(root / CHECKPOINT, f"weights download {download_option(SYNCNET)}")
    for key in network.state_dict():
        if key.endswith(
            ".num_batches_tracked"
        ):  # files of PyTorch before 0.4.1 have no such counters, and nothing here reads them
            state.setdefault(key, torch.tensor(0))
    load_strict(network, state, CHECKPOINT)
    return network.eval().requires_grad_(False)


@dataclass(frozen=True)
class Sync:
    """What SyncNet says of lips and sound: LSE-D (distance; less is better), LSE-C (confidence; more is better), and by how many
    frames the lips are late (negative: early), which the field calls AV offset."""

    distance: float
    confidence: float
    offset: int


def compare(seen: Tensor, heard: Tensor) -> Sync:
    """Places of what is seen and heard (frames, 1024) → how they agree.

    As published: mean distances at 31 offsets, whereby beyond the ends of the sound is the middle of the space; the least of them,
    and by how much it is below the median.
    """
    count = min(len(seen), len(heard))
    lips, sound = seen[:count], F.pad(heard[:count], (0, 0, FARTHEST, FARTHEST))
    means = torch.stack([F.pairwise_distance(lips, sound[shift : shift + count]).mean() for shift in range(2 * FARTHEST + 1)])
    least = int(means.argmin())
    return Sync(float(means[least]), float(means.median() - means[least]), FARTHEST - least)


def coefficients_of(samples: Tensor, frames: int) -> Tensor:
    """What is heard with so many frames (times, 13): sound that is shorter ends in silence."""
    wanted = frames * SAMPLES_PER_FEATURE_PAIR
    return mfcc(F.pad(samples[:wanted], (0, max(0, wanted - len(samples)))))
