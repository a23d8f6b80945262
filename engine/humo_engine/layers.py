"""The parts of a HuMo transformer block. Names of submodules are the checkpoint's keys.

Two precisions meet here. The residual stream, normalisation and modulation are fp32; matrix products and attention run in
the dtype of the weights (bf16, or fp32 for exactness), called the compute dtype below.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.functional import attention, rotate

KeysValues = tuple[Tensor, Tensor]
"""Keys and values of one attention, each (B, S, heads, head_dim)."""


class RMSNorm(nn.Module):
    """Root-mean-square norm over the last dimension, computed in fp32, returned in the dtype of the input."""

    def __init__(self, dim: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        normed = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return normed.to(x.dtype) * self.weight.to(x.dtype)


class LayerNorm(nn.LayerNorm):
    """Layer norm computed and returned in fp32, whatever the dtype of its weights."""

    def forward(self, x: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.float()
        bias = None if self.bias is None else self.bias.float()
        return F.layer_norm(x.float(), self.normalized_shape, weight, bias, self.eps)


class Attention(nn.Module):
    """Multi-head attention with RMS norm over the full width of q and k, before the split into heads."""

    def __init__(self, dim: int, heads: int, eps: float, context_dim: int | None = None):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(context_dim or dim, dim)
        self.v = nn.Linear(context_dim or dim, dim)
        self.o = nn.Linear(dim, dim)
        self.norm_q = RMSNorm(dim, eps)
        self.norm_k = RMSNorm(dim, eps)

    def keys_values(self, context: Tensor) -> KeysValues:
        """What a query attends to, from context (B, S, context_dim). Fixed for a clip when the context is text or audio."""
        return self._heads(self.norm_k(self.k(context))), self._heads(self.v(context))

    def cross(self, x: Tensor, context: KeysValues) -> Tensor:
        """x (B, L, dim) attends to prepared keys and values → (B, L, dim)."""
        return self.o(attention(self._heads(self.norm_q(self.q(x))), *context))

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """x (B, L, dim) attends to itself, with rotary positions → (B, L, dim)."""
        q = rotate(self._heads(self.norm_q(self.q(x))), *rope)
        k, v = self.keys_values(x)
        return self.o(attention(q, rotate(k, *rope), v))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1))


class AudioCrossAttention(nn.Module):
    """The norm and attention through which each latent frame hears its own audio tokens."""

    def __init__(self, dim: int, heads: int, eps: float, audio_dim: int):
        super().__init__()
        self.norm1_audio = LayerNorm(dim, eps)
        self.audio_cross_attn = Attention(dim, heads, eps, context_dim=audio_dim)

    def forward(self, x: Tensor, audio: KeysValues, dtype: torch.dtype) -> Tensor:
        """x (1, frames·patches, dim), audio keys and values (frames, 16, heads, head_dim) → as x.

        Where a frame's tokens are cut into pieces of one length, each piece counts as a frame with that frame's keys and values.
        """
        frames = audio[0].shape[0]
        per_frame = self.norm1_audio(x).to(dtype).view(frames, -1, x.shape[-1])
        return self.audio_cross_attn.cross(per_frame, audio).view(x.shape)


class Block(nn.Module):
    """Self-attention, text, audio, feed-forward; the first and last modulated by time (HuMo, arXiv 2509.08519)."""

    def __init__(self, dim: int, ffn_dim: int, heads: int, eps: float, audio_dim: int):
        super().__init__()
        self.norm1 = LayerNorm(dim, eps, elementwise_affine=False)
        self.self_attn = Attention(dim, heads, eps)
        self.norm3 = LayerNorm(dim, eps)
        self.cross_attn = Attention(dim, heads, eps)
        self.audio_cross_attn_wrapper = AudioCrossAttention(dim, heads, eps, audio_dim)
        self.norm2 = LayerNorm(dim, eps, elementwise_affine=False)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn_dim), nn.GELU(approximate="tanh"), nn.Linear(ffn_dim, dim))
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)

    def forward(self, x: Tensor, time: Tensor, rope: tuple[Tensor, Tensor], text: KeysValues, audio: KeysValues) -> Tensor:
        """x (1, L, dim) fp32 and time (1, 6, dim) fp32 → (1, L, dim) fp32."""
        shift, scale, gate, *_ = (self.modulation.float() + time).unbind(1)
        # The compute dtype is text's; the weights' own may be fp8.
        x = x + gate * self.self_attn((self.norm1(x) * (1 + scale) + shift).to(text[0].dtype), rope)
        return self.after_self_attention(x, time, text, audio)

    def after_self_attention(self, x: Tensor, time: Tensor, text: KeysValues, audio: KeysValues) -> Tensor:
        """The rest of the block, in which no token needs another. Shapes as in `forward`, for any part of the tokens."""
        dtype = text[0].dtype
        ffn_shift, ffn_scale, ffn_gate = (self.modulation.float() + time).unbind(1)[3:]
        x = x + self.cross_attn.cross(self.norm3(x).to(dtype), text)
        x = x + self.audio_cross_attn_wrapper(x, audio, dtype)
        return x + ffn_gate * self.ffn((self.norm2(x) * (1 + ffn_scale) + ffn_shift).to(dtype))


class Layer(nn.Module):
    """A module under the key `layer`, as the checkpoint nests the audio projection."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer


class AudioProjection(nn.Module):
    """A window of audio features → 16 audio tokens for each latent frame."""

    def __init__(self, window_dim: int, hidden_dim: int, tokens: int, token_dim: int):
        super().__init__()
        self.tokens = tokens
        self.audio_proj_glob_1 = Layer(nn.Linear(window_dim, hidden_dim))
        self.audio_proj_glob_2 = Layer(nn.Linear(hidden_dim, hidden_dim))
        self.audio_proj_glob_3 = Layer(nn.Linear(hidden_dim, tokens * token_dim))
        self.audio_proj_glob_norm = Layer(LayerNorm(token_dim))

    def forward(self, windows: Tensor) -> Tensor:
        """windows (frames, 8, 5, 1280) → (frames, 16, 1536)."""
        x = F.relu(self.audio_proj_glob_1.layer(windows.flatten(1)))
        x = F.relu(self.audio_proj_glob_2.layer(x))
        x = self.audio_proj_glob_3.layer(x).unflatten(-1, (self.tokens, -1))
        return self.audio_proj_glob_norm.layer(x).to(x.dtype)


class Head(nn.Module):
    """The last norm, modulated by time, and the projection of a token to its patch; all in fp32."""

    def __init__(self, dim: int, patch_dim: int, eps: float):
        super().__init__()
        self.norm = LayerNorm(dim, eps, elementwise_affine=False)
        self.head = nn.Linear(dim, patch_dim)
        self.modulation = nn.Parameter(torch.randn(1, 2, dim) / dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """x (1, L, dim), time (1, dim) → (1, L, patch_dim)."""
        shift, scale = (self.modulation.float() + time[:, None]).unbind(1)
        return F.linear(self.norm(x) * (1 + scale) + shift, self.head.weight.float(), self.head.bias.float())
