"""Whom training looks at: persons of its split, and more often those whose glasses or hair hardly stand out from their skin.

Of all persons one in eighteen has glasses near to the skin in colour, and all of these have skin of the middle third: gold or red frames on
brown. Where they are as rare as that they are lost, first by the VAE, and then figures differ between skin colours.
"""

from __future__ import annotations

import dataclasses
import random

import torch
from torch import Tensor

from humo_mini.drawing import Person, Scene, Size, Sway, draw_clip, draw_person, draw_scene
from humo_mini.palette import COLOURS, GLASSES_COLOURS, RGB

FAINT_GLASSES, FAINT_HAIR = 0.27, 0.2  # contrasts below which it is hard to see that they are there
FAINT_GLASSES_SHARE, FAINT_HAIR_SHARE = 0.3, 0.2  # persons that are looked for; others come as they come
FAINT_COLOURS = ("gold", "red")  # of frames that can be faint; of persons as they come, three of four are red
FRAMES_WEIGHT = 5.0  # of a pixel of the glasses' frames, in black on light skin; fainter ones weigh more
PLAIN_GLASSES, LOUDEST_GLASSES = (
    0.75,
    3.0,
)  # contrasts from which on nothing weighs more, and how many times as much the faintest do
PLAIN_HAIR, LOUDEST_HAIR = 0.35, 2.0
TRIES = 600
BACKDROPS: dict[str, RGB] = {
    "beach": (160, 210, 246), "city": (30, 28, 70), "sunset": (180, 100, 96), "mountains": (176, 208, 244), "forest": (60, 116, 60),
    "space": (16, 10, 36), "library": (90, 60, 44),
}  # fmt: skip
"""What is behind a head in the scenes that have no colour of their own, roughly."""
FAINT_SCENE, FAINT_SCENE_SHARE = 0.2, 0.6  # hair near to what is behind it, and how often faint hair is put before that
BEFORE_ITS_COLOUR = 1.5  # times as much weighs a head whose hair is near to both
STRIDE = 10**9  # between the seeds of persons that are looked at in turn


def contrast(a: RGB, b: RGB) -> float:
    """How far two colours are from each other, 0 … 1."""
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / (3 * 255)


def glasses_contrast(person: Person) -> float:
    """How far the frames of somebody's glasses stand out from the skin; 1 without glasses."""
    return 1.0 if person.glasses == "none" else contrast(GLASSES_COLOURS[person.glasses_colour], person.skin_rgb)


def hair_contrast(person: Person) -> float:
    """How far somebody's hair stands out from the skin; 1 without hair."""
    return 1.0 if person.hair_shape == "bald" else contrast(person.hair_rgb, person.skin_rgb)


def scene_contrast(person: Person, scene: Scene) -> float:
    """How far somebody's hair stands out from what is behind it."""
    return contrast(person.hair_rgb, BACKDROPS[scene.name] if scene.colour is None else COLOURS[scene.colour])


def draw_pupil(seed: int) -> Person:
    """A person of the training split, the same for the same seed."""
    wish = random.Random(f"pupil/{seed}").random()
    candidates = (draw_person(seed + STRIDE * index) for index in range(TRIES))
    first = next(candidates)
    if wish < FAINT_GLASSES_SHARE:
        colour = FAINT_COLOURS[int(wish / FAINT_GLASSES_SHARE * len(FAINT_COLOURS))]
        faint = (person for person in candidates if person.glasses_colour == colour and glasses_contrast(person) < FAINT_GLASSES)
        return next(faint, first)
    if wish < FAINT_GLASSES_SHARE + FAINT_HAIR_SHARE:
        return next((person for person in candidates if hair_contrast(person) < FAINT_HAIR), first)
    return first


def draw_setting(seed: int, person: Person) -> Scene:
    """Where a pupil is: anywhere, and whose hair is faint more often before something of its colour."""
    numbers = random.Random(f"setting/{seed}")
    scenes = (draw_scene(seed + STRIDE * index) for index in range(TRIES))
    first = next(scenes)
    if hair_contrast(person) < PLAIN_HAIR and numbers.random() < FAINT_SCENE_SHARE:
        return next((scene for scene in scenes if scene_contrast(person, scene) < FAINT_SCENE), first)
    return first


def glasses_loudness(person: Person) -> float:
    """How much more an error at somebody's glasses counts than it would at black frames on light skin: what is lost of faint ones is small in numbers,
    and the glasses are gone all the same."""
    return _loudness(glasses_contrast(person), PLAIN_GLASSES, LOUDEST_GLASSES)


def hair_loudness(person: Person, scene: Scene) -> float:
    """The same of hair: of 62 clips in which it stands out from the skin the transformers lost the shape of one, of 114 others that of 25, and
    most where it is near to what is behind it, too."""
    loudness = _loudness(hair_contrast(person), PLAIN_HAIR, LOUDEST_HAIR)
    return loudness * (BEFORE_ITS_COLOUR if loudness > 1 and scene_contrast(person, scene) < FAINT_SCENE else 1.0)


def _loudness(contrast: float, plain: float, most: float) -> float:
    return min(most, max(1.0, plain / max(contrast, 1e-6)))


def frames_weights(
    person: Person, pixels: Tensor, scene: Scene | None, openings: Tensor, blinks: Tensor, sway: Sway, size: Size
) -> Tensor:
    """Weights of the pixels (3, frames, h, w) of a clip that are glasses' frames, 0 elsewhere: (frames, h, w)."""
    if person.glasses == "none":
        return torch.zeros_like(pixels[0])
    bare, _ = draw_clip(dataclasses.replace(person, glasses="none"), scene, openings, blinks, sway, size, pixels.device)
    changed = (pixels - bare).abs().mean(0)
    return FRAMES_WEIGHT * glasses_loudness(person) * (changed > glasses_contrast(person)).float()
