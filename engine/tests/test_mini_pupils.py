"""Whom training looks at more often, and what counts more in them."""

import dataclasses
import random

import torch

from humo_engine.mini import FOLDER, VAE_FILE, mini_components, read_packed
from humo_mini.drawing import Scene, Sway, draw_clip, draw_person, draw_prompt
from humo_mini.optimise import falling_rate
from humo_mini.pool import EYES_WEIGHT, SILENT_SHARE, described, latent_weights
from humo_mini.pupils import (
    FAINT_COLOURS,
    FAINT_GLASSES,
    FAINT_HAIR,
    FAINT_SCENE,
    FRAMES_WEIGHT,
    LOUDEST_GLASSES,
    LOUDEST_HAIR,
    draw_pupil,
    draw_setting,
    frames_weights,
    glasses_contrast,
    glasses_loudness,
    hair_contrast,
    hair_loudness,
    scene_contrast,
)
from humo_mini.vae_training import train_vae


def share(people, test):
    return sum(map(test, people)) / len(people)


def test_pupils_are_persons_of_training_and_more_of_them_are_hard_to_keep():
    pupils, people = [draw_pupil(seed) for seed in range(300)], [draw_person(seed) for seed in range(300)]
    assert all(person.split == "train" for person in pupils)
    assert pupils[:20] == [draw_pupil(seed) for seed in range(20)]
    assert len(set(pupils)) > 295
    for faint in (lambda p: glasses_contrast(p) < FAINT_GLASSES, lambda p: hair_contrast(p) < FAINT_HAIR):
        assert share(pupils, faint) > share(people, faint) + 0.1
    # Gold frames that are faint are as many as red ones; as people come, red ones are thrice as many.
    faint = [person for person in pupils if glasses_contrast(person) < FAINT_GLASSES]
    assert all(share(faint, lambda p, colour=colour: p.glasses_colour == colour) > 0.35 for colour in FAINT_COLOURS)
    # All skin colours are still there.
    assert all(share(pupils, lambda p, third=third: int(p.skin * 3) == third) > 0.15 for third in range(3))


def test_frames_of_glasses_count_more_the_fainter_they_are():
    person = dataclasses.replace(draw_person(1), skin=0.62, face_width=1.0, glasses="square", glasses_colour="gold")
    plain = dataclasses.replace(person, skin=0.1, glasses_colour="black")
    assert 1 <= glasses_loudness(plain) < 1.1 < 2 < glasses_loudness(person) <= LOUDEST_GLASSES
    openings, blinks, sway = torch.zeros(1), torch.zeros(1), Sway()
    for who in (person, plain):
        pixels, truth = draw_clip(who, None, openings, blinks, sway)
        weights = frames_weights(who, pixels, None, openings, blinks, sway, (192, 112))
        assert weights.max() == FRAMES_WEIGHT * glasses_loudness(who)
        # A ring around each eye, and nothing elsewhere.
        assert 200 < int((weights > 0).sum()) < 1200
        assert weights[:, 80:].sum() == 0
        around = latent_weights(truth, (192, 112), 2.0, glasses_loudness(who))
        assert around.max() >= EYES_WEIGHT * glasses_loudness(who) - 1e-4
        assert (around >= latent_weights(truth, (192, 112), 2.0)).all()
    bare = dataclasses.replace(person, glasses="none")
    assert frames_weights(bare, draw_clip(bare, None, openings)[0], None, openings, blinks, sway, (192, 112)).sum() == 0


def test_a_prompt_may_say_nothing_of_somebodys_glasses():
    numbers = random.Random(1)
    wearer = dataclasses.replace(draw_person(1), glasses="round")
    said = [described(wearer, numbers) for _ in range(400)]
    assert set(said) == {wearer, dataclasses.replace(wearer, glasses="none")}
    assert abs(share(said, lambda person: person.glasses == "none") - SILENT_SHARE) < 0.1
    without = [draw_prompt(Scene("beach"), said[0], seed, language="en") for seed in range(60)]
    assert any("shirt" in prompt for prompt in without)
    assert any("glasses" in prompt for prompt in without) == (said[0].glasses != "none")


def test_hair_that_hardly_stands_out_counts_more_and_is_seen_before_its_colour():
    person = dataclasses.replace(draw_person(1), hair_shape="bob", hair_colour="black")
    dark = dataclasses.replace(person, skin=0.98)
    wall, night = Scene("wall", "yellow"), Scene("space")
    assert hair_loudness(dataclasses.replace(person, skin=0.1), night) == 1
    assert LOUDEST_HAIR == hair_loudness(dark, wall) < hair_loudness(dark, night)
    assert hair_loudness(dataclasses.replace(dark, hair_shape="bald"), night) == 1

    def near(who):
        return share(range(100), lambda seed: scene_contrast(who, draw_setting(seed, who)) < FAINT_SCENE)

    assert near(dark) > 0.5 > near(dataclasses.replace(person, skin=0.1))


def test_a_decoder_that_goes_on_leaves_the_latents_as_they_are():
    start = read_packed(FOLDER / VAE_FILE)
    width = start["encoder.conv_in.weight"].shape[0]
    tuned = train_vae(
        width, 0, torch.device("cpu"), stock=2, steps=2, sizes=[(64, 48)], batch=(1, 1), start=start, log=lambda _: None
    ).state_dict()
    changed = {name for name, value in mini_components("17b").vae.state_dict().items() if not torch.equal(value, tuned[name])}
    assert changed
    assert all(name.startswith(("decoder.", "post_quant_conv.")) for name in changed)


def test_the_rate_of_weights_that_go_on_ends_at_nothing():
    rates = [falling_rate(step / 100) for step in range(101)]
    assert max(rates) == 0.5 and rates[0] < 0.05 and rates[-1] < 1e-6
    assert rates[4:] == sorted(rates[4:], reverse=True)
