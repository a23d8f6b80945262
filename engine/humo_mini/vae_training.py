"""The VAE of the small model: trained on drawn clips, with more weight on what small pictures lose first, mouths and eyes."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_engine.vae import LATENT_CHANNELS, MEAN, STD, build_vae, decode, encode
from humo_mini.drawing import Size, draw_blinks, draw_clip, draw_person, draw_scene, draw_sway
from humo_mini.frames_vae import FramesVae
from humo_mini.optimise import Optimiser, Replay, falling_rate, rate_at
from humo_mini.pupils import draw_pupil, frames_weights
from humo_mini.references import draw_varied_reference
from humo_mini.state import write_weights

CLIP_FRAMES = 17
BATCH = (6, 16)  # clips and single pictures of a step
SIZES: tuple[Size, ...] = ((192, 112), (112, 192))
MOUTH_WEIGHT, EYE_WEIGHT, FACE_WEIGHT = 6.0, 5.0, 1.0


def random_openings(numbers: random.Random, frames: int) -> Tensor:
    """A mouth that moves somehow: the VAE need not know why. (frames,)"""
    values = torch.tensor([max(0.0, numbers.uniform(-0.4, 1.1)) for _ in range(frames // 2 + 3)]).clamp(max=1)
    smooth = F.interpolate(values[None, None], size=frames, mode="linear", align_corners=False)[0, 0]
    return smooth * float(numbers.random() > 0.1)


def draw_training_clip(seed: int, size: Size, frames: int, device: torch.device, split: str = "train") -> tuple[Tensor, Tensor]:
    """A clip (3, frames, h, w) in [−1, 1], and the weight of each pixel (frames, h, w), with mouth and eyes above 1, and in training the frames of glasses."""
    numbers = random.Random(f"vae/{split}/{size}/{seed}")
    looks = numbers.randrange(2**31)
    person = draw_pupil(looks) if split == "train" else draw_person(looks, split)  # type: ignore[arg-type]
    scene = draw_scene(numbers.randrange(2**31), split) if numbers.random() < 0.93 else None  # type: ignore[arg-type]
    sway = draw_sway(numbers.randrange(2**31), size)
    lids = draw_blinks(numbers.randrange(2**31), 97 + frames)
    start = numbers.randrange(97)
    openings, lids = random_openings(numbers, frames), lids[start : start + frames]
    pixels, truth = draw_clip(person, scene, openings, lids, sway, size, device)
    weights = pixel_weights(truth, size, device)
    if split == "train":
        weights = torch.maximum(weights, frames_weights(person, pixels, scene, openings, lids, sway, size))
    return pixels, weights


def pixel_weights(truth, size: Size, device: torch.device | str) -> Tensor:
    """1 everywhere, more in the face and most at eyes and mouth (frames, height, width)."""
    width, height = size
    y = torch.arange(height, device=device)[None, :, None] + 0.5
    x = torch.arange(width, device=device)[None, None, :] + 0.5

    def inside(boxes: Tensor, grow: float = 0.0) -> Tensor:
        x0, y0, x1, y1 = (boxes[:, i, None, None].to(device) for i in range(4))
        return ((x > x0 - grow) & (x < x1 + grow) & (y > y0 - grow) & (y < y1 + grow)).float()

    eyes = torch.maximum(inside(truth.eye_boxes[:, 0]), inside(truth.eye_boxes[:, 1]))
    face = inside(torch.cat((truth.eye_boxes[:, 0, :2], truth.mouth_boxes[:, 2:]), dim=1), 0.16 * min(size))
    return 1 + FACE_WEIGHT * face + EYE_WEIGHT * eyes + MOUTH_WEIGHT * inside(truth.mouth_boxes)


def vae_loss(made: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Pixels (n, 3, frames, h, w) against what they should be; weights (n, 1, frames, h, w)."""
    error = made.float() - wanted
    loss = (error.abs() * weights).mean() + 0.5 * (error.square() * weights).mean()
    for dim in (-1, -2):
        loss = loss + 0.3 * (error.diff(dim=dim).abs() * weights.narrow(dim, 1, weights.shape[dim] - 1)).mean()
    if made.shape[2] > 1:
        moving = weights[:, :, 1:] - 0.8
        loss = loss + 0.5 * (error.diff(dim=2).abs() * moving).mean()
    return loss


