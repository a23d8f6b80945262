"""One engine on several ranks: four processes on the CPU, connected by gloo, give what one process gives.

One group serves all checks, since starting a process takes longer than what it computes.
"""

from __future__ import annotations

import os
import queue
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from forked import Forked

from humo_engine.conditions import prepare_conditions
from humo_engine.fp8 import use_float8
from humo_engine.group import Group, Lane, RankLost, gpus_wanted
from humo_engine.guidance import TI, TIA, I, Pass, T, passes_of
from humo_engine.memory.placing import place_transformer
from humo_engine.model import HuMoTransformer, ModelSize
from humo_engine.tiny import draw_weights, tiny_size
from humo_engine.ulysses import part_of

CPU = torch.device("cpu")
PATIENCE = 600  # seconds until a test gives up on an event
RANKS = 4
# Four heads, so that a pass can be split by four; three layers, so that one can stay while the others stream.
SIZES: dict[str, ModelSize] = {family: replace(tiny_size(family), heads=4, layers=3) for family in ("17b", "1_7b")}


def made(family: str, fp8: bool = False) -> HuMoTransformer:
    with torch.device("meta"):
        model = HuMoTransformer(SIZES[family])
    draw_weights(model)
    if fp8:
        use_float8(model.blocks)
    return model


def inputs_of(family: str, frames: int, height: int, width: int) -> dict[str, torch.Tensor | None]:
    generator = torch.Generator().manual_seed(frames * height * width)
    size = SIZES[family]

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "text": draw(7, size.text_dim),
        "negative_text": draw(3, size.text_dim),
        "audio": draw(frames, *size.audio_window),
        "references": draw(16, 1, height, width),
        "zero_video": draw(16, frames, height, width) if size.in_dim > 16 else None,
    }


@pytest.fixture(scope="module")
def group(cache_of_the_tests):
    # Threads of four processes would only wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("humo_engine.group.subprocess.Popen", Forked)
        group = Group(RANKS, CPU)
    try:
        yield group
    finally:
        group.close()
        # The last test kills one of them.
        assert {process.returncode for process in group.processes[1:]} == {0}
        assert group.processes[0].returncode in (0, -signal.SIGKILL)


def share(group: Group, family: str, fp8: bool = False, resident: int = 3) -> HuMoTransformer:
    """Give all ranks a transformer; returns a plain one of the same weights."""
    ours = made(family, fp8)
    streamed = group.share(family, ours, lambda parts: place_transformer(parts, resident, CPU, share=True))
    assert (streamed is None) == (resident == SIZES[family].layers)
    group.adopt(family, ours)
    return made(family, fp8)


def differences(group: Group, plain: HuMoTransformer, family: str, lanes: list[Lane], shape: tuple[int, int, int], chunks: int):
    """Relative errors of a round of lanes against one process, largest last."""
    passes = tuple(dict.fromkeys(lane.which for lane in lanes))
    inputs = inputs_of(family, *shape)
    expected = prepare_conditions(plain, passes, **inputs)
    conditions = group.prepare(family, passes, **inputs)
    latents, now = torch.randn(16, *shape, generator=torch.Generator().manual_seed(5)), torch.tensor([900])
    velocities = conditions.run(lanes, latents, now, chunks)
    conditions.close()
    errors = []
    for which, velocity in velocities.items():
        with torch.no_grad():
            one = plain(expected.with_references(latents, which), now, expected[which])
        errors.append(((velocity - one).norm() / one.norm()).item())
    return sorted(errors)


FOUR = [Lane(TIA, 0, 4)]
TWICE_TWO = [Lane(TIA, 0, 2), Lane(TI, 2, 2)]
ONE_IDLE = [Lane(TIA, 0, 1), Lane(TI, 1, 1), Lane(I, 2, 1)]


def test_any_way_to_share_passes_gives_what_one_process_gives(group):
    plain = share(group, "17b")
    even, odd, tall = (4, 4, 4), (3, 6, 6), (5, 2, 6)  # odd: 27 tokens, which no number of ranks divides
    for lanes in (FOUR, TWICE_TWO, ONE_IDLE):
        for shape in (even, odd, tall):
            assert differences(group, plain, "17b", lanes, shape, 1)[-1] < 1e-5, (lanes, shape)
    # One head for each rank cannot be cut into chunks; two for each can.
    assert differences(group, plain, "17b", FOUR, odd, 2)[-1] < 1e-5
    assert differences(group, plain, "17b", TWICE_TWO, odd, 2)[-1] < 1e-5
    # Side by side each rank computes what one process does: the same bits.
    assert differences(group, plain, "17b", ONE_IDLE, odd, 1)[-1] == 0


