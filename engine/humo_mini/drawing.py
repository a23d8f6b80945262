"""Drawn people that speak: the training data and the yardstick of the small model `mini`.

A person is a handful of numbers, a clip a few hundred signed distances (Quílez, "2D distance functions") blended over a scene, on
any device. Lengths are in units of the frame's shorter side, x to the right and y downwards from the middle of the picture;
boxes are in pixels. Pixels are fp32 in [−1, 1].
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from humo_engine.audio import FPS
from humo_engine.audio import SAMPLES_PER_FEATURE_PAIR as SAMPLES_PER_FRAME
from humo_mini.palette import (
    COLOUR_WORDS,
    COLOURED_SCENES,
    COLOURS,
    GLASSES,
    GLASSES_COLOURS,
    HAIR_COLOURS,
    HAIR_SHAPES,
    LANGUAGES,
    RGB,
    SCENE_WORDS,
    SCENES,
    SKIN_TONES,
    WALL_COLOURS,
)

Split = Literal["train", "held-out"]
Size = tuple[int, int]
"""Width and height in pixels."""

SIZE: Size = (192, 112)
FRAMES = 97
SHUT_LEVEL_DB = -38.0  # the level, of full scale, at which a mouth begins to open
OPENING_RANGE_DB = 22.0  # so much louder, it is open wide
HELD_OUT_SHARE = 5  # one combination of looks in so many is never trained on

MOUTH_Y = 0.125
EYE_X, EYE_Y = 0.083, -0.045
INNER_MOUTH: RGB = (34, 8, 14)
TONGUE: RGB = (214, 84, 92)
INK: RGB = (22, 20, 26)
WHITE: RGB = (255, 255, 255)


@dataclass(frozen=True)
class Person:
    """How somebody looks. `skin` 0 (lightest) … 1 (darkest) runs through the tones of the palette; the rest are its names."""

    skin: float
    hair_shape: str
    hair_colour: str
    shirt: str
    glasses: str
    glasses_colour: str
    face_width: float = 1.0  # 0.9 … 1.1 of the usual face
    mouth_width: float = 1.0

    @property
    def skin_rgb(self) -> RGB:
        place = min(max(self.skin, 0.0), 1.0) * (len(SKIN_TONES) - 1)
        index = min(int(place), len(SKIN_TONES) - 2)
        return mix(SKIN_TONES[index], SKIN_TONES[index + 1], place - index)

    @property
    def hair_rgb(self) -> RGB:
        return HAIR_COLOURS[self.hair_colour]

    @property
    def shirt_rgb(self) -> RGB:
        return COLOURS[self.shirt]

    @property
    def split(self) -> Split:
        """Whether training may see this combination of looks."""
        key = f"{self.hair_shape}/{self.hair_colour}/{self.shirt}/{self.glasses}"
        return "held-out" if zlib.crc32(key.encode()) % HELD_OUT_SHARE == 0 else "train"


@dataclass(frozen=True)
class Scene:
    """Where somebody is: one of ten scenes; `colour` is None but for the first three."""

    name: str
    colour: str | None = None


@dataclass
class Truth:
    """What is to be seen in a drawn clip, frame by frame.

    openings (frames,) 0 shut … 1 wide; blinks (frames,) 0 open … 1 closed; mouth boxes (frames, 4) and eye boxes (frames, 2, 4),
    each x0, y0, x1, y1 in pixels; a mouth's box has room for a mouth open wide.
    """

    openings: Tensor
    blinks: Tensor
    mouth_boxes: Tensor
    eye_boxes: Tensor


@dataclass(frozen=True)
class Sway:
    """How a head moves: its place and turn (radians) at rest, and the amplitudes, frequencies (Hz) and phases of slow swings."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.14
    swing: tuple[float, float, float] = (0.0, 0.0, 0.0)  # x, y, turn
    frequency: tuple[float, float, float] = (0.3, 0.25, 0.2)
    phase: tuple[float, float, float] = (0.0, 0.0, 0.0)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """A colour between two, `share` 0 … 1 of the second."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def frames_for(skin: float) -> tuple[str, str]:
    """The colours of glasses' frames that can be told from skin, in the palette's order: dark ones, or bright ones."""
    return ("black", "red") if skin < 0.55 else ("gold", "white")


def in_skin(person: Person, skin: float) -> Person:
    """The same person in another skin, with frames that can be told from it; the split stays, since it does not go by skin."""
    frames = frames_for(person.skin).index(person.glasses_colour)
    return replace(person, skin=skin, glasses_colour=frames_for(skin)[frames])


def draw_person(seed: int, split: Split = "train") -> Person:
    """A person of the split. The same seed gives another person in each split, since the combinations of looks are disjoint."""
    numbers = random.Random(f"person/{split}/{seed}")
    while True:
        skin = numbers.random()
        person = Person(
            skin=skin,
            hair_shape=numbers.choices(HAIR_SHAPES, (3, 3, 3, 3, 3, 1))[0],
            hair_colour=numbers.choices(tuple(HAIR_COLOURS), (4, 4, 4, 3, 2, 2, 1, 1, 1))[0],
            shirt=numbers.choice(tuple(COLOURS)),
            glasses=numbers.choices(GLASSES, (6, 2, 2))[0],
            glasses_colour=numbers.choice(frames_for(skin)),
            face_width=numbers.uniform(0.93, 1.07),
            mouth_width=numbers.uniform(0.9, 1.1),
        )
        if person.split == split:
            return person


def draw_scene(seed: int, split: Split = "train") -> Scene:
    """A scene; all ten are in both splits, since a model cannot know one that it never saw."""
    numbers = random.Random(f"scene/{split}/{seed}")
    name = numbers.choice(SCENES)
    return Scene(name, numbers.choice(WALL_COLOURS) if name in COLOURED_SCENES else None)


def draw_sway(seed: int, size: Size = SIZE) -> Sway:
    """Where a head is and how it moves; wide pictures leave room to stand beside the middle."""
    numbers = random.Random(f"sway/{seed}")
    spare = max(0.0, size[0] / min(size) - 1.0)
    return Sway(
        x=numbers.uniform(-0.16, 0.16) * min(1.0, spare),
        y=numbers.uniform(-0.02, 0.02),
        scale=numbers.uniform(1.08, 1.2),
        swing=(numbers.uniform(0, 0.018), numbers.uniform(0, 0.010), numbers.uniform(0, 0.05)),
        frequency=tuple(numbers.uniform(0.15, 0.45) for _ in range(3)),  # type: ignore[arg-type]
        phase=tuple(numbers.uniform(0, 2 * math.pi) for _ in range(3)),  # type: ignore[arg-type]
    )


def draw_blinks(seed: int, frames: int = FRAMES) -> Tensor:
    """Lids (frames,) 0 open … 1 closed: a blink of seven frames every two to four seconds."""
    numbers = random.Random(f"blinks/{seed}")
    lids = torch.zeros(frames)
    shape = (0.35, 0.8, 1.0, 1.0, 0.8, 0.5, 0.2)
    at = numbers.randrange(4, 60)
    while at < frames:
        for step, value in enumerate(shape[: frames - at]):
            lids[at + step] = value
        at += numbers.randrange(50, 100)
    return lids


def openings_from_sound(samples: Tensor, frames: int) -> Tensor:
    """Samples (n,) at 16 kHz → how far a mouth is open in each frame (frames,), 0 … 1; silence where the sound has ended.

    The level of each frame's 40 ms, from −38 dB of full scale (shut) to −16 dB (wide), smoothed with ¼ ½ ¼.
    """
    wanted = frames * SAMPLES_PER_FRAME
    samples = torch.nn.functional.pad(samples.float()[:wanted], (0, max(0, wanted - samples.shape[0])))
    power = samples.view(frames, SAMPLES_PER_FRAME).square().mean(1)
    level = 10 * torch.log10(power.clamp(min=1e-10))
    raw = ((level - SHUT_LEVEL_DB) / OPENING_RANGE_DB).clamp(0, 1)
    padded = torch.nn.functional.pad(raw[None, None], (1, 1), mode="replicate")[0, 0]
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


def draw_clip(
    person: Person,
    scene: Scene | None,
    openings: Tensor,
    blinks: Tensor | None = None,
    sway: Sway | None = None,
    size: Size = SIZE,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Truth]:
    """A person who speaks in a scene (None: on white) → pixels (3, frames, height, width) in [−1, 1], and what they show.

    openings and blinks (frames,), 0 … 1.
    """
    width, height = size
    frames = openings.shape[0]
    unit = float(min(size))
    openings = openings.float()
    blinks = torch.zeros(frames) if blinks is None else blinks.float()
    sway = sway or Sway()
    ys, xs = torch.meshgrid(torch.arange(height, device=device) + 0.5, torch.arange(width, device=device) + 0.5, indexing="ij")
    x, y = (xs - width / 2) / unit, (ys - height / 2) / unit
    canvas = _Canvas(_background(scene, x, y), frames, unit * sway.scale)

    seconds = torch.arange(frames) / FPS
    moves = [
        amplitude * torch.sin(2 * math.pi * hertz * seconds + phase)
        for amplitude, hertz, phase in zip(sway.swing, sway.frequency, sway.phase, strict=True)
    ]
    centre = torch.stack((sway.x + moves[0], sway.y - 0.045 + moves[1]), dim=1)  # (frames, 2)
    turn = moves[2]
    body_x, body_y = (x - sway.x) / sway.scale, (y - sway.y + 0.045) / sway.scale

    def at(values: Tensor) -> Tensor:
        """Per-frame values, to go with (frames, height, width)."""
        return values.to(device)[:, None, None]

    dx, dy = x - at(centre[:, 0]), y - at(centre[:, 1])
    cosine, sine = at(turn.cos()), at(turn.sin())
    head_x, head_y = (dx * cosine + dy * sine) / sway.scale, (dy * cosine - dx * sine) / sway.scale

    _draw_back_hair(canvas, person, head_x, head_y)
    _draw_body(canvas, person, body_x, body_y)
    _draw_face(canvas, person, head_x, head_y)
    _draw_eyes(canvas, person, head_x, head_y, at(blinks))
    _draw_mouth(canvas, person, head_x, head_y, at(openings))
    _draw_front_hair(canvas, person, head_x, head_y)
    _draw_glasses(canvas, person, head_x, head_y)

    def boxes(px: float, py: float, half_width: float, half_height: float) -> Tensor:
        middle_x = (centre[:, 0] + sway.scale * (px * turn.cos() - py * turn.sin())) * unit + width / 2
        middle_y = (centre[:, 1] + sway.scale * (px * turn.sin() + py * turn.cos())) * unit + height / 2
        reach = (half_width * sway.scale * unit, half_height * sway.scale * unit)
        return torch.stack((middle_x - reach[0], middle_y - reach[1], middle_x + reach[0], middle_y + reach[1]), dim=1)

    truth = Truth(
        openings,
        blinks,
        boxes(0, MOUTH_Y, 0.115, 0.085),
        torch.stack([boxes(side * EYE_X, EYE_Y, 0.058, 0.062) for side in (-1, 1)], dim=1),
    )
    return canvas.pixels, truth


def draw_reference(person: Person, size: Size = SIZE, sway: Sway | None = None, device: torch.device | str = "cpu") -> Tensor:
    """A person on white, mouth shut, eyes open → (3, 1, height, width) in [−1, 1]."""
    return draw_clip(person, None, torch.zeros(1), None, sway, size, device)[0]


class _Canvas:
    """Frames that shapes are laid on, one after the other. Shapes are signed distances in units, negative inside."""

    def __init__(self, background: Tensor, frames: int, pixels_per_unit: float):
        self.pixels = background[:, None].repeat(1, frames, 1, 1)
        self.pixels_per_unit = pixels_per_unit

    def lay(self, distance: Tensor, colour: RGB, strength: float = 1.0) -> None:
        """Cover what lies inside with a colour; the edge is one pixel soft."""
        cover = (0.5 - distance * self.pixels_per_unit).clamp(0, 1) * strength
        paint = torch.tensor(colour, dtype=torch.float32, device=cover.device).view(3, 1, 1, 1) / 127.5 - 1
        self.pixels = torch.lerp(
            self.pixels, paint.expand(3, 1, *self.pixels.shape[-2:]), cover.expand(self.pixels.shape[1:])[None]
        )


def _ellipse(x: Tensor, y: Tensor, rx: float | Tensor, ry: float | Tensor) -> Tensor:
    """Distance to an ellipse, to first order (exact at its edge)."""
    reach = torch.sqrt((x / rx) ** 2 + (y / ry) ** 2 + 1e-9)
    slope = torch.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2 + 1e-9)
    return reach * (reach - 1) / slope


def _box(x: Tensor, y: Tensor, half_width: float, half_height: float, corner: float = 0.0) -> Tensor:
    """Distance to a box with round corners."""
    qx, qy = x.abs() - (half_width - corner), y.abs() - (half_height - corner)
    outside = torch.sqrt(qx.clamp(min=0) ** 2 + qy.clamp(min=0) ** 2 + 1e-12)
    return outside + torch.maximum(qx, qy).clamp(max=0) - corner


def _draw_body(canvas: _Canvas, person: Person, x: Tensor, y: Tensor) -> None:
    skin, shirt = person.skin_rgb, person.shirt_rgb
    canvas.lay(_box(x, y - 0.27, 0.072, 0.13, 0.03), mix(skin, (60, 20, 10), 0.18))
    shoulders = torch.minimum(_ellipse(x, y - 0.56, 0.34, 0.23), _box(x, y - 1.06, 0.34, 0.5))
    canvas.lay(shoulders, shirt)
    canvas.lay(torch.maximum(_ellipse(x, y - 0.335, 0.088, 0.05), shoulders), mix(shirt, INK, 0.3))
    canvas.lay(_ellipse(x, y - 0.325, 0.072, 0.042), mix(skin, (60, 20, 10), 0.18))


def _face(person: Person, x: Tensor, y: Tensor, grow: float = 0.0) -> Tensor:
    return _ellipse(x, y, 0.185 * person.face_width + grow, 0.235 + grow)


def _draw_face(canvas: _Canvas, person: Person, x: Tensor, y: Tensor) -> None:
    skin = person.skin_rgb
    side = 0.187 * person.face_width
    for sign in (-1, 1):
        canvas.lay(_ellipse(x - sign * side, y + 0.005, 0.032, 0.045), mix(skin, (60, 20, 10), 0.1))
    canvas.lay(_face(person, x, y), skin)
    canvas.lay(_ellipse(x, y - 0.045, 0.018, 0.024), mix(skin, (90, 25, 15), 0.25))


def _draw_back_hair(canvas: _Canvas, person: Person, x: Tensor, y: Tensor) -> None:
    hair, wide = person.hair_rgb, 0.185 * person.face_width
    match person.hair_shape:
        case "bob":
            canvas.lay(_box(x, y + 0.02, wide + 0.06, 0.265, 0.15), hair)
        case "long":
            canvas.lay(_box(x, y - 0.10, wide + 0.075, 0.375, 0.19), hair)
        case "curly":
            for angle in range(0, 360, 40):
                turn = math.radians(angle)
                canvas.lay(_ellipse(x - 0.19 * math.cos(turn), y + 0.085 - 0.17 * math.sin(turn), 0.105, 0.105), hair)
        case "bun":
            canvas.lay(_ellipse(x, y + 0.295, 0.085, 0.075), hair)
            canvas.lay(_face(person, x, y + 0.02, 0.025), hair)
        case "short":
            canvas.lay(_face(person, x, y + 0.025, 0.022) + (y > 0.02) * 0.2, hair)


def _draw_front_hair(canvas: _Canvas, person: Person, x: Tensor, y: Tensor) -> None:
    """Hair over the forehead: the face's top above a hairline."""
    hair = person.hair_rgb
    cap = _face(person, x, y + 0.012, 0.022)
    match person.hair_shape:
        case "bob":  # a straight fringe
            canvas.lay(torch.maximum(cap, y + 0.125), hair)
        case "long":  # parted in the middle
            canvas.lay(torch.maximum(cap, y + 0.215 - x.abs() * 0.85), hair)
        case "curly":
            canvas.lay(torch.maximum(cap, y + 0.165 + 0.012 * torch.cos(x * 60)), hair)
        case "bun":
            canvas.lay(torch.maximum(cap, y + 0.175 - 0.6 * x**2), hair)
        case "short":  # swept to one side
            canvas.lay(torch.maximum(cap, y + 0.16 + 0.22 * x), hair)


