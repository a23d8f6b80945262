"""The transformer: sizes and keys of the official checkpoints, and what is computed once for a clip."""

from __future__ import annotations

import pytest
import torch

from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import NULL, TA, TIA, T
from humo_engine.model import SIZES, HuMoTransformer
from humo_engine.tiny import draw_weights, tiny_size

ATTENTION = [f"{part}.{kind}" for part in "qkvo" for kind in ("weight", "bias")] + ["norm_q.weight", "norm_k.weight"]


def meta_model(family: str) -> HuMoTransformer:
    with torch.device("meta"):
        return HuMoTransformer(SIZES[family])


def keys_of_a_checkpoint(layers: int) -> set[str]:
    """Every key that the description of the checkpoints lists."""
    keys = {
        f"{name}.{kind}"
        for name in (
            "patch_embedding", "text_embedding.0", "text_embedding.2", "time_embedding.0", "time_embedding.2",
            "time_projection.1", "head.head", "audio_proj.audio_proj_glob_norm.layer",
            *(f"audio_proj.audio_proj_glob_{number}.layer" for number in (1, 2, 3)),
        )
        for kind in ("weight", "bias")
    } | {"head.modulation"}  # fmt: skip
    for number in range(layers):
        block = f"blocks.{number}."
        keys |= {block + "modulation", block + "norm3.weight", block + "norm3.bias"}
        keys |= {f"{block}ffn.{layer}.{kind}" for layer in (0, 2) for kind in ("weight", "bias")}
        keys |= {f"{block}{part}.{key}" for part in ("self_attn", "cross_attn") for key in ATTENTION}
        wrapper = block + "audio_cross_attn_wrapper."
        keys |= {f"{wrapper}norm1_audio.{kind}" for kind in ("weight", "bias")}
        keys |= {f"{wrapper}audio_cross_attn.{key}" for key in ATTENTION}
    return keys


@pytest.mark.parametrize(("family", "count"), [("17b", 17_055_925_312), ("1_7b", 1_741_569_088)])
def test_parameter_count_is_the_checkpoints(family, count):
    assert sum(parameter.numel() for parameter in meta_model(family).parameters()) == count


@pytest.mark.parametrize(("family", "layers"), [("17b", 40), ("1_7b", 30)])
def test_keys_are_the_checkpoints(family, layers):
    assert set(meta_model(family).state_dict()) == keys_of_a_checkpoint(layers)


@pytest.mark.parametrize(
    ("family", "channels", "dim", "ffn"), [("17b", 36, 5120, 13824), ("1_7b", 16, 1536, 8960)], ids=["17b", "1_7b"]
)
def test_shapes_are_the_checkpoints(family, channels, dim, ffn):
    shapes = {key: tuple(value.shape) for key, value in meta_model(family).state_dict().items()}
    audio = "blocks.3.audio_cross_attn_wrapper.audio_cross_attn."
    expected = {
        "patch_embedding.weight": (dim, channels, 1, 2, 2),
        "text_embedding.0.weight": (dim, 4096),
        "time_embedding.0.weight": (dim, 256),
        "time_projection.1.weight": (6 * dim, dim),
        "blocks.0.modulation": (1, 6, dim),
        "blocks.29.ffn.0.weight": (ffn, dim),
        "blocks.29.ffn.2.weight": (dim, ffn),
        "blocks.1.self_attn.norm_q.weight": (dim,),
        audio + "k.weight": (dim, 1536),
        audio + "v.weight": (dim, 1536),
        audio + "q.weight": (dim, dim),
        "audio_proj.audio_proj_glob_1.layer.weight": (512, 51200),
        "audio_proj.audio_proj_glob_2.layer.weight": (512, 512),
        "audio_proj.audio_proj_glob_3.layer.weight": (24576, 512),
        "audio_proj.audio_proj_glob_norm.layer.weight": (1536,),
        "head.modulation": (1, 2, dim),
        "head.head.weight": (64, dim),
    }
    assert {key: shapes[key] for key in expected} == expected


