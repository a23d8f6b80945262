"""The schedule, the noise, and the loop: what stops it and what it calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from humo_engine.conditions import ClipConditions
from humo_engine.guidance import TI, TIA, I, guidance_for, passes_of
from humo_engine.sampling import EveryPass, WholeClip, denoise, draw_noise, make_scheduler
from humo_engine.settings import Scales


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50])
@pytest.mark.parametrize("shift", [5.0, 3.0])
def test_sigmas_and_timesteps_are_the_published_ones(steps, shift):
    scheduler = make_scheduler(steps, shift, 0.999)
    line = np.linspace(float(np.float32(0.999)), 0, steps + 1)[:-1]
    shifted = shift * line / (1 + (shift - 1) * line)
    assert scheduler.sigmas.tolist() == [*shifted.astype(np.float32).tolist(), 0.0]
    assert scheduler.timesteps.tolist() == [int(1000 * sigma) for sigma in shifted]


def test_the_settings_of_unipc_are_the_published_ones():
    config = make_scheduler(4, 5.0, 0.999).config
    assert (config.solver_order, config.solver_type, config.prediction_type) == (2, "bh2", "flow_prediction")
    assert config.predict_x0 and config.lower_order_final


def test_no_steps_is_an_error():
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        make_scheduler(0, 5.0, 0.999)


def test_noise_depends_on_the_seed_alone():
    state = torch.get_rng_state()
    one, again, other = (draw_noise(seed, (16, 3, 4, 5), torch.device("cpu")) for seed in (5, 5, 6))
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert one.dtype == torch.float32 and abs(one.mean()) < 0.1 and abs(one.std() - 1) < 0.1
    assert torch.equal(torch.get_rng_state(), state)  # nobody else's random numbers change
    assert draw_noise(2**63 - 1, (1,), torch.device("cpu")).shape == (1,)


class Recorder:
    """A model that flows everything towards zero and remembers what it was asked."""

    def __init__(self):
        self.seen = []

    def __call__(self, latents, timestep, conditions):
        self.seen.append((conditions, int(timestep)))
        return latents * 0.9


class Named(ClipConditions):
    """Conditions that are the pass itself, so that a model can tell which pass it runs."""

    def __getitem__(self, which):
        return which


def run(model, steps=4, family="17b", mode="TIA", shift=5.0, **callbacks):
    noise = draw_noise(1, (16, 3, 2, 2), torch.device("cpu"))
    return denoise(
        WholeClip(model, Named({}, None)), EveryPass(family, mode, Scales(5.5, 5.0, 4.0), 980), noise, steps=steps, shift=shift,
        first_sigma=0.999, **callbacks,
    )  # fmt: skip


def test_each_step_makes_its_passes_in_order_at_its_timestep():
    model = Recorder()
    run(model, steps=8)
    timesteps = make_scheduler(8, 5.0, 0.999).timesteps.tolist()
    assert timesteps[0] > 980 >= timesteps[1]
    expected = [(which, t) for t in timesteps for which in guidance_for("17b", "TIA", t, 980).passes]
    assert model.seen == expected and expected[2][0] is I


def test_steps_are_counted_and_the_last_latents_are_the_result():
    steps = []
    final = run(Recorder(), after_step=lambda step, latents: steps.append((step, latents)))
    assert [step for step, _ in steps] == [1, 2, 3, 4]
    assert torch.equal(steps[-1][1], final) and final.shape == (16, 3, 2, 2) and final.dtype == torch.float32
    assert not torch.equal(steps[0][1], steps[1][1])


@pytest.mark.parametrize(("steps", "shift"), [(92, 12.0), (50, 100.0), (200, 100.0), (200, 0.01)])
def test_timesteps_that_are_equal_are_all_done(steps, shift):
    timesteps = make_scheduler(steps, shift, 0.999).timesteps.tolist()
    assert len(set(timesteps)) < steps
    done = []
    final = run(Recorder(), steps=steps, shift=shift, after_step=lambda step, latents: done.append(step))
    assert done == list(range(1, steps + 1)) and final.isfinite().all()


def test_what_before_pass_raises_stops_before_that_pass():
    class Stop(Exception):
        pass

    calls = 0

    def before_pass():
        nonlocal calls
        calls += 1
        if calls == 6:
            raise Stop

    model, steps = Recorder(), []
    with pytest.raises(Stop):
        run(model, before_pass=before_pass, after_step=lambda step, latents: steps.append(step))
    assert len(model.seen) == 5 and steps == [1]
    assert [which for which, _ in model.seen[3:]] == [TIA, TI]


@pytest.mark.parametrize(("family", "mode"), [("17b", "TA"), ("1_7b", "TIA"), ("17b", "TI")])
def test_before_pass_comes_before_every_pass(family, mode):
    model, calls = Recorder(), []
    run(model, family=family, mode=mode, before_pass=lambda: calls.append(len(model.seen)))
    assert calls == list(range(len(model.seen)))
    assert {which for which, _ in model.seen} <= set(passes_of(family, mode))


def test_the_noise_is_left_as_it_is():
    noise = draw_noise(1, (16, 3, 2, 2), torch.device("cpu"))
    kept = noise.clone()
    denoise(
        WholeClip(Recorder(), Named({}, torch.ones(16, 1, 2, 2))), EveryPass("1_7b", "TIA", Scales(7.5, 7.0, 4.0), 980), noise,
        steps=2, shift=5.0, first_sigma=0.999,
    )  # fmt: skip
    assert torch.equal(noise, kept)
