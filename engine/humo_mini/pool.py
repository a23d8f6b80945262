"""The stock that the transformer learns from: clips as latents, sound as windows, prompts as states. Made once, then only read."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from humo_engine.audio import audio_features, audio_windows, whisper_states
from humo_engine.tiny import byte_tokenizer, draw_whisper
from humo_engine.vae import LATENT_CHANNELS, MEAN, SPATIAL_STRIDE, STD, TEMPORAL_STRIDE, latent_frames
from humo_mini.drawing import FRAMES, Person, Size, draw_blinks, draw_clip, draw_prompt, draw_sway
from humo_mini.frames_vae import FramesVae
from humo_mini.pupils import draw_pupil, draw_setting, glasses_loudness, hair_loudness
from humo_mini.references import draw_varied_reference
from humo_mini.speech import make_snippet
from humo_mini.text_training import DEFAULT_SCENE, NEGATIVE_PROMPTS, free_prompt, odd_prompt, states_of, text_states, tokenize

SHAPES: tuple[tuple[Size, float], ...] = (((192, 112), 0.62), ((112, 192), 0.14), ((112, 112), 0.12), ((256, 144), 0.12))
"""Sizes of clips, and the share of each."""
SLOTS = 4  # reference pictures of each person, at most
PROMPTS = 2
LONGEST_SOUND = 750  # frames; what Whisper hears at once
ODD_SHARE = 0.06  # clips whose prompt names no place
FREE_SHARE = 0.4  # of the other clips' last prompts, that say it in a sentence of their own making
LATER_SHARE = 0.3  # long clips that are a later window of a take
SILENT_SHARE = 0.5  # prompts that say nothing of glasses although there are some
EYES_WEIGHT = 4.0  # times as much as the background counts an eye
GLASSES_REACH = 0.022  # by which frames of glasses surround the eyes, of the shorter side
SOUND_FRAMES = FRAMES + TEMPORAL_STRIDE  # of each sound: enough for a clip and for a later window


@dataclass(frozen=True)
class Kind:
    """A kind of clips: its frames, its persons' reference pictures, what a head counts more in it, how many are encoded at once, its first seed,
    and the share of it that are later windows of a take."""

    name: str
    frames: int = FRAMES
    slots: int = SLOTS
    looks: float = 2.0
    together: int = 4
    first: int = 0
    later: float = LATER_SHARE


USUAL = Kind("pool")
SHORT = Kind("shorts", frames=5, slots=1, looks=3.0, together=32, first=1_000_000, later=0.0)
"""Two frames of the latents, each clip of another person: hundreds in the time of a long one, so that what a person looks like is learned
from thousands of them."""


@dataclass
class Sounds:
    """windows (n, latent frames, 8, 5, width) in fp16, openings (n, frames), of SOUND_FRAMES frames each."""

    windows: Tensor
    openings: Tensor


@dataclass
class Stock:
    """Clips of one size. n clips, F latent frames, h × w latent pixels.

    video (n, 16, F, h, w), references (n, 16, SLOTS, h, w) and weight (n, F, h, w) in fp16; text (n, PROMPTS, tokens), ids in int16;
    sound (n,) is an index into the sounds, skip (n,) the latent frames of that sound before the clip: none, or 1 for a later window
    of a take, in which also the first latent frame packs four; zero_video (16, F + SLOTS, h, w) in fp32. SLOTS are those of the clips' kind.
    """

    video: Tensor
    references: Tensor
    weight: Tensor
    text: Tensor
    sound: Tensor
    skip: Tensor
    zero_video: Tensor

    def with_states(self, encoder: torch.nn.Module, device: torch.device) -> Stock:
        """The same on a device, and for the prompts' ids their states (n, PROMPTS, tokens, width) in fp16."""
        here = self.to(device)
        return replace(here, text=states_of(here.text.flatten(0, 1), encoder).half().unflatten(0, here.text.shape[:2]))

    def to(self, device: torch.device) -> Stock:
        return Stock(*(tensor.to(device) for tensor in vars(self).values()))


_worker: dict = {}


def _start_worker() -> None:
    torch.set_num_threads(1)
    _worker["whisper"], _worker["extractor"] = draw_whisper()


def _make_sound(seed: int) -> tuple[Tensor, Tensor]:
    if not _worker:
        _start_worker()
    frames, start = place_in_sound(seed)
    samples, openings = make_snippet(seed, frames)
    states = whisper_states(samples, _worker["whisper"], _worker["extractor"])
    return audio_windows(audio_features(states), SOUND_FRAMES, start).half(), openings[start : start + SOUND_FRAMES]