@pytest.mark.parametrize(("lines", "tokens"), [((480, 832), 40_560), ((720, 1280), 93_600)])
def test_tokens_of_97_frames_and_a_reference(lines, tokens):
    cosine, sine = meta_model("1_7b").positions(25 + 1, lines[0] // 8, lines[1] // 8)
    assert cosine.shape == (tokens, 64, 1) and sine.shape == (tokens, 64, 2)


@pytest.fixture(scope="module")
def tiny():
    with torch.device("meta"):
        model = HuMoTransformer(tiny_size("1_7b"))
    return draw_weights(model)


def inputs(tiny: HuMoTransformer, frames: int = 3):
    generator = torch.Generator().manual_seed(1)
    return {
        "text": torch.randn(9, tiny.size.text_dim, generator=generator),
        "negative_text": torch.randn(5, tiny.size.text_dim, generator=generator),
        "audio": torch.randn(frames, *tiny.size.audio_window, generator=generator),
        "references": torch.randn(16, 1, 4, 6, generator=generator),
        "zero_video": None,
    }


def test_text_longer_than_the_model_reads_is_refused(tiny):
    length = tiny.size.text_length
    assert len(tiny.embed_text(torch.zeros(length, tiny.size.text_dim))) == tiny.size.layers
    with pytest.raises(ValueError, match=f"{length + 1} text tokens.*at most {length}"):
        tiny.embed_text(torch.zeros(length + 1, tiny.size.text_dim))


def test_audio_of_another_form_and_odd_sizes_are_refused(tiny):
    with pytest.raises(ValueError, match="audio windows are"):
        tiny.embed_audio(torch.zeros(3, 8, 5, tiny.size.audio_window[2] + 1))
    with pytest.raises(ValueError, match="5×6"):
        tiny.positions(3, 5, 6)


def test_what_passes_share_is_computed_once_and_never_in_a_pass(tiny, monkeypatch):
    calls = {"embed_text": 0, "embed_audio": 0, "positions": 0}
    for name in calls:
        original = getattr(tiny, name)

        def counted(*arguments, name=name, original=original):
            calls[name] += 1
            return original(*arguments)

        monkeypatch.setattr(tiny, name, counted)
    conditions = prepare_conditions(tiny, (TIA, TA, T, NULL), **inputs(tiny))
    # the prompt and the negative one, sound and silence, one table: however many passes there are
    assert calls == {"embed_text": 2, "embed_audio": 2, "positions": 1}
    assert conditions[TIA].text is conditions[TA].text and conditions[T].audio is conditions[NULL].audio
    latents = torch.randn(16, 3, 4, 6, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        outs = [tiny(latents, torch.tensor([500]), conditions[which]) for which in (TIA, TA, T, NULL)]
    assert calls == {"embed_text": 2, "embed_audio": 2, "positions": 1}
    assert all(out.shape == latents.shape and out.dtype == torch.float32 for out in outs)
    # TIA and TA differ only in the latents' last frames, which the caller overwrites
    assert torch.equal(outs[0], outs[1]) and not torch.allclose(outs[1], outs[2]) and not torch.allclose(outs[2], outs[3])


def test_padding_of_the_text_takes_part_in_attention(tiny):
    """HuMo pads with zeros and uses no mask, so a prompt filled up with zeros is the same prompt."""
    states = torch.randn(4, tiny.size.text_dim, generator=torch.Generator().manual_seed(3))
    filled = torch.cat([states, torch.zeros(tiny.size.text_length - 4, tiny.size.text_dim)])
    short, long = tiny.embed_text(states), tiny.embed_text(filled)
    assert short[0][0].shape[1] == tiny.size.text_length
    assert all(torch.equal(a, b) for one, other in zip(short, long) for a, b in zip(one, other))


def test_each_latent_frame_hears_only_its_own_audio_before_self_attention_mixes_frames():
    """With one layer, sound of frame 1 changes frame 1 alone: audio comes after the only self-attention."""
    import dataclasses

    with torch.device("meta"):
        model = HuMoTransformer(dataclasses.replace(tiny_size("1_7b"), layers=1))
    draw_weights(model)
    given = inputs(model)
    other = {**given, "audio": given["audio"].clone()}
    other["audio"][1] += 1
    latents = torch.randn(16, 3, 4, 6, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        one, two = (
            model(latents, torch.tensor([700]), prepare_conditions(model, (TA,), **values)[TA]) for values in (given, other)
        )
    changed = (one - two).abs().amax(dim=(0, 2, 3))
    assert changed[1] > 1e-3 and changed[0] < 1e-6 and changed[2] < 1e-6
