"""One clip, from request to raw frames. Models stay loaded between clips."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from humo_engine import vae as video_vae
from humo_engine.audio import audio_features, audio_windows, read_wav, to_engine_wav, whisper_states
from humo_engine.components import Components
from humo_engine.conditions import ClipConditions, prepare_conditions
from humo_engine.fast import cache_folder, fastest_attention
from humo_engine.guidance import passes_of
from humo_engine.images import letterbox, read_image, to_rgb24
from humo_engine.memory import GIB, Extent, Plan, refusal, work_for
from humo_engine.preview import write_preview
from humo_engine.protocol import Request, RequestError
from humo_engine.sampling import denoise, draw_noise
from humo_engine.settings import Settings
from humo_engine.text import encode_text


class Cancelled(Exception):
    """The request was cancelled; nothing of it is left."""


class Listener(Protocol):
    """What a pipeline tells about its work, and asks."""

    def progress(self, stage: str, step: int, steps: int, seconds_per_step: float | None, eta: float | None) -> None: ...

    def preview(self, path: Path, step: int) -> None: ...

    def check(self) -> None:
        """Raise Cancelled if the request is no longer wanted. Called before every forward pass and decoded piece."""


@dataclass
class Clip:
    """A finished clip: raw rgb24 frames in `path`, and what making them took."""

    path: Path
    width: int
    height: int
    fps: int
    count: int
    seed: int
    seconds: dict[str, float] = field(default_factory=dict)
    peak_gib: float | None = None


class Pipeline:
    """Makes clips with the parts of one model.

    Components are on `device` already, or stream to it; `plan` says how much room they leave there, None that it is not known.
    `cache` keeps zero-video latents across starts.
    """

    def __init__(
        self,
        components: Components,
        settings: Settings,
        device: torch.device,
        weights_folder: Path = Path("weights"),
        cache: Path | None = None,
        plan: Plan | None = None,
    ):
        self.components = components
        self.settings = settings
        self.device = device
        self.weights_folder = weights_folder
        self.cache = (cache or cache_folder()) / "zero-video"
        self._cache_failed = False
        self.plan = plan

    @torch.no_grad()
    def generate(self, request: Request, listener: Listener) -> Clip:
        """Make one clip. Raises Cancelled, RequestError, or what torch raises; either way nothing partial is left."""
        seconds: dict[str, float] = {}
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        self._make_room(request)
        try:
            request.output_dir.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:  # ValueError: what no path may hold, such as a zero byte
            raise RequestError("invalid_input", f"`outputDir` cannot be used: {error}") from error
        with self._timed(seconds, "encode"):
            listener.progress("encode", 0, 1, None, None)
            noise, conditions = self._encode(request, listener)
            listener.progress("encode", 1, 1, None, None)
        # For the transformer alone: the kernel may be the only one allowed, and the VAE and Whisper need others.
        with self._timed(seconds, "denoise"), fastest_attention(self.device, self.components.transformer.compute_dtype):
            latents = self._denoise(request, noise, conditions, listener)
        del conditions, noise
        with self._timed(seconds, "decode"):
            path = self._decode(request, latents, listener)
        peak = torch.cuda.max_memory_allocated(self.device) / GIB if self.device.type == "cuda" else None
        return Clip(path, request.width, request.height, self.settings.fps, request.frames, request.seed, seconds, peak)

    def _make_room(self, request: Request) -> None:
        """Refuse a clip that cannot fit before any work is done, and decode in tiles where the whole would not fit."""
        if self.plan is None:
            return
        size = self.components.transformer.size
        extent = Extent(request.width, request.height, request.frames, max(1, len(request.images)))
        if (reason := refusal(self.plan, size, extent, self.settings)) is not None:
            raise RequestError("out_of_memory", reason)
        self.components.vae.use_tiling = self.plan.tiles(work_for(size, extent))

    def _encode(self, request: Request, listener: Listener) -> tuple[Tensor, ClipConditions]:
        parts, size = self.components, self.components.transformer.size
        listener.check()
        text, negative = (
            encode_text(prompt, parts.text_encoder, parts.tokenizer, size.text_length).to(self.device)
            for prompt in (request.prompt, request.negative_prompt)
        )
        listener.check()
        windows = self._audio(request)
        listener.check()
        references = self._references(request)
        slots = references.shape[1]
        windows = torch.cat((windows, windows.new_zeros(slots, *windows.shape[1:])))
        frames = windows.shape[0]
        has_channels = size.in_dim > video_vae.LATENT_CHANNELS
        conditions = prepare_conditions(
            parts.transformer,
            passes_of(parts.family, request.mode),
            text=text,
            negative_text=negative,
            audio=windows,
            references=references,
            zero_video=self.zero_video(frames, request.width, request.height) if has_channels else None,
        )
        shape = (video_vae.LATENT_CHANNELS, frames, *references.shape[2:])
        return draw_noise(request.seed, shape, self.device), conditions

    def _audio(self, request: Request) -> Tensor:
        """What each latent frame hears (latent frames, 8, 5, width); zeros without sound."""
        size = self.components.transformer.size
        if request.audio is None:
            return torch.zeros(video_vae.latent_frames(request.frames), *size.audio_window, device=self.device)
        try:
            samples = read_wav(request.audio)
            if request.vocals:
                samples = self._voice_alone(request.audio)
        except ValueError as error:
            raise RequestError("unsupported_media", str(error)) from error
        states = whisper_states(samples, self.components.whisper, self.components.extractor)
        return audio_windows(audio_features(states), request.frames).to(self.device)

    def _voice_alone(self, path: Path) -> Tensor:
        from humo_engine.vocals import isolate_voice

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            voice = isolate_voice(path, folder / "voice.wav", self.weights_folder)
            return read_wav(to_engine_wav(voice, folder / "voice-16k.wav"))

    def _references(self, request: Request) -> Tensor:
        """Reference latents (16, slots, h, w). Without images one slot of zeros stays, as the model was trained."""
        stride = video_vae.SPATIAL_STRIDE
        if not request.images:
            shape = (video_vae.LATENT_CHANNELS, 1, request.height // stride, request.width // stride)
            return torch.zeros(shape, device=self.device)
        try:
            pixels = [letterbox(read_image(path), request.width, request.height) for path in request.images]
        except ValueError as error:
            raise RequestError("unsupported_media", str(error)) from error
        return torch.cat([video_vae.encode(self.components.vae, image) for image in pixels], dim=1).to(self.device)

    def zero_video(self, frames: int, width: int, height: int) -> Tensor:
        """Latents (16, frames, h, w) of an all-zero video: from disk, or encoded now and kept there if that can be."""
        from safetensors.torch import load_file, save

        file = self.cache / f"{self._vae_fingerprint()}-{width}x{height}-{frames}.safetensors"
        with contextlib.suppress(Exception):  # one that is absent, damaged or not for us to read is made again
            return load_file(file)["latents"].to(self.device)
        count = video_vae.TEMPORAL_STRIDE * (frames - 1) + 1
        latents = video_vae.encode(self.components.vae, torch.zeros(3, count, height, width))
        partial = file.with_suffix(f".{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(save({"latents": latents.cpu().contiguous()}))
            os.replace(partial, file)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            if not self._cache_failed:
                logging.getLogger(__name__).warning(
                    "%s cannot keep zero-video latents, each clip makes its own: %s", self.cache, error
                )
            self._cache_failed = True
        return latents.to(self.device)

    def _vae_fingerprint(self) -> str:
        """Tells VAEs apart, so that latents of one are never used with another."""
        weight = self.components.vae.encoder.conv_in.weight
        return hashlib.sha256(weight.detach().float().cpu().numpy().tobytes()).hexdigest()[:16]

    def _denoise(self, request: Request, noise: Tensor, conditions: ClipConditions, listener: Listener) -> Tensor:
        started = time.perf_counter()

        def after_step(step: int, latents: Tensor) -> None:
            per_step = (time.perf_counter() - started) / step
            listener.progress("denoise", step, request.steps, per_step, per_step * (request.steps - step))
            if request.preview and step % self.settings.preview_every_steps == 0 and step < request.steps:
                path = request.output_dir / f"preview-{step}.jpg"
                write_preview(latents[:, : video_vae.latent_frames(request.frames)], path)
                listener.preview(path, step)

        pending: list[torch.cuda.Event] = []

        def before_pass() -> None:
            # At most one pass waits in the device's queue: within a step it never runs dry, and cancelling and the times stay true.
            if self.device.type == "cuda":
                if len(pending) == 2:
                    pending.pop(0).synchronize()
                pending.append(torch.cuda.current_stream(self.device).record_event())
            listener.check()

        listener.progress("denoise", 0, request.steps, None, None)
        latents = denoise(
            self.components.transformer,
            self.components.family,
            request.mode,
            noise,
            conditions,
            steps=request.steps,
            shift=request.shift,
            first_sigma=self.settings.sampler.first_sigma,
            scales=request.scales,
            switch_timestep=self.settings.guidance_switch_timestep,
            before_pass=before_pass,
            after_step=after_step,
        )
        if not latents.isfinite().all():
            raise RuntimeError("denoising ended in values that are not numbers; smaller scales, or another precision, may help")
        return latents[:, : video_vae.latent_frames(request.frames)]

    def _decode(self, request: Request, latents: Tensor, listener: Listener) -> Path:
        """Decode and write frames as they come; the file gets its name when it is whole."""
        path = request.output_dir / "frames.rgb"
        partial = path.with_suffix(".part")
        pieces, written = latents.shape[1], 0
        listener.progress("decode", 0, pieces, None, None)
        try:
            with partial.open("wb") as file:
                for pixels in video_vae.decode_pieces(self.components.vae, latents):
                    listener.check()
                    frames = to_rgb24(pixels).cpu().numpy()
                    file.write(frames.tobytes())
                    written += frames.shape[0]
                    listener.progress("decode", min(video_vae.latent_frames(written), pieces), pieces, None, None)
            if written != request.frames:
                raise RuntimeError(f"the VAE made {written} frames instead of {request.frames}")
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    @contextlib.contextmanager
    def _timed(self, seconds: dict[str, float], stage: str):
        start = time.perf_counter()
        yield
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        seconds[stage] = round(time.perf_counter() - start, 4)
