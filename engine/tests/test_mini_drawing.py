"""The drawn world of the small model: what a clip shows is what its truth says, and held-out means never trained on."""

import math

import pytest
import torch

from humo_mini.drawing import (
    FRAMES,
    HELD_OUT_SHARE,
    SAMPLES_PER_FRAME,
    Scene,
    draw_blinks,
    draw_clip,
    draw_person,
    draw_prompt,
    draw_reference,
    draw_scene,
    draw_sway,
    openings_from_sound,
)
from humo_mini.palette import SCENES, WALL_COLOURS
from humo_mini.pool import LONGEST_SOUND, SOUND_FRAMES, place_in_sound


def looks(person):
    return (person.hair_shape, person.hair_colour, person.shirt, person.glasses)


def dark_pixels(pixels: torch.Tensor, box: torch.Tensor) -> int:
    """Pixels of the mouth's inside within a box of one frame (3, height, width)."""
    x0, y0, x1, y1 = (int(value) for value in box)
    return int((pixels[:, y0:y1, x0:x1].amax(0) < -0.7).sum())


def test_the_mouth_opens_as_told_in_its_box_and_nowhere_else():
    person, openings = draw_person(3), torch.tensor([0.0, 0.3, 0.6, 1.0])
    for size in ((192, 112), (112, 192), (112, 112)):
        pixels, truth = draw_clip(person, Scene("wall", "yellow"), openings, sway=draw_sway(5, size), size=size)
        assert pixels.shape == (3, 4, size[1], size[0])
        assert pixels.min() >= -1 and pixels.max() <= 1
        areas = [dark_pixels(pixels[:, frame], truth.mouth_boxes[frame]) for frame in range(4)]
        assert areas[0] == 0
        assert areas[0] < areas[1] < areas[2] < areas[3]
    still, truth = draw_clip(person, Scene("wall", "yellow"), torch.tensor([0.0, 1.0]))
    changed = (still[:, 1] - still[:, 0]).abs().amax(0)
    x0, y0, x1, y1 = (int(value) for value in truth.mouth_boxes[1])
    changed[y0 : y1 + 1, x0 : x1 + 1] = 0
    assert changed.max() == 0


def test_both_eyes_are_white_where_the_truth_says_and_a_blink_closes_them():
    pixels, truth = draw_clip(draw_person(3), Scene("wall", "blue"), torch.zeros(2), torch.tensor([0.0, 1.0]))
    for eye in range(2):
        x0, y0, x1, y1 = (int(value) for value in truth.eye_boxes[0, eye])
        white = (pixels[:, :, y0:y1, x0:x1].amin(0) > 0.8).sum((1, 2))
        assert white[0] > 20
        assert white[1] == 0


def test_training_hears_clips_by_themselves_and_as_stretches_of_longer_sounds():
    places = [place_in_sound(seed) for seed in range(400)]
    assert 0.4 < sum(place == (SOUND_FRAMES, 0) for place in places) / len(places) < 0.6
    assert all(start >= 0 and start + SOUND_FRAMES <= frames <= LONGEST_SOUND and start % 4 == 0 for frames, start in places)
    assert max(start for _, start in places) > 500


def test_splits_share_no_combination_of_looks_and_are_the_same_each_time():
    train = {looks(draw_person(seed)) for seed in range(400)}
    held_out = {looks(draw_person(seed, "held-out")) for seed in range(400)}
    assert not train & held_out
    assert draw_person(7) == draw_person(7) != draw_person(7, "held-out")
    assert HELD_OUT_SHARE > 1


def test_prompts_of_the_splits_are_different_and_name_the_scene_in_every_language():
    train = {draw_prompt(draw_scene(seed), None, seed) for seed in range(600)}
    held_out = {draw_prompt(draw_scene(seed), None, seed, "held-out") for seed in range(600)}
    assert not {text.lower() for text in train} & {text.lower() for text in held_out}
    for name in SCENES:
        scene = Scene(name, WALL_COLOURS[0] if name in SCENES[:3] else None)
        assert len({draw_prompt(scene, None, 1, language=language) for language in ("en", "de", "fr", "es", "ja")}) == 5


def test_openings_follow_the_level_of_each_frame():
    tone = torch.sin(2 * math.pi * 220 * torch.arange(10 * SAMPLES_PER_FRAME) / 16_000)
    level = torch.cat((torch.zeros(3), torch.full((4,), 0.5), torch.zeros(3))).repeat_interleave(SAMPLES_PER_FRAME)
    openings = openings_from_sound(tone * level, 12)
    assert openings.tolist() == pytest.approx([0, 0, 0.25, 0.75, 1, 1, 0.75, 0.25, 0, 0, 0, 0], abs=1e-6)


def test_a_reference_is_on_white_with_mouth_shut_and_blinks_are_short():
    reference = draw_reference(draw_person(1))
    assert reference.shape == (3, 1, 112, 192)
    assert (reference[:, 0, 0] == 1).all()
    blinks = draw_blinks(2)
    assert blinks.shape == (FRAMES,)
    assert 0 < (blinks > 0.5).sum() < 0.2 * FRAMES


def test_a_scene_without_its_colour_is_refused():
    with pytest.raises(ValueError, match="needs a colour"):
        draw_clip(draw_person(1), Scene("wall"), torch.zeros(1))
