"""What every test of the engine shares: a cache of its own, and few threads."""

from __future__ import annotations

import pytest
import torch

# The models of the tests are so small that threads would mostly wait for each other.
torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def cache_of_the_tests(tmp_path_factory):
    """Zero-video latents and compiled code go to a folder of this run, also from the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("HUMO_CACHE", str(folder))
        yield folder
