"""The memory plan: what leaves the GPU first, that the limit holds, and that nothing leaves without need."""

from __future__ import annotations

import pytest

from humo_engine.memory import CONTEXT_BYTES, GIB, SLOTS, Demand, DoesNotFit, describe, make_plan

# About HuMo 17B at 480 lines.
DEMAND = Demand(
    fixed=int(0.9 * GIB), block=int(0.78 * GIB), blocks=40, text_encoder=int(10.6 * GIB), text_layer=int(0.36 * GIB),
    whisper=int(1.2 * GIB), whisper_layer=int(0.04 * GIB), vae=int(0.3 * GIB), encode_work=int(0.5 * GIB),
    denoise_work=int(6 * GIB), decode_work=int(5 * GIB), decode_tiled_work=int(1.5 * GIB),
)


def everything(plan) -> tuple:
    return plan.text_encoder_on_gpu, plan.whisper_on_gpu, plan.resident_blocks, plan.tiled_decode


def test_without_a_limit_everything_stays():
    assert everything(make_plan(DEMAND, None)) == (True, True, 40, False)


def test_parts_leave_in_their_order_as_the_limit_shrinks():
    seen = list(dict.fromkeys(everything(make_plan(DEMAND, limit * GIB // 4)) for limit in range(400, 47, -1)))
    assert seen[:3] == [(True, True, 40, False), (False, True, 40, False), (False, False, 40, False)]
    residents = [resident for _, _, resident, _ in seen[3:]]
    assert residents == sorted(residents, reverse=True) and residents[-1] < 10
    assert all(not text and not whisper for text, whisper, _, _ in seen[3:])


@pytest.mark.parametrize("limit", [13, 16, 24, 32, 48, 64, 80])
def test_no_stage_goes_beyond_the_limit_and_one_more_block_would(limit):
    plan = make_plan(DEMAND, limit * GIB)
    assert max(plan.peaks.values()) <= limit * GIB
    if 0 < plan.streamed_blocks and plan.resident_blocks + 1 < DEMAND.blocks:
        assert max(plan.peaks.values()) + 2 * DEMAND.block > limit * GIB * 0.95


def test_what_streams_counts_its_slots():
    plan = make_plan(DEMAND, 24 * GIB)
    counted = (CONTEXT_BYTES + DEMAND.fixed + DEMAND.vae + (plan.resident_blocks + SLOTS) * DEMAND.block
               + SLOTS * (DEMAND.text_layer + DEMAND.whisper_layer))
    assert plan.persistent == counted


def test_the_decode_is_tiled_only_where_it_alone_is_too_large():
    from dataclasses import replace

    assert not make_plan(DEMAND, 24 * GIB).tiled_decode
    large = replace(DEMAND, decode_work=20 * GIB)
    assert make_plan(large, 24 * GIB).tiled_decode and not make_plan(large, 140 * GIB).tiled_decode


def test_a_limit_that_cannot_hold_says_what_would():
    with pytest.raises(DoesNotFit, match=r"8\.0 GiB are not enough.*needs (\d+\.\d) GiB") as caught:
        make_plan(DEMAND, 8 * GIB)
    assert caught.value.code == "out_of_memory"
    needed = float(str(caught.value).split("this size needs ")[1].split(" ")[0])
    assert make_plan(DEMAND, int((needed + 0.1) * GIB)).resident_blocks == 0


def test_the_description_adds_up_and_names_what_streams():
    plan = make_plan(DEMAND, 24 * GIB)
    text = "\n".join(describe(plan))
    assert f"{plan.streamed_blocks} blocks" in text and "streamed in each pass" in text
    on_gpu = sum(float(line.split(" GiB")[0].split()[-1]) for line in describe(plan) if line.split("GiB")[-1].strip().startswith("GPU"))
    assert abs(on_gpu * GIB - (plan.persistent - SLOTS * (DEMAND.text_layer + DEMAND.whisper_layer))) < 0.1 * GIB