def _draw_eyes(canvas: _Canvas, person: Person, x: Tensor, y: Tensor, lids: Tensor) -> None:
    skin = person.skin_rgb
    brow = mix(mix(skin, person.hair_rgb, 0.75) if person.hair_shape != "bald" else skin, INK, 0.4)
    for sign in (-1, 1):
        ex, ey = x - sign * EYE_X, y - EYE_Y
        lower = ey + 0.05 - 0.1 * lids  # what the upper lid, which comes down from above, leaves to see: where this is positive
        open_eye = torch.maximum(_ellipse(ex, ey, 0.046, 0.05), -lower)
        canvas.lay(_ellipse(ex, ey, 0.050, 0.054), mix(skin, (70, 25, 15), 0.22))
        canvas.lay(open_eye, WHITE)
        canvas.lay(torch.maximum(_ellipse(ex, ey - 0.002, 0.027, 0.030), -lower), INK)
        canvas.lay(torch.maximum(_ellipse(ex + 0.010, ey + 0.011, 0.0095, 0.0095), -lower), WHITE)
        lash = torch.maximum(_ellipse(ex, ey, 0.050, 0.054), (lower - 0.004).abs() - 0.009)
        canvas.lay(lash + (lids < 0.3) * 0.2, mix(skin, INK, 0.8))
        canvas.lay(_box(ex, ey + 0.083 - 0.25 * ex**2 * 40 * 0.1, 0.046, 0.010, 0.009), brow)