def test_streamed_fp8_blocks_lie_once_in_memory_that_all_ranks_read(group):
    plain = share(group, "17b", fp8=True, resident=1)
    assert differences(group, plain, "17b", TWICE_TWO, (3, 6, 6), 2)[-1] < 1e-2
    # Changed in place, as by a LoRA: what stays on the device is sent anew.
    for model in (plain, group.rank.transformers["17b"]):
        for part in (model.head, model.blocks[2]):
            for tensor in (*part.parameters(), *part.buffers()):
                if tensor.dtype == torch.float32:
                    tensor.data.mul_(1.25)
    group.renew("17b")
    assert differences(group, plain, "17b", TWICE_TWO, (3, 6, 6), 2)[-1] < 1e-2
    shared = [
        line
        for process in group.processes
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines()
        if "humo-layer" in line
    ]
    assert len(shared) == 2 * len(group.processes)


def test_1_7b_with_its_references_in_the_latents(group):
    plain = share(group, "1_7b")
    assert differences(group, plain, "1_7b", TWICE_TWO, (3, 6, 6), 1)[-1] < 1e-5
    assert differences(group, plain, "1_7b", [Lane(T, 0, 4)], (3, 6, 6), 1)[-1] < 1e-5


def test_a_step_is_made_in_the_rounds_that_its_passes_want(group):
    plain = share(group, "17b")
    inputs = inputs_of("17b", 3, 6, 6)
    passes = passes_of("17b", "TIA")[:3]
    conditions, expected = group.prepare("17b", passes, **inputs), prepare_conditions(plain, passes, **inputs)
    rounds = conditions.rounds(passes)
    assert rounds == [passes[:2], passes[2:]]
    latents, now = torch.randn(16, 3, 6, 6), torch.tensor([500])
    velocities: dict[Pass, torch.Tensor] = {}
    for together in rounds:
        velocities.update(zip(together, conditions.predict(latents, now, together), strict=True))
    with torch.no_grad():
        for which in passes:
            one = plain(expected.with_references(latents, which), now, expected[which])
            assert torch.allclose(velocities[which], one, atol=1e-5)


@pytest.mark.parametrize(
    ("ranks", "frames", "frame", "length", "piece"),
    [
        (2, 26, 1560, 20_280, 1560),  # 97 frames and a reference at 480 lines: 13 frames for each
        (4, 26, 1560, 10_140, 780),  # six and a half
        (8, 26, 1560, 5_070, 390),
        (5, 26, 1560, 8_112, 312),
        (3, 26, 1560, 13_520, 520),
        (8, 26, 3600, 11_700, 900),
        (4, 3, 9, 9, 9),  # one frame too many
    ],
)
def test_parts_of_all_ranks_hold_each_token_once(ranks, frames, frame, length, piece):
    parts = [part_of(index, ranks, frames, frame) for index in range(ranks)]
    assert {(part.length, part.piece) for part in parts} == {(length, piece)}
    tokens = torch.arange(1, frames * frame + 1)[:, None]
    rows = torch.cat([part.of(tokens) for part in parts])
    assert torch.equal(rows[: len(tokens)], tokens) and not rows[len(tokens) :].any()
    heard = torch.cat([part.frames(CPU).repeat_interleave(part.piece) for part in parts])[: len(tokens)]
    assert torch.equal(heard, torch.arange(frames).repeat_interleave(frame))


def test_the_number_of_gpus_is_a_number_or_all():
    assert gpus_wanted(None, CPU) == gpus_wanted("  ", CPU) == gpus_wanted("all", CPU) == gpus_wanted("1", CPU) == 1
    assert gpus_wanted("4", CPU) == 4
    for text in ("0", "two", "-1", "1.5"):
        with pytest.raises(ValueError, match="must be a number of GPUs"):
            gpus_wanted(text, CPU)


def test_a_rank_that_is_killed_is_told_once_by_its_name_and_how_it_ended(group):
    """The last of the file: the group is of no more use then."""
    told: queue.Queue[RankLost] = queue.Queue()
    group.on_loss = told.put
    group.processes[0].kill()
    lost = told.get(timeout=PATIENCE)
    assert str(lost) == "GPU 1 of 4 was lost (counted from 0): its process was ended by SIGKILL"
    assert not hasattr(lost, "code") and group.broken and told.empty()
