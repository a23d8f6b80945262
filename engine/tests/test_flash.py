"""The optional attention kernel: left alone where it is not there, and not believed where it computes something else."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator

import pytest
import torch

from humo_engine import flash, kernels
from humo_engine.functional import attention


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(flash, "_WORKING", {})
    flash._forward.cache_clear()
    yield
    flash._forward.cache_clear()


def test_without_a_gpu_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flash_attn.cute", None)  # importing it would be an error
    assert not flash.flash_attention_works(torch.device("cpu"))
    kernels.use_fused_kernels([], torch.device("cpu"))
    assert kernels._attend is attention


def test_a_package_that_is_there_and_cannot_be_imported_says_why(tmp_path, monkeypatch, caplog) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "flash_attn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert not flash._is_installed() and not caplog.records
    (tmp_path / "flash_attn").mkdir()
    (tmp_path / "flash_attn" / "cute.py").write_text("import cutlass_that_is_missing\n")
    importlib.invalidate_caches()
    assert not flash._is_installed() and "cutlass_that_is_missing" in caplog.text
    # As with a torch that is older than what the package's own packages take for granted.
    (tmp_path / "flash_attn" / "cute.py").write_text("import torch\ntorch.a_number_format_of_next_year\n")
    importlib.invalidate_caches()
    assert not flash._is_installed() and "a_number_format_of_next_year" in caplog.text


def test_the_operator_is_shaped_like_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("flash_attn.cute")
    package.flash_attn_func = lambda q, k, v: (attention(q, k, v).unflatten(-1, q.shape[2:]), None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flash_attn", types.ModuleType("flash_attn"))
    monkeypatch.setitem(sys.modules, "flash_attn.cute", package)
    q, k, v = (torch.randn(1, 12, 2, 128) for _ in range(3))
    torch.testing.assert_close(flash.flash_attention(q, k, v), attention(q, k, v))
    torch.library.opcheck(torch.ops.humo.flash_attention.default, (q, k, v), test_utils=("test_schema", "test_faketensor"))


def _with_all(q, k, v, tile_mn=None, mma_pv_is_rs=None, intra_wg_overlap=None):
    return attention(q, k, v).unflatten(-1, q.shape[2:]), {
        "tile_mn": tile_mn,
        "mma_pv_is_rs": mma_pv_is_rs,
        "intra_wg_overlap": intra_wg_overlap,
    }


def _with_tiles_alone(q, k, v, tile_mn=None):
    raise AssertionError("the tile without its switches takes twice the time")


@pytest.mark.parametrize(("own", "settings"), [(_with_all, flash.SETTINGS), (_with_tiles_alone, None), (None, None)])
def test_the_kernel_gets_all_our_settings_or_none(monkeypatch: pytest.MonkeyPatch, own, settings) -> None:
    package, interface = types.ModuleType("flash_attn.cute"), types.ModuleType("flash_attn.cute.interface")
    package.flash_attn_func = lambda q, k, v: (attention(q, k, v).unflatten(-1, q.shape[2:]), None)  # type: ignore[attr-defined]
    if own is not None:
        interface._flash_attn_fwd = own  # type: ignore[attr-defined]
    for module in (types.ModuleType("flash_attn"), package, interface):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    q, k, v = (torch.randn(1, 12, 2, 128) for _ in range(3))
    torch.testing.assert_close(flash.flash_attention(q, k, v), attention(q, k, v))
    assert flash._forward()(q, k, v)[1] == settings


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_kernel_that_computes_something_else_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("flash_attn.cute")
    package.flash_attn_func = lambda q, k, v: torch.zeros_like(q)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flash_attn.cute", package)
    assert not flash.flash_attention_works(torch.device("cuda"))