def train_vae(
    base_dim: int, seconds: float, device: torch.device, seed: int = 1, stock: int = 2000, steps: int | None = None,
    sizes: Sequence[Size] = SIZES, batch: tuple[int, int] = BATCH, start: Mapping[str, Tensor] | None = None, log=print,
) -> torch.nn.Module:  # fmt: skip
    """A VAE after so many seconds (or steps) of training, its latents normalised as `humo_engine.vae` expects.

    With weights to `start` from, only the decoder learns: latents stay what they are, and so do transformers that made them.
    """
    torch.manual_seed(seed)
    started = time.monotonic()
    vae = build_vae(base_dim).train().requires_grad_(True)
    if start is not None:
        vae.load_state_dict(start)
    frames_vae = FramesVae(vae, begin=start is None)
    vae.to(device)
    for key in list(frames_vae.taps):
        frames_vae.taps[key] = torch.nn.Parameter(frames_vae.taps[key].detach().to(device))
    parameters = frames_vae.parameters() if start is None else frames_vae.decoder_parameters()
    matrices = [p for p in parameters if p.dim() >= 2 and min(p.shape[0], p[0].numel()) >= 8 and p.numel() > 256]
    chosen = {id(p) for p in matrices}
    optimiser = Optimiser(matrices, [(p, 1.0) for p in parameters if id(p) not in chosen], 0.01, 1.5e-3, 0.998)
    schedule = falling_rate if start is not None else lambda progress: rate_at(progress, constant=0.4)
    pools = {size: _stock(size, stock if size == sizes[0] else max(1, stock // 3), device) for size in sizes}
    generator = torch.Generator(device).manual_seed(seed)
    inputs = {
        size: (
            torch.zeros(batch[0], 3, CLIP_FRAMES, size[1], size[0], device=device),
            torch.ones(batch[0], 1, CLIP_FRAMES, size[1], size[0], device=device),
            torch.zeros(batch[1], 3, 1, size[1], size[0], device=device),
        )
        for size in sizes
    }

    def work(size: Size) -> Tensor:
        clips, weights, stills = inputs[size]
        optimiser.zero()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = torch.zeros((), device=device)
            for pixels, weight, share in ((clips, weights, 1.0), (stills, torch.ones_like(stills[:, :1]), 0.7)):
                with torch.set_grad_enabled(start is None):
                    latents = frames_vae.encode(pixels).float()
                spread = latents.detach().std(dim=(0, 2, 3, 4), keepdim=True)
                # The transformer's latents will not be exact, so the decoder learns to bear a little noise.
                strength = torch.rand(latents.shape[0], 1, 1, 1, 1, device=device) * 0.2
                made = frames_vae.decode(latents + torch.randn_like(latents) * spread * strength)
                loss = loss + share * vae_loss(made, pixels, weight) + 1e-4 * (latents.square().mean() - 1).clamp(min=0)
        loss.backward()
        return loss.detach()

    graphs: dict[Size, Replay] = {}
    step, drawn = 0, time.monotonic()
    last = torch.zeros((), device=device)
    while True:
        progress = step / steps if steps else (time.monotonic() - drawn) / max(1.0, seconds - (drawn - started))
        if progress >= 1:
            break
        size = sizes[-1] if step % 4 == 3 else sizes[0]
        clips, weights, stills = pools[size]
        for target, source in zip(inputs[size], (clips, weights, stills), strict=True):
            index = torch.randint(source.shape[0], (target.shape[0],), generator=generator, device=device)
            target.copy_(_from_bytes(source[index]) if source.shape[1] == 3 else source[index].float())
        if size not in graphs:
            graphs[size] = Replay(lambda size=size: work(size), device)
        last = graphs[size]().clone()
        optimiser.step(schedule(progress))
        step += 1
        if step % 500 == 0 or (steps and step % 10 == 0):
            log(f"vae {base_dim}: step {step}, {time.monotonic() - started:.0f} s, loss {last.item():.4f}")
        elif step % 20 == 0 and device.type == "cuda":
            torch.cuda.synchronize(device)
    log(f"vae {base_dim}: {step} steps, loss {last.item():.4f}")
    optimiser.swap()
    frames_vae.write_back()
    vae.eval().requires_grad_(False)
    if start is None:
        _normalise(vae, frames_vae, pools[sizes[0]][0][:64], log)
    return vae


def _stock(size: Size, count: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Clips (n, 3, frames, h, w) as bytes, weights (n, 1, frames, h, w), and single pictures (m, 3, 1, h, w)."""
    clips, weights, stills = [], [], []
    for seed in range(count):
        pixels, weight = draw_training_clip(seed, size, CLIP_FRAMES, device)
        clips.append(_to_bytes(pixels))
        weights.append(weight[None].to(torch.uint8))
        stills.append(_to_bytes(draw_varied_reference(draw_pupil(seed), seed, size, device)))
    return torch.stack(clips), torch.stack(weights), torch.stack(stills)


def _to_bytes(pixels: Tensor) -> Tensor:
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def _from_bytes(pixels: Tensor) -> Tensor:
    return pixels.float() / 127.5 - 1


@torch.no_grad()
def _normalise(vae: torch.nn.Module, frames_vae: FramesVae, clips: Tensor, log) -> None:
    """Change the two outer 1×1 convolutions so that latents have the mean and deviation that the engine takes off."""
    latents = torch.cat([frames_vae.encode(_from_bytes(part)) for part in clips.split(16)]).float()
    mean, spread = latents.mean(dim=(0, 2, 3, 4)), latents.std(dim=(0, 2, 3, 4)).clamp(min=1e-3)
    wanted_mean, wanted_spread = latents.new_tensor(MEAN), latents.new_tensor(STD)
    gain = wanted_spread / spread
    inner, outer = vae.quant_conv, vae.post_quant_conv
    inner.weight[:LATENT_CHANNELS].mul_(gain[:, None, None, None, None])
    inner.bias[:LATENT_CHANNELS].sub_(mean).mul_(gain).add_(wanted_mean)
    outer.bias.add_((outer.weight[..., 0, 0, 0] * (mean - wanted_mean / gain)[None]).sum(1))
    outer.weight.div_(gain[None, :, None, None, None])
    log(f"vae: latents had deviations {spread.min():.3f} … {spread.max():.3f}")


@torch.no_grad()
def check_vae(vae: torch.nn.Module, clips: int = 6, frames: int = 97, size: Size = SIZES[0]) -> dict[str, float]:
    """Held-out clips through the engine's own encoder and decoder → PSNR (dB): whole, of the first and last 17 frames, at mouths and at eyes."""
    device = vae.encoder.conv_in.weight.device
    errors: dict[str, list[Tensor]] = {name: [] for name in ("whole", "first", "last", "mouth", "eyes")}
    for seed in range(clips):
        pixels, weights = draw_training_clip(seed, size, frames, device, "held-out")
        square = (decode(vae, encode(vae, pixels)).clamp(-1, 1) - pixels).square().mean(0)
        at_mouth, at_eyes = (
            weights > 1 + FACE_WEIGHT + EYE_WEIGHT,
            (weights > 1 + FACE_WEIGHT) & (weights < 1.5 + FACE_WEIGHT + EYE_WEIGHT),
        )
        errors["whole"].append(square.mean())
        errors["first"].append(square[:17].mean())
        errors["last"].append(square[-17:].mean())
        errors["mouth"].append(square[at_mouth].mean())
        errors["eyes"].append(square[at_eyes].mean())
    return {name: float(10 * torch.log10(4 / torch.stack(values).mean())) for name, values in errors.items()}


def save_vae(vae: torch.nn.Module, file: Path) -> None:
    write_weights({key: value.detach().float().cpu().contiguous() for key, value in vae.state_dict().items()}, file)
