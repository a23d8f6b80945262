"""Text to UMT5 states, and the original checkpoint's keys."""

from __future__ import annotations

import pytest
import torch

from humo_engine.text import clean_text, encode_text, rename_umt5
from humo_engine.tiny import tiny_components


@pytest.fixture(scope="module")
def parts():
    components = tiny_components("1_7b")
    return components.text_encoder, components.tokenizer


def test_states_are_one_for_each_token_without_padding(parts):
    encoder, tokenizer = parts
    states = encode_text("hello", encoder, tokenizer, 128)
    assert states.shape == (6, 64) and states.dtype == torch.float32  # five letters and the end


def test_a_long_prompt_is_cut_to_what_the_model_reads(parts):
    encoder, tokenizer = parts
    assert encode_text("x" * 5000, encoder, tokenizer, 40).shape == (40, 64)
    assert tokenizer("x" * 5000, truncation=True, max_length=40).input_ids[-1] == tokenizer.eos_token_id


def test_blanks_around_do_not_count_and_words_do(parts):
    def states(prompt):
        return encode_text(prompt, *parts, 128)

    assert torch.equal(states("  A man \n"), states("A man"))
    assert not torch.allclose(states("A man"), states("A mat"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("She says: “it’s fine”", 'She says: "it\'s fine"'),
        ("A man\n\twalks  in　", "A man walks in"),
        ("Tom &amp;amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("cafÃ© at night", "café at night"),
        ("色调艳丽，过曝", "色调艳丽,过曝"),
    ],
)
def test_a_prompt_is_cleaned_as_the_model_knows_it_from_training(parts, typed, read):
    assert clean_text(typed) == read
    assert torch.equal(encode_text(typed, *parts, 128), encode_text(read, *parts, 128))


@pytest.mark.parametrize("prompt", ["色调艳丽，过曝", "👩‍🚀 émigré", "\x00\x07?", "a\nb"])
def test_every_text_is_read(parts, prompt):
    states = encode_text(prompt, *parts, 128)
    assert torch.isfinite(states).all() and states.shape[0] > 1


def test_an_empty_negative_prompt_has_a_state_of_its_own(parts):
    assert encode_text("", *parts, 128).shape == (1, 64)


def test_original_keys_find_their_places():
    value = torch.zeros(1)
    renamed = rename_umt5(
        {"blocks.11.attn.q.weight": value, "blocks.0.ffn.gate.0.weight": value, "token_embedding.weight": value}
    )
    assert list(renamed) == [
        "encoder.block.11.layer.0.SelfAttention.q.weight",
        "encoder.block.0.layer.1.DenseReluDense.wi_0.weight",
        "shared.weight",
    ]


@pytest.mark.parametrize("key", ["blocks.0.attn.bias", "pos_embedding.weight", "decoder.norm.weight"])
def test_a_key_without_a_place_is_named(key):
    with pytest.raises(KeyError, match=f"unexpected key '{key}'"):
        rename_umt5({key: torch.zeros(1)})
