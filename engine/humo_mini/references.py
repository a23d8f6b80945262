"""Reference pictures as people bring them: not all on white, not all upright in the middle, not all clean."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_mini.drawing import SIZE, Person, Size, Sway, draw_clip, draw_scene
from humo_mini.palette import COLOURS

LETTERBOXED: tuple[Size, ...] = ((112, 112), (84, 112), (192, 108))


def draw_varied_reference(person: Person, seed: int, size: Size = SIZE, device: torch.device | str = "cpu") -> Tensor:
    """A person with mouth shut (3, 1, height, width) in [−1, 1]: half of the time plain on white, else with another background,
    place, size, format inside white borders, light, blur or noise, as a photograph has them.
    """
    numbers = random.Random(f"reference/{seed}")
    inner = size
    if numbers.random() < 0.25:
        shape = numbers.choice(LETTERBOXED)
        scale = min(size[0] / shape[0], size[1] / shape[1])
        inner = (int(shape[0] * scale), int(shape[1] * scale))
    sway = Sway()
    if numbers.random() < 0.6:
        spare = max(0.0, inner[0] / min(inner) - 1.0)
        sway = Sway(
            x=numbers.uniform(-0.2, 0.2) * min(1.0, spare), y=numbers.uniform(-0.03, 0.05), scale=numbers.uniform(0.9, 1.3),
            swing=(0, 0, numbers.uniform(-0.08, 0.08)), phase=(0, 0, 1.57),
        )  # fmt: skip
    scene = draw_scene(seed) if numbers.random() < 0.2 else None
    opening = torch.tensor([0.0 if numbers.random() < 0.8 else numbers.uniform(0, 0.6)])
    picture, _ = draw_clip(person, scene, opening, None, sway, inner, device)
    if scene is None and numbers.random() < 0.25:
        colour = torch.tensor(numbers.choice(tuple(COLOURS.values())), device=device).float().view(3, 1, 1, 1) / 127.5 - 1
        plain = (picture.amin(0, keepdim=True) > 0.99).float()
        # Only the picture's own border colour, as far as it reaches from the edges in: eyes and glasses stay white.
        picture = torch.lerp(picture, colour.expand_as(picture), plain * _reachable(plain[0, 0])[None, None])
    if numbers.random() < 0.3:
        picture = _photograph(numbers, picture)
    if inner != size:
        left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
        border = (left, size[0] - inner[0] - left, top, size[1] - inner[1] - top)
        picture = F.pad(picture, border, value=1.0)
    return picture.clamp(-1, 1)


def _reachable(plain: Tensor) -> Tensor:
    """Which pixels of (height, width) lie outside the head: left, right and above of all that is not plain, row by row."""
    blocked = (plain < 0.5).float()
    from_left, from_right = blocked.cumsum(1), blocked.flip(1).cumsum(1).flip(1)
    return ((from_left == 0) | (from_right == 0)).float()


def _photograph(numbers: random.Random, picture: Tensor) -> Tensor:
    """Other light, soft shading, a little blur and grain."""
    width = picture.shape[-1]
    light = torch.tensor([numbers.uniform(0.85, 1.12) for _ in range(3)], device=picture.device).view(3, 1, 1, 1)
    slope = torch.linspace(numbers.uniform(-0.18, 0.18), numbers.uniform(-0.18, 0.18), width, device=picture.device)
    picture = (picture + 1) * light - 1 + slope
    if numbers.random() < 0.5:
        picture = F.avg_pool2d(F.pad(picture[:, 0][None], (1, 1, 1, 1), mode="replicate"), 3, 1)[0][:, None]
    generator = torch.Generator("cpu").manual_seed(numbers.randrange(2**31))
    return picture + torch.randn(picture.shape, generator=generator).to(picture.device) * numbers.uniform(0, 0.06)
