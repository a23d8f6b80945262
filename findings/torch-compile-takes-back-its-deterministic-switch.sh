#!/usr/bin/env bash
# PyTorch 2.11.0: how long `torch._inductor.config.deterministic = True` holds.
#
# One would guess: until somebody sets it otherwise. It is a setting of the process, its comment promises a compiler that times nothing on the device, and
# TORCHINDUCTOR_DETERMINISTIC=1, which sets the same, would hold for as long as the process lives.
#
# True: for one compilation. After each Dynamo restores what `torch.use_deterministic_algorithms` was, by calling it; and that function now writes its own
# value into the compiler's switch as well. Who has not asked for deterministic algorithms (and be refused those that are not) has False there from the
# second compilation on. So it goes with the variable, too. Given with each compilation, as options={"deterministic": True}, it holds.
#
# Why it matters: the switch is how one asks that norms over wide rows are summed in an order that goes by rule. Without it PyTorch times two orders and keeps the quicker,
# which differ in the last digit. The first size or half of a model that a process compiles then goes by rule, all others by a race, and who looks at the first believes that it works.
#
# Needs bash, Python 3.11 and the package index; no GPU and no C++ compiler. Takes some minutes and 4 GB of disk for PyTorch, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check torch==2.11.0 numpy==2.2.6

cat > "$folder/trial.py" <<'PYTHON'
"""Compiles two functions, and writes down the switch as the compiler begins with each. What it would generate is not needed."""

import sys

import torch
import torch._inductor.config as config
from torch._inductor import compile_fx as module

compile_fx, seen = module.compile_fx, []


def watch(graph, inputs, config_patches=None, **options):
    if config_patches:  # it calls itself again with these set
        return compile_fx(graph, inputs, config_patches=config_patches, **options)
    seen.append(config.deterministic)
    return graph.forward


module.compile_fx = watch
if sys.argv[1] == "process":
    config.deterministic = True
options = {"options": {"deterministic": True}} if sys.argv[1] == "options" else {}
for work in [torch.compile(work, **options) for work in (lambda x: x + 1, lambda x: x * 2)]:
    work(torch.ones(3))
print(seen)
PYTHON

changed=0
check() { # HOW EXPECTED
  said=$("$folder/venv/bin/python" "$folder/trial.py" "$1")
  echo "set by $1: $said"
  [ "$said" = "$2" ] || changed=1
}
check process "[True, False]"
TORCHINDUCTOR_DETERMINISTIC=1 check variable "[True, False]"
check options "[True, True]"
[ "$changed" = 0 ] && echo "as it was seen" || echo "otherwise than it was seen"
exit "$changed"
