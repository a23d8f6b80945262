"""Mistakes made on purpose, one at a time, for which the meter must show what it is worth: negative controls.

Each replaces one piece of the pipeline while it is active, as a slip in that piece would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from humo_engine import functional, guidance, model, pipeline, windows
from humo_engine.guidance import NULL, TI, Guidance
from humo_engine.pipeline import Pipeline
from humo_engine.sampling import TRAINING_TIMESTEPS, draw_noise
from humo_engine.windows import Window, WindowedPredictor

Active = Callable[[Pipeline, Sequence[str]], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True)
class Control:
    """A mistake, and the figures of which at least one must tell it: figure → the sign of its change.

    Mistakes `of_windows` show in clips that are longer than the model sees at once, the others in shorter ones.
    """

    what: str
    active: Active
    named_by: Mapping[str, int]
    of_windows: bool = False


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _late_audio(_: Pipeline, __: Sequence[str]):
    windows = pipeline.audio_windows
    return _replaced(
        pipeline, "audio_windows", lambda features, *rest: windows(torch.roll(features, 2, dims=0), *rest)
    )  # fmt: skip


def _no_reference(which: Pipeline, _: Sequence[str]):
    references = which._references
    return _replaced(which, "_references", lambda request: torch.zeros_like(references(request)))


def _other_text(_: Pipeline, prompts: Sequence[str]):
    encode = pipeline.encode_text
    following = dict(zip(prompts, (*prompts[1:], prompts[0]), strict=True))
    return _replaced(pipeline, "encode_text", lambda prompt, *rest: encode(following.get(prompt, prompt), *rest))


def _swapped_passes(_: Pipeline, __: Sequence[str]):
    def swap(rule: Guidance) -> Guidance:
        if not {TI, NULL} <= set(rule.passes):
            return rule
        return Guidance(rule.passes, lambda v, s: rule.combine({**v, TI: v[NULL], NULL: v[TI]}, s))

    tables = {
        name: {key: (swap(early), swap(late)) for key, (early, late) in table.items()} for name, table in guidance.TABLES.items()
    }
    return _replaced(guidance, "TABLES", tables)


def _wrong_timestep(which: Pipeline, _: Sequence[str]):
    transformer = which.components.transformer
    forward = transformer.forward
    return _replaced(
        transformer, "forward", lambda latents, timestep, *rest: forward(latents, timestep / TRAINING_TIMESTEPS, *rest)
    )


def _coarse_time(_: Pipeline, __: Sequence[str]):
    def coarse(t: Tensor, dim: int) -> Tensor:
        half = dim // 2
        frequency = functional.TIME_PERIOD ** -(torch.arange(half, device=t.device) / half)
        angle = t.to(torch.bfloat16)[:, None] * frequency.to(torch.bfloat16)
        return torch.cat((angle.cos(), angle.sin()), dim=-1).float()

    return _replaced(model, "time_embedding", coarse)


def _forgetful_vae(which: Pipeline, _: Sequence[str]):
    decoder = which.components.vae.decoder
    forward = decoder.forward

    def forget(piece: Tensor, feat_cache: list[Any], **rest: Any) -> Tensor:
        for index, seen in enumerate(feat_cache):
            if isinstance(seen, Tensor):
                feat_cache[index] = torch.zeros_like(seen)
        return forward(piece, feat_cache=feat_cache, **rest)

    return _replaced(decoder, "forward", forget)


@contextlib.contextmanager
def _windows_apart(_: Pipeline, __: Sequence[str]) -> Iterator[None]:
    """Neither of what holds windows together: no noise in common, no ramps. Without the ramps alone windows still agree."""

    def own(noise: Tensor, parts: Sequence[Window], seed: int) -> Tensor:
        length, end = parts[0].end, parts[-1].end
        added = draw_noise(seed + 1, (len(noise), end - length, *noise.shape[2:]), noise.device)
        return torch.cat((noise[:, :length], added, noise[:, length:]), dim=1)

    def hard(parts: Sequence[Window]) -> list[Tensor]:
        weights = [torch.ones(part.end - part.start) for part in parts]
        for index in range(1, len(parts)):
            shared = parts[index - 1].end - parts[index].start
            weights[index][: shared // 2] = 0
            weights[index - 1][-(shared - shared // 2) :] = 0
        return weights

    with _replaced(windows, "window_weights", hard), _replaced(pipeline, "spread_noise", own):
        yield


def _references_at_the_end(_: Pipeline, __: Sequence[str]):
    given = WindowedPredictor._given

    def without(self: WindowedPredictor, index: int, which: Any) -> Any:
        conditions = given(self, index, which)
        if index == len(self._windows) - 1 or conditions.channels is None:
            return conditions
        channels = conditions.channels.clone()
        channels[:, -self._slots :] = 0
        return replace(conditions, channels=channels)

    return _replaced(WindowedPredictor, "_given", without)


CONTROLS: dict[str, Control] = {
    "audio-late": Control("audio windows late by two frames", _late_audio, {"best lag": 1, "lip-sync": -1}),
    "no-reference": Control(
        "the reference condition dropped", _no_reference, {"own reference nearer": -1, "colour error, skin": 1}
    ),
    "other-text": Control("the text of another clip", _other_text, {"scene right": -1}),
    "swapped-passes": Control("TI and null swapped in the guidance", _swapped_passes, {"lip-sync": -1, "scene right": -1}),
    "wrong-timestep": Control("timesteps 0 … 1 instead of 0 … 1000", _wrong_timestep, {"lip-sync": -1, "scene right": -1}),
    "coarse-time": Control("sinusoids of the timestep in bf16", _coarse_time, {"lip-sync": -1, "scene right": -1}),
    "forgetful-vae": Control("a VAE that forgets the frames before", _forgetful_vae, {"change every fourth frame": 1}),
    "windows-apart": Control(
        "windows made each for itself", _windows_apart, {"change at seams": 1, "mouth moves, pixels": 1}, of_windows=True
    ),
    "references-at-end": Control(
        "references at the end of the whole take alone",
        _references_at_the_end,
        {"own reference nearer": -1, "colour error, skin": 1, "colour error, hair": 1},
        of_windows=True,
    ),
}