def _draw_mouth(canvas: _Canvas, person: Person, x: Tensor, y: Tensor, opening: Tensor) -> None:
    lips = mix((196, 62, 70), person.skin_rgb, 0.2)
    half_width = 0.078 * person.mouth_width * (1 - 0.22 * opening)
    half_height = 0.062 * opening
    my = y - MOUTH_Y
    canvas.lay(_ellipse(x, my, half_width + 0.012, half_height + 0.016), lips)
    inner = _ellipse(x, my, half_width, half_height + 0.002)
    canvas.lay(inner + (opening < 0.02) * 0.2, INNER_MOUTH)
    tongue = torch.maximum(inner + 0.006, _ellipse(x, my - half_height * 1.0, half_width * 0.7, half_height * 0.8 + 0.001))
    canvas.lay(tongue + (opening < 0.25) * 0.2, TONGUE)


def _draw_glasses(canvas: _Canvas, person: Person, x: Tensor, y: Tensor) -> None:
    if person.glasses == "none":
        return
    colour = GLASSES_COLOURS[person.glasses_colour]
    for sign in (-1, 1):
        gx, gy = x - sign * (EYE_X + 0.004), y - EYE_Y
        lens = _ellipse(gx, gy, 0.068, 0.068) if person.glasses == "round" else _box(gx, gy, 0.067, 0.058, 0.012)
        canvas.lay(lens, WHITE, 0.12)
        canvas.lay(lens.abs() - 0.0095, colour)
        canvas.lay(_box(x - sign * 0.172, gy + 0.012, 0.022, 0.008), colour)
    canvas.lay(_box(x, y - EYE_Y + 0.012, 0.020, 0.009), colour)


