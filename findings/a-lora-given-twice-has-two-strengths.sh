#!/usr/bin/env bash
# diffusers 0.37.1 (with peft 0.21.2): one dictionary with a LoRA for Wan, given to load_lora_weights more than once.
#
# One would guess: each call does the same. A dictionary is a documented way to give a LoRA, load_lora_weights begins with a copy of it, and who adds one LoRA to two pipelines, or to both
# transformers of Wan 2.2, reads the file once.
#
# True: what is copied is the dictionary, not its tensors. Where keys have Wan's own names behind `diffusion_model.` and each layer an `alpha`, the converter multiplies the tensors of
# cross-attention and feed-forward by alpha/rank in place, which are the caller's, and those of self-attention into new ones. So the next call finds all but self-attention scaled already and scales it again.
# Nothing warns. Seen here with rank 8 and alpha 1, a strength of 0.125: the second time it is 0.125 in self-attention and 0.0156 elsewhere, the third time 0.0020. The same LoRA with kohya's names is not touched. So it is in
# 0.42.1, the newest on 30 November 2026.
#
# Why it matters: step-distilled LoRAs for Wan 2.2 carry such alphas (diffusers' pull request 12074) and are added to two transformers; models that are loaded again, or several in one process, meet it as well. The
# second result is another video than the first, and the file, the prompt and the seed are the same. What is given as a path is read anew each time.
#
# Needs bash, Python 3.11 and the package index; no GPU. Takes some minutes and 6 GB of disk for PyTorch, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
  torch==2.5.1 diffusers==0.37.1 peft==0.21.2 transformers==4.57.6 accelerate==1.15.0 huggingface-hub==0.36.2 numpy==2.4.6 ftfy==6.3.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import diffusers
import torch
from diffusers import WanPipeline, WanTransformer3DModel

RANK, ALPHA = 8, 1.0
SIZE = dict(num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16, freq_dim=16, ffn_dim=32, num_layers=1)
# Wan's names of the layers that LoRAs change, and diffusers'. The first of each kind is shown.
LAYERS = {f"{wan}.{one}": f"{own}.{other}" for wan, own in (("self_attn", "attn1"), ("cross_attn", "attn2")) for one, other in zip("qkvo", ("to_q", "to_k", "to_v", "to_out.0"), strict=True)}
LAYERS |= {"ffn.0": "ffn.net.0.proj", "ffn.2": "ffn.net.2"}
SHOWN = ("self_attn.q", "cross_attn.q", "ffn.0")
EXPECTED = {
    "diffusion_model.blocks.0.self_attn.q": [[0.125, 0.125, 0.125], [0.125, 0.015625, 0.015625], [0.125, 0.001953, 0.001953]],
    "lora_unet_blocks_0_self_attn_q": [[0.125, 0.125, 0.125]] * 3,
}


def key_of(layer, form):
    return f"diffusion_model.blocks.0.{layer}" if "." in form else "lora_unet_blocks_0_" + layer.replace(".", "_")


changed = diffusers.__version__ != "0.37.1"
for form, expected in EXPECTED.items():
    torch.manual_seed(0)
    lora, whole = {}, {}
    for layer, own in LAYERS.items():
        out, into = WanTransformer3DModel(**SIZE).get_submodule(f"blocks.0.{own}").weight.shape
        up, down = torch.randn(out, RANK), torch.randn(RANK, into)
        whole[layer] = up @ down
        key = key_of(layer, form)
        lora |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": torch.tensor(ALPHA)}
    seen = []
    for _ in range(3):
        transformer = WanTransformer3DModel(**SIZE)
        WanPipeline(tokenizer=None, text_encoder=None, vae=None, scheduler=None, transformer=transformer).load_lora_weights(lora)
        added = {layer: transformer.get_submodule(f"blocks.0.{LAYERS[layer]}") for layer in SHOWN}
        seen.append([round(float(module.get_delta_weight(module.active_adapters[0]).norm() / whole[layer].norm()), 6) for layer, module in added.items()])
    print(f"keys such as {form}.lora_down.weight")
    for time, strengths in zip(("first", "second", "third"), seen, strict=True):
        print(f"  {time} time:", ", ".join(f"{layer} {strength}" for layer, strength in zip(SHOWN, strengths, strict=True)))
    changed |= seen != expected
print("diffusers", diffusers.__version__, "behaves otherwise than it was seen to" if changed else "behaves as it was seen to")
sys.exit(1 if changed else 0)
PYTHON
