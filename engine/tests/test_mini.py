"""The small model: its files, its training's ways of running the engine's modules, and what it makes."""

import pytest
import torch

from humo_engine.checkpoint import CheckpointError
from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import TIA
from humo_engine.mini import FOLDER, mini_components, mini_size, pack, unpack
from humo_engine.model import HuMoTransformer
from humo_engine.settings import load_settings
from humo_engine.vae import build_vae
from humo_mini.frames_vae import FramesVae
from humo_mini.optimise import Optimiser
from humo_mini.pool import SHAPES
from humo_mini.transformer_training import batched_velocity


def test_files_are_whole_small_and_shared_between_the_models():
    assert sum(file.stat().st_size for file in FOLDER.glob("*.safetensors")) < 12_000_000
    first = mini_components("17b")
    second = mini_components("1_7b", shared=first)
    assert first.weights == second.weights == "mini"
    assert second.vae is first.vae
    assert (first.transformer.size.in_dim, second.transformer.size.in_dim) == (36, 16)
    for parts in (first, second):
        assert all(p.dtype == torch.float32 and p.isfinite().all() for p in parts.transformer.parameters())


def test_a_damaged_file_is_named(tmp_path):
    for name in FOLDER.glob("*.safetensors"):
        (tmp_path / name.name).write_bytes(name.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match="transformer-17b"):
        mini_components("17b", tmp_path)


def test_packing_loses_less_than_half_a_step_of_each_row():
    state = {"a.weight": torch.randn(64, 40), "b.bias": torch.randn(64).half().float(), "c.weight": torch.randn(40, 16, 3, 3)}
    back = unpack(pack(state))
    assert back.keys() == state.keys()
    assert torch.equal(back["b.bias"], state["b.bias"])
    for name in ("a.weight", "c.weight"):
        step = state[name].flatten(1).abs().amax(1) / 127
        assert ((back[name] - state[name]).flatten(1).abs() <= step[:, None] * 0.51).all()


def test_profile_has_scales_of_its_own_and_leaves_official_ones_alone():
    mini, official = load_settings(None, "mini"), load_settings(None, "official")
    assert mini.weights == "mini"
    assert mini.models["17b"].scales.audio < official.models["17b"].scales.audio == 5.5
    assert mini.models["1_7b"].scales.image == 2.5


def test_the_profile_offers_no_size_beyond_those_that_training_showed():
    """Places beyond the last row or column of any clip are places that the model never saw: at 144×256 it drew people without a face."""
    widest, tallest = (max(size[side] for size, _ in SHAPES) for side in (0, 1))
    for shapes in load_settings(None, "mini").sizes.values():
        assert all(width <= widest and height <= tallest for width, height in shapes.values())


@pytest.mark.parametrize("family", ["17b", "1_7b"])
def test_training_runs_the_transformer_as_serving_does(family):
    torch.manual_seed(0)
    model = HuMoTransformer(mini_size(family)).eval()
    frames, height, width = 4, 4, 6
    text, audio = torch.randn(2, 20, 64), torch.randn(2, frames, 8, 5, 32)
    references, zero = torch.randn(2, 16, 1, height, width), torch.randn(16, frames, height, width)
    latents, times = torch.randn(2, 16, frames, height, width), torch.tensor([700.0, 31.0])
    wanted, channels = [], []
    with torch.no_grad():
        for i in range(2):
            conditions = prepare_conditions(
                model, [TIA], text=text[i], negative_text=text[i], audio=audio[i], references=references[i], zero_video=zero
            )[TIA]
            wanted.append(model(latents[i], times[i : i + 1], conditions))
            channels.append(conditions.channels)
        padded = torch.nn.functional.pad(text, (0, 0, 0, model.size.text_length - 20))
        stacked = torch.stack(channels) if family == "17b" else None
        made = batched_velocity(model, latents, times, stacked, padded, audio, model.positions(frames, height, width))
    assert torch.allclose(made, torch.stack(wanted), atol=1e-5)


def test_training_runs_the_vae_as_serving_does():
    torch.manual_seed(0)
    vae = build_vae(8)
    frames_vae = FramesVae(vae, begin=True)
    with torch.no_grad():
        for p in frames_vae.parameters():
            p.add_(torch.randn_like(p) * 0.05)
        frames_vae.write_back()
        pixels = torch.rand(1, 3, 13, 16, 24) * 2 - 1
        latents = vae.encode(pixels).latent_dist.mode()
        assert torch.allclose(frames_vae.encode(pixels), latents, atol=1e-5)
        assert torch.allclose(frames_vae.decode(latents).clamp(-1, 1), vae.decode(latents).sample, atol=1e-4)


def test_optimiser_finds_a_matrix_and_goes_on_from_its_state():
    torch.manual_seed(0)
    wanted, inputs = torch.randn(6, 4), torch.randn(32, 4)

    def start() -> tuple[torch.nn.Parameter, torch.nn.Parameter, Optimiser]:
        matrix, bias = torch.nn.Parameter(torch.zeros(6, 4)), torch.nn.Parameter(torch.ones(6))
        return matrix, bias, Optimiser([matrix], [(bias, 1.0)], 0.05, 0.05, 0.9)

    def run(matrix, bias, optimiser, steps, scale=1.0):
        for step in range(steps):
            optimiser.zero()
            loss = (inputs @ matrix.T + bias - inputs @ wanted.T).square().mean()
            loss.backward()
            optimiser.step(scale * (1 - step / steps))
        return loss.item()

    first = start()
    assert run(*first, 150) < 0.01
    again = start()
    again[2].load(first[2].state())
    assert torch.equal(again[0], first[0])
    assert run(*again, 1, 0.0) == pytest.approx(run(*first, 1, 0.0))
