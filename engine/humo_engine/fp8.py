"""Linear layers in 8-bit floating point: weights scaled per output channel, inputs per token, sums in fp32.

Off unless asked for. Needs a GPU of compute capability 8.9 or later. The products then run at up to twice bf16's speed;
what it does to the result is measured by `bench` and printed beside the speed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import torch
from torch import nn

FLOAT8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FLOAT8).max  # 448
# The layers of a block with as many rows as the video has tokens. Text and audio keys and values run once per clip.
TOKEN_LAYERS = (
    "self_attn.q",
    "self_attn.k",
    "self_attn.v",
    "self_attn.o",
    "cross_attn.q",
    "cross_attn.o",
    "ffn.0",
    "ffn.2",
    "audio_cross_attn_wrapper.audio_cross_attn.q",
    "audio_cross_attn_wrapper.audio_cross_attn.o",
)


def quantize_rows(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, k) → ((n, k) in e4m3, (n, 1) fp32 scales) so that their product is about `values`."""
    scale = values.abs().amax(dim=-1, keepdim=True).float().clamp(min=1e-12) / LARGEST
    return (values.float() / scale).clamp(-LARGEST, LARGEST).to(FLOAT8), scale


class Float8Linear(nn.Module):
    """A linear layer whose product runs in e4m3. Built from an `nn.Linear`; takes and gives the same shapes."""

    def __init__(self, linear: nn.Linear):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight, scale = quantize_rows(linear.weight.detach())
        self.register_buffer("weight", weight)  # (out, in)
        self.register_buffer("scale", scale.t().contiguous())  # (1, out)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(torch.bfloat16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(…, in) bf16 → (…, out) bf16."""
        return self.product(*quantize_rows(x)).to(x.dtype)

    def product(self, rows: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """Rows that are quantised already (…, in) with their scales (…, 1) → (…, out) bf16."""
        shape = rows.shape[:-1]
        rows, scale = rows.reshape(-1, self.in_features), scale.reshape(-1, 1)
        if rows.is_cuda:
            out = torch._scaled_mm(
                rows,
                self.weight.t(),
                scale_a=scale,
                scale_b=self.scale,
                bias=self.bias,
                out_dtype=torch.bfloat16,
                use_fast_accum=True,
            )
        else:  # the same numbers without the hardware
            out = (rows.float() @ self.weight.float().t() * scale * self.scale).to(torch.bfloat16)
            out = out if self.bias is None else out + self.bias
        return out.view(*shape, self.out_features)


_WORKING: dict[torch.device, bool] = {}
# The format's own error on random values is 0.04.
_AGREEMENT = 0.1


def supports_float8(device: torch.device) -> bool:
    """Whether this torch multiplies e4m3 matrices, scaled by rows, in the hardware of `device`; tried once with a small product.

    The card alone does not decide it: a torch may have that product for one kind of card only.
    """
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 9):
        return False
    if device not in _WORKING:
        _WORKING[device] = _product_works(device)
    return _WORKING[device]


def _product_works(device: torch.device) -> bool:
    generator = torch.Generator(device).manual_seed(0)
    linear = nn.Linear(256, 128, device=device, dtype=torch.bfloat16)
    try:
        with torch.no_grad():
            for parameter in linear.parameters():
                parameter.normal_(generator=generator)
            x = torch.randn(48, 256, device=device, generator=generator).bfloat16()
            out, expected = Float8Linear(linear)(x).float(), linear(x).float()
            difference = ((out - expected).norm() / expected.norm()).item()
    except Exception as error:  # whatever a torch that lacks it answers with
        logging.getLogger(__name__).warning("torch %s does not multiply e4m3 on this card: %s", torch.__version__, error)
        return False
    if not difference < _AGREEMENT:
        logging.getLogger(__name__).warning("products of e4m3 are wrong here, by %.3g", difference)
        return False
    return True


def use_float8(blocks: Iterable[nn.Module], device: torch.device | None = None) -> int:
    """Replace the token-wise linear layers of transformer blocks in place, one at a time; returns how many.

    The weights are quantised on `device` if one is given (a GPU takes seconds for 17B, a CPU a minute) and stay where they were.
    """
    replaced = 0
    for block in blocks:
        for path in TOKEN_LAYERS:
            parent_path, _, name = path.rpartition(".")
            try:
                parent = block.get_submodule(parent_path)
            except AttributeError:
                continue
            layer = getattr(parent, name, None)
            if isinstance(layer, nn.Linear):
                home = layer.weight.device
                setattr(parent, name, Float8Linear(layer.to(device or home)).to(home))
                replaced += 1
    return replaced
