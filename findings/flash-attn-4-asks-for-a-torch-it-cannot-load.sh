#!/usr/bin/env bash
# flash-attn-4 4.0.0b36 (with quack-kernels 0.6.5): which PyTorch it needs, and what it raises beside an older one.
#
# One would guess: a package whose metadata asks for `torch`, whatever its version, loads with any PyTorch that pip leaves in place; and where an
# optional package does not load, that is an ImportError, which is what programs catch around an optional import.
#
# True: pip installs it beside PyTorch 2.5.1 without a word, and `pip check` finds nothing. Importing it then raises AttributeError: quack-kernels names
# torch.float4_e2m1fn_x2, a number format of later PyTorch versions, in a table that is made as it is imported. So `except ImportError` around
# `import flash_attn.cute` lets it through, and a program that only wanted to know whether the kernels are there ends.
#
# Why it matters: the images and notebooks that Wan and HuMo are run in stay at PyTorch 2.4 to 2.6 for FlashAttention-2's and xformers' wheels.
#
# Needs bash, Python 3.11 and the package index; no GPU. Takes some minutes and 8 GB of disk for PyTorch, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" --disable-pip-version-check "$@"; }
pip install --quiet --no-cache-dir torch==2.5.1 numpy==2.4.6 \
  flash-attn-4==4.0.0b36 quack-kernels==0.6.5 nvidia-cutlass-dsl==4.8.1 apache-tvm-ffi==0.1.15.post2 torch-c-dlpack-ext==0.1.5
echo "pip check: $(pip check)"
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import sys

asked = [line for line in importlib.metadata.requires("flash-attn-4") + importlib.metadata.requires("quack-kernels") if line.startswith("torch") and ";" not in line]
print("asked for:", ", ".join(asked))
try:
    import flash_attn.cute
except Exception as error:
    seen = f"{type(error).__name__}: {error}"
else:
    seen = "imported"
import torch

print(f"torch {torch.__version__}: {seen}")
as_seen = asked == ["torch", "torch-c-dlpack-ext", "torch", "torch-c-dlpack-ext"] and seen == "AttributeError: module 'torch' has no attribute 'float4_e2m1fn_x2'"
print("behaves as it was seen to" if as_seen else "behaves otherwise than it was seen to")
sys.exit(0 if as_seen else 1)
PYTHON
