"""The case `vae`: a clip decoded."""

from __future__ import annotations

import time

import torch

from humo_engine.bench.device import peak, reset_peak, wait
from humo_engine.bench.measure import relative_error, seconds_of
from humo_engine.bench.subject import Bench, Choices
from humo_engine.tiny import VAE_WIDTH
from humo_engine.vae import build_vae, decode_pieces
from humo_engine.vae_fast import speed_up_decoder


def measure(bench: Bench, choices: Choices) -> None:
    """Decoding a clip: plain fp32, and the fast way with its error; without a GPU that is fp32, too, since few CPUs know bf16."""
    channels, frames, height, width = bench.latent_shape
    latents = torch.randn(channels, frames - 1, height, width, device=bench.device)
    torch.manual_seed(0)
    vae = build_vae(96 if bench.device.type == "cuda" else VAE_WIDTH).to(bench.device)

    def decode() -> torch.Tensor:
        with torch.no_grad():
            return torch.cat(list(decode_pieces(vae, latents)), dim=1)

    plain = decode()
    reset_peak(bench.device)
    seconds = seconds_of(decode, bench.device, repeats=1, warm_up=0)
    plain_peak = peak(bench.device)
    speed_up_decoder(vae, bench.dtype)
    start = time.perf_counter()
    fast = decode()
    wait(bench.device)
    first = time.perf_counter() - start
    again = decode()
    reset_peak(bench.device)
    bench.emit(
        case="vae_decode",
        size=bench.shown_size,
        frames=bench.frames,
        fp32_seconds=round(seconds, 3),
        fast_seconds=round(seconds_of(decode, bench.device, warm_up=0), 3),
        error=relative_error(fast, plain),
        identical_again=bool(torch.equal(fast, again)),
        first_seconds=round(first, 2),
        fp32_peak_gib=plain_peak,
        fast_peak_gib=peak(bench.device),
    )
