"""Sound: reading it, Whisper's states in pieces, features at the video's rate, windows of latent frames."""

from __future__ import annotations

import subprocess
import wave

import numpy as np
import pytest
import torch

from humo_engine.audio import PIECE_SAMPLES, SAMPLE_RATE, audio_features, audio_windows, read_wav, to_engine_wav, whisper_states
from humo_engine.tiny import tiny_components


def write_wav(path, values, rate=16_000, channels=1, width=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(values)
    return path


def test_samples_are_read_between_minus_one_and_one(tmp_path):
    values = np.array([0, 16384, -32768, 32767] * 160, dtype="<i2")
    samples = read_wav(write_wav(tmp_path / "a.wav", values.tobytes()))
    assert samples.dtype == torch.float32
    assert samples.tolist() == [0.0, 0.5, -1.0, 32767 / 32768] * 160


@pytest.mark.parametrize(
    ("form", "words"), [({"rate": 44_100}, "44100 Hz"), ({"channels": 2}, r"2 channel\(s\)"), ({"width": 1}, "8 bits")]
)
def test_another_form_is_named_with_the_command_that_mends_it(tmp_path, form, words):
    path = write_wav(tmp_path / "voice.wav", b"\0" * 64, **form)
    with pytest.raises(ValueError, match=rf"voice\.wav has .*{words}.*ffmpeg -ar 16000 -ac 1 -c:a pcm_s16le"):
        read_wav(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 an mp3 perhaps" * 10])
def test_what_is_no_wav_is_named(tmp_path, content):
    (tmp_path / "voice.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"voice\.wav is not a WAV file"):
        read_wav(tmp_path / "voice.wav")


def test_a_wav_with_a_chunk_that_points_outside_is_named(tmp_path):
    write_wav(tmp_path / "voice.wav", bytes(2000))
    content = bytearray((tmp_path / "voice.wav").read_bytes())
    content[16:20] = b"\xff\xff\xff\x7f"  # the length of the chunk that says the form
    (tmp_path / "voice.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"voice\.wav is not a WAV file that can be read: .+ffmpeg"):
        read_wav(tmp_path / "voice.wav")


def test_a_wav_that_was_cut_off_within_a_sample_is_read_to_the_last_whole_one(tmp_path):
    write_wav(tmp_path / "voice.wav", bytes(2000))
    whole = (tmp_path / "voice.wav").read_bytes()
    (tmp_path / "voice.wav").write_bytes(whole[:-101])
    assert read_wav(tmp_path / "voice.wav").shape == (949,)


@pytest.mark.parametrize("samples", [0, 1, 639])
def test_sound_of_less_than_a_video_frame_is_refused_by_name(tmp_path, samples):
    write_wav(tmp_path / "voice.wav", bytes(2 * samples))
    with pytest.raises(ValueError, match=rf"voice\.wav is too short: {samples} samples"):
        read_wav(tmp_path / "voice.wav")


def test_any_sound_is_brought_to_the_engines_form(tmp_path):
    source = tmp_path / "song.m4a"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=440:sample_rate=44100:duration=1", "-ac", "2", "-c:a", "aac"]
    subprocess.run([*command, str(source)], check=True)
    samples = read_wav(to_engine_wav(source, tmp_path / "song.wav"))
    assert abs(samples.shape[0] - 16_000) < 1600
    spectrum = torch.fft.rfft(samples[:16_000]).abs()
    assert abs(spectrum.argmax().item() - 440) <= 2


def test_what_ffmpeg_cannot_read_is_named(tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"not a song")
    with pytest.raises(ValueError, match=r"song\.mp3 cannot be read as sound: [^\[]"):
        to_engine_wav(tmp_path / "song.mp3", tmp_path / "out.wav")
    (tmp_path / "song.mp3").write_bytes(b"")
    with pytest.raises(ValueError, match=r"song\.mp3 is empty \(0 bytes\)"):
        to_engine_wav(tmp_path / "song.mp3", tmp_path / "out.wav")
    with wave.open(str(tmp_path / "silent.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
    with pytest.raises(ValueError, match=r"nothing to hear in silent\.wav"):
        to_engine_wav(tmp_path / "silent.wav", tmp_path / "out.wav")


@pytest.fixture(scope="module")
def whisper():
    components = tiny_components("1_7b")
    return components.whisper, components.extractor


def sound(samples: int) -> torch.Tensor:
    place = torch.arange(samples) / 16_000
    return 0.3 * torch.sin(2 * torch.pi * (200 + 30 * place) * place)


@pytest.mark.parametrize("samples", [640, 16_000, 16_639])
def test_states_are_two_for_each_whole_video_frame(whisper, samples):
    (states,) = whisper_states(sound(samples), *whisper)
    assert states.shape == (1, 2 * (samples // 640), 33, 32) and states.dtype == torch.float32


def test_long_sound_goes_through_in_pieces_of_30_seconds_that_are_joined(whisper):
    samples = sound(PIECE_SAMPLES + 32_000)
    assert PIECE_SAMPLES == 480_000
    first, second = whisper_states(samples, *whisper)
    assert first.shape[1] == 1500 and second.shape[1] == 100
    (alone,) = whisper_states(samples[480_000:], *whisper)
    assert torch.equal(second, alone)
    # What follows from them does not depend on where they were cut.
    torch.testing.assert_close(
        audio_features([first, second]), audio_features([torch.cat((first, second), dim=1)]), rtol=0, atol=0
    )


def test_features_are_means_of_eight_states_and_the_last_alone():
    states = torch.arange(33.0)[None, None, :, None].expand(1, 10, 33, 4)
    features = audio_features([states])
    assert features.shape == (5, 5, 4)
    assert features[2, :, 0].tolist() == [3.5, 11.5, 19.5, 27.5, 32.0]


def test_the_rate_is_halved_between_the_same_ends():
    ramp = torch.arange(20.0)[None, :, None, None].expand(1, 20, 33, 1)
    torch.testing.assert_close(audio_features([ramp])[:, 0, 0], torch.linspace(0, 19, 10))


def test_windows_hear_their_frames_and_silence_elsewhere():
    features = (torch.arange(11.0) + 1)[:, None, None].expand(11, 5, 2)  # frame i holds i + 1; silence is 0
    windows = audio_windows(features, 17)
    assert windows.shape == (5, 8, 5, 2)
    assert windows[:, :, 0, 0].tolist() == [
        [0, 0, 0, 0, 0, 1, 2, 3],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [4, 5, 6, 7, 8, 9, 10, 11],
        [8, 9, 10, 11, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]


def test_a_clip_that_begins_later_hears_the_same_as_that_part_of_the_whole():
    features = torch.randn(60, 5, 2)
    whole, part = audio_windows(features, 57), audio_windows(features, 17, offset=20)
    assert torch.equal(part[1:], whole[6:10])
    # Its first latent frame is one video frame, with what is really heard before it.
    assert (part[0, :3] == 0).all() and torch.equal(part[0, 3:], features[18:23])


@pytest.mark.parametrize("frames", [1, 5, 97, 129])
def test_there_is_a_window_for_each_latent_frame(frames):
    windows = audio_windows(torch.ones(200, 5, 3), frames)
    assert windows.shape == ((frames - 1) // 4 + 1, 8, 5, 3)
    assert (windows[0, :5] == 0).all() and (windows[0, 5:] == 1).all()
    if frames > 1:
        assert (windows[1, 0] == 0).all() and (windows[1, 1:] == 1).all() and (windows[2:] == 1).all()
