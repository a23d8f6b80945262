#!/usr/bin/env bash
# diffusers 0.37.1 (with peft 0.21.2): one LoRA for Wan, trained with an alpha that is not its rank, by the ways in which diffusers takes and gives it.
#
# One would guess: a .safetensors file is its tensors. `load_lora_weights("lora.safetensors")` and `load_lora_weights(load_file("lora.safetensors"))`, both documented,
# add the same; a strength that is not 1 stands in tensors called `alpha`, as kohya's files have them; and convert_state_dict_to_kohya writes these.
#
# True: diffusers writes no such tensors. Rank, alpha, exceptions for single layers and use_rslora stand as JSON in the file's header, as `lora_adapter_metadata`, which only the way by
# path reads. Given as a dictionary, the same file has the strength 1 without a word; so it has where the script that saved it did not pass
# transformer_lora_adapter_metadata, and convert_state_dict_to_kohya writes the rank as every layer's alpha. Seen here for rank 8: trained with alpha 32 a strength of 4 and of 1,
# with use_rslora and alpha 8 one of 2.83 and of 1.
#
# Why it matters: most who run Wan and its relatives load LoRAs of others with code that looks at tensors (ComfyUI did in August 2026, its pull request 15830), or hand a dictionary on. They see a LoRA that does
# too little or too much, and turn the strength until it looks right. This project's engine did the same; it reads the header now (engine/humo_engine/lora_alpha.py).
#
# Needs bash, Python 3.11 and the package index; no GPU. Takes some minutes and 6 GB of disk for PyTorch, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
  torch==2.5.1 diffusers==0.37.1 peft==0.21.2 transformers==4.57.6 accelerate==1.15.0 huggingface-hub==0.36.2 numpy==2.4.6 ftfy==6.3.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import WanPipeline, WanTransformer3DModel
from diffusers.utils import convert_state_dict_to_kohya
from peft import LoraConfig, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file

SIZE = dict(num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16, freq_dim=16, ffn_dim=32, num_layers=1)
EXPECTED = {
    "alpha 8": [1.0, 1.0, 1.0, 1.0, 8.0],
    "alpha 32": [4.0, 4.0, 1.0, 1.0, 8.0],
    "alpha 8, rank-stabilised": [2.83, 2.83, 1.0, 1.0, 8.0],
}


def strength_of(transformer):
    """What a layer multiplies up · down with: alpha/rank, or what stands for it."""
    layer = transformer.blocks[0].attn1.to_q
    adapter = layer.active_adapters[0]
    product = layer.lora_B[adapter].weight @ layer.lora_A[adapter].weight
    return round(float(layer.get_delta_weight(adapter).norm() / product.norm()), 2)


def strength_when_loaded(lora):
    transformer = WanTransformer3DModel(**SIZE)
    WanPipeline(tokenizer=None, text_encoder=None, vae=None, scheduler=None, transformer=transformer).load_lora_weights(lora)
    return strength_of(transformer)


def saved(name, tensors, **metadata):
    folder = Path(sys.argv[1]) / name
    WanPipeline.save_lora_weights(folder, transformer_lora_layers=tensors, **metadata)
    return folder / "pytorch_lora_weights.safetensors"


changed = diffusers.__version__ != "0.37.1"
for name, options in zip(EXPECTED, ({"lora_alpha": 8}, {"lora_alpha": 32}, {"lora_alpha": 8, "use_rslora": True}), strict=True):
    trained = WanTransformer3DModel(**SIZE)
    trained.add_adapter(LoraConfig(r=8, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False, **options))
    tensors = get_peft_model_state_dict(trained)
    file = saved(name, tensors, transformer_lora_adapter_metadata=trained.peft_config["default"].to_dict())
    bare = saved(f"{name}, bare", tensors)
    kohya = convert_state_dict_to_kohya({f"unet.{key}": value for key, value in tensors.items()})
    seen = [
        strength_of(trained), strength_when_loaded(file), strength_when_loaded(load_file(file)), strength_when_loaded(bare),
        float(kohya["lora_unet_blocks_0_attn1_to_q.alpha"]),
    ]  # fmt: skip
    with safe_open(file, "pt") as opened:
        header, of_alpha = json.loads(opened.metadata()["lora_adapter_metadata"]), [key for key in opened.keys() if "alpha" in key]
    print(f"rank 8, {name}: trained {seen[0]}, by path {seen[1]}, as a dictionary {seen[2]}, saved without metadata {seen[3]}, alpha in kohya's form {seen[4]:g}")
    print(f"  tensors of alpha: {len(of_alpha)}; in the header: lora_alpha {header['transformer.lora_alpha']}, use_rslora {header['transformer.use_rslora']}")
    changed |= seen != EXPECTED[name] or bool(of_alpha) or header["transformer.lora_alpha"] != options["lora_alpha"]
print("diffusers", diffusers.__version__, "behaves otherwise than it was seen to" if changed else "behaves as it was seen to")
sys.exit(1 if changed else 0)
PYTHON
