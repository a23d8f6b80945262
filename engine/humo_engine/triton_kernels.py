"""The GPU code of `kernels` and `vae_fast`: a program reads its rows once and keeps them in registers."""

import triton
import triton.language as tl


@triton.jit
def norm_rotate(
    x, weight, cosine, sine, out, rows, dim, eps,
    HEAD: tl.constexpr, RANKS: tl.constexpr, CHUNKS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    inside = column < dim
    value = tl.load(x + row * dim + column, mask=inside, other=0.0)
    wide = value.to(tl.float32)
    scale = tl.rsqrt(tl.sum(wide * wide, axis=0) / dim + eps)
    gain = tl.load(weight + column, mask=inside, other=0.0).to(value.dtype).to(tl.float32)
    normed = ((wide * scale).to(value.dtype).to(tl.float32) * gain).to(value.dtype).to(tl.float32)
    even, odd = tl.split(tl.reshape(normed, (BLOCK // 2, 2)))
    angle = tl.arange(0, BLOCK // 2) % (HEAD // 2)
    c = tl.load(cosine + row * (HEAD // 2) + angle)
    s = tl.load(sine + row * HEAD + 2 * angle + 1)  # the table holds −sin and sin; this is the second
    turned = tl.reshape(tl.join(even * c - odd * s, even * s + odd * c), (BLOCK,))
    if RANKS * CHUNKS == 1:
        place = row * dim + column
    else:
        width = dim // (RANKS * CHUNKS)
        part = column // width
        place = ((part % CHUNKS) * RANKS + part // CHUNKS) * rows * width + row * width + column % width
    tl.store(out + place, turned.to(value.dtype), mask=inside)


@triton.jit
def quantize(x, out, scales, dim, largest, GELU: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    inside = column < dim
    value = tl.load(x + row * dim + column, mask=inside, other=0.0).to(tl.float32)
    if GELU:  # the tanh form: 0.5·(1 + tanh z) is the logistic function of 2z
        value = value * tl.sigmoid(1.5957691216057308 * (value + 0.044715 * value * value * value))
    scale = tl.maximum(tl.max(tl.abs(value), axis=0), 1e-12) / largest
    small = tl.minimum(tl.maximum(value / scale, -largest), largest)
    tl.store(out + row * dim + column, small.to(out.dtype.element_ty), mask=inside)
    tl.store(scales + row, scale)


@triton.jit
def norm_silu(x, gain, out, rows, channels, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, BLOCK)
    inside = (row < rows)[:, None] & (column < channels)[None, :]
    place = row[:, None] * channels + column[None, :]
    value = tl.load(x + place, mask=inside, other=0.0).to(tl.float32)
    length = tl.maximum(tl.sqrt(tl.sum(value * value, axis=1)), 1e-12)
    scaled = value / length[:, None] * tl.load(gain + column, mask=column < channels, other=0.0)[None, :]
    tl.store(out + place, (scaled * tl.sigmoid(scaled)).to(out.dtype.element_ty), mask=inside)
