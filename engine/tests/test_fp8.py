"""fp8 linear layers: their error is the format's, and exactly the token-wise layers are replaced."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from humo_engine.fp8 import TOKEN_LAYERS, Float8Linear, _product_works, quantize_rows, supports_float8, use_float8

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))]


def relative(out: torch.Tensor, reference: torch.Tensor) -> float:
    return ((out.float() - reference.float()).norm() / reference.float().norm()).item()


def test_quantized_rows_keep_their_largest_value_and_zero_rows_stay_zero():
    values = torch.randn(5, 64, generator=torch.Generator().manual_seed(0)) * torch.tensor([[1e-4], [1.0], [1e4], [3.0], [0.0]])
    rows, scale = quantize_rows(values)
    back = rows.float() * scale
    assert torch.allclose(back.abs().amax(1), values.abs().amax(1), rtol=1e-6)
    assert torch.equal(back[4], torch.zeros(64))
    # e4m3 has 3 bits of mantissa: at most 1/16 off for values that are not tiny in their row.
    assert relative(back[:4], values[:4]) < 2**-4


@pytest.mark.parametrize("device", DEVICES)
def test_the_layer_is_close_to_the_bf16_one_and_keeps_shapes_and_type(device):
    if device == "cuda" and not supports_float8(torch.device("cuda")):
        pytest.skip("needs compute capability 8.9")
    torch.manual_seed(0)
    linear = nn.Linear(256, 128).to(device, torch.bfloat16)
    x = torch.randn(2, 48, 256, device=device).to(torch.bfloat16)
    out = Float8Linear(linear).to(device)(x)
    assert out.shape == (2, 48, 128) and out.dtype == torch.bfloat16
    assert 1e-3 < relative(out, linear(x)) < 0.06


def test_the_bias_is_added():
    linear = nn.Linear(16, 16, dtype=torch.bfloat16)
    out = Float8Linear(linear)(torch.zeros(1, 16, dtype=torch.bfloat16))
    assert torch.equal(out, linear.bias.detach()[None])


def test_only_token_layers_of_blocks_are_replaced():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v, self.o = (nn.Linear(16, 16) for _ in range(4))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.self_attn, self.cross_attn = Attention(), Attention()
            self.ffn = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    block = Block()
    assert use_float8([block]) == 8
    replaced = {name for name, module in block.named_modules() if isinstance(module, Float8Linear)}
    assert replaced == {path for path in TOKEN_LAYERS if not path.startswith("audio")}
    assert isinstance(block.cross_attn.k, nn.Linear)


@pytest.mark.parametrize("answer", ["an error", "something else", "nothing wrong"])
def test_a_torch_without_the_product_is_found_out_before_a_model_is_converted(monkeypatch, caplog, answer):
    def lacking(layer, rows, scale):
        if answer == "an error":
            raise RuntimeError("no kernel image")
        return torch.full((*rows.shape[:-1], layer.out_features), float("nan"))

    if answer != "nothing wrong":
        monkeypatch.setattr(Float8Linear, "product", lacking)
    assert _product_works(torch.device("cpu")) == (answer == "nothing wrong")
    assert len(caplog.records) == (answer != "nothing wrong")
