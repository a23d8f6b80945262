"""Long takes: how they are cut into windows, what each window is given, and how the windows become one take."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
import torch

from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import TIA, passes_of
from humo_engine.sampling import EveryPass, WholeClip, denoise, draw_noise
from humo_engine.settings import Scales, load_settings
from humo_engine.tiny import tiny_components
from humo_engine.vae import latent_frames
from humo_engine.windows import Window, WindowedPredictor, noise_order, plan_windows, slice_of_audio, spread_noise, window_weights

SETTINGS = load_settings(Path(__file__).parents[2] / "generate.yaml")
CASES = [(25, 4), (25, 1), (9, 4), (5, 2), (3, 2), (2, 1)]


@pytest.mark.parametrize(("length", "overlap"), CASES)
def test_windows_cover_every_frame_and_share_enough(length, overlap):
    for frames in [*range(1, 120), *random.Random(length).sample(range(120, 800), 20)]:
        windows = plan_windows(frames, length, overlap)
        assert windows[0].start == 0 and windows[-1].end == frames
        assert {window.end - window.start for window in windows} == {min(frames, length)}
        shared = [before.end - after.start for before, after in itertools.pairwise(windows)]
        assert all(count >= overlap for count in shared)
        # As evenly as whole frames allow, and no more windows than are needed.
        assert max(shared, default=0) - min(shared, default=0) <= 1
        assert len(windows) == 1 or (len(windows) - 1) * (length - overlap) + overlap < frames


@pytest.mark.parametrize("overlap", [0, 25, 30, -1])
def test_an_overlap_that_cannot_be_is_refused(overlap):
    with pytest.raises(ValueError, match="overlap"):
        plan_windows(100, 25, overlap)


@pytest.mark.parametrize(("length", "overlap"), CASES)
def test_weights_sum_to_one_on_every_frame_and_rise_inside_the_overlap_alone(length, overlap):
    for frames in (1, length, length + 1, 2 * length, 3 * length + 1, 150):
        windows = plan_windows(frames, length, overlap)
        weights = window_weights(windows)
        total = torch.zeros(frames)
        for window, weight in zip(windows, weights, strict=True):
            total[window.start : window.end] += weight
            assert (weight >= 0).all()
            # The model takes a window's first frame for one that holds a single video frame: it never counts.
            assert weight[0] == (1 if window.start == 0 else 0)
        torch.testing.assert_close(total, torch.ones(frames))
        for before, window, weight in zip(windows, windows[1:], weights[1:], strict=False):
            shared = before.end - window.start
            assert (weight[:shared].diff() > 0).all()


@pytest.mark.parametrize(("length", "overlap"), CASES)
def test_every_window_begins_with_the_same_noise_in_an_order_of_its_own(length, overlap):
    for frames in (1, length, length + 1, 2 * length, 150):
        windows = plan_windows(frames, length, overlap)
        order = noise_order(windows, seed=7)
        assert len(order) == frames and order[: windows[0].end] == [*range(windows[0].end)]
        assert all(sorted(order[window.start : window.end]) == [*range(windows[0].end)] for window in windows)
    assert order == noise_order(windows, seed=7) and (length < 9 or order != noise_order(windows, seed=8))


def test_noise_is_spread_over_a_take_and_that_of_the_references_stays_at_the_end():
    windows = plan_windows(13, 6, 2)
    noise = torch.arange(8.0)[None, :, None, None].expand(16, 8, 2, 2)
    spread = spread_noise(noise, windows, seed=7)
    assert spread.shape == (16, 15, 2, 2) and spread[0, :6, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert spread[0, 6:13, 0, 0].tolist() == noise_order(windows, seed=7)[6:] and spread[0, 13:, 0, 0].tolist() == [6, 7]


def test_the_published_numbers_cost_at_most_a_third_more_at_twenty_seconds():
    takes = SETTINGS.takes
    for seconds in (8, 10, 20, 30, 120):
        frames = latent_frames(seconds * 25 + 1)
        windows = plan_windows(frames, latent_frames(takes.window), takes.overlap // 4)
        assert len(windows) * latent_frames(takes.window) / frames <= (1.35 if seconds >= 20 else 1.5)


# ── predictions at toy size ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=["17b", "1_7b"])
def parts(request):
    return tiny_components(request.param)


def prepared(parts, windows, frames, references):
    """The conditions of the first window, and what each of `frames` latent frames hears."""
    generator = torch.Generator().manual_seed(5)
    size, slots = parts.transformer.size, references.shape[1]
    audio = torch.randn(frames, *size.audio_window, generator=generator)
    texts = {name: torch.randn(7, size.text_dim, generator=generator) for name in ("text", "negative_text")}
    length = windows[0].end
    zero = torch.randn(16, length + slots, *references.shape[2:], generator=generator)
    conditions = prepare_conditions(
        parts.transformer, passes_of(parts.family, "TIA"), **texts, audio=slice_of_audio(audio, windows[0], slots),
        references=references, zero_video=zero if size.in_dim > 16 else None,
    )  # fmt: skip
    return conditions, audio


def denoised(parts, noise, conditions, predictor=None):
    return denoise(
        predictor or WholeClip(parts.transformer, conditions), EveryPass(parts.family, "TIA", Scales(5.5, 5.0, 4.0), 980), noise,
        steps=3, shift=5.0, first_sigma=0.999,
    )  # fmt: skip


def test_one_window_is_one_pass_to_the_bit(parts):
    references = torch.randn(16, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    windows = plan_windows(6, 6, 2)
    conditions, audio = prepared(parts, windows, 6, references)
    noise = draw_noise(1, (16, 8, 4, 4), torch.device("cpu"))
    predictor = WindowedPredictor(parts.transformer, conditions, windows, audio, 2)
    assert torch.equal(denoised(parts, noise, conditions), denoised(parts, noise, conditions, predictor))


class Watching:
    """A model that keeps what each call was given; its velocity is what `says` makes of a call's number."""

    def __init__(self, model, says=None):
        self.model, self.says, self.calls = model, says, []

    def __call__(self, latents, timestep, conditions):
        self.calls.append((latents, conditions))
        if self.says is not None:
            return torch.full_like(latents, float(self.says(len(self.calls) - 1)))
        return self.model(latents, timestep, conditions)

    def embed_audio(self, audio, strength=None):
        return self.model.embed_audio(audio, strength)


