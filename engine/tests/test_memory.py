"""The memory plan: what leaves the GPU first, that the limit holds for all models together, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from humo_engine.load import bytes_allowed
from humo_engine.memory.demand import SLOTS, Demand, Extent, Weights, Work, demand_for, work_for
from humo_engine.memory.description import describe
from humo_engine.memory.placing import place_text_encoder, place_transformer, place_whisper
from humo_engine.memory.plan import CONTEXT_BYTES, DoesNotFit, make_plan, plan_for, refusal
from humo_engine.model import SIZES, Conditions
from humo_engine.settings import load_settings
from humo_engine.units import GIB

USUAL = Extent(832, 480, 97)
LARGEST = Extent(1280, 720, 161, 4)
LARGE, SMALL = "17b", "1_7b"

# About HuMo 17B at 480 lines.
DEMAND = Demand(
    transformers={LARGE: Weights(fixed=int(0.9 * GIB), block=int(0.78 * GIB), blocks=40)},
    text_encoder=int(10.6 * GIB),
    text_layer=int(0.36 * GIB),
    whisper=int(1.2 * GIB),
    whisper_layer=int(0.04 * GIB),
    vae=int(0.3 * GIB),
    extent=USUAL,
    work=Work(encode=int(0.5 * GIB), denoise=int(6 * GIB), decode=int(5 * GIB), decode_tiled=int(1.5 * GIB)),
)
BLOCK = DEMAND.transformers[LARGE].block


@pytest.fixture(scope="module")
def settings():
    return load_settings(Path(__file__).parents[2] / "generate.yaml")


def everything(plan) -> tuple:
    return plan.text_encoder_on_gpu, plan.whisper_on_gpu, plan.resident[LARGE]


def test_without_a_limit_everything_stays():
    plan = make_plan(DEMAND, None)
    assert everything(plan) == (True, True, 40) and not plan.tiles(DEMAND.work)


def test_parts_leave_in_their_order_as_the_limit_shrinks():
    seen = list(dict.fromkeys(everything(make_plan(DEMAND, limit * GIB // 4)) for limit in range(400, 47, -1)))
    assert seen[:3] == [(True, True, 40), (False, True, 40), (False, False, 40)]
    residents = [resident for _, _, resident in seen[3:]]
    assert residents == sorted(residents, reverse=True) and residents[-1] < 10
    assert all(not text and not whisper for text, whisper, _ in seen[3:])


@pytest.mark.parametrize("limit", [13, 16, 24, 32, 48, 64, 80])
def test_no_stage_goes_beyond_the_limit_and_one_more_block_would(limit):
    plan = make_plan(DEMAND, limit * GIB)
    assert max(plan.peaks.values()) <= limit * GIB
    if 0 < plan.streamed(LARGE) < 40:
        assert max(plan.peaks.values()) + 2 * BLOCK > limit * GIB * 0.95


def test_blocks_that_stream_count_their_slots_and_encoders_count_theirs_while_they_encode():
    plan = make_plan(DEMAND, 24 * GIB)
    counted = CONTEXT_BYTES + DEMAND.transformers[LARGE].fixed + DEMAND.vae + (plan.resident[LARGE] + SLOTS) * BLOCK
    assert plan.persistent == counted
    demand = demand_for([SMALL], Extent(64, 64, 5))
    assert demand.work.encode == SLOTS * demand.text_layer > work_for(SIZES[SMALL], demand.extent).encode


def test_the_decode_is_tiled_only_where_it_alone_is_too_large():
    assert not make_plan(DEMAND, 24 * GIB).tiles(DEMAND.work)
    large = replace(DEMAND, work=replace(DEMAND.work, decode=20 * GIB))
    small_card = make_plan(large, 24 * GIB)
    assert small_card.tiles(large.work) and not make_plan(large, 140 * GIB).tiles(large.work)
    assert not small_card.tiles(DEMAND.work)  # a smaller clip on the same card is decoded whole
    assert max(small_card.peaks.values()) <= 24 * GIB


def test_a_limit_that_cannot_hold_says_what_would():
    with pytest.raises(DoesNotFit, match=r"8\.0 GiB are not enough.*needs (\d+\.\d) GiB") as caught:
        make_plan(DEMAND, 8 * GIB)
    assert caught.value.code == "out_of_memory"
    needed = float(str(caught.value).split(" needs ")[1].split(" ")[0])
    assert make_plan(DEMAND, int((needed + 0.1) * GIB)).resident[LARGE] == 0


def test_the_description_adds_up_and_names_what_streams():
    plan = make_plan(demand_for((LARGE, SMALL), USUAL), 24 * GIB)
    text = "\n".join(describe(plan))
    assert f"17b, {plan.streamed(LARGE)} blocks" in text and "1.7b, 30 blocks" in text and "streamed in each pass" in text
    on_gpu = sum(
        float(line.split(" GiB")[0].split()[-1]) for line in describe(plan) if line.split("GiB")[-1].strip().startswith("GPU")
    )
    assert abs(on_gpu * GIB - plan.persistent) < 0.1 * GIB
    assert f"{plan.main_memory / GIB:.2f} GiB" in next(line for line in describe(plan) if line.startswith("main memory, kept"))


def test_sizes_come_from_the_shapes_of_the_official_modules():
    demand = demand_for((LARGE, SMALL), USUAL)
    large, small = (demand.transformers[model] for model in (LARGE, SMALL))
    assert large.fixed + 40 * large.block == 17_055_925_312 * 2
    assert small.fixed + 30 * small.block == 1_741_569_088 * 2
    # The official bf16 file of the text encoder has 11,361,920,418 bytes, a few of them names.
    assert abs(demand.text_encoder - 11_361_920_418) < 100_000
    assert 0.55 < demand_for([LARGE], USUAL, "fp8").transformers[LARGE].block / large.block < 0.65
    usual, lines_720 = (work_for(SIZES[LARGE], extent) for extent in (USUAL, replace(LARGEST, frames=97, references=1)))
    assert lines_720.denoise > 1.9 * usual.denoise
    assert work_for(SIZES[LARGE], replace(USUAL, references=4)).denoise > usual.denoise


@pytest.mark.parametrize(("limit", "resident", "gib"), [(24, 14, 22.7), (48, 40, 43.8)])
def test_17b_at_480_lines_keeps_what_fits(limit, resident, gib):
    plan = make_plan(demand_for([LARGE], USUAL), limit * GIB)
    assert everything(plan) == (False, limit == 48, resident)
    assert round(max(plan.peaks.values()) / GIB, 1) == gib


@pytest.mark.parametrize("limit", [16, 24, 32, 48, 64, 80, 141])
@pytest.mark.parametrize("models", [(LARGE, SMALL), (SMALL, LARGE)])
def test_two_models_share_one_limit_and_what_they_have_in_common_counts_once(settings, models, limit):
    plan = plan_for(settings, models, limit * GIB)
    assert max(plan.peaks.values()) <= limit * GIB
    demand = plan.demand
    rest = plan.persistent - sum(
        weights.fixed + (plan.resident[model] + min(SLOTS, plan.streamed(model))) * weights.block
        for model, weights in demand.transformers.items()
    )
    encoders = demand.text_encoder + demand.whisper if limit >= 80 else 0
    assert rest <= CONTEXT_BYTES + demand.vae + encoders
    # The work is the larger model's, not the sum.
    assert demand.work == work_for(SIZES[LARGE], demand.extent)


def test_blocks_of_the_model_named_first_stay_longest():
    demand = demand_for((LARGE, SMALL), USUAL)
    limits = [limit * GIB // 2 for limit in range(100, 30, -1)]
    for plan in (make_plan(demand, limit) for limit in limits):
        assert plan.streamed(LARGE) == 0 or plan.resident[SMALL] == 0
    other_way = make_plan(demand_for((SMALL, LARGE), USUAL), 24 * GIB)
    assert other_way.resident[SMALL] == 30 and 0 < other_way.resident[LARGE] < 13


def test_the_plan_is_for_the_largest_clips_that_fit_at_all(settings):
    def extent(models, limit):
        return plan_for(settings, models, limit * GIB).demand.extent

    assert extent((LARGE, SMALL), 141) == extent((LARGE,), 48) == extent((SMALL,), 16) == LARGEST
    assert extent((LARGE, SMALL), 24) == Extent(1280, 720, 97, 1)
    assert extent((LARGE, SMALL), 16) == Extent(832, 480, 129, 4)
    with pytest.raises(DoesNotFit, match="832×480, 97 frames, 1 reference image needs"):
        plan_for(settings, (LARGE, SMALL), 12 * GIB)


def test_a_clip_that_cannot_fit_is_refused_with_one_that_does(settings):
    plan = plan_for(settings, (LARGE,), 24 * GIB)
    for fitting in (USUAL, plan.demand.extent, Extent(480, 832, 129, 4)):
        assert refusal(plan, SIZES[LARGE], fitting, settings) is None
    assert refusal(plan, SIZES[LARGE], LARGEST, settings) == (
        "1280×720, 161 frames, 4 reference images needs 35.3 GiB, and there are 24.0 GiB; "
        "what fits is 1280×720, 85 frames, 4 reference images"
    )
    for extent, nearest in (
        (Extent(1280, 720, 97, 4), Extent(1280, 720, 97, 1)),
        (Extent(2048, 2048, 5), Extent(1280, 720, 5)),
        (Extent(2048, 2048, 129, 4), Extent(720, 720, 129, 4)),
    ):
        assert refusal(plan, SIZES[LARGE], extent, settings).endswith(f"what fits is {nearest}")
    assert refusal(make_plan(DEMAND, None), SIZES[LARGE], Extent(2048, 2048, 129, 4), settings) is None


@pytest.mark.parametrize(("limit", "allowed"), [(None, 80), (24.0, 24), (100.0, 80)])
def test_a_process_may_use_the_limit_or_the_card_whichever_is_less(settings, monkeypatch, limit, allowed):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=80 * GIB))
    limited = replace(settings, memory_limit_gib=limit)
    assert bytes_allowed(limited, torch.device("cuda")) == allowed * GIB
    assert bytes_allowed(limited, torch.device("cpu")) == (None if limit is None else limit * GIB)


def test_a_pipeline_refuses_before_it_works_and_tiles_what_only_fits_in_tiles(tmp_path):
    from PIL import Image

    from humo_engine.pipeline import Pipeline, Silent
    from humo_engine.protocol import RequestError, parse_request
    from humo_engine.tiny import tiny_components
    from humo_engine.vae import speed_up_on_cpu

    settings = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")
    Image.new("RGB", (40, 60), "orange").save(tmp_path / "man.png")
    parts = tiny_components(SMALL)
    speed_up_on_cpu(parts.vae)
    large = Extent(352, 352, 5)
    whole = work_for(parts.transformer.size, large)
    assert whole.least < whole.decode
    in_tiles = replace(DEMAND, work=replace(whole, decode=0, decode_tiled=0), extent=Extent(256, 256, 5))
    limit = make_plan(in_tiles, None).limit_for(whole) + GIB // 100
    pipeline = Pipeline(parts, settings, torch.device("cpu"), cache=tmp_path, plan=make_plan(in_tiles, limit))

    def make(side: int, images: int = 1):
        body = {
            "prompt": "A man", "mode": "TI", "model": SMALL, "images": [str(tmp_path / "man.png")] * images, "steps": 1,
            "width": side, "height": side, "frames": 5,
        }  # fmt: skip
        request = parse_request({"id": "clip", "outputDir": str(tmp_path / "out"), "request": body}, settings, (SMALL,))
        return pipeline.generate(request, Silent())

    with pytest.raises(RequestError, match="640×640, 5 frames, 4 reference images needs .* what fits is") as caught:
        make(640, images=4)
    assert caught.value.code == "out_of_memory" and not (tmp_path / "out").exists()
    assert make(large.width).path.stat().st_size == large.width * large.height * 5 * 3 and parts.vae.use_tiling
    assert make(64).path.stat().st_size == 64 * 64 * 5 * 3 and not parts.vae.use_tiling


def test_placed_parts_compute_the_same_with_everything_streamed():
    """The real transformer, text encoder and Whisper at toy size, all outside the device except for slots."""
    from transformers import UMT5Config, UMT5EncoderModel, WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    from humo_engine.model import HuMoTransformer, ModelSize

    torch.manual_seed(0)
    plan = make_plan(DEMAND, 13 * GIB)
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
        place_transformer(transformer, 1, "cpu"),
        place_text_encoder(text, plan, "cpu"),
        place_whisper(whisper, plan, "cpu"),
    ]
    assert [len(part.streamed) for part in streamed] == [3, 3, 3]
    for out, reference in zip(results(), expected, strict=True):
        assert torch.equal(out, reference)


@pytest.mark.parametrize(("lines", "seconds"), [(480, 20), (480, 10), (720, 20)])
def test_a_long_take_needs_at_most_two_gib_more_than_one_window(settings, lines, seconds):
    from humo_engine.windows import KEPT_AUDIO_BYTES

    takes = settings.takes
    size = settings.size(lines)
    for model in SIZES.values():
        window = work_for(model, Extent(*size, takes.window))
        take = work_for(model, Extent(*size, 25 * seconds + 1, at_once=takes.window))
        kept = KEPT_AUDIO_BYTES
        assert take.denoise + kept - window.denoise <= (2 if lines == 480 else 2.8) * GIB
        # Frames leave as they come: to decode an hour takes no more than to decode a window.
        assert (take.encode, take.decode, take.decode_tiled) == (window.encode, window.decode, window.decode_tiled)


def test_what_is_left_for_a_long_take_is_what_its_work_leaves(settings):
    plan = plan_for(settings, (LARGE,), 24 * GIB)
    work = work_for(SIZES[LARGE], Extent(832, 480, 501, at_once=97))
    left = plan.left(work.denoise)
    assert left > 0 and plan.fits(work.denoise + left) and not plan.fits(work.denoise + left + 2)
    assert plan.left(1 << 60) == 0 and make_plan(DEMAND, None).left(0) is None