def _background(scene: Scene | None, x: Tensor, y: Tensor) -> Tensor:
    """A scene → (3, height, width) in [−1, 1]. x and y (height, width) in units."""
    if scene is None:
        return torch.ones(3, *x.shape, device=x.device)
    layers: list[tuple[Tensor, RGB]]
    soft = 1 / (2 * float(x[0, 1] - x[0, 0]))  # half a pixel's softness

    def lay(pixels: Tensor, distance: Tensor, colour: RGB) -> Tensor:
        cover = (0.5 - distance * 2 * soft).clamp(0, 1)
        return torch.lerp(pixels, _paint(colour, x), cover[None])

    if scene.name in COLOURED_SCENES:
        if scene.colour not in COLOURS:
            raise ValueError(f"the scene {scene.name!r} needs a colour, one of {', '.join(WALL_COLOURS)}; not {scene.colour!r}")
        colour = COLOURS[scene.colour]
        other = mix(colour, INK, 0.34) if sum(colour) > 330 else mix(colour, WHITE, 0.42)
        base = _paint(colour, x)
        if scene.name == "stripes":
            return lay(base, ((x / 0.16).remainder(1.0) - 0.5).abs() * 0.16 - 0.04, other)
        if scene.name == "checks":
            cells = ((x / 0.2).floor() + (y / 0.2).floor()).remainder(2) > 0.5
            return torch.where(cells[None], _paint(other, x), base)
        return base
    match scene.name:
        case "beach":
            sky = _fade((120, 196, 244), (214, 238, 250), y, -0.5, 0.1)
            layers = [
                (_ellipse(x - 0.58, y + 0.32, 0.1, 0.1), (255, 236, 130)),
                (0.08 - y, (40, 132, 190)),
                (0.26 - y + 0.008 * torch.sin(x * 22), (240, 250, 252)),
                (0.285 - y + 0.008 * torch.sin(x * 22), (240, 214, 154)),
            ]
        case "city":
            sky = _fade((12, 14, 50), (50, 42, 98), y, -0.5, 0.4)
            layers = [(_ellipse(x + 0.62, y + 0.36, 0.075, 0.075), (250, 244, 214))]
            for index in range(-4, 5):
                tall = (0.28, 0.10, 0.22, 0.02, 0.26, 0.06, 0.18, 0.12, 0.28)[index + 4]
                bx = x - 0.22 * index
                tower = torch.maximum(bx.abs() - 0.098, -(y + tall))
                windows = torch.maximum(
                    ((bx / 0.09).remainder(1) - 0.5).abs() - 0.24, ((y / 0.11).remainder(1) - 0.5).abs() - 0.24
                )
                layers += [
                    (tower, (34, 36, 66)),
                    (torch.maximum(windows * 0.09, torch.maximum(bx.abs() - 0.09, -(y + tall - 0.03))), (250, 214, 110)),
                ]
        case "sunset":
            sky = _fade((96, 48, 130), (252, 144, 66), y, -0.5, 0.22)
            layers = [(_ellipse(x + 0.5, y - 0.10, 0.12, 0.12), (255, 224, 110)), (0.22 - y, (58, 36, 66))]
        case "mountains":
            sky = _fade((140, 192, 244), (220, 236, 250), y, -0.5, 0.2)
            ridge = ((x / 0.5 + 0.2).remainder(1) - 0.5).abs() * 0.9 - 0.30
            layers = [
                (ridge - y, (246, 249, 253)),
                (ridge + 0.14 + 0.02 * torch.sin(x * 45) - y, (104, 116, 144)),
                (0.27 - y, (226, 234, 244)),
            ]
        case "forest":
            sky = _fade((168, 214, 150), (120, 184, 116), y, -0.5, 0.3)
            layers = [(((x / 0.22 + 0.5).remainder(1) - 0.5).abs() * 0.22 - 0.03, (104, 70, 42))]
            layers += [
                (y + 0.22 + 0.035 * torch.cos(x * 28), (36, 104, 48)),
                (0.3 - y + 0.01 * torch.sin(x * 40), (60, 128, 56)),
            ]
        case "space":
            sky = _fade((6, 6, 22), (26, 14, 52), y, -0.5, 0.5)
            layers = []
            places = random.Random("stars")
            for _ in range(46):
                sx, sy = places.uniform(-0.9, 0.9), places.uniform(-0.9, 0.9)
                layers.append((_ellipse(x - sx, y - sy, 0.011, 0.011), (240, 240, 255)))
            layers += [
                (_ellipse(x - 0.58, y + 0.2, 0.16, 0.16), (214, 120, 80)),
                (_ellipse(x - 0.58, y + 0.2, 0.26, 0.035), (240, 206, 150)),
            ]
        case "library":
            sky = _paint((84, 54, 34), x)
            layers = []
            books = ((196, 60, 56), (64, 112, 160), (228, 182, 84), (72, 132, 92), (150, 84, 140))
            shelf = (y / 0.32 + 0.5).remainder(1)
            row = (y / 0.32 + 0.5).floor()
            for index, colour in enumerate(books):
                slot = ((x / 0.1).floor() + 2 * row - index).remainder(5)
                book = torch.where(slot == 0, ((x / 0.1).remainder(1) - 0.5).abs() * 0.1 - 0.042, 1.0)
                layers.append((torch.maximum(book, (0.18 - shelf) * 0.32), colour))
            layers.append(((shelf - 0.08) * 0.32, (122, 82, 52)))
        case _:
            raise ValueError(f"there is no scene {scene.name!r}; there are {', '.join(SCENES)}")
    for distance, colour in layers:
        sky = lay(sky, distance, colour)
    return sky


