#!/bin/sh
# Writes the worker image's Python locks anew, from engine/pyproject.toml and the versions in engine/requirements.txt:
#
#     docker/worker/lock.sh            needs uv: the one that `npm run setup` puts into .venv, or the path in UV
#
# They name every wheel by its SHA-256 and no index, so that a mirror serves as well as the public one and nothing else can be slipped in.
# Without diffq, which audio-separator names for models that are not used here: it has no wheel, and nothing is built there.
# requirements.cuda12.lock has PyTorch 2.5.1, built for CUDA 12.4. requirements.cuda13.lock has the PyTorch that engine/BENCHMARKS.md was
# measured with, built for CUDA 13.0, which newer cards need, and flash-attn-4, Hopper's fastest attention, in the versions that were measured with it, without
# the libraries for CUDA 12 that one of its packages always names; all else is the same.
set -eu
cd "$(dirname "$0")/../.."
uv=${UV:-.venv/bin/uv}
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT

compile() {
  title=$1
  lock=$2
  shift 2
  {
    echo "# Made by docker/worker/lock.sh for Python 3.11 on Linux x86-64; do not edit. $title"
    "$uv" pip compile engine/pyproject.toml "$@" --extra vocals --constraints "$constraints" --generate-hashes \
      --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
      --no-emit-package diffq --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
  } >"$lock.new"
  mv "$lock.new" "$lock"
}

cp engine/requirements.txt "$constraints"
compile 'PyTorch 2.5.1, CUDA 12.4.' docker/worker/requirements.cuda12.lock

# What PyTorch itself decides about is left to it.
grep -vE '^(torch|sympy|setuptools)==' engine/requirements.txt >"$constraints"
echo 'torch==2.11.0' >>"$constraints"
compile 'PyTorch 2.11.0, CUDA 13.0, flash-attn-4.' docker/worker/requirements.cuda13.lock \
  --extra hopper --constraints engine/requirements.hopper.txt --no-emit-package nvidia-cutlass-dsl-libs-cu12
