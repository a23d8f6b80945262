"""Text to UMT5 states. The encoder is transformers'; the checkpoint is Wan's original pickle, whose keys are renamed here."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import ftfy
import torch
from torch import Tensor

_BLOCK_KEYS = {
    "norm1.weight": "layer.0.layer_norm.weight",
    "attn.q.weight": "layer.0.SelfAttention.q.weight",
    "attn.k.weight": "layer.0.SelfAttention.k.weight",
    "attn.v.weight": "layer.0.SelfAttention.v.weight",
    "attn.o.weight": "layer.0.SelfAttention.o.weight",
    "pos_embedding.embedding.weight": "layer.0.SelfAttention.relative_attention_bias.weight",
    "norm2.weight": "layer.1.layer_norm.weight",
    "ffn.gate.0.weight": "layer.1.DenseReluDense.wi_0.weight",
    "ffn.fc1.weight": "layer.1.DenseReluDense.wi_1.weight",
    "ffn.fc2.weight": "layer.1.DenseReluDense.wo.weight",
}
_OUTER_KEYS = {"token_embedding.weight": "shared.weight", "norm.weight": "encoder.final_layer_norm.weight"}


def rename_umt5(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keys of the original encoder → keys of transformers' UMT5EncoderModel. Raises KeyError naming a key it cannot place."""
    renamed = {}
    for key, value in state.items():
        block = re.fullmatch(r"blocks\.(\d+)\.(.+)", key)
        if block and block[2] in _BLOCK_KEYS:
            renamed[f"encoder.block.{block[1]}.{_BLOCK_KEYS[block[2]]}"] = value
        elif key in _OUTER_KEYS:
            renamed[_OUTER_KEYS[key]] = value
        else:
            raise KeyError(f"unexpected key {key!r} in the text encoder's checkpoint")
    return renamed


def umt5_xxl_config() -> Any:
    """The sizes of UMT5-xxl's encoder, as Wan 2.1 uses it."""
    from transformers import UMT5Config

    return UMT5Config(
        vocab_size=256_384, d_model=4096, d_kv=64, d_ff=10_240, num_layers=24, num_heads=64,
        relative_attention_num_buckets=32, feed_forward_proj="gated-gelu", dropout_rate=0.0,
    )  # fmt: skip


def clean_text(prompt: str) -> str:
    """A prompt as Wan 2.1's own tokenizer takes it, on which HuMo was trained, too: text that was encoded wrongly is mended, curly quotes
    become straight and wide letters narrow, HTML's names of characters (named twice over, too) become these, and white space is one space.
    """
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(prompt))).split())


@torch.no_grad()
def encode_text(prompt: str, encoder, tokenizer, text_length: int) -> Tensor:
    """A prompt → UMT5 states (tokens, text_dim), fp32, cut to `text_length` tokens, padding left out."""
    tokens = tokenizer(clean_text(prompt), truncation=True, max_length=text_length, return_tensors="pt")
    device = next(encoder.parameters()).device
    states = encoder(input_ids=tokens.input_ids.to(device), attention_mask=tokens.attention_mask.to(device))
    return states.last_hidden_state[0].float()