def _paint(colour: RGB, like: Tensor) -> Tensor:
    return (torch.tensor(colour, dtype=torch.float32, device=like.device) / 127.5 - 1)[:, None, None].expand(3, *like.shape)


def _fade(top: RGB, low: RGB, y: Tensor, start: float, end: float) -> Tensor:
    share = ((y - start) / (end - start)).clamp(0, 1)
    return torch.lerp(_paint(top, y), _paint(low, y), share[None])


HELD_OUT_WORDING = 4
"""One wording in so many is kept for the held-out split."""

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "en": (
        "A person {s}, talking to the camera.", "Someone speaks {s}.", "{p} is talking {s}.", "{s}, {p} tells a story.",
        "Cartoon of {p} who speaks {s}.", "{p} {s}", "{s}", "A video of {p} speaking {s}, looking at the viewer.",
        "Portrait of {p}, speaking {s}.", "A friendly face {s}. The person talks.", "{p} gives a speech {s}.", "talking head, {p}, {s}",
    ),
    "de": ("{p} spricht {s}.", "Eine Person {s} erzählt etwas.", "Jemand redet {s} in die Kamera.", "{s} spricht {p}."),
    "fr": ("{p} parle {s}.", "Une personne {s} raconte une histoire.", "Quelqu’un parle à la caméra {s}.", "{s}, {p} parle."),
    "es": ("{p} habla {s}.", "Una persona {s} cuenta una historia.", "Alguien habla a la cámara {s}.", "{s}, {p} habla."),
    "ja": ("{s}話している{p}。", "{p}が{s}話しています。", "{s}人が話しています。", "{s}カメラに向かって話す人。"),
}  # fmt: skip

