"""Checkpoints: pickles that would run code, keys that do not fit, and the two official forms."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from humo_engine.checkpoint import CheckpointError, load_strict, load_transformer, read_pickle, read_tensors, reading
from humo_engine.components import load_vae
from humo_engine.model import HuMoTransformer
from humo_engine.tiny import draw_weight, tiny_size
from humo_engine.vae import encode


class RunsACommand:
    """What a hostile file does when it is opened without care."""

    def __init__(self, witness: Path):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch {self.witness}",)


@pytest.mark.parametrize("form", ["torch", "legacy", "bare"])
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(tmp_path, form):
    witness, file = tmp_path / "witness", tmp_path / "ema.pth"
    state = {"head.head.bias": torch.zeros(4), "extra": RunsACommand(witness)}
    if form == "bare":
        file.write_bytes(pickle.dumps(state))
    else:
        torch.save(state, file, _use_new_zipfile_serialization=form == "torch")
    with pytest.raises(CheckpointError, match=r"ema\.pth is not a file of tensors alone, and was not opened"):
        read_pickle(file)
    assert not witness.exists()
    if form == "bare":  # the file is what it claims to be
        pickle.loads(file.read_bytes())
        assert witness.exists()


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "ema.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"ema\.pth"):
        read_pickle(tmp_path / "ema.pth")


def test_a_damaged_pickle_inside_a_whole_archive_is_refused_by_name(tmp_path):
    """Damage of this kind ends in errors of many types, which the archive's own checks do not see."""
    torch.save({"a": torch.zeros(2)}, tmp_path / "whole.pth")
    refused = 0
    for place in range(12, 60):
        with zipfile.ZipFile(tmp_path / "whole.pth") as whole, zipfile.ZipFile(tmp_path / "ema.pth", "w") as damaged:
            for name in whole.namelist():
                content = bytearray(whole.read(name))
                if name.endswith("data.pkl"):
                    content[place] ^= 0xFF
                damaged.writestr(name, bytes(content))
        try:
            read_pickle(tmp_path / "ema.pth")  # some bytes are only names
        except CheckpointError as error:
            refused += 1
            assert str(tmp_path / "ema.pth") in str(error) and "weights download" in str(error)
    assert refused > 20


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_shard_that_was_cut_off_is_refused_by_name_with_the_command_that_mends_it(tmp_path, kept):
    file = tmp_path / "humo-1.safetensors"
    save_file({"a": torch.ones(64), "b": torch.ones(64)}, file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"humo-1\.safetensors cannot be read: .*weights download") as caught:
        list(read_tensors([file]))
    assert caught.value.code == "weights_missing"


@pytest.mark.parametrize("state", [[torch.zeros(2)], {"a": 3}, {"model": {"a": torch.zeros(2)}}])
def test_a_file_of_another_structure_is_refused_by_name(tmp_path, state):
    torch.save(state, tmp_path / "ema.pth")
    with pytest.raises(CheckpointError, match=r"ema\.pth does not map names to tensors"):
        read_pickle(tmp_path / "ema.pth")


@pytest.fixture(scope="module")
def state():
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in HuMoTransformer(tiny_size("1_7b")).state_dict().items()}
    return {key: draw_weight(key, tuple(shape), 3) for key, shape in shapes.items()}


def model_on_meta() -> HuMoTransformer:
    with torch.device("meta"):
        return HuMoTransformer(tiny_size("1_7b"))


def test_each_key_that_does_not_fit_is_named(state):
    damaged = {key: value for key, value in state.items() if key != "blocks.1.norm3.bias"}
    damaged["blocks.2.modulation"] = torch.zeros(1)
    damaged["head.head.bias"] = torch.zeros(65)
    with pytest.raises(CheckpointError) as caught:
        load_strict(model_on_meta(), damaged, "HuMo 1_7b")
    lines = str(caught.value).splitlines()
    assert "HuMo 1_7b" in lines[0]
    assert [line.strip() for line in lines[1:]] == [
        "missing blocks.1.norm3.bias",
        "unexpected blocks.2.modulation",
        "head.head.bias has shape (65,) instead of (64,)",
    ]


def test_a_long_list_is_cut_and_counted(state):
    with pytest.raises(CheckpointError, match=rf"and {len(state) - 10} more"):
        load_strict(model_on_meta(), {}, "nothing")


def test_shards_and_pickle_give_the_same_model(tmp_path, state):
    """17B comes as several safetensors files, 1.7B as one pickle; matrices take the wanted type, the rest stays fp32."""
    keys = sorted(state)
    shards = [tmp_path / f"humo-{number}.safetensors" for number in range(3)]
    for number, shard in enumerate(shards):
        save_file({key: state[key] for key in keys[number::3]}, shard)
    torch.save(state, tmp_path / "ema.pth")
    loaded = [
        load_transformer(tiny_size("1_7b"), files, torch.bfloat16, "test").state_dict()
        for files in (shards, [tmp_path / "ema.pth"])
    ]
    for key, value in state.items():
        assert torch.equal(loaded[0][key], loaded[1][key])
        assert torch.equal(loaded[0][key], value.to(loaded[0][key].dtype))
    types = {key: value.dtype for key, value in loaded[0].items()}
    assert types["blocks.0.ffn.0.weight"] == types["patch_embedding.weight"] == torch.bfloat16
    for key in ("blocks.0.modulation", "blocks.1.self_attn.norm_q.weight", "head.head.weight", "time_embedding.0.weight"):
        assert types[key] == torch.float32


def test_a_checkpoint_of_the_other_model_is_refused(tmp_path, state):
    torch.save(state, tmp_path / "ema.pth")
    with pytest.raises(CheckpointError, match=r"patch_embedding\.weight has shape .*16.* instead of .*36"):
        load_transformer(tiny_size("17b"), [tmp_path / "ema.pth"], torch.float32, "HuMo 17b")


def test_tensors_come_one_by_one_in_the_order_of_the_files(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / "1.safetensors")
    torch.save({"b": torch.zeros(2)}, tmp_path / "2.pth")
    found = list(read_tensors([tmp_path / "2.pth", tmp_path / "1.safetensors"]))
    assert [key for key, _ in found] == ["b", "a"]


def test_the_original_vae_file_opens_and_one_that_lacks_a_key_does_not(tmp_path):
    from safetensors.torch import load_file

    recorded = load_file(Path(__file__).parent / "data" / "golden.safetensors")
    state = {key.removeprefix("vae.state."): value for key, value in recorded.items() if key.startswith("vae.state.")}
    file = tmp_path / "Wan2.1_VAE.pth"
    torch.save({key: value.bfloat16() for key, value in state.items()}, file)
    vae = load_vae(file)
    assert encode(vae, torch.zeros(3, 1, 16, 16)).shape == (16, 1, 2, 2)
    assert {value.dtype for value in vae.state_dict().values()} == {torch.float32}
    torch.save({key: value for key, value in state.items() if key != "decoder.conv1.bias"}, file)
    with pytest.raises(Exception, match=r"decoder\.conv_in\.bias|decoder\.conv1\.bias"):
        load_vae(file)
    torch.save({}, file)
    with pytest.raises(Exception, match=r"encoder\.conv1\.weight"):
        load_vae(file)


@pytest.mark.parametrize(
    "error", [MemoryError("no"), RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")]
)
def test_memory_that_ran_out_is_not_a_damaged_file(error):
    with pytest.raises(type(error)) as caught, reading(Path("ema.pth")):
        raise error
    assert caught.value is error
