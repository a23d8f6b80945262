"""The cases, by the names that `--case` takes, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from humo_engine.bench import clip, cold, exactness, gpus, limit, long, passes, request, vae_decode
from humo_engine.bench.subject import Bench, Choices


@dataclass(frozen=True)
class Case:
    """One thing that is measured. `once`: not for each size, since it is the same for all of them, or takes all of them itself."""

    measure: Callable[[Bench, Choices], None]
    once: bool = False


CASES = {
    "pass": Case(passes.measure),
    "exactness": Case(exactness.measure),
    "vae": Case(vae_decode.measure),
    "request": Case(request.measure),
    "cold": Case(cold.measure, once=True),
    "limit": Case(limit.measure),
    "gpus": Case(gpus.measure, once=True),
    "clip": Case(clip.measure, once=True),
    "long": Case(long.measure),
}
