"""Judges trained apart from the model: small networks that look at a frame and say what they see.

They learn from drawings that are blurred, noisy and off in colour, as a VAE's are, of persons and scenes with labels; nothing
of the model that they judge goes into them. `python -m humo_quality.train_judges` makes their weights.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_mini.palette import GLASSES, HAIR_SHAPES, SCENES, WALL_COLOURS

WEIGHTS = Path(__file__).parent / "judges.safetensors"
SIDE = 96  # pixels of the frame's shorter side, as judges see it
HEADS = {"opening": 1, "hair": len(HAIR_SHAPES), "glasses": len(GLASSES)}
SCENE_SIZE = (56, 96)  # height and width of what the judge of scenes learnt from
SCENE_HEADS = {"scene": len(SCENES), "colour": len(WALL_COLOURS)}
BATCH = 32


class Judge(nn.Module):
    """Four convolutions that halve the picture, and what is most striking anywhere in it; a linear layer for each question."""

    def __init__(self, heads: dict[str, int], width: int):
        super().__init__()
        widths = (3, width, 2 * width, 3 * width, 4 * width)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in itertools.pairwise(widths))
        self.norms = nn.ModuleList(nn.GroupNorm(4, b) for b in widths[1:])
        self.last = nn.Conv2d(4 * width, 4 * width, 3, padding=1)
        self.heads = nn.ModuleDict({name: nn.Linear(8 * width, count) for name, count in heads.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures (n, 3, height, width) in [−1, 1] → answers of each head (n, count)."""
        x = pictures
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.silu(norm(layer(x)))
        x = F.silu(self.last(x))
        pooled = torch.cat((x.mean((2, 3)), x.amax((2, 3))), dim=1)
        return {name: head(pooled) for name, head in self.heads.items()}


def face_judge() -> Judge:
    """Sees a mouth's opening, the shape of hair and glasses."""
    return Judge(HEADS, 16)


def scene_judge() -> Judge:
    """Sees which scene it is and, of those with a colour, which."""
    return Judge(SCENE_HEADS, 12)


def prepare(frames: Tensor) -> Tensor:
    """Frames (n, height, width, 3), 0 … 255 → pictures as judges see them (n, 3, 96, 96): the middle square, in [−1, 1]."""
    pictures = frames.permute(0, 3, 1, 2) / 127.5 - 1
    height, width = pictures.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return F.interpolate(pictures[..., top : top + side, left : left + side], (SIDE, SIDE), mode="area")


def prepare_scene(frames: Tensor) -> Tensor:
    """Frames → whole pictures (n, 3, 56, 96 or more): scenes are told by the edges, too.

    The judge learnt from wide pictures. Of a tall one it sees the middle, and what a narrow one lacks at its sides is mirrored.
    """
    pictures = frames.permute(0, 3, 1, 2) / 127.5 - 1
    height, width = pictures.shape[-2:]
    side = min(height, width)
    top = (height - side) // 2
    scale = SCENE_SIZE[0] / side
    pictures = F.interpolate(pictures[..., top : top + side, :], (SCENE_SIZE[0], round(width * scale)), mode="area")
    lacking = max(0, SCENE_SIZE[1] - pictures.shape[-1])
    return F.pad(pictures, (lacking // 2, lacking - lacking // 2, 0, 0), mode="reflect")


@cache
def judges() -> tuple[Judge, Judge]:
    """The trained judges of faces and scenes. OSError if their weights are missing."""
    from safetensors.torch import load_file

    if not WEIGHTS.is_file():
        raise OSError(f"the judges' weights are missing: {WEIGHTS}. Make them with python -m humo_quality.train_judges")
    state = load_file(WEIGHTS)
    loaded = []
    for name, judge in (("face", face_judge()), ("scene", scene_judge())):
        judge.load_state_dict(
            {key.removeprefix(f"{name}."): value.float() for key, value in state.items() if key.startswith(name)}
        )
        loaded.append(judge.eval().requires_grad_(False))
    return loaded[0], loaded[1]


@torch.no_grad()
def judged_openings(frames: Tensor) -> Tensor:
    """How far the mouth is open (frames,), as the judge of faces sees it."""
    face, _ = judges()
    return torch.cat([face(prepare(part))["opening"][:, 0] for part in frames.split(BATCH)])


@torch.no_grad()
def judged_looks(frames: Tensor) -> tuple[str, str]:
    """The shape of hair and the glasses that most frames show, by their mean evidence."""
    face, _ = judges()
    answers = face(prepare(frames[::8]))
    hair, glasses = (answers[name].log_softmax(-1).mean(0).argmax() for name in ("hair", "glasses"))
    return HAIR_SHAPES[int(hair)], GLASSES[int(glasses)]


@torch.no_grad()
def judged_scene(frames: Tensor) -> tuple[str, str]:
    """The scene that most frames show, and the wall's colour if it has one."""
    _, scene = judges()
    answers = scene(prepare_scene(frames[::8]))
    name, colour = (answers[key].log_softmax(-1).mean(0).argmax() for key in ("scene", "colour"))
    return SCENES[int(name)], WALL_COLOURS[int(colour)]
