"""What each pass is told: mask and channels of the 17B model, overwritten latents of the 1.7B model."""

from __future__ import annotations

import pytest
import torch

from humo_engine.conditions import image_channels, prepare_conditions
from humo_engine.guidance import NULL, TA, TI, TIA, I, T
from humo_engine.model import HuMoTransformer
from humo_engine.tiny import draw_weights, tiny_size

SLOTS, FRAMES, HEIGHT, WIDTH = 3, 4, 4, 6


@pytest.fixture(scope="module")
def models():
    made = {}
    for family in ("17b", "1_7b"):
        with torch.device("meta"):
            model = HuMoTransformer(tiny_size(family))
        made[family] = draw_weights(model)
    return made


def prepared(model, passes, **changes):
    random = torch.Generator().manual_seed(0)
    given = {
        "text": torch.randn(5, model.size.text_dim, generator=random),
        "negative_text": torch.randn(3, model.size.text_dim, generator=random),
        "audio": torch.randn(FRAMES + SLOTS, *model.size.audio_window, generator=random),
        "references": torch.randn(16, SLOTS, HEIGHT, WIDTH, generator=random),
        "zero_video": torch.randn(16, FRAMES + SLOTS, HEIGHT, WIDTH, generator=random),
        **changes,
    }
    return prepare_conditions(model, passes, **given), given


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_channels_are_the_mask_and_what_is_known(slots):
    zero_video, references = torch.randn(16, 3 + slots, 4, 6), torch.randn(16, slots, 4, 6)
    channels = image_channels(zero_video, references, slots)
    assert channels.shape == (20, 3 + slots, 4, 6)
    assert (channels[:4, :3] == 0).all() and (channels[:4, 3:] == 1).all()
    assert torch.equal(channels[4:, :3], zero_video[:, :3]) and torch.equal(channels[4:, 3:], references)


def test_the_null_form_is_zero_video_everywhere_under_the_same_mask():
    zero_video, references = torch.randn(16, 5, 4, 6), torch.randn(16, 2, 4, 6)
    null, given = image_channels(zero_video, None, 2), image_channels(zero_video, references, 2)
    assert torch.equal(null[:4], given[:4]) and torch.equal(null[4:], zero_video)


def test_17b_passes_with_image_see_it_in_the_channels_and_latents_stay(models):
    clip, given = prepared(models["17b"], (TIA, TI, I, NULL))
    for which in (TIA, TI, I):
        assert torch.equal(clip[which].channels, image_channels(given["zero_video"], given["references"], SLOTS))
    assert torch.equal(clip[NULL].channels, image_channels(given["zero_video"], None, SLOTS))
    latents = torch.randn(16, FRAMES + SLOTS, HEIGHT, WIDTH)
    assert clip.with_references(latents, TIA) is latents


def test_17b_without_zero_video_latents_is_an_error(models):
    with pytest.raises(ValueError, match="all-zero video"):
        prepared(models["17b"], (TIA,), zero_video=None)


def test_1_7b_latents_end_in_the_references_or_in_zeros(models):
    clip, given = prepared(models["1_7b"], (TIA, TA, T, NULL), zero_video=None)
    latents = torch.randn(16, FRAMES + SLOTS, HEIGHT, WIDTH)
    before = latents.clone()
    for which in (TIA, TA, T, NULL):
        seen = clip.with_references(latents, which)
        assert torch.equal(seen[:, :FRAMES], before[:, :FRAMES])
        assert torch.equal(seen[:, FRAMES:], given["references"] if which.image else torch.zeros_like(given["references"]))
        assert clip[which].channels is None
    assert torch.equal(latents, before)  # the sampler goes on with its own


def test_each_pass_hears_and_reads_what_its_letters_say(models):
    model = models["1_7b"]
    clip, given = prepared(model, (TIA, TI, T, NULL), zero_video=None)
    expected = {
        "prompt": model.embed_text(given["text"]), "negative": model.embed_text(given["negative_text"]),
        "sound": model.embed_audio(given["audio"]), "silence": model.embed_audio(torch.zeros_like(given["audio"])),
    }  # fmt: skip
    for which in (TIA, TI, T, NULL):
        text = expected["prompt" if which.text else "negative"]
        audio = expected["sound" if which.audio else "silence"]
        for layer in range(model.size.layers):
            for part in (0, 1):
                assert torch.equal(clip[which].text[layer][part], text[layer][part])
                assert torch.equal(clip[which].audio[layer][part], audio[layer][part])
    assert not torch.equal(expected["sound"][0][0], expected["silence"][0][0])


def test_the_strength_of_the_sound_scales_what_every_block_takes_from_it(models):
    model = models["17b"]
    usual, _ = prepared(model, (TIA, TI))
    stronger, _ = prepared(model, (TIA, TI), audio_strength=torch.tensor([1.5]))
    for which in (TIA, TI):
        for block, before, after in zip(model.blocks, usual[which].audio, stronger[which].audio, strict=True):
            cross = block.audio_cross_attn_wrapper.audio_cross_attn
            x = torch.randn(FRAMES + SLOTS, 6, model.size.dim, generator=torch.Generator().manual_seed(1))
            taken = [cross.cross(x, pair) - cross.o.bias for pair in (before, after)]
            torch.testing.assert_close(taken[1], 1.5 * taken[0])
    assert torch.equal(stronger[TIA].text[0][1], usual[TIA].text[0][1])


def test_references_continue_the_time_index(models):
    """Positions of the reference slots are those of later frames, not of the first ones again."""
    clip, _ = prepared(models["17b"], (NULL,))
    cosine = clip[NULL].rope[0]
    per_frame = HEIGHT * WIDTH // 4
    assert cosine.shape[0] == (FRAMES + SLOTS) * per_frame
    frames = cosine.view(FRAMES + SLOTS, per_frame, -1)
    speeds = torch.acos(frames[:, 0, 0].clamp(-1, 1))  # the fastest pair turns by one radian a frame
    torch.testing.assert_close(speeds[:4], torch.arange(4.0))
    assert len({tuple(frame[0].tolist()) for frame in frames}) == FRAMES + SLOTS
