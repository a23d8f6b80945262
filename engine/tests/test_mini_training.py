"""The small model's training, every stage of it, at a size that a CPU does in moments."""

import dataclasses
import shutil

import pytest
import torch

from humo_engine.mini import TEXT_FILE, VAE_FILE, mini_components
from humo_mini.pool import Sounds, Stock, negative_states
from humo_mini.speech import has_espeak
from humo_mini.train import FAMILIES, SMALL, train
from humo_mini.transformer_training import CUT_FRAMES, Trainer

BATCHES = 8
FRAMES = CUT_FRAMES[0]  # of the latents: as short as a clip of the training can be


@torch.no_grad()
def loss_on_the_pool(trainer: Trainer) -> float:
    """The mean loss over the same batches and noise each time, of the weights that the trainer's model has now."""
    trainer.numbers.manual_seed(5)
    stock = trainer.stocks[SMALL.shapes[0][0]]
    losses = [trainer.loss(trainer._draw(stock, FRAMES, 1)) for _ in range(BATCHES)]
    return float(torch.stack(losses).mean())


@pytest.mark.skipif(not has_espeak(), reason="training needs espeak-ng, which speaks its sounds")
def test_training_makes_all_files_from_nothing_beats_a_model_that_learnt_nothing_and_goes_on(tmp_path):
    state, out = tmp_path / "state", tmp_path / "out"
    train(SMALL, state, out, "cpu")
    kept = torch.load(state / "pool-0-of-1.pt", weights_only=True)
    stocks = {tuple(map(int, key.split("x"))): Stock(**value) for key, value in kept.items()}
    sounds = Sounds(**torch.load(state / "sounds.pt", weights_only=True))
    shared = None
    for family in FAMILIES:
        parts = shared = mini_components(family, out, shared)
        trainer = Trainer(
            family, stocks, sounds, negative_states(parts.text_encoder), torch.device("cpu"), batch=2, shapes=SMALL.shapes
        )
        untrained = loss_on_the_pool(trainer)
        trainer.model.load_state_dict(parts.transformer.state_dict())
        assert loss_on_the_pool(trainer) < 0.9 * untrained
        assert (state / f"sheet-{family}-soft.png").is_file()

    log = (out / "train.log").read_text()
    assert log.count("mouth follows sound") == 4
    train(dataclasses.replace(SMALL, steps=1, check_clips=0), state, out, "cpu")
    more = (out / "train.log").read_text().removeprefix(log)
    assert f"17b: goes on after {SMALL.steps} steps" in more
    assert "sounds:" not in more and "vae" not in more  # what lies there is not made again

    second, elsewhere = tmp_path / "second", tmp_path / "elsewhere"
    second.mkdir()
    for name in ("sounds.pt", "pool-0-of-1.pt"):
        shutil.copy(state / name, second)  # what takes longest, and is the same; the short clips are made anew
    train(dataclasses.replace(SMALL, steps=1, check_clips=0, start=out), second, elsewhere, "cpu")
    for name in (TEXT_FILE, VAE_FILE):
        assert (elsewhere / name).read_bytes() == (out / name).read_bytes()
    first, went_on = (mini_components("17b", folder).transformer.state_dict() for folder in (out, elsewhere))
    assert all(torch.allclose(value, went_on[name], atol=0.05) for name, value in first.items())
    with pytest.raises(ValueError, match="--from names a folder"):
        train(dataclasses.replace(SMALL, start=tmp_path), second, elsewhere, "cpu")
