"""How the passes of a step share the ranks: side by side, each over several ranks (Ulysses), or first one and then the other."""

from __future__ import annotations

import functools
from collections.abc import Mapping

# Share of ideal speed that a pass keeps on so many ranks (17B, 480 lines): 2 and 4 as measured (BENCHMARKS.md, "Several GPUs"), the
# others as reckoned from them. What is chosen is the same for any figures near these.
EFFICIENCY: Mapping[int, float] = {1: 1.0, 2: 0.926, 3: 0.916, 4: 0.906, 5: 0.9, 6: 0.89, 8: 0.87}
# What more ranks than were measured are taken for.
UNMEASURED = 0.8
# The most ranks that are looked at for a suggestion.
MOST_RANKS = 16


class UnfitRanks(ValueError):
    """So many ranks cannot share a step's work. `code` is the protocol's failure code; the message names what would do."""

    code = "invalid_input"


def splits(ranks: int, heads: int) -> tuple[int, ...]:
    """Over how many of `ranks` ranks a pass can be split: numbers that divide the model's heads, 1 among them."""
    return tuple(count for count in range(1, ranks + 1) if heads % count == 0)


@functools.cache
def plan_rounds(passes: int, ranks: int, heads: int) -> tuple[int, ...]:
    """The quickest way to make `passes` equal passes: for each round over how many ranks each of its passes is split.

    A round makes as many passes at a time as find that many ranks. So three passes on two ranks are two side by side and
    the third over both: 1.5 passes' time and a little, where three times over both is 1.5 and three little.
    """
    return _cheapest(passes, ranks, heads)[1]


@functools.cache
def _cheapest(passes: int, ranks: int, heads: int) -> tuple[float, tuple[int, ...]]:
    """Seconds, in passes of one rank, and the rounds; wider rounds last."""
    if passes <= 0:
        return 0.0, ()
    ways = []
    for count in splits(ranks, heads):
        seconds, rest = _cheapest(passes - ranks // count, ranks, heads)
        ways.append((seconds + 1 / (count * EFFICIENCY.get(count, UNMEASURED)), tuple(sorted((count, *rest)))))
    return min(ways)


def require_ranks(ranks: int, heads: int, most_passes: int, model: str) -> None:
    """UnfitRanks where some of `ranks` would always be idle: no split of a pass shares them evenly among a step's passes."""
    if _fits(ranks, heads, most_passes):
        return
    fitting = [str(number) for number in range(1, MOST_RANKS + 1) if _fits(number, heads, most_passes)]
    raise UnfitRanks(
        f"{ranks} GPUs cannot share the work of HuMo {model.replace('_', '.')}: each pass is split by its {heads} attention heads, "
        f"and a step makes at most {most_passes} passes. Of {MOST_RANKS} GPUs or fewer, {', '.join(fitting)} can: set HUMO_GPUS to "
        "one of these"
    )


def _fits(ranks: int, heads: int, most_passes: int) -> bool:
    return any(ranks % count == 0 and ranks // count <= most_passes for count in splits(ranks, heads))
