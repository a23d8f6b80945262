"""An engine of two ranks as a process: what it makes, and how it ends when it loses one of them. How a loss is noticed: `test_group.py`."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch
from test_serve import LONG, SIDE, Engine, generate, media, request_of, until_denoising  # noqa: F401 - two are fixtures

from humo_engine.load import load_pipelines
from humo_engine.mesh import UnfitRanks
from humo_engine.protocol import parse_request
from humo_engine.settings import load_settings


class Nobody:
    """A listener that hears nothing and wants everything."""

    def progress(self, *told: object) -> None: ...
    def preview(self, *told: object) -> None: ...
    def check(self) -> None: ...


@pytest.fixture
def engine(cache_of_the_tests, monkeypatch):
    monkeypatch.setenv("HUMO_GPUS", "2")
    engine = Engine("--profile", "tiny", "--model", "all", "--device", "cpu")
    try:
        yield engine
    finally:
        engine.stop()


def other_rank(engine: Engine) -> int:
    """The process of rank 1."""
    children = Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children").read_text().split()
    return next(int(child) for child in children if b"humo_engine.rank" in Path(f"/proc/{child}/cmdline").read_bytes())


@pytest.fixture(scope="module")
def made_by_one():
    """A function that gives the frames that one process makes of a message."""
    settings = load_settings(None, "tiny")
    pipelines = load_pipelines(settings, ["17b", "1_7b"], Path("weights"), torch.device("cpu"))

    def made(message: dict, folder: Path) -> bytes:
        request = parse_request({**message, "outputDir": str(folder)}, settings, tuple(pipelines))
        return pipelines[request.model].generate(request, Nobody()).path.read_bytes()

    return made


def test_two_ranks_make_the_frames_of_one_and_end_with_a_rank_that_has_no_memory(engine, request_of, made_by_one, tmp_path):  # noqa: F811
    assert engine.event()["gpus"] == 2
    for model, mode in (("17b", "TIA"), ("17b", "TI"), ("1_7b", "TIA")):
        message = request_of(f"{model}-{mode}", mode, model=model)
        assert generate(engine, message) == made_by_one(message, tmp_path / f"{model}-{mode}-one")

    # Cancelled while it denoises; the next one is made.
    engine.send(request_of("cancelled", **LONG))
    until_denoising(engine)
    engine.send({"type": "cancel", "id": "cancelled"})
    failed, _ = engine.outcome("cancelled")
    assert failed["code"] == "cancelled"
    assert len(generate(engine, request_of("after"))) == 5 * SIDE * SIDE * 3

    # Memory that another rank runs out of is the request's failure, and the process ends, so that the worker starts another.
    child = other_rank(engine)
    size = int(Path(f"/proc/{child}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(child, resource.RLIMIT_AS, (size, size))
    engine.send(request_of("large", width=256, height=256, frames=17))
    failed, _ = engine.outcome("large")
    assert failed["code"] == "out_of_memory" and "GPU 1 of 2" in failed["message"], failed
    assert engine.rest() == [] and engine.process.wait() == 1


def test_ranks_that_cannot_share_the_heads_are_refused_before_any_starts(cache_of_the_tests):
    with pytest.raises(UnfitRanks, match="7 GPUs cannot share.* 2 attention heads.*set HUMO_GPUS to one of these"):
        load_pipelines(load_settings(None, "tiny"), ["17b"], Path("weights"), torch.device("cpu"), gpus=7)