_PEOPLE: dict[str, tuple[str, ...]] = {
    "en": ("a woman", "a man", "a person", "a young woman", "an old man", "a girl", "a boy", "a teacher", "somebody"),
    "de": ("eine Frau", "ein Mann", "eine Person", "jemand"),
    "fr": ("une femme", "un homme", "une personne", "quelqu’un"),
    "es": ("una mujer", "un hombre", "una persona", "alguien"),
    "ja": ("女性", "男性", "人"),
}

_HAIR_WORDS = {
    "short": ("short {c} hair",), "bob": ("a {c} bob", "chin-length {c} hair with a fringe"), "long": ("long {c} hair",),
    "curly": ("curly {c} hair", "{c} curls"), "bun": ("{c} hair in a bun", "a {c} bun"), "bald": ("a bald head", "no hair"),
}  # fmt: skip


def draw_prompt(scene: Scene, person: Person | None, seed: int, split: Split = "train", language: str | None = None) -> str:
    """A prompt that names the scene, and sometimes what the person looks like (in English), in one of five languages.

    person None leaves looks out. The held-out split has wordings of its own, made of the same vocabulary; where a language that was
    asked for has none for this scene, one of training's is given.
    """
    numbers = random.Random(f"prompt/{split}/{seed}")
    asked = language
    for _ in range(200):
        language = asked or numbers.choices(LANGUAGES, (6, 1, 1, 1, 1))[0]
        template = numbers.choice(_TEMPLATES[language])
        place = numbers.choice(SCENE_WORDS[scene.name][language])
        if scene.colour is not None:
            place = place.format(c=numbers.choice(COLOUR_WORDS[scene.colour][language]))
        who = numbers.choice(_PEOPLE[language])
        if language == "en" and person is not None and numbers.random() < 0.6:
            who += " with " + _looks(person, numbers)
        text = template.format(s=place, p=who)
        text = text[0].upper() + text[1:]
        key = f"{template}/{place}"
        if (zlib.crc32(key.encode()) % HELD_OUT_WORDING == 0) == (split == "held-out"):
            break
    return text.lower() if numbers.random() < 0.15 else text


def _looks(person: Person, numbers: random.Random) -> str:
    colour = numbers.choice(COLOUR_WORDS[person.hair_colour]["en"])
    parts = [numbers.choice(_HAIR_WORDS[person.hair_shape]).format(c=colour)]
    if person.glasses != "none":
        parts.append(numbers.choice((f"{person.glasses} glasses", "glasses", f"{person.glasses_colour} glasses")))
    if numbers.random() < 0.4:
        parts.append(("pale", "fair", "tan", "brown", "dark")[min(4, int(person.skin * 5))] + " skin")
    if numbers.random() < 0.75:
        parts.append(f"a {numbers.choice(COLOUR_WORDS[person.shirt]['en'])} shirt")
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def contact_sheet(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Pictures (3, height, width) in [−1, 1], by rows of the same length → one picture (rows·height, columns·width, 3), uint8."""
    sheet = torch.cat([torch.cat([picture.cpu() for picture in row], dim=2) for row in rows], dim=1)
    return ((sheet.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).contiguous()
