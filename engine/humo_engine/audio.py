"""Sound to audio windows: Whisper's hidden states, averaged, brought to the video's rate, and cut per latent frame."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SAMPLE_RATE = 16_000
PIECE_SAMPLES = 480_000  # 30 s, what Whisper reads at once
SAMPLES_PER_FEATURE_PAIR = 640  # one video frame; Whisper makes two feature frames of it
FPS = SAMPLE_RATE // SAMPLES_PER_FEATURE_PAIR  # 25, what HuMo was trained at and `generate.yaml` says
GROUPS = ((0, 8), (8, 16), (16, 24), (24, 32))  # hidden states averaged together; the last one, [32], stands alone
LATENT_STRIDE = 4  # video frames in each latent frame after the first
EMPTY_WAV_BYTES = 78  # what ffmpeg writes of a sound without samples
CONTEXT = 2  # video frames of sound heard before and after a latent frame's own
FIRST_FRAME_PADDING = 3  # the first latent frame holds one video frame where the others hold four


def read_wav(path: Path | str) -> Tensor:
    """A 16 kHz mono 16-bit WAV of at least a video frame → samples (n,), fp32 in [−1, 1). Raises ValueError on anything else."""
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        reason = str(error) or "it is damaged or cut off"
        raise ValueError(
            f"{Path(path).name} is not a WAV file that can be read: {reason}. Convert it anew with ffmpeg"
        ) from error
    if form != (SAMPLE_RATE, 1, 2):
        raise ValueError(
            f"{Path(path).name} has {form[0]} Hz, {form[1]} channel(s) and {8 * form[2]} bits; "
            f"the engine takes {SAMPLE_RATE} Hz, mono, 16 bits: convert it with ffmpeg -ar {SAMPLE_RATE} -ac 1 -c:a pcm_s16le"
        )
    samples = np.frombuffer(data, dtype="<i2", count=len(data) // 2)  # a file that was cut off may end within a sample
    if samples.size < SAMPLES_PER_FEATURE_PAIR:
        raise ValueError(
            f"{Path(path).name} is too short: {samples.size} samples, and a video frame takes {SAMPLES_PER_FEATURE_PAIR} "
            f"({SAMPLES_PER_FEATURE_PAIR / SAMPLE_RATE} s). Give longer sound"
        )
    return torch.from_numpy(samples.astype(np.float32) / 32768)


def to_engine_wav(source: Path, target: Path) -> Path:
    """Bring any sound that ffmpeg reads to the form of `read_wav`. Raises ValueError, with what to do, as the bot says it."""
    if source.is_file() and source.stat().st_size == 0:
        raise ValueError(f"{source.name} is empty (0 bytes): record it again, or give another file")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe", "-i", str(source)]
    command += ["-map", "0:a:0", "-ar", str(SAMPLE_RATE), "-ac", "1", "-c:a", "pcm_s16le", "-f", "wav", str(target)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120)
    except FileNotFoundError as error:
        raise ValueError("ffmpeg is not installed; it converts sound for the engine") from error
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"{source.name} takes ffmpeg longer than two minutes: give a shorter piece") from error
    if "matches no streams" in done.stderr:
        raise ValueError(f"{source.name} has no sound: give a video that does, or an audio file")
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or [f"ffmpeg ended with status {done.returncode}"])[-1]
        raise ValueError(
            f"{source.name} cannot be read as sound: it may be damaged, or of a kind that is not known. Convert it to MP3 or WAV ({words})"
        )
    if target.stat().st_size <= EMPTY_WAV_BYTES:
        raise ValueError(f"there is nothing to hear in {source.name}: record it again, or give another file")
    return target


def official_whisper_encoder() -> Any:
    """Whisper-large-v3's encoder with unset or random weights."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return WhisperEncoder(
        WhisperConfig(d_model=1280, encoder_layers=32, encoder_attention_heads=20, encoder_ffn_dim=5120, num_mel_bins=128)
    )


@torch.no_grad()
def whisper_states(samples: Tensor, encoder, extractor) -> Iterator[Tensor]:
    """Samples (n,) at 16 kHz → all hidden states of Whisper's encoder (1, 2·(n // 640), layers + 1, width), fp32, in pieces of 30 s.

    encoder: transformers' WhisperEncoder; extractor: its WhisperFeatureExtractor. n ≥ 640, as `read_wav` sees to. A piece of the
    large encoder is a quarter of a GB, so whoever takes them takes them one after the other.
    """
    weight = encoder.conv1.weight
    for start in range(0, samples.shape[0], PIECE_SAMPLES):
        piece = samples[start : start + PIECE_SAMPLES]
        features = extractor(piece.numpy(), sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
        states = encoder(features.to(weight.device, weight.dtype), output_hidden_states=True).hidden_states
        yield torch.stack(states, dim=2)[:, : 2 * (piece.shape[0] // SAMPLES_PER_FEATURE_PAIR)].float()


def audio_features(pieces: Iterable[Tensor]) -> Tensor:
    """Hidden states at 50 per second in pieces that follow one another, 2n in all → features (n, 5, width) at 25 per second."""
    stacked = torch.cat([_layer_means(states) for states in pieces], dim=1)  # (1, 2n, 5, width)
    flat = stacked.flatten(2).transpose(1, 2)  # (1, 5·width, 2n)
    halved = F.interpolate(flat, size=stacked.shape[1] // 2, mode="linear", align_corners=True)
    return halved.transpose(1, 2).unflatten(2, stacked.shape[2:])[0]


def _layer_means(states: Tensor) -> Tensor:
    """(1, n, 33, width) → (1, n, 5, width)."""
    groups = [states[:, :, start:end].mean(dim=2) for start, end in GROUPS] + [states[:, :, GROUPS[-1][1]]]
    return torch.stack(groups, dim=2)


def audio_windows(features: Tensor, frames: int, offset: int = 0) -> Tensor:
    """Features (n, 5, width) at 25 per second → what each latent frame hears (latent frames, 8, 5, width).

    Latent frame 0 hears three frames of silence and video frames −2…2; latent frame i > 0 hears its own four, two before and
    two after. What lies outside the sound is silence. `frames` is the number of video frames, 4k + 1, of which the first is
    frame `offset` of the sound.
    """
    latent_frames = (frames - 1) // LATENT_STRIDE + 1
    length = 2 * CONTEXT + LATENT_STRIDE
    starts = torch.arange(latent_frames) * LATENT_STRIDE - FIRST_FRAME_PADDING - CONTEXT + offset
    index = starts[:, None] + torch.arange(length)
    valid = (index >= 0) & (index < features.shape[0])
    valid[0, :FIRST_FRAME_PADDING] = False
    index = index.clamp(0, max(features.shape[0] - 1, 0)).to(features.device)
    return features[index] * valid[:, :, None, None].to(features.device, features.dtype)
