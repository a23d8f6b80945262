"""The small model's training, every stage of it, at a size that a CPU does in moments."""

import dataclasses
import random
import shutil
import threading
import time

import pytest
import torch
from safetensors.torch import save_file

from humo_engine.cli import main
from humo_engine.mini import FOLDER, TEXT_FILE, VAE_FILE, mini_components, mini_size, read_packed, transformer_file
from humo_engine.model import HuMoTransformer
from humo_engine.tiny import byte_tokenizer
from humo_engine.vae import build_vae, latent_frames
from humo_mini.drawing import FRAMES as CLIP_FRAMES
from humo_mini.drawing import draw_prompt, draw_scene
from humo_mini.pool import SHORT, SOUND_FRAMES, USUAL, Sounds, Stock, make_stocks, negative_states
from humo_mini.speech import has_espeak
from humo_mini.state import claim, make_whole
from humo_mini.text_training import free_prompt, text_states, train_text
from humo_mini.train import ALONE, ENOUGH, FAMILIES, SMALL, Run, _decoder, _take_over, _text, gpus_of, processes_for, train
from humo_mini.transformer_training import CUT_FRAMES, Trainer

BATCHES = 4
FRAMES = CUT_FRAMES[0]  # of the latents: as short as a clip of the training can be


@torch.no_grad()
def loss_on_the_pool(trainer: Trainer) -> float:
    """The mean loss over the same batches and noise each time, of the weights that the trainer's model has now."""
    trainer.numbers.manual_seed(5)
    stock = trainer.stocks[SMALL.shapes[0][0]]
    losses = [trainer.loss(trainer._draw(stock, FRAMES, 1)) for _ in range(BATCHES)]
    return float(torch.stack(losses).mean())


@pytest.mark.skipif(not has_espeak(), reason="training needs espeak-ng, which speaks its sounds")
def test_training_makes_all_files_from_nothing_beats_a_model_that_learnt_nothing_and_resumes(tmp_path):
    state, out = tmp_path / "state", tmp_path / "out"
    train(SMALL, state, out, "cpu")
    kept = torch.load(state / "pool-0-of-1.pt", weights_only=True)
    drawn = {tuple(map(int, key.split("x"))): Stock(**value) for key, value in kept.items()}
    cpu = torch.device("cpu")
    encoder = mini_components("17b", out).text_encoder
    stocks = {size: stock.with_states(encoder, cpu) for size, stock in drawn.items()}
    sounds = Sounds(**torch.load(state / "sounds.pt", weights_only=True))
    shared = None
    for family in FAMILIES:
        parts = shared = mini_components(family, out, shared)
        trainer = Trainer(family, stocks, sounds, negative_states(parts.text_encoder), cpu, batch=2, shapes=SMALL.shapes)
        untrained = loss_on_the_pool(trainer)
        trainer.model.load_state_dict(parts.transformer.state_dict())
        assert loss_on_the_pool(trainer) < 0.96 * untrained
        assert (state / f"sheet-{family}-soft.png").is_file()

    log = (out / "train.log").read_text()
    assert log.count("mouth follows sound") == 4
    train(dataclasses.replace(SMALL, steps=1, check_clips=0), state, out, "cpu")
    more = (out / "train.log").read_text().removeprefix(log)
    assert f"17b: resumes after {SMALL.steps} steps" in more
    assert "sounds:" not in more and "vae" not in more  # what lies there is not made again


@pytest.mark.skipif(not has_espeak(), reason="training needs espeak-ng, which speaks its sounds")
def test_clips_are_drawn_beside_a_training_that_goes_on_and_waits_for_its_gpus(tmp_path):
    state, out, free = tmp_path / "state", tmp_path / "out", tmp_path / "free"
    plan = dataclasses.replace(SMALL, steps=1, check_clips=0, start=FOLDER, text_goes_on=True, drawers=1, wait_for=free)
    thread = threading.Thread(target=train, args=(plan, state, out, "cpu"))
    thread.start()
    try:
        while thread.is_alive() and not (state / "drawn-0-0.pt").exists():
            time.sleep(0.05)
        assert "GPUs are free" not in (out / "train.log").read_text()  # drawn before any GPU is used
    finally:
        free.touch()
        thread.join()
    for name in map(transformer_file, FAMILIES):
        assert (out / name).is_file()
    assert (state / ENOUGH).exists()
    # The text encoder goes on, the VAE stays, and the transformers are near where they began.
    assert (out / TEXT_FILE).read_bytes() != (FOLDER / TEXT_FILE).read_bytes()
    assert (out / VAE_FILE).read_bytes() == (FOLDER / VAE_FILE).read_bytes()
    before, after = (mini_components("17b", folder).transformer.state_dict() for folder in (FOLDER, out))
    assert all(torch.allclose(value, after[name], atol=0.05) for name, value in before.items())


