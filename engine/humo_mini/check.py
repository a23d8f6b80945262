"""A first look at what a trained model makes: held-out clips through the engine's own guidance, sampler and VAE, as pictures and two figures.

The full measure is `humo-engine quality`; this one is quick, and runs at the end of training.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor

from humo_engine import vae as video_vae
from humo_engine.components import Components
from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import passes_of
from humo_engine.sampling import EveryPass, WholeClip, denoise, draw_noise
from humo_engine.settings import Scales
from humo_engine.text import encode_text
from humo_mini.drawing import INNER_MOUTH, SIZE, Size, contact_sheet, draw_person, draw_prompt, draw_reference, draw_scene
from humo_mini.pool import Sounds

SHOWN_FRAMES = (0, 16, 32, 48, 64, 80, 96)


@torch.no_grad()
def sample(
    parts: Components, prompt: str, negative: str, windows: Tensor, references: Tensor, scales: Scales, *,
    mode: str = "TIA", steps: int = 8, seed: int = 0, device: torch.device,
) -> Tensor:  # fmt: skip
    """A clip (3, frames, h, w) from audio windows (latent frames, 8, 5, width) and reference pixels (3, slots, h, w)."""
    size = parts.transformer.size
    slots = references.shape[1]
    latents = torch.cat([video_vae.encode(parts.vae, references[:, i : i + 1]) for i in range(slots)], dim=1).to(device)
    audio = torch.cat((windows, windows.new_zeros(slots, *windows.shape[1:]))).to(device)
    frames, (height, width) = audio.shape[0], references.shape[2:]
    count = video_vae.TEMPORAL_STRIDE * (frames - 1) + 1
    zero = video_vae.encode(parts.vae, torch.zeros(3, count, height, width)).to(device) if size.in_dim > 16 else None
    states = [encode_text(p, parts.text_encoder, parts.tokenizer, size.text_length).to(device) for p in (prompt, negative)]
    conditions = prepare_conditions(
        parts.transformer,
        passes_of(parts.family, mode),
        text=states[0],
        negative_text=states[1],
        audio=audio,
        references=latents,
        zero_video=zero,
    )
    noise = draw_noise(seed, (16, frames, *latents.shape[2:]), device)
    guide = EveryPass(parts.family, mode, scales, switch_timestep=980)
    made = denoise(WholeClip(parts.transformer, conditions), guide, noise, steps=steps, shift=5.0, first_sigma=0.999)
    return video_vae.decode(parts.vae, made[:, : frames - slots])


def mouth_openings(pixels: Tensor) -> Tensor:
    """How much of the picture's middle has the colour of a mouth's inside, for each frame of (3, frames, h, w)."""
    height, width = pixels.shape[-2:]
    middle = pixels[:, :, int(height * 0.42) : int(height * 0.75), int(width * 0.25) : int(width * 0.75)]
    colour = torch.tensor(INNER_MOUTH, device=pixels.device).view(3, 1, 1, 1) / 127.5 - 1
    return ((middle - colour).abs().amax(0) < 0.25).float().mean((1, 2)).cpu()


def correlation(a: Tensor, b: Tensor) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-9))


def check_model(
    parts: Components, sounds: Sounds, negative: str, device: torch.device, sheets: dict[str, Scales], folder: Path,
    clips: int = 10, steps: int = 8, size: Size = SIZE, latents: int | None = None, log=print,
) -> None:  # fmt: skip
    """Make held-out clips at each of the named scales; write a contact sheet of each and log how well mouths follow the sound.

    `latents` is how many latent frames a clip has; None: as many as there are of the sound.
    """
    from PIL import Image

    if device.type == "cpu":
        video_vae.speed_up_on_cpu(parts.vae)
    for part in (parts.transformer, parts.text_encoder, parts.vae):
        part.to(device)
    for name, scales in sheets.items():
        started = time.monotonic()
        rows, found = [], []
        for index in range(clips):
            person, scene = draw_person(index, "held-out"), draw_scene(index, "held-out")
            prompt = draw_prompt(scene, None, index, "held-out")
            sound = index % sounds.openings.shape[0]
            reference = draw_reference(person, size)
            windows = sounds.windows[sound][:latents].float()
            pixels = sample(parts, prompt, negative, windows, reference, scales, steps=steps, seed=index, device=device)
            frames = pixels.shape[1]
            rows.append([reference[:, 0], *(pixels[:, min(frame, frames - 1)] for frame in SHOWN_FRAMES)])
            openings = sounds.openings[sound][:frames]
            if float(openings.std()) > 0.05:
                found.append(correlation(mouth_openings(pixels), openings))
        Image.fromarray(contact_sheet(rows).numpy()).save(folder / f"sheet-{parts.family}-{name}.png")
        log(f"check {parts.family} {name}: mouth follows sound {sum(found) / max(1, len(found)):.2f} "
            f"({' '.join(f'{c:.2f}' for c in found)}), {(time.monotonic() - started) / clips:.1f} s a clip")  # fmt: skip