def place_in_sound(seed: int) -> tuple[int, int]:
    """How many frames of sound are listened to, and at which of them the clip begins.

    Half of the sounds have a sound of their own length. The others are stretches of up to 30 s, as a window or a shot of a long take is:
    what Whisper says of a moment depends on where it stands, and the stand-in's on all that is heard with it.
    """
    numbers = random.Random(f"place/{seed}")
    if numbers.random() < 0.5:
        return SOUND_FRAMES, 0
    frames = SOUND_FRAMES + TEMPORAL_STRIDE * numbers.randrange((LONGEST_SOUND - SOUND_FRAMES) // TEMPORAL_STRIDE)
    return frames, TEMPORAL_STRIDE * numbers.randrange((frames - SOUND_FRAMES) // TEMPORAL_STRIDE + 1)


def make_sounds(count: int, processes: int | None = None, log=print) -> Sounds:
    """So many snippets of speech, as the engine hears them; `processes` None takes all cores."""
    started = time.monotonic()
    processes = min(processes or os.cpu_count() or 1, count)
    if processes == 1:
        made = [_make_sound(seed) for seed in range(count)]
    else:
        torch.multiprocessing.set_sharing_strategy("file_system")
        with multiprocessing.get_context("spawn").Pool(processes, _start_worker) as workers:
            made = workers.map(_make_sound, range(count), chunksize=8)
    log(f"sounds: {count} in {time.monotonic() - started:.0f} s")
    return Sounds(torch.stack([w for w, _ in made]), torch.stack([o for _, o in made]))


def latent_weights(truth, size: Size, looks: float, glasses: float = 0.0) -> Tensor:
    """Where a latent pixel has a share of a mouth or an eye, or of the head and its hair, its error counts more: (latent frames, h, w).

    `looks` is what the head counts more, `glasses` how much their frames do, as a factor of what eyes do; 0 without any.
    """
    width, height = size[0] // SPATIAL_STRIDE, size[1] // SPATIAL_STRIDE
    x = torch.arange(width)[None, None] * SPATIAL_STRIDE
    y = torch.arange(height)[None, :, None] * SPATIAL_STRIDE

    def touched(boxes: Tensor) -> Tensor:
        x0, y0, x1, y1 = (boxes[:, i, None, None] for i in range(4))
        return ((x + SPATIAL_STRIDE > x0) & (x < x1) & (y + SPATIAL_STRIDE > y0) & (y < y1)).float()

    eyes = torch.maximum(touched(truth.eye_boxes[:, 0]), touched(truth.eye_boxes[:, 1]))
    reach = 0.2 * min(size)
    head_box = torch.cat((truth.eye_boxes[:, 0, :2], truth.mouth_boxes[:, 2:]), dim=1) + torch.tensor(
        [-reach, -1.5 * reach, reach, reach]
    )
    frames = 1 + looks * touched(head_box)
    frames = torch.maximum(frames, EYES_WEIGHT * eyes)
    if glasses:
        around = truth.eye_boxes + GLASSES_REACH * min(size) * torch.tensor([-1.0, -1.0, 1.0, 1.0])
        frames = torch.maximum(frames, EYES_WEIGHT * glasses * torch.maximum(touched(around[:, 0]), touched(around[:, 1])))
    frames = torch.maximum(frames, 5.0 * touched(truth.mouth_boxes))
    rest = frames[1:].unflatten(0, (-1, TEMPORAL_STRIDE)).amax(1)
    return torch.cat((frames[:1], rest))


def make_stocks(
    vae: torch.nn.Module, sounds: Sounds, seconds: float, device: torch.device, rank: int, ranks: int,
    most: int = 4000, shapes: Sequence[tuple[Size, float]] = SHAPES, kind: Kind = USUAL, begin: int = 0, each: int = 4, log=print,
) -> dict[Size, Stock]:  # fmt: skip
    """As many clips of a kind as the time allows (and no more than `most`), by size. Each of several `ranks` makes clips of its own, and goes on
    after `begin` of them. At least `each` are of every size."""
    started = time.monotonic()
    frames_vae = FramesVae(vae)
    tokenizer, _ = byte_tokenizer()
    parts: dict[Size, list[tuple]] = {size: [] for size, _ in shapes}
    pending: dict[Size, list[tuple]] = {size: [] for size, _ in shapes}
    made = 0

    def encode(pixels: Tensor) -> Tensor:
        with torch.no_grad():
            latents = frames_vae.encode(pixels).float()
        mean, spread = (latents.new_tensor(v).view(1, -1, 1, 1, 1) for v in (MEAN, STD))
        return (latents - mean) / spread

    def flush(size: Size) -> None:
        waiting = pending[size]
        pending[size] = []
        video = encode(torch.stack([clip for clip, *_ in waiting]))
        references = encode(torch.cat([r.transpose(0, 1)[:, :, None] for _, r, *_ in waiting]))
        references = references[:, :, 0].unflatten(0, (-1, kind.slots)).transpose(1, 2)
        words, _ = tokenize([p for *_, prompts, _, _ in waiting for p in prompts], tokenizer, "cpu")
        weight = torch.stack([w for _, _, w, *_ in waiting])
        sound, skip = (torch.tensor(column) for column in zip(*((s, k) for *_, s, k in waiting), strict=True))
        video = torch.stack([clip[:, k : k + frames] for clip, k in zip(video, skip.tolist(), strict=True)])
        half = [part.half().cpu() for part in (video, references, weight)]
        parts[size].append((*half, words.short().unflatten(0, (-1, PROMPTS)), sound, skip))

    sizes, shares = [size for size, _ in shapes], [share for _, share in shapes]
    frames = latent_frames(kind.frames)
    while made < most and (made < each * len(sizes) or time.monotonic() - started < seconds):
        seed = kind.first + (begin + made) * ranks + rank
        numbers = random.Random(f"clip/{seed}")
        # The first clips are one of each size, so that none is missing.
        size = sizes[made % len(sizes)] if made < each * len(sizes) else numbers.choices(sizes, shares)[0]
        clip = _draw_pool_clip(numbers, seed, size, sounds, device, kind)
        pending[size].append(clip)
        made += 1
        if len(pending[size]) == kind.together:
            flush(size)
    for size in sizes:
        if pending[size]:
            flush(size)
    log(f"{kind.name} {rank}: {made} clips in {time.monotonic() - started:.0f} s")
    stocks = {}
    for size in filter(parts.get, sizes):
        count = TEMPORAL_STRIDE * (latent_frames(kind.frames) + kind.slots - 1) + 1
        zero = encode(torch.zeros(1, 3, count, size[1], size[0], device=device))[0].cpu()
        stocks[size] = Stock(*(torch.cat(column) for column in zip(*parts[size], strict=True)), zero)
    return stocks


def _draw_pool_clip(numbers: random.Random, seed: int, size: Size, sounds: Sounds, device: torch.device, kind: Kind) -> tuple:
    """Pixels, references, weights, prompts, and which sound from which latent frame on. Also a clip that begins with the sound has pixels for a
    later window if others of its kind may be one, so that all go through the VAE together."""
    person = draw_pupil(seed)
    scene = draw_setting(seed, person)
    sound = numbers.randrange(sounds.openings.shape[0])
    odd = numbers.random() < ODD_SHARE
    if odd:
        scene = DEFAULT_SCENE
        prompts = [odd_prompt(numbers) for _ in range(PROMPTS)]
    else:
        prompts = [draw_prompt(scene, described(person, numbers), seed * PROMPTS + i) for i in range(PROMPTS)]
        if numbers.random() < FREE_SHARE:
            prompts[-1] = free_prompt(scene, numbers)
    skip = int(numbers.random() < kind.later)
    frames = kind.frames + (TEMPORAL_STRIDE if kind.later else 0)
    openings, blinks = sounds.openings[sound][:frames], draw_blinks(seed, frames)
    pixels, truth = draw_clip(person, scene, openings, blinks, draw_sway(seed, size), size, device)
    references = torch.cat([draw_varied_reference(person, seed * SLOTS + i, size, device) for i in range(kind.slots)], dim=1)
    glasses = 0.0 if person.glasses == "none" else glasses_loudness(person)
    weight = latent_weights(truth, size, kind.looks * hair_loudness(person, scene), glasses)[
        skip : skip + latent_frames(kind.frames)
    ]
    return pixels, references, weight, prompts, sound, skip


def described(person: Person, numbers: random.Random) -> Person:
    """Whom a prompt describes: the person, or the same without a word of their glasses. Where each description of a wearer names glasses, one
    without tells that there are none, and guidance by text takes off what only the picture shows."""
    return replace(person, glasses="none") if numbers.random() < SILENT_SHARE else person


def merge(stocks: Sequence[dict[Size, Stock]]) -> dict[Size, Stock]:
    """What several ranks made, as one. A size may be missing in some of them."""
    fields = ("video", "references", "weight", "text", "sound", "skip")
    by_size = {size: [part[size] for part in stocks if size in part] for part in stocks for size in part}
    return {
        size: Stock(*(torch.cat([getattr(part, name) for part in parts]) for name in fields), parts[0].zero_video)
        for size, parts in by_size.items()
    }


def negative_states(text_encoder: torch.nn.Module) -> Tensor:
    """The states of negative prompts (prompts, tokens, width): what the null pass is given."""
    tokenizer, _ = byte_tokenizer()
    return text_states(list(NEGATIVE_PROMPTS), text_encoder, tokenizer)


__all__ = ["LATENT_CHANNELS", "Sounds", "Stock", "make_sounds", "make_stocks", "merge", "negative_states"]
