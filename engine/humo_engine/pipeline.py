"""One clip, from request to raw frames. Models stay loaded between clips."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from humo_engine import vae as video_vae
from humo_engine.audio import audio_features, audio_windows, read_wav, to_engine_wav, whisper_states
from humo_engine.components import Components
from humo_engine.conditions import ClipConditions, prepare_conditions
from humo_engine.fast import cache_folder, fastest_attention
from humo_engine.group import Group, GroupConditions
from humo_engine.guidance import passes_of
from humo_engine.images import letterbox, read_image, to_rgb24
from humo_engine.lora import NOT_LOADED, LoraError, LoraSwitch
from humo_engine.memory.demand import Extent, work_for
from humo_engine.memory.plan import Plan, refusal
from humo_engine.music import has_music
from humo_engine.preview import write_preview
from humo_engine.protocol import Request, RequestError
from humo_engine.sampling import EveryPass, Guide, Predictor, WholeClip, denoise, draw_noise
from humo_engine.settings import Lora, Settings
from humo_engine.shortcuts import Gating, Shortcuts, Spared
from humo_engine.text import encode_text
from humo_engine.units import GIB
from humo_engine.windows import KEPT_AUDIO_BYTES, Window, WindowedPredictor, plan_windows, slice_of_audio, spread_noise


class Cancelled(Exception):
    """The request was cancelled; nothing of it is left."""


class Listener(Protocol):
    """What a pipeline tells about its work, and asks."""

    def progress(self, stage: str, step: int, steps: int, seconds_per_step: float | None, eta: float | None) -> None: ...

    def preview(self, path: Path, step: int) -> None: ...

    def frames(self, path: Path, first: int, count: int) -> None:
        """A piece of the finished frames lies in `path`. For requests with `pieces`; whoever reads a piece removes it."""

    def check(self) -> None:
        """Raise Cancelled if the request is no longer wanted. Called before every forward pass and decoded piece."""


class Silent:
    """A listener whom nobody has to hear, and who wants everything."""

    def progress(self, *_: object) -> None: ...

    def preview(self, *_: object) -> None: ...

    def frames(self, *_: object) -> None: ...

    def check(self) -> None: ...


MOST_PIECES = 32
"""So many pieces of frames may lie unread: 150 MB at 480 lines, so that the disk fills no more than with a short clip."""


@dataclass
class Take:
    """What a clip is denoised with: the conditions of a window, and what each latent frame (without the references' `slots`) hears."""

    conditions: ClipConditions | GroupConditions
    windows: tuple[Window, ...]
    audio: Tensor
    slots: int
    audio_strength: Tensor | None = None


@dataclass
class Clip:
    """A finished clip: raw rgb24 frames in `path`, or None where they left in pieces, and what making them took.

    `windows` of them were denoised together; 1 is a clip that went through the model at once. `spared` says what gating and caching left
    out, where they were asked for. `is_voice_alone`: music and noise were taken out before the sound was listened to.
    """

    path: Path | None
    width: int
    height: int
    fps: int
    count: int
    seed: int
    windows: int = 1
    seconds: dict[str, float] = field(default_factory=dict)
    peak_gib: float | None = None
    spared: Spared | None = None
    is_voice_alone: bool = False


class Pipeline:
    """Makes clips with the parts of one model.

    Components are on `device` already, or stream to it; `plan` says how much room they leave there, None that it is not known.
    `cache` keeps zero-video latents across starts. With a `group`, which has adopted the transformer, passes are made by all of its ranks.
    `loras` switches the transformer between those that requests may name.
    """

    def __init__(
        self,
        components: Components,
        settings: Settings,
        device: torch.device,
        weights_folder: Path = Path("weights"),
        cache: Path | None = None,
        plan: Plan | None = None,
        group: Group | None = None,
        loras: LoraSwitch | None = None,
    ):
        self.components = components
        self.settings = settings
        self.device = device
        self.weights_folder = weights_folder
        self.cache = (cache or cache_folder()) / "zero-video"
        self._cache_failed = False
        self._heard: tuple[Tensor, Tensor] | None = None  # the last sound, and what Whisper made of it
        self.plan = plan
        self.group = group
        self.loras = loras

    @torch.no_grad()
    def generate(self, request: Request, listener: Listener) -> Clip:
        """Make one clip. Raises Cancelled, RequestError, or what torch raises; either way nothing partial is left."""
        seconds: dict[str, float] = {}
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        windows = self.windows(request)
        room = self._make_room(request, windows)
        self._use(request.loras)
        guide = self._guide(request)
        try:
            request.output_dir.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:  # ValueError: what no path may hold, such as a zero byte
            raise RequestError("invalid_input", f"`outputDir` cannot be used: {error}") from error
        with self._timed(seconds, "encode"):
            listener.progress("encode", 0, 1, None, None)
            samples, is_voice_alone = self._sound(request)
            noise, take = self._encode(request, samples, windows, listener)
            listener.progress("encode", 1, 1, None, None)
        # For the transformer alone: the kernel may be the only one allowed, and the VAE and Whisper need others.
        with self._timed(seconds, "denoise"), fastest_attention(self.device, self.components.transformer.compute_dtype):
            latents = self._denoise(request, guide, noise, take, room, listener)
        del take, noise
        with self._timed(seconds, "decode"):
            path = self._decode(request, latents, listener)
        peak = torch.cuda.max_memory_allocated(self.device) / GIB if self.device.type == "cuda" else None
        spared = guide.spared if isinstance(guide, Shortcuts) else None
        return Clip(
            path,
            request.width,
            request.height,
            self.settings.fps,
            request.frames,
            request.seed,
            len(windows),
            seconds,
            peak,
            spared,
            is_voice_alone,
        )

    def windows(self, request: Request) -> tuple[Window, ...]:
        """One window of the whole clip if it can go through the model at once, else those of a long take."""
        return self.windows_of(request.frames, request.width, request.height)

    def windows_of(self, count: int, width: int, height: int) -> tuple[Window, ...]:
        """As `windows`, of a video of `count` frames."""
        frames = video_vae.latent_frames(count)
        if count <= self.settings.frames_at_once(width, height):
            return (Window(0, frames),)
        takes = self.settings.takes
        return plan_windows(frames, video_vae.latent_frames(takes.window), takes.overlap // video_vae.TEMPORAL_STRIDE)

    def _make_room(self, request: Request, windows: Sequence[Window]) -> int:
        """Refuse a clip that cannot fit before any work is done, and decode in tiles where the whole would not fit.

        → the bytes that there are for what a long take may keep.
        """
        if self.plan is None:
            return KEPT_AUDIO_BYTES
        size = self.components.transformer.size
        at_once = self.settings.takes.window if len(windows) > 1 else None
        extent = Extent(request.width, request.height, request.frames, max(1, len(request.images)), at_once)
        if (reason := refusal(self.plan, size, extent, self.settings)) is not None:
            raise RequestError("out_of_memory", reason)
        work = work_for(size, extent)
        self.components.vae.use_tiling = self.plan.tiles(work)
        left = self.plan.left(work.denoise)
        return KEPT_AUDIO_BYTES if left is None else min(KEPT_AUDIO_BYTES, left)

    def _encode(
        self, request: Request, samples: Tensor | None, windows: Sequence[Window], listener: Listener
    ) -> tuple[Tensor, Take]:
        parts, size = self.components, self.components.transformer.size
        listener.check()
        text, negative = (
            encode_text(prompt, parts.text_encoder, parts.tokenizer, size.text_length).to(self.device)
            for prompt in (request.prompt, request.negative_prompt)
        )
        listener.check()
        audio = self._audio(request, samples)
        listener.check()
        references = self._references(request)
        slots = references.shape[1]
        heard = slice_of_audio(audio, windows[0], slots)
        frames = heard.shape[0]
        strength = None if request.audio_strength == 1 else torch.tensor([request.audio_strength], device=self.device)
        has_channels = size.in_dim > video_vae.LATENT_CHANNELS
        prepare = partial(prepare_conditions, parts.transformer)
        if self.group is not None and len(windows) == 1:  # the windows of a long take are the first GPU's alone
            prepare = partial(self.group.prepare, parts.family)
        conditions = prepare(
            passes_of(parts.family, request.mode, request.guidance),
            text=text,
            negative_text=negative,
            audio=heard,
            references=references,
            zero_video=self.zero_video(frames, request.width, request.height) if has_channels else None,
            audio_strength=strength,
        )
        # A long take begins with the noise of a clip as long as its first window.
        noise = draw_noise(request.seed, (video_vae.LATENT_CHANNELS, frames, *references.shape[2:]), self.device)
        return spread_noise(noise, windows, request.seed), Take(conditions, tuple(windows), audio, slots, strength)

    def _sound(self, request: Request) -> tuple[Tensor | None, bool]:
        """What is listened to, samples (n,) at 16 kHz, and whether that is the voice alone; None without sound."""
        if request.audio is None:
            return None, False
        try:
            samples = read_wav(request.audio)
            alone = has_music(samples) if request.vocals == "auto" else request.vocals
            return (self._voice_alone(request.audio) if alone else samples), alone
        except ValueError as error:
            raise RequestError("unsupported_media", str(error)) from error

    def _audio(self, request: Request, samples: Tensor | None) -> Tensor:
        """What each latent frame hears (latent frames, 8, 5, width); zeros without sound."""
        if samples is None:
            size = self.components.transformer.size
            return torch.zeros(video_vae.latent_frames(request.frames), *size.audio_window, device=self.device)
        return audio_windows(self._features(samples), request.frames, request.audio_offset).to(self.device)

    def _features(self, samples: Tensor) -> Tensor:
        """What Whisper makes of a sound, in main memory. Shots of a take, variations and edits come with the same: the last is kept."""
        if self._heard is None or not torch.equal(self._heard[0], samples):
            states = whisper_states(samples, self.components.whisper, self.components.extractor)
            self._heard = samples, audio_features(states).cpu()
        return self._heard[1]

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

    def _denoise(self, request: Request, guide: Guide, noise: Tensor, take: Take, room: int, listener: Listener) -> Tensor:
        started = time.perf_counter()
        frames, passes = video_vae.latent_frames(request.frames), 0
        each_step = len(passes_of(self.components.family, request.mode, request.guidance)) * len(take.windows)

        def after_step(step: int, latents: Tensor) -> None:
            nonlocal passes
            passes = step * each_step
            per_step = (time.perf_counter() - started) / step
            listener.progress("denoise", step, request.steps, per_step, per_step * (request.steps - step))
            if request.preview and step % self.settings.preview_every_steps == 0 and step < request.steps:
                path = request.output_dir / f"preview-{step}.jpg"
                write_preview(latents[:, : take.windows[0].end], path)  # of a long take, the frames that are seen first
                listener.preview(path, step)

        def after_window() -> None:
            # A step of a long take may last minutes: whoever listens hears that it goes on, and how long it still takes.
            nonlocal passes
            passes += 1
            whole = passes // each_step
            if passes % each_step:
                per_pass = (time.perf_counter() - started) / passes
                listener.progress("denoise", whole, request.steps, None, per_pass * (request.steps * each_step - passes))

        pending: list[torch.cuda.Event] = []

        def before_pass() -> None:
            # At most one pass waits in the device's queue: within a step it never runs dry, and cancelling and the times stay true.
            if self.device.type == "cuda":
                if len(pending) == 2:
                    pending.pop(0).synchronize()
                pending.append(torch.cuda.current_stream(self.device).record_event())
            listener.check()

        given = take.conditions
        predictor: Predictor = given if isinstance(given, GroupConditions) else WholeClip(self.components.transformer, given)
        if len(take.windows) > 1:
            predictor = WindowedPredictor(
                self.components.transformer,
                take.conditions,
                take.windows,
                take.audio,
                take.slots,
                before_pass,
                after_window,
                room,
                take.audio_strength,
            )
        listener.progress("denoise", 0, request.steps, None, None)
        latents = denoise(
            predictor,
            guide,
            noise,
            steps=request.steps,
            shift=request.shift,
            first_sigma=self.settings.sampler.first_sigma,
            sampler=request.sampler,
            seed=request.seed,
            before_pass=before_pass,
            after_step=after_step,
        )
        if not latents.isfinite().all():
            raise RuntimeError("denoising ended in values that are not numbers; smaller scales, or another precision, may help")
        return latents[:, :frames]

    def _use(self, loras: tuple[Lora, ...]) -> None:
        """Run with these LoRAs, or none. LoraError where they cannot be used, or were not loaded."""
        if self.loras is not None:
            if self.loras.use(loras) and self.group is not None:
                self.group.renew(self.components.family)
        elif loras:
            raise LoraError(NOT_LOADED)

    def _guide(self, request: Request) -> Guide:
        rules = (self.components.family, request.mode, request.scales, self.settings.guidance_switch_timestep)
        if request.gating == Gating() and request.caching is None:
            return EveryPass(*rules, request.guidance)
        return Shortcuts(*rules, request.steps, request.guidance, request.gating, request.caching)

    def _decode(self, request: Request, latents: Tensor, listener: Listener) -> Path | None:
        """Decode and write frames as they come. The file gets its name when it is whole; in pieces, each of them does."""
        if request.pieces:
            self._decode_in_pieces(request, latents, listener)
            return None
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

    def _decode_in_pieces(self, request: Request, latents: Tensor, listener: Listener) -> None:
        """Decode into files that a reader takes away as they come, and wait for it where it falls behind."""
        total, written = latents.shape[1], 0
        partial = request.output_dir / "frames.part"
        left: list[Path] = []
        listener.progress("decode", 0, total, None, None)
        try:
            for pixels in video_vae.decode_pieces(self.components.vae, latents):
                while True:
                    listener.check()
                    left = [path for path in left if path.exists()]
                    if len(left) < MOST_PIECES:
                        break
                    time.sleep(0.02)
                frames = to_rgb24(pixels).cpu().numpy()
                path = request.output_dir / f"frames-{written:06}.rgb"
                partial.write_bytes(frames.tobytes())
                os.replace(partial, path)
                left.append(path)
                listener.frames(path, written, frames.shape[0])
                written += frames.shape[0]
                listener.progress("decode", min(video_vae.latent_frames(written), total), total, None, None)
            if written != request.frames:
                raise RuntimeError(f"the VAE made {written} frames instead of {request.frames}")
        except BaseException:
            for path in left:
                path.unlink(missing_ok=True)
            raise
        finally:
            partial.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _timed(self, seconds: dict[str, float], stage: str):
        start = time.perf_counter()
        yield
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        seconds[stage] = round(time.perf_counter() - start, 4)
