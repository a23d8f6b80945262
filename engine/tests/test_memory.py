"""The memory plan: what leaves the GPU first, that the limit holds, and that nothing leaves without need."""

from __future__ import annotations

import pytest
import torch

from humo_engine.memory import (
    CONTEXT_BYTES,
    GIB,
    SLOTS,
    Demand,
    DoesNotFit,
    demand_for,
    describe,
    make_plan,
    place_text_encoder,
    place_transformer,
    place_whisper,
)
from humo_engine.model import Conditions

# About HuMo 17B at 480 lines.
DEMAND = Demand(
    fixed=int(0.9 * GIB),
    block=int(0.78 * GIB),
    blocks=40,
    text_encoder=int(10.6 * GIB),
    text_layer=int(0.36 * GIB),
    whisper=int(1.2 * GIB),
    whisper_layer=int(0.04 * GIB),
    vae=int(0.3 * GIB),
    encode_work=int(0.5 * GIB),
    denoise_work=int(6 * GIB),
    decode_work=int(5 * GIB),
    decode_tiled_work=int(1.5 * GIB),
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
    if plan.streamed_blocks > 0 and plan.resident_blocks + 1 < DEMAND.blocks:
        assert max(plan.peaks.values()) + 2 * DEMAND.block > limit * GIB * 0.95


def test_what_streams_counts_its_slots():
    plan = make_plan(DEMAND, 24 * GIB)
    counted = (
        CONTEXT_BYTES
        + DEMAND.fixed
        + DEMAND.vae
        + (plan.resident_blocks + SLOTS) * DEMAND.block
        + SLOTS * (DEMAND.text_layer + DEMAND.whisper_layer)
    )
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
    on_gpu = sum(
        float(line.split(" GiB")[0].split()[-1]) for line in describe(plan) if line.split("GiB")[-1].strip().startswith("GPU")
    )
    assert abs(on_gpu * GIB - (plan.persistent - SLOTS * (DEMAND.text_layer + DEMAND.whisper_layer))) < 0.1 * GIB


def test_sizes_come_from_the_shapes_of_the_official_modules():
    demand = demand_for("17b", 832, 480, 97)
    assert demand.fixed + 40 * demand.block == 17_055_925_312 * 2
    small = demand_for("1_7b", 832, 480, 97)
    assert small.fixed + 30 * small.block == 1_741_569_088 * 2
    # The official bf16 file of the text encoder has 11,361,920,418 bytes, a few of them names.
    assert abs(demand.text_encoder - 11_361_920_418) < 100_000
    assert 0.55 < demand_for("17b", 832, 480, 97, precision="fp8").block / demand.block < 0.65
    assert demand_for("17b", 1280, 720, 97).denoise_work > 1.9 * demand.denoise_work


@pytest.mark.parametrize("limit", [24, 48])
def test_17b_at_480_lines_has_a_plan_within_common_cards(limit):
    plan = make_plan(demand_for("17b", 832, 480, 97), limit * GIB)
    assert max(plan.peaks.values()) <= limit * GIB and plan.resident_blocks > 0


def test_placed_parts_compute_the_same_with_everything_streamed():
    """The real transformer, text encoder and Whisper at toy size, all outside the device except for slots."""
    from dataclasses import replace

    from transformers import UMT5Config, UMT5EncoderModel, WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    from humo_engine.model import HuMoTransformer, ModelSize

    torch.manual_seed(0)
    plan = replace(make_plan(DEMAND, 13 * GIB), demand=replace(DEMAND, blocks=4), resident_blocks=1)
    transformer = HuMoTransformer(
        ModelSize(
            in_dim=16, dim=64, ffn_dim=96, heads=1, layers=4, text_dim=32, text_length=8, audio_window=(8, 5, 16), audio_hidden=8
        )
    ).eval()
    text = UMT5EncoderModel(UMT5Config(vocab_size=50, d_model=32, d_kv=8, d_ff=48, num_layers=3, num_heads=4)).eval()
    whisper = WhisperEncoder(
        WhisperConfig(
            d_model=32, encoder_layers=3, encoder_attention_heads=2, encoder_ffn_dim=48, num_mel_bins=16, max_source_positions=10
        )
    ).eval()
    ids = torch.tensor([[3, 7, 1]])
    mel, latents = torch.randn(1, 16, 20), torch.randn(16, 2, 4, 4)

    @torch.no_grad()
    def results() -> list[torch.Tensor]:
        states = text(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        heard = whisper(mel).last_hidden_state
        conditions = Conditions(
            None, transformer.embed_text(states), transformer.embed_audio(torch.ones(2, 8, 5, 16)), transformer.positions(2, 4, 4)
        )
        return [states, heard, transformer(latents, torch.tensor([500]), conditions)]

    expected = results()
    streamed = [
        place_transformer(transformer, plan, "cpu"),
        place_text_encoder(text, plan, "cpu"),
        place_whisper(whisper, plan, "cpu"),
    ]
    assert [len(part.streamed) for part in streamed] == [3, 3, 3]
    for out, reference in zip(results(), expected, strict=True):
        assert torch.equal(out, reference)