def test_every_window_is_a_clip_of_its_own_with_its_own_sound_and_the_references_at_its_end(parts):
    frames, slots = 13, 2
    references = torch.randn(16, slots, 4, 4, generator=torch.Generator().manual_seed(1))
    windows = plan_windows(frames, 6, 2)
    assert len(windows) == 3
    conditions, audio = prepared(parts, windows, frames, references)
    model = Watching(parts.transformer)
    latents = draw_noise(1, (16, frames + slots, 4, 4), torch.device("cpu"))
    predictor = WindowedPredictor(model, conditions, windows, audio, slots)
    time = torch.tensor([500.0])
    predictor.velocity(latents, time, TIA)
    for window, (seen, given) in zip(windows, model.calls, strict=True):
        assert torch.equal(seen[:, :6], latents[:, window.start : window.end])
        if given.channels is None:
            assert torch.equal(seen[:, 6:], references)
        else:
            assert torch.equal(seen[:, 6:], latents[:, frames:])
            assert torch.equal(given.channels[4:, 6:], references) and (given.channels[:4, 6:] == 1).all()
        # Its own slice of the sound, and silence where the references stand.
        silence = audio.new_zeros(slots, *audio.shape[1:])
        expected = parts.transformer.embed_audio(torch.cat((audio[window.start : window.end], silence)))
        for (key, value), (right_key, right_value) in zip(given.audio, expected, strict=True):
            assert torch.equal(key, right_key) and torch.equal(value, right_value)
        assert torch.equal(given.rope[0], parts.transformer.positions(6 + slots, 4, 4)[0])
    model.calls.clear()
    predictor.velocity(latents, time, next(which for which in passes_of(parts.family, "TIA") if not which.audio))
    silent = parts.transformer.embed_audio(torch.zeros(8, *audio.shape[1:]))
    assert all(torch.equal(given.audio[0][0], silent[0][0]) for _, given in model.calls)


def test_where_windows_overlap_their_velocities_are_mixed_by_the_ramps(parts):
    references = torch.zeros(16, 1, 4, 4)
    windows = (Window(0, 6), Window(4, 10))
    conditions, audio = prepared(parts, windows, 10, references)
    model = Watching(parts.transformer, says=lambda call: call)  # the first window says 0, the second 1
    latents = torch.zeros(16, 11, 4, 4)
    velocity = WindowedPredictor(model, conditions, windows, audio, 1).velocity(latents, torch.tensor([500.0]), TIA)
    # The slot of the reference, which both windows have, is their mean.
    assert velocity[0, :, 0, 0].tolist() == [0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1, 0.5]


def test_without_ramps_the_take_is_another(parts, monkeypatch):
    """The negative control: the ramps do something."""
    references = torch.randn(16, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    windows = plan_windows(11, 6, 3)
    conditions, audio = prepared(parts, windows, 11, references)
    noise = draw_noise(1, (16, 12, 4, 4), torch.device("cpu"))

    def made():
        return denoised(parts, noise, conditions, WindowedPredictor(parts.transformer, conditions, windows, audio, 1))

    def hard(some):
        weights = [torch.ones(window.end - window.start) for window in some]
        for before, after, weight in zip(some, some[1:], weights[1:], strict=False):
            weight[: before.end - after.start] = 0
        return weights

    blended = made()
    monkeypatch.setattr("humo_engine.windows.window_weights", hard)
    cut = made()
    shared = slice(windows[1].start + 1, windows[0].end)
    assert not torch.allclose(blended[:, shared], cut[:, shared], atol=1e-3)


def test_sound_that_finds_no_room_is_made_anew_and_is_the_same(parts):
    references = torch.zeros(16, 1, 4, 4)
    windows = plan_windows(13, 6, 2)
    conditions, audio = prepared(parts, windows, 13, references)
    latents = draw_noise(1, (16, 14, 4, 4), torch.device("cpu"))
    time = torch.tensor([500.0])

    class Counting(Watching):
        made = 0

        def embed_audio(self, heard, strength=None):
            Counting.made += 1
            return super().embed_audio(heard, strength)

    velocities = []
    for room in (1 << 30, 0):
        Counting.made = 0
        predictor = WindowedPredictor(Counting(parts.transformer), conditions, windows, audio, 1, room=room)
        velocities += [predictor.velocity(latents, time, TIA) for _ in range(2)]
        assert Counting.made == (3 if room else 6)
    assert all(torch.equal(velocity, velocities[0]) for velocity in velocities)


def test_each_window_may_be_the_last_before_a_cancel(parts):
    windows = plan_windows(13, 6, 2)
    conditions, audio = prepared(parts, windows, 13, torch.zeros(16, 1, 4, 4))
    model = Watching(parts.transformer)

    class Stop(Exception):
        pass

    def stop():
        raise Stop

    predictor = WindowedPredictor(model, conditions, windows, audio, 1, before_pass=stop)
    with pytest.raises(Stop):
        predictor.velocity(torch.zeros(16, 14, 4, 4), torch.tensor([500.0]), TIA)
    assert len(model.calls) == 1
