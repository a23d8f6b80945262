"""The fused kernels against the plain code they stand for. The Triton ones run on a GPU, or in Triton's interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import humo_engine

CUDA = torch.cuda.is_available()
# Runs in a process of its own, since the interpreter is chosen when Triton is imported.
PROBE = """
import torch, triton, triton.language as tl
@triton.jit
def one(out):
    tl.store(out + tl.arange(0, 8), 1.0)
out = torch.zeros(8)
one[(1,)](out)
assert out.sum() == 8
"""
COMPARE = """
import torch
from humo_engine import kernels
from humo_engine.layers import RMSNorm
from humo_engine.functional import rope_table, rotate
torch.manual_seed(0)
heads, head_dim, length = 3, 128, 24
x, norm = torch.randn(1, length, heads * head_dim), RMSNorm(heads * head_dim, 1e-6).requires_grad_(False)
norm.weight.copy_(1 + 0.1 * torch.randn(heads * head_dim))
rope = rope_table(2, 3, 4, head_dim, "cpu")
expected = rotate(norm(x).unflatten(-1, (heads, -1)), *rope)
out = kernels.norm_rotate(x, norm.weight, *rope, heads, norm.eps)
assert out.shape == expected.shape and torch.allclose(out, expected, atol=1e-5), (out - expected).abs().max()

heads = 4
x, norm = torch.randn(1, length, heads * head_dim), RMSNorm(heads * head_dim, 1e-6).requires_grad_(False)
plain = rotate(norm(x).unflatten(-1, (heads, -1)), *rope)[0]
out = kernels.norm_rotate(x, norm.weight, *rope, heads, norm.eps, 2, 2)
for rank, chunk in ((0, 0), (0, 1), (1, 0), (1, 1)):  # one head for each chunk of each rank
    assert torch.allclose(out[chunk * 2 + rank, :, 0], plain[:, rank * 2 + chunk], atol=1e-5)
values = torch.randn(1, 5, 300)
for gelu in (False, True):
    scale, plain = kernels.quantize(values, gelu)[1], kernels.plain_quantize(values, gelu)[1]
    assert torch.allclose(scale, plain, rtol=1e-6), (scale, plain)  # the cast to e4m3 itself is the hardware's
"""


def interpreted(script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(humo_engine.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=600, env=environment)


def test_kernels_compute_what_the_plain_code_does_in_the_interpreter(tmp_path):
    (tmp_path / "probe.py").write_text(PROBE)
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    probe = subprocess.run([sys.executable, tmp_path / "probe.py"], capture_output=True, text=True, timeout=600, env=environment)
    if probe.returncode != 0:
        pytest.skip("this Triton's interpreter does not write results (3.1 with numpy 2)")
    done = interpreted(COMPARE)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not CUDA, reason="needs a GPU")
@pytest.mark.parametrize("size", ["17b", "1_7b"])
def test_a_block_with_fused_kernels_gives_what_the_plain_one_gives(size):
    from humo_engine.fp8 import use_float8
    from humo_engine.functional import rope_table
    from humo_engine.kernels import use_fused_kernels
    from humo_engine.layers import Block
    from humo_engine.model import SIZES

    torch.manual_seed(0)
    shape = SIZES[size]
    block = (
        Block(shape.dim, shape.ffn_dim, shape.heads, shape.eps, shape.audio_token_dim)
        .cuda()
        .to(torch.bfloat16)
        .requires_grad_(False)
    )
    heads = (shape.heads, 128)
    x, time = torch.randn(1, 96, shape.dim, device="cuda"), torch.randn(1, 6, shape.dim, device="cuda")
    text, audio = (
        tuple(torch.randn(*of, *heads, device="cuda", dtype=torch.bfloat16) for _ in range(2)) for of in ((1, 512), (4, 16))
    )
    rope = rope_table(4, 4, 6, 128, "cuda")

    def run() -> torch.Tensor:
        with torch.no_grad():
            return block(x, time, rope, text, audio)

    def relative(out: torch.Tensor, reference: torch.Tensor) -> float:
        return ((out - reference).norm() / (reference - x).norm()).item()

    plain = run()
    use_fused_kernels([block], torch.device("cpu"))
    assert relative(run(), plain) < 5e-3
    block.self_attn.__dict__.pop("forward"), block.ffn.__dict__.pop("forward")
    use_float8([block])
    plain8 = run()
    use_fused_kernels([block], torch.device("cpu"))
    assert relative(run(), plain8) < 2e-2


@pytest.mark.skipif(not CUDA, reason="needs a GPU")
def test_gelu_at_the_end_of_a_product_is_the_tanh_form():
    from humo_engine.kernels import linear_gelu

    x, weight, bias = (torch.randn(*of, device="cuda", dtype=torch.bfloat16) for of in ((3, 64, 256), (512, 256), (512,)))
    exact = F.gelu(F.linear(x.double(), weight.double(), bias.double()), approximate="tanh")
    assert ((linear_gelu(x, weight, bias).double() - exact).norm() / exact.norm()).item() < 5e-3