def test_a_text_encoder_that_does_not_go_on_is_taken_over_as_it_is(tmp_path):
    state, out = tmp_path / "state", tmp_path / "out"
    state.mkdir()
    out.mkdir()
    run = Run(dataclasses.replace(SMALL, start=FOLDER), state, out, 0, 1, torch.device("cpu"), time.time())
    _take_over(run, FOLDER)
    for name in (TEXT_FILE, VAE_FILE):
        assert (out / name).read_bytes() == (FOLDER / name).read_bytes()
    kept = (state / "text.pt").read_bytes()
    _text(run, 1)  # it lies there, so it is not trained
    assert (state / "text.pt").read_bytes() == kept
    with pytest.raises(ValueError, match="--from names a folder"):
        train(dataclasses.replace(SMALL, start=tmp_path), state, out, "cpu")


def test_a_state_folder_is_of_one_training(tmp_path, capsys):
    state = tmp_path / "state"
    for start in (None, FOLDER):
        folder = state / str(start is None)
        claim(folder, "small", start)
        claim(folder, "small", start)
        for size, other in (("full", start), ("small", tmp_path)):
            with pytest.raises(ValueError, match="holds another training .of size small from"):
                claim(folder, size, other)
    command = ["mini", "train", "--device", "cpu", "--state", str(state / "True"), "--out", str(tmp_path / "out")]
    assert main(command) == 2  # the full training, where the small one was tried
    assert "name another folder with --state" in capsys.readouterr().err


def test_weights_to_go_on_from_are_looked_at_before_anything_is_kept_of_them(tmp_path, capsys):
    start, state = tmp_path / "start", tmp_path / "state"
    shutil.copytree(FOLDER, start)
    command = ["mini", "train", "--device", "cpu", "--size", "small", "--from", str(start), "--state", str(state)]
    for name in (VAE_FILE, TEXT_FILE, *map(transformer_file, FAMILIES)):
        whole = (start / name).read_bytes()
        save_file({"a": torch.zeros(2)}, start / name)
        foreign = (start / name).read_bytes()
        for wrong in (foreign, b"x", None):
            (start / name).unlink() if wrong is None else (start / name).write_bytes(wrong)
            assert main(command) == 2
            assert name in capsys.readouterr().err
        (start / name).write_bytes(whole)
    assert main([*command, "--device", "gpu"]) == 2
    assert "choose from cpu" in capsys.readouterr().err
    assert not state.exists()


def test_what_a_run_was_ended_in_is_made_whole(tmp_path):
    state, out, another = tmp_path / "state", tmp_path / "out", tmp_path / "another"
    state.mkdir()
    out.mkdir()
    run = Run(dataclasses.replace(SMALL, start=FOLDER), state, out, 0, 1, torch.device("cpu"), time.time())
    _take_over(run, FOLDER)
    make_whole(state, another)  # a folder that is new, or was emptied: both files come from what is kept
    for name in (TEXT_FILE, VAE_FILE):
        before, after = read_packed(FOLDER / name), read_packed(another / name)
        assert all(torch.allclose(value, after[key], atol=1e-4) for key, value in before.items() if key in after)
    assert mini_components("17b", FOLDER).vae.state_dict().keys() == read_packed(another / VAE_FILE).keys()
    # A VAE of which the figures are missing was ended in writing: it is trained again, not passed over for ever.
    (state / "vae.pt").unlink()
    for name in ("vae-8.safetensors", "vae-12.safetensors", "vae-12.pt"):
        (state / name).write_bytes(b"half")
    make_whole(state, another)
    assert {file.name for file in state.glob("vae*")} == {"vae-12.safetensors", "vae-12.pt"}


def test_a_decoder_goes_on_once_and_encodes_as_before(tmp_path):
    state, out = tmp_path / "state", tmp_path / "out"
    state.mkdir()
    out.mkdir()
    plan = dataclasses.replace(SMALL, steps=2, start=FOLDER, decoder_seconds=1)
    run = Run(plan, state, out, 0, 1, torch.device("cpu"), time.time())
    _take_over(run, FOLDER)
    _decoder(run)
    before, after = (read_packed(folder / VAE_FILE) for folder in (FOLDER, out))
    changed = {name for name, value in before.items() if not torch.allclose(value, after[name], atol=1e-5)}
    assert changed and all(name.startswith(("decoder.", "post_quant_conv.")) for name in changed)
    written = (out / VAE_FILE).read_bytes()
    _decoder(run)  # it lies there, so it is not trained
    assert (out / VAE_FILE).read_bytes() == written


