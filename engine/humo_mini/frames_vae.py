"""The Wan VAE run on all frames of many clips at once, as training needs it; with the same weights it gives what the engine's own code gives.

Causal 3×3×3 convolutions learn the zero padding before the first frames, and a network trained on short clips falls apart on long
ones. So of every such convolution only the last tap in time is used (the others are zero): each frame is then a picture
of its own, and frames meet in the four `time_conv`s alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl_wan import WanAttentionBlock, WanCausalConv3d, WanResample, WanResidualBlock
from torch import Tensor, nn


class FramesVae:
    """`vae` is diffusers' AutoencoderKLWan, its weights ready to train. Works on any device, under autocast, too."""

    def __init__(self, vae: nn.Module, begin: bool = False):
        """begin: bring fresh weights to the form described above, the time convolutions near to doing nothing."""
        self.vae = vae
        self.time_convs = {id(m.time_conv) for m in vae.modules() if isinstance(m, WanResample) and hasattr(m, "time_conv")}
        self.taps: dict[int, nn.Parameter] = {}
        for module in vae.modules():
            if not isinstance(module, WanCausalConv3d):
                continue
            if id(module) in self.time_convs:
                if begin:
                    _begin_time(module)
                continue
            with torch.no_grad():
                if begin and module.weight.shape[2] == 3:
                    # Three taps were drawn and one is left: as strong as a two-dimensional layer would be drawn.
                    module.weight[:, :, -1].mul_(3**0.5)
                self.taps[id(module)] = nn.Parameter(module.weight[:, :, -1].clone())

    def parameters(self) -> list[nn.Parameter]:
        """What is trained: the taps in place of the 3D weights they stand for, and all else."""
        replaced = {id(m.weight) for m in self.vae.modules() if id(m) in self.taps}
        return [*self.taps.values(), *(p for p in self.vae.parameters() if id(p) not in replaced)]

    def decoder_parameters(self) -> list[nn.Parameter]:
        """Of these, what is on the way from latents to pixels."""
        found: list[nn.Parameter] = []
        for part in (self.vae.post_quant_conv, self.vae.decoder):
            for module in part.modules():
                own = dict(module.named_parameters(recurse=False))
                if id(module) in self.taps:
                    own["weight"] = self.taps[id(module)]
                found.extend(own.values())
        return found

    @torch.no_grad()
    def write_back(self) -> None:
        """Put the taps into the VAE's own weights."""
        for module in self.vae.modules():
            if id(module) in self.taps:
                module.weight.zero_()
                module.weight[:, :, -1] = self.taps[id(module)]

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (clips, 3, 4k + 1, height, width) → means of the latents (clips, 16, k + 1, height / 8, width / 8), not normalised."""
        x, frames = _to_frames(pixels)
        encoder = self.vae.encoder
        x = self._conv(encoder.conv_in, x)
        for layer in encoder.down_blocks:
            if isinstance(layer, WanResample):
                x = layer.resample(x)
                if layer.mode == "downsample3d":
                    x, frames = self._halve(layer.time_conv, x, frames)
            else:
                x = self._residual(layer, x)
        x = self._middle(encoder.mid_block, x)
        x = self._conv(encoder.conv_out, F.silu(self._norm(encoder.norm_out, x)))
        x = self._conv(self.vae.quant_conv, x)[:, :16]
        return _to_clips(x, frames)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (clips, 16, k + 1, h, w), not normalised → pixels (clips, 3, 4k + 1, 8h, 8w)."""
        x, frames = _to_frames(latents)
        decoder = self.vae.decoder
        x = self._conv(decoder.conv_in, self._conv(self.vae.post_quant_conv, x))
        x = self._middle(decoder.mid_block, x)
        for block in decoder.up_blocks:
            for layer in block.resnets:
                x = self._residual(layer, x)
            for layer in block.upsamplers or ():
                if layer.mode == "upsample3d":
                    x, frames = self._double(layer.time_conv, x, frames)
                x = layer.resample[1](F.interpolate(x, scale_factor=2.0, mode="nearest-exact"))
        x = self._conv(decoder.conv_out, F.silu(self._norm(decoder.norm_out, x)))
        return _to_clips(x, frames)

    def _conv(self, conv: nn.Module, x: Tensor) -> Tensor:
        weight = self.taps[id(conv)]
        return F.conv2d(x, weight, conv.bias, padding=weight.shape[-1] // 2)

    def _norm(self, norm: nn.Module, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().sum(1, keepdim=True).clamp(min=1e-24)) * norm.scale
        return (x * scale.to(x.dtype)) * norm.gamma.view(1, -1, 1, 1).to(x.dtype)

    def _residual(self, block: WanResidualBlock, x: Tensor) -> Tensor:
        short = x if isinstance(block.conv_shortcut, nn.Identity) else self._conv(block.conv_shortcut, x)
        x = self._conv(block.conv1, F.silu(self._norm(block.norm1, x)))
        return short + self._conv(block.conv2, F.silu(self._norm(block.norm2, x)))

    def _middle(self, middle: nn.Module, x: Tensor) -> Tensor:
        x = self._residual(middle.resnets[0], x)
        for attention, residual in zip(middle.attentions, middle.resnets[1:], strict=True):
            x = self._residual(residual, self._attend(attention, x))
        return x

    def _attend(self, block: WanAttentionBlock, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        q, k, v = block.to_qkv(self._norm(block.norm, x)).flatten(2).mT[:, None].chunk(3, dim=-1)
        out = F.scaled_dot_product_attention(q, k, v)[:, 0].mT.reshape(n, channels, height, width)
        return x + block.proj(out)

    def _halve(self, conv: nn.Module, x: Tensor, frames: int) -> tuple[Tensor, int]:
        """The first frame stays; of the others every second remains, mixed from three."""
        if frames == 1:
            return x, 1
        clips = x.unflatten(0, (-1, frames))
        seen = clips.flatten(0, 1).unflatten(0, (-1, frames))
        count = (frames - 1) // 2
        taps = [seen[:, tap : tap + 2 * count - 1 : 2] for tap in range(3)]
        mixed = self._mix(conv, taps)
        return torch.cat((clips[:, :1], mixed), dim=1).flatten(0, 1), count + 1

    def _double(self, conv: nn.Module, x: Tensor, frames: int) -> tuple[Tensor, int]:
        """The first frame stays, and is not part of what follows; of each other come two, mixed from it and the two before."""
        if frames == 1:
            return x, 1
        clips = x.unflatten(0, (-1, frames))
        rest = F.pad(clips[:, 1:], (0, 0, 0, 0, 0, 0, 2, 0))
        mixed = self._mix(conv, [rest[:, tap : tap + frames - 1] for tap in range(3)])  # (clips, frames − 1, 2·channels, h, w)
        pairs = mixed.unflatten(2, (2, -1)).flatten(1, 2)
        return torch.cat((clips[:, :1], pairs), dim=1).flatten(0, 1), 2 * frames - 1

    def _mix(self, conv: nn.Module, taps: list[Tensor]) -> Tensor:
        """A convolution over time alone: one product for each tap, on (clips, frames, channels, h, w)."""
        shape = taps[0].shape[:2]
        stacked = torch.cat(taps, dim=2).flatten(0, 1)
        weight = conv.weight[..., 0, 0].permute(0, 2, 1).flatten(1)[..., None, None]
        return F.conv2d(stacked, weight, conv.bias).unflatten(0, shape)


@torch.no_grad()
def _begin_time(conv: nn.Module) -> None:
    """The encoder's: the mean of the last two frames. The decoder's: each of the two frames is the one it comes from."""
    conv.bias.zero_()
    conv.weight.zero_()
    out, into = conv.weight.shape[:2]
    eye = torch.eye(into)
    if out == into:
        conv.weight[:, :, 1, 0, 0] = eye / 2
        conv.weight[:, :, 2, 0, 0] = eye / 2
    else:
        conv.weight[:into, :, 2, 0, 0] = eye
        conv.weight[into:, :, 2, 0, 0] = eye


def _to_frames(clips: Tensor) -> tuple[Tensor, int]:
    frames = clips.transpose(1, 2).flatten(0, 1)
    return frames.contiguous(memory_format=torch.channels_last), clips.shape[2]


def _to_clips(frames: Tensor, count: int) -> Tensor:
    return frames.unflatten(0, (-1, count)).transpose(1, 2)
