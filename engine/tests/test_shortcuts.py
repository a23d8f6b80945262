"""Guidance with fewer passes, and steps that are left out: which passes are made, and what stands for the others."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from humo_engine.guidance import NULL, TA, TI, TIA, I, T, passes_of
from humo_engine.protocol import RequestError, parse_request
from humo_engine.sampling import EveryPass, denoise, draw_noise, make_few_step_scheduler, make_scheduler
from humo_engine.settings import Scales, load_settings
from humo_engine.shortcuts import Caching, Gating, Shortcuts, expected_passes

SCALES = Scales(5.5, 5.0, 4.0)


class Toy:
    """Velocities that depend on the pass and flow towards zero; remembers what each step made."""

    def __init__(self, change=lambda step: 0.0):
        self.steps: list[tuple[int, tuple]] = []
        self._change = change

    def rounds(self, passes):
        return [tuple(passes)]

    def predict(self, latents, timestep, passes):
        self.steps.append((round(float(timestep)), passes))
        weight = {TIA: 1.0, TI: 0.97, I: 0.9, TA: 0.96, T: 0.92, NULL: 0.88}
        return [latents * weight[which] + self._change(len(self.steps)) for which in passes]


def run(toy, guide, steps=20, **options):
    noise = draw_noise(1, (16, 3, 2, 2), torch.device("cpu"))
    return denoise(toy, guide, noise, steps=steps, shift=5.0, first_sigma=0.999, **options)


@pytest.mark.parametrize(
    ("table", "mode", "passes"),
    [("audio", "TIA", (TIA, TI)), ("audio", "TA", (TA, T)), ("audio", "TI", (TI,)),
     ("none", "TIA", (TIA,)), ("none", "TA", (TA,)), ("none", "TI", (TI,))],
)  # fmt: skip
@pytest.mark.parametrize("family", ["17b", "1_7b"])
def test_the_short_tables_make_their_passes_at_every_step(family, table, mode, passes):
    toy = Toy()
    run(toy, EveryPass(family, mode, SCALES, 980, table), steps=4)
    assert [made for _, made in toy.steps] == [passes] * 4
    assert passes_of(family, mode, table) == passes
    assert expected_passes(family, mode, 4, table, None) == 4 * len(passes)


def test_audio_guidance_moves_from_the_silent_pass_by_its_scale():
    def velocity(index, timestep, latents, compute):
        return EveryPass("17b", "TIA", Scales(2.0, 9.0), 980, "audio").velocity(index, timestep, latents, compute)

    values = {TIA: torch.tensor(3.0), TI: torch.tensor(1.0)}
    assert velocity(0, 500, torch.zeros(1), lambda passes: {which: values[which] for which in passes}) == 1 + 2.0 * (3 - 1)


def test_without_a_shortcut_every_bit_is_as_it_was():
    exact, other = Toy(), Toy()
    assert torch.equal(run(exact, EveryPass("17b", "TIA", SCALES, 980)), run(other, Shortcuts("17b", "TIA", SCALES, 980, 20)))
    assert exact.steps == other.steps


def test_gating_leaves_the_base_pass_out_from_its_share_on_and_never_before_the_switch():
    toy = Toy()
    guide = Shortcuts("17b", "TIA", SCALES, 980, 20, gating=Gating(text=0.5))
    run(toy, guide)
    assert [len(passes) for _, passes in toy.steps] == [3] * 10 + [2] * 10
    assert guide.spared.gated_passes == 10 and guide.spared.passes == 50 == expected_passes(
        "17b", "TIA", 20, "full", {"text": 0.5}
    )
    # From the first step on: while the early rule holds, and at the first step after it, there is nothing that could be kept.
    early = Toy()
    run(early, Shortcuts("17b", "TIA", SCALES, 980, 20, gating=Gating(text=0.0)))
    assert early.steps[0][0] > 980 and early.steps[0][1] == (TIA, TI, I)
    first = next(number for number, (time, _) in enumerate(early.steps) if time <= 980)
    assert early.steps[first][1] == (TIA, TI, NULL) and all(made == (TIA, TI) for _, made in early.steps[first + 1 :])


def test_text_and_audio_have_shares_of_their_own():
    toy = Toy()
    run(toy, Shortcuts("17b", "TIA", SCALES, 980, 20, gating=Gating(text=0.75, audio=0.5)))
    assert [made for _, made in toy.steps][9:16] == [(TIA, TI, NULL), *[(TIA, NULL)] * 5, (TIA,)]
    toy = Toy()
    run(toy, Shortcuts("1_7b", "TIA", SCALES, 980, 20, gating=Gating(text=0.5)))
    assert toy.steps[-1][1] == (TIA, TA, T)


def test_what_is_kept_is_the_last_difference():
    values = {TIA: 7.0, TI: 4.0, NULL: 1.0}
    asked = []

    def compute(passes):
        asked.append(tuple(passes))
        return {which: torch.tensor(values[which]) for which in passes}

    guide = Shortcuts("17b", "TIA", Scales(2.0, 5.0), 980, 10, gating=Gating(text=0.5))
    guide.velocity(4, 500, torch.zeros(1), compute)
    values |= {TIA: 9.0, TI: 5.0, NULL: 100.0}
    # null is TI less the 3 of the step before: 2 · (9 − 5) + (5 − 2) · 3 + 2
    assert guide.velocity(5, 400, torch.zeros(1), compute).item() == 2 * 4 + 3 * 3 + 2
    assert asked == [(TIA, TI, NULL), (TIA, TI)]


def test_steps_that_change_little_are_left_out_but_never_the_first_the_last_or_too_many():
    toy = Toy()
    guide = Shortcuts("17b", "TIA", SCALES, 980, 30, caching=Caching(threshold=10.0, in_a_row=2))
    run(toy, guide, steps=30)
    timesteps = make_scheduler(30, 5.0, 0.999).timesteps.tolist()
    made = [timesteps.index(time) for time, _ in toy.steps]
    assert made[0] == 0 and made[-1] == 29
    assert max(later - earlier for earlier, later in itertools.pairwise(made)) == 3
    assert len(toy.steps) + guide.spared.cached_steps == 30
    assert all(len(passes) == 3 for _, passes in toy.steps)  # one decision for all passes of a step
    early = sum(time > 980 for time in timesteps)
    assert made[: early + 2] == list(range(early + 2))  # before two steps of the late rule there is no rate


def test_a_velocity_that_jumps_is_computed_anew():
    wild = Toy(change=lambda step: 1000.0 * (-1) ** step)
    guide = Shortcuts("17b", "TIA", SCALES, 980, 20, caching=Caching(threshold=0.05, in_a_row=3))
    run(wild, guide)
    assert guide.spared.cached_steps == 0
    calm = Shortcuts("17b", "TIA", SCALES, 980, 20, caching=Caching(threshold=0.05, in_a_row=3))
    run(Toy(), calm)
    assert calm.spared.cached_steps > 0


def test_the_few_step_sampler_uses_the_timesteps_its_weights_were_made_for():
    scheduler = make_few_step_scheduler(4, 1.0)
    assert scheduler.timesteps.tolist() == [1000.0, 750.0, 500.0, 250.0]
    assert make_few_step_scheduler(4, 5.0).sigmas.tolist() == pytest.approx([1.0, 0.9375, 5 / 6, 0.625, 0.0])


def test_the_few_step_sampler_goes_to_the_predicted_end_and_adds_noise_of_the_seed():
    def final(seed, target=3.0):
        class Straight(Toy):
            def predict(self, latents, timestep, passes):
                return [(latents - target) / (float(timestep) / 1000) for _ in passes]

        return run(Straight(), EveryPass("17b", "TIA", SCALES, 980, "none"), steps=4, sampler="lcm", seed=seed)

    assert torch.allclose(final(1), torch.full((16, 3, 2, 2), 3.0), atol=1e-4)  # a model that knows the end gets there

    def ends(seed):
        return run(Toy(), EveryPass("17b", "TIA", SCALES, 980, "none"), steps=4, sampler="lcm", seed=seed)

    assert torch.equal(ends(1), ends(1)) and not torch.equal(ends(1), ends(2))
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        make_few_step_scheduler(0, 5.0)


def test_a_request_says_how_its_steps_are_made_and_what_is_wrong_with_that(tmp_path):
    settings = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")
    (tmp_path / "a.png").write_bytes(b"")

    def parsed(**more):
        body = {"prompt": "x", "mode": "TI", "images": [str(tmp_path / "a.png")], **more}
        return parse_request({"id": "1", "outputDir": str(tmp_path), "request": body}, settings, ("17b",))

    plain = parsed()
    assert (plain.sampler, plain.guidance, plain.gating, plain.caching) == ("unipc", "full", Gating(), None)
    given = parsed(sampler="lcm", guidance="audio", gating={"text": 0.5}, caching={"threshold": 0.1, "inARow": 2})
    assert (given.sampler, given.guidance, given.gating) == ("lcm", "audio", Gating(0.5, 1.0))
    assert given.caching == Caching(0.1, 2)
    with pytest.raises(RequestError) as refused:
        parsed(sampler="euler", guidance="more", gating={"image": 1}, caching={"threshold": 2})
    for part in ("`sampler` must be one of unipc, lcm", "`guidance` must be one of full, audio, none",
                 "`gating` must be an object with text and audio", "`caching.threshold` must be a number from 0 to 1"):  # fmt: skip
        assert part in str(refused.value)