def test_short_clips_stand_apart_in_time_as_long_ones_do():
    trainer = Trainer.__new__(Trainer)
    trainer.choices = torch.Generator("cpu").manual_seed(1)
    drawn = [trainer._times(latent_frames(SHORT.frames), 1) for _ in range(40)]
    spread = [times for times in drawn if times != [0, 1, 2]]
    assert 20 < len(spread) < 38
    assert all(times[0] == 0 and 0 < times[1] < times[2] == latent_frames(CLIP_FRAMES) for times in spread)
    assert len({times[1] for times in spread}) > 8
    assert trainer._times(CUT_FRAMES[0], 2) == list(range(CUT_FRAMES[0] + 2))


def test_places_in_time_are_those_of_the_long_clip():
    trainer = Trainer.__new__(Trainer)
    trainer.model, trainer.ropes, trainer.device = HuMoTransformer(mini_size("17b")), {}, torch.device("cpu")
    whole = trainer.model.positions(6, 4, 4)
    for table, taken in zip(whole, trainer._positions([0, 3, 5], 4, 4), strict=True):
        assert torch.equal(taken, table.unflatten(0, (6, -1))[[0, 3, 5]].flatten(0, 1))


def test_a_later_window_begins_with_a_packed_frame_and_hears_what_it_shows():
    sounds = Sounds(torch.randn(1, latent_frames(SOUND_FRAMES), 8, 5, 32).half(), torch.rand(1, SOUND_FRAMES))
    made = {}
    for later in (0.0, 1.0):
        kind = dataclasses.replace(USUAL, slots=1, later=later)
        made[later] = make_stocks(
            build_vae(4).requires_grad_(False), sounds, 0, torch.device("cpu"), 0, 1, most=1, shapes=[((64, 48), 1.0)], kind=kind, each=1,
            log=lambda _: None,
        )[64, 48]  # fmt: skip
        assert made[later].video.shape[2] == made[later].weight.shape[1] == latent_frames(CLIP_FRAMES)
    assert made[0.0].skip.tolist() == [0]
    assert made[1.0].skip.tolist() == [1]
    assert int(made[1.0].skip) + latent_frames(CLIP_FRAMES) == sounds.windows.shape[1]


def test_free_prompts_are_none_of_the_held_out_ones():
    numbers = random.Random(1)
    made = {free_prompt(draw_scene(index), numbers).lower().rstrip(".!") for index in range(2000)}
    held_out = {draw_prompt(draw_scene(index, "held-out"), None, index, "held-out").lower().rstrip(".!") for index in range(2000)}
    assert len(made) > 1000
    assert not made & held_out


def test_text_encoder_that_goes_on_stays_near():
    weights = mini_components("17b").text_encoder.state_dict()
    encoder, _ = train_text(0, torch.device("cpu"), prompts=32, batch=8, steps=2, start=weights, log=lambda _: None)
    tokenizer, _ = byte_tokenizer()
    before = mini_components("17b").text_encoder
    was, now = (text_states(["A woman on a beach."], one, tokenizer) for one in (before, encoder))
    assert 0 < float((now - was).norm() / was.norm()) < 0.2


def test_one_gpu_is_shared_by_a_process_for_each_model():
    assert [processes_for(gpus) for gpus in (0, 1, 2, 4)] == [1, 2, 2, 4]
    assert gpus_of("cpu") == 0 and gpus_of("cuda:1") == 1
    times = ALONE.text_seconds, ALONE.vae_until, ALONE.pool_until, ALONE.shorts_until, ALONE.train_until
    assert list(times) == sorted(times) and ALONE.train_until < 20 * 60


def test_what_took_longer_leaves_the_next_stage_half_of_its_time(tmp_path):
    late = Run(ALONE, tmp_path, tmp_path, 0, 1, torch.device("cpu"), started=time.time() - 1000)
    assert late.left(ALONE.pool_until) == 1.0
    assert late.left(ALONE.pool_until, (ALONE.pool_until - ALONE.vae_until) / 2) == (ALONE.pool_until - ALONE.vae_until) / 2
