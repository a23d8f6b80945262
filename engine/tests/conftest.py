"""What every test of the engine shares: a cache of its own, and few threads."""

from __future__ import annotations

import os
from collections.abc import MutableSequence

import pytest

# The models of the tests are so small that threads would mostly wait for each other, also in the processes that tests start. PyTorch reads it
# when it is loaded, which is later: the process that only hands tests out to others never does.
os.environ["OMP_NUM_THREADS"] = "1"

#: Files that take half a minute of a core and more, the longest first: whichever of several processes takes one at the end works alone.
LONGEST = ("test_mini_training.py", "test_serve.py", "test_serve_group.py", "test_bench.py", "test_memory.py")


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
