"""Compiled blocks: one compilation serves all of them, hooks stay outside, and the result is the plain one."""

from __future__ import annotations

import functools
import os

import torch
from torch import nn

from humo_engine.fast import (
    CACHE_VARIABLE,
    DETERMINISTIC_VARIABLE,
    SUMS_BY_RULE,
    attention_kernel,
    compile_blocks,
    compiled,
    fastest_attention,
    keep_compiled_code,
)
from humo_engine.functional import rope_table
from humo_engine.layers import Block
from humo_engine.streaming import StreamedLayers

CPU = torch.device("cpu")


def test_compiled_and_streamed_blocks_share_one_compilation_and_compute_the_same(monkeypatch):
    from torch._dynamo.utils import counters

    monkeypatch.setenv(DETERMINISTIC_VARIABLE, "0")  # an option of one backend
    # What is traced, and how often, is the same for every backend; C++ for the CPU would take half a minute to compile.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    torch.manual_seed(0)
    blocks = nn.ModuleList(Block(128, 64, 1, 1e-6, 32) for _ in range(3)).requires_grad_(False)
    keys = [torch.randn(of, 4, 1, 128) for of in (1, 1, 2, 2)]
    inputs = (torch.randn(1, 6, 128), rope_table(2, 1, 3, 128, CPU), tuple(keys[:2]), tuple(keys[2:]))

    def run() -> torch.Tensor:
        x = torch.ones(1, 6, 128)
        for block in blocks:
            x = block(x, *inputs)
        return x

    plain = run()
    torch._dynamo.reset()
    counters.clear()
    StreamedLayers(blocks, CPU, resident=1)
    compile_blocks(blocks, CPU)
    assert torch.allclose(run(), plain, atol=1e-5)
    assert torch.allclose(run(), plain, atol=1e-5)
    assert counters["stats"]["unique_graphs"] == 1


def test_the_order_of_sums_is_a_rule_in_every_compilation(monkeypatch):
    """Two orders that win by turns give a pass in parts, or after a restart, other last digits."""
    import torch._inductor.config as inductor
    from torch._inductor import compile_fx as module

    monkeypatch.delenv(DETERMINISTIC_VARIABLE, raising=False)
    switch = SUMS_BY_RULE if hasattr(inductor, SUMS_BY_RULE) else "fallback_random"  # one that torch 2.5 has, too
    monkeypatch.setattr("humo_engine.fast.SUMS_BY_RULE", switch)
    compile_fx, seen = module.compile_fx, []

    def spy(graph, inputs, config_patches=None, **options):
        if config_patches:
            return compile_fx(graph, inputs, config_patches=config_patches, **options)
        seen.append(getattr(inductor, switch))
        return graph.forward

    monkeypatch.setattr(module, "compile_fx", spy)

    def calls() -> list[bool]:
        torch._dynamo.reset()
        seen.clear()
        for work in [compiled(work) for work in (lambda x: x + 1, lambda x: x * 2, lambda x: x - 3)]:
            work(torch.ones(3))
            torch.use_deterministic_algorithms(False)  # as torch does after each compilation; 2.11 sets the switch with it
            setattr(inductor, switch, False)
        return seen

    with inductor.patch({switch: False}):
        assert calls() == [True] * 3
        monkeypatch.setenv(DETERMINISTIC_VARIABLE, "0")
        assert calls() == [False] * 3
        monkeypatch.delenv(DETERMINISTIC_VARIABLE)
        monkeypatch.setattr("humo_engine.fast.SUMS_BY_RULE", "no switch of this torch")
        assert calls() == [False] * 3


def test_on_a_cpu_torch_chooses_the_attention():
    assert attention_kernel(CPU) == "torch's choice"
    with fastest_attention(CPU, torch.bfloat16):
        assert torch.nn.functional.scaled_dot_product_attention(*torch.randn(3, 1, 1, 4, 8)).shape == (1, 1, 4, 8)


def test_cudnn_is_preferred_for_bf16_alone(monkeypatch):
    """With torch 2.5 no other kernel is allowed then, and cuDNN's does not take fp32: the profile tiny on a Hopper card."""
    monkeypatch.setattr("humo_engine.fast._prefers_cudnn", lambda device: True)
    allowed = (torch.backends.cuda.math_sdp_enabled, torch.backends.cuda.flash_sdp_enabled, torch.backends.cuda.cudnn_sdp_enabled)
    before = [enabled() for enabled in allowed]
    with fastest_attention(CPU, torch.float32):
        assert [enabled() for enabled in allowed] == before
    with fastest_attention(CPU, torch.bfloat16):
        assert torch.backends.cuda.cudnn_sdp_enabled()
    assert [enabled() for enabled in allowed] == before


def test_a_process_that_has_seen_many_sizes_goes_on_compiling(monkeypatch):
    """Beyond its limits Dynamo runs everything uncompiled, for good. 70 sizes are more than it was once told to expect."""
    from torch._dynamo.testing import CompileCounter

    counter = CompileCounter()
    monkeypatch.setenv(DETERMINISTIC_VARIABLE, "0")  # an option of one backend
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=counter))
    blocks = nn.ModuleList([nn.SiLU()])
    blocks[0].cross_attn = Block(16, 8, 1, 1e-6, 8).cross_attn  # its dtype is looked at
    torch._dynamo.reset()
    compile_blocks(blocks, CPU)
    for length in range(1, 71):
        blocks[0](torch.ones(length))
    assert counter.frame_count == 70
    import torch._dynamo.config as dynamo

    sizes = 32 * 4 * 6 * 2  # lengths, references, sizes of generate.yaml, models
    for name in ("cache_size_limit", "accumulated_cache_size_limit"):
        assert getattr(dynamo, name) > sizes


def test_compiled_code_is_kept_in_the_cache_folder_where_that_can_be_written(monkeypatch, tmp_path, caplog):
    names = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")
    for name in names:
        monkeypatch.setenv(name, "")  # so that what is set in here is taken back
        monkeypatch.delenv(name)
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    keep_compiled_code()
    assert not any(name in os.environ for name in names) and len(caplog.records) == 1
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "folder"))
    keep_compiled_code()
    assert all(os.environ[name].startswith(str(tmp_path / "folder" / "compiled")) for name in names)
