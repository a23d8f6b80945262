"""How passes share ranks."""

from __future__ import annotations

import pytest
import torch

from humo_engine.group import GroupConditions, Lane, most_passes
from humo_engine.guidance import TI, TIA, I, Pass
from humo_engine.mesh import EFFICIENCY, UnfitRanks, plan_rounds, require_ranks
from humo_engine.model import SIZES


@pytest.mark.parametrize(
    ("passes", "ranks", "heads", "rounds"),
    [
        (1, 1, 40, (1,)),
        (3, 1, 40, (1, 1, 1)),
        (1, 2, 40, (2,)),
        (2, 2, 40, (1,)),  # side by side: nothing but a latent is exchanged
        (3, 2, 40, (1, 2)),
        (4, 2, 12, (1, 1)),
        (2, 3, 40, (1,)),
        (3, 3, 40, (1,)),
        (3, 4, 40, (2, 4)),
        (4, 4, 12, (1,)),
        (2, 4, 40, (2,)),
        (3, 8, 40, (4, 8)),
        (2, 8, 40, (4,)),
        (3, 6, 12, (2,)),
    ],
)
def test_rounds_are_the_quickest(passes, ranks, heads, rounds):
    assert plan_rounds(passes, ranks, heads) == rounds


@pytest.mark.parametrize(
    ("ranks", "passes", "lanes"),
    [
        (3, (TIA, TI), [[Lane(TIA, 0, 1), Lane(TI, 1, 1)]]),  # the third waits: 40 heads are not shared by three
        (4, (TIA, TI), [[Lane(TIA, 0, 2), Lane(TI, 2, 2)]]),
        (4, (TIA, TI, I), [[Lane(TIA, 0, 2), Lane(TI, 2, 2)], [Lane(I, 0, 4)]]),
    ],
)
def test_passes_of_a_round_are_each_on_ranks_of_their_own(ranks: int, passes: tuple[Pass, ...], lanes: list[list[Lane]]):
    asked = []

    class Ranks:
        count = ranks

        def run(self, number, lanes, latents, timestep):
            asked.append(lanes)
            return [latents for _ in lanes]

        def forget(self, number):
            pass

    conditions = GroupConditions(Ranks(), 0, SIZES["17b"], None)
    latents = torch.zeros(1)
    for together in conditions.rounds(passes):
        conditions.predict(latents, latents, together)
    assert asked == lanes


@pytest.mark.parametrize("ranks", range(1, 17))
@pytest.mark.parametrize("passes", [1, 2, 3, 4])
@pytest.mark.parametrize("heads", [40, 12, 2])
def test_every_pass_is_made_and_more_ranks_are_never_slower(passes, ranks, heads):
    def seconds(count: int) -> float:
        return sum(1 / (split * EFFICIENCY.get(split, 0.8)) for split in plan_rounds(passes, count, heads))

    assert sum(ranks // split for split in plan_rounds(passes, ranks, heads)) >= passes
    assert all(heads % split == 0 for split in plan_rounds(passes, ranks, heads))
    assert ranks == 1 or seconds(ranks) <= seconds(ranks - 1) + 1e-9


@pytest.mark.parametrize(
    ("family", "heads", "fitting"),
    [("17b", 40, "1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16"), ("1_7b", 12, "1, 2, 3, 4, 6, 8, 9, 12, 16")],
)
def test_ranks_that_would_be_idle_are_refused_with_the_numbers_that_would_do(family, heads, fitting):
    for ranks in map(int, fitting.split(", ")):
        require_ranks(ranks, heads, most_passes(family), family)
    with pytest.raises(UnfitRanks, match=f"7 GPUs .*{heads} attention heads.*: set HUMO_GPUS") as refusal:
        require_ranks(7, heads, most_passes(family), family)
    assert f", {fitting} can" in str(refusal.value)
