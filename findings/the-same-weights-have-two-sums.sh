#!/usr/bin/env bash
# safetensors 0.8.0: the bytes of one set of tensors that is saved again.
#
# One would guess: the same tensors and the same metadata give the same file. The format was made against pickles, whose bytes nobody can foretell; tensors are sorted when they are saved; and files of it are
# told apart by their SHA-256, by model hubs and by whoever pins weights.
#
# True: of the tensors, yes. What stands in `__metadata__` lies in a hash map whose order is drawn anew for every save, within one process as well. With one entry the file is the same each time; with two there are two files, with
# five up to 120. Seen here: 256 saves of the same tensors have 1 sum without metadata or with one entry, 2 with two, and more than 60 with five.
# diffusers has written two entries into a LoRA that it knows the configuration of since 0.34 (`format` and `lora_adapter_metadata`), and trainers of kohya's kind dozens.
#
# Why it matters: a conversion that somebody repeats to check it gives another sum than the published one; caches and image layers by sum hold weights twice; a test that compares sums fails every second time and is thought
# to depend on the machine. What is the same is everything behind the header, or `format` alone as metadata. (The project's issue 584; this project's own files have one entry or none.)
#
# Needs bash, Python 3.11 and the package index; takes some seconds and 100 MB of disk, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import sys

import numpy
import safetensors
from safetensors.numpy import save

TENSORS = {"down": numpy.arange(8, dtype=numpy.float32), "up": numpy.ones((2, 3), numpy.float16)}
ENTRIES = {"format": "pt", "lora_adapter_metadata": "{}", "alpha": "8", "rank": "64", "title": "a LoRA"}


def behind_the_header(file):
    return file[8 + int.from_bytes(file[:8], "little") :]


changed = safetensors.__version__ != "0.8.0"
for count, wanted in ((0, 1), (1, 1), (2, 2), (5, None)):
    files = [save(TENSORS, dict(list(ENTRIES.items())[:count]) or None) for _ in range(256)]
    sums = {hashlib.sha256(file).hexdigest() for file in files}
    tensors = {hashlib.sha256(behind_the_header(file)).hexdigest() for file in files}
    print(f"metadata of {count}: 256 saves, {len(sums)} sums; behind the header {len(tensors)}")
    changed |= len(tensors) != 1 or (len(sums) != wanted if wanted else not 60 < len(sums) <= 120)
print("safetensors", safetensors.__version__, "behaves otherwise than it was seen to" if changed else "behaves as it was seen to")
sys.exit(1 if changed else 0)
PYTHON
