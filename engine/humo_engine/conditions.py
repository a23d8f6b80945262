"""What the transformer is told about a clip: the text, the audio, and the reference images, in each pass's form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from humo_engine.guidance import Pass
from humo_engine.model import Conditions, HuMoTransformer

MASK_CHANNELS = 4
"""Channels of the 17B condition that say which latent frames are given: 0 on video frames, 1 on references."""


def image_channels(zero_video: Tensor, references: Tensor | None, slots: int) -> Tensor:
    """The 20 condition channels of the 17B model: mask, then known latents.

    zero_video (16, frames + slots, h, w): latents of an all-zero video. references (16, slots, h, w), or None for the null
    form, which has zero-video latents in the reference slots too, under the same mask. → (20, frames + slots, h, w)
    """
    frames = zero_video.shape[1] - slots
    known = zero_video if references is None else torch.cat((zero_video[:, :frames], references), dim=1)
    mask = torch.zeros(MASK_CHANNELS, *zero_video.shape[1:], dtype=zero_video.dtype, device=zero_video.device)
    mask[:, frames:] = 1
    return torch.cat((mask, known))


@dataclass
class ClipConditions:
    """The prepared conditions of every pass of one clip.

    Models with condition channels (17B) see the references there. Models without (1.7B) see them in the latents, whose
    last frames are overwritten before each pass: with the references, or with zeros in passes without image.
    """

    passes: dict[Pass, Conditions]
    overwrite: Tensor | None  # (16, slots, h, w), or None where the model has condition channels

    def __getitem__(self, which: Pass) -> Conditions:
        return self.passes[which]

    def with_references(self, latents: Tensor, which: Pass) -> Tensor:
        """Latents (16, frames + slots, h, w) as the pass is to see them; the argument is left as it is."""
        if self.overwrite is None:
            return latents
        slots = self.overwrite.shape[1]
        last = self.overwrite if which.image else torch.zeros_like(self.overwrite)
        return torch.cat((latents[:, :-slots], last), dim=1)


@torch.no_grad()
def prepare_conditions(
    model: HuMoTransformer,
    passes: Iterable[Pass],
    *,
    text: Tensor,
    negative_text: Tensor,
    audio: Tensor,
    references: Tensor,
    zero_video: Tensor | None,
    audio_strength: Tensor | None = None,
) -> ClipConditions:
    """Compute once what all passes of a clip share.

    text and negative_text (tokens, text_dim); audio windows (frames + slots, *audio_window), zeros where there is no
    sound; references (16, slots, h, w), zeros where there is no image; zero_video (16, frames + slots, h, w), needed by models
    with condition channels; audio_strength (1,) as `embed_audio` takes it.
    """
    slots = references.shape[1]
    frames, height, width = audio.shape[0], *references.shape[2:]
    has_channels = model.size.in_dim > references.shape[0]
    if has_channels and zero_video is None:
        raise ValueError("this model needs the latents of an all-zero video")
    rope = model.positions(frames, height, width)
    passes = list(passes)
    # Each distinct input is embedded once, however many passes see it.
    texts = {given: model.embed_text(text if given else negative_text) for given in {p.text for p in passes}}
    audios = {
        given: model.embed_audio(audio if given else torch.zeros_like(audio), audio_strength)
        for given in {p.audio for p in passes}
    }
    channels: dict[bool, Tensor | None] = {True: None, False: None}
    if has_channels:
        channels = {
            given: image_channels(zero_video, references if given else None, slots) for given in {p.image for p in passes}
        }
    return ClipConditions(
        passes={p: Conditions(channels[p.image], texts[p.text], audios[p.audio], rope) for p in passes},
        overwrite=None if has_channels else references,
    )
