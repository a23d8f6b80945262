"""What every test of the engine shares: a cache of its own, and few threads."""

from __future__ import annotations

import os
import zlib
from collections.abc import MutableSequence

import pytest

# The models of the tests are so small that threads would mostly wait for each other, also in the processes that tests start. PyTorch reads it
# when it is loaded, which is later: the process that only hands tests out to others never does.
os.environ["OMP_NUM_THREADS"] = "1"

#: Files that take longest, in this order: whichever of several processes takes one at the end works alone.
LONGEST = (
    *("test_mini_training.py", "test_quality_command.py", "test_serve.py", "test_bench.py", "test_weights.py", "test_quality.py"),
    *("test_serve_group.py", "test_official.py", "test_group.py", "test_infer_scripts.py", "test_golden.py"),
)


def pytest_collection_modifyitems(items: MutableSequence[pytest.Item]) -> None:
    """The longest files first; all else stays in its order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(autouse=True, scope="session")
def cache_of_the_tests(tmp_path_factory):
    """Zero-video latents and compiled code go to a folder of this run, also from the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("HUMO_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def _heard():
    """What Whisper has said, by sound and weights."""
    return {}


@pytest.fixture
def heard_once(_heard, monkeypatch):
    """Whisper, which takes longer than all else of a toy clip, listens once to each sound: a pipeline of the same weights has the states of the
    one before. For tests of what is made of them; what Whisper itself does, and with weights that are read or moved, is not for these."""
    from humo_engine import pipeline

    listen = pipeline.whisper_states

    def remembered(samples, whisper, extractor):
        weights = 0
        for value in whisper.state_dict().values():
            weights = zlib.crc32(value.contiguous().numpy().tobytes(), weights)
        key = samples.numpy().tobytes(), weights, next(whisper.parameters()).dtype
        if key not in _heard:
            _heard[key] = list(listen(samples, whisper, extractor))
        return iter(_heard[key])

    monkeypatch.setattr(pipeline, "whisper_states", remembered)
