"""Music is told from speech, so that voices are isolated where that helps and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from humo_engine.audio import SAMPLE_RATE, read_wav, to_engine_wav
from humo_engine.music import MUSIC_FROM, has_music, held_share

VOICES = Path(__file__).parents[1] / "humo_quality" / "voices"


@pytest.fixture(scope="module", params=["joe-02.opus", "kokoro-01.opus"])
def speech(request, tmp_path_factory):
    return read_wav(to_engine_wav(VOICES / request.param, tmp_path_factory.mktemp("sound") / "speech.wav"))


def organ(count: int) -> torch.Tensor:
    """Three chords of four partials a note, as loud as 0.1 on average."""
    moments = torch.arange(count) / SAMPLE_RATE
    chords = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6))
    which = (moments / 0.8).long() % len(chords)
    sound = torch.zeros(count)
    for index, chord in enumerate(chords):
        tones = sum(torch.sin(2 * torch.pi * note * partial * moments) / partial for note in chord for partial in (1, 2, 3, 4))
        sound += torch.where(which == index, tones, torch.zeros(()))
    return 0.1 * sound / sound.square().mean().sqrt()


def test_speech_is_no_music_and_noise_does_not_change_that(speech):
    noise = torch.randn(speech.shape, generator=torch.Generator().manual_seed(1))
    loudness = speech.square().mean().sqrt()
    assert held_share(speech) < MUSIC_FROM / 2
    assert held_share(speech + 0.1 * loudness * noise) < MUSIC_FROM / 2


def test_music_is_heard_alone_and_under_speech(speech):
    music = organ(speech.shape[0])
    assert held_share(music) > 0.6
    assert has_music(speech + music * speech.square().mean().sqrt())


def test_music_in_a_part_of_a_long_sound_is_heard(speech):
    repeated = speech.repeat(-(-60 * SAMPLE_RATE // speech.shape[0]))[: 60 * SAMPLE_RATE]
    assert not has_music(repeated)
    repeated[: 15 * SAMPLE_RATE] += organ(15 * SAMPLE_RATE)
    assert has_music(repeated)


@pytest.mark.parametrize("sound", [torch.zeros(SAMPLE_RATE), torch.zeros(700), torch.ones(SAMPLE_RATE)])
def test_silence_and_less_than_a_window_are_no_music(sound):
    assert not has_music(sound)
