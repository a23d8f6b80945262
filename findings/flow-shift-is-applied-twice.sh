#!/usr/bin/env bash
# diffusers 0.37.1: one shift, one number of steps, two schedulers of flow matching, two schedules.
#
# One would guess: a flow "shift" is a formula, sigma' = shift·sigma / (1 + (shift − 1)·sigma), over evenly spaced sigmas, so
# UniPCMultistepScheduler(use_flow_sigmas=True, flow_shift=5) and FlowMatchEulerDiscreteScheduler(shift=5) step through the same noise levels.
#
# True: only UniPC follows the formula. The Euler scheduler keeps the ends of a list that its constructor has shifted already, spaces the
# steps evenly between these ends, and shifts again. So its lowest step stands at 0.024 whatever the number of steps is. At 50 steps the
# difference is small at the noisy end. At 4 steps, where distilled models live, it is not: UniPC goes from 0.626 to 0 in its last step, and
# Euler does all of that one step earlier and spends its fourth, a quarter of the whole cost, on the way from 0.024 to 0.
#
# Why it matters: step-distilled LoRAs for Wan and HuMo are published with "shift 5, 4 steps" and trained for fixed noise levels; a recipe
# taken over from one scheduler to the other by its numbers runs the model at levels it has not seen.
#
# Needs bash, Python 3.11 and the package index; takes some minutes and 6 GB of disk for PyTorch, all in a folder that is deleted at the end.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check torch==2.5.1 diffusers==0.37.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import diffusers
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

SHIFT = 5.0
SEEN = {
    4: ([1.000, 0.938, 0.834, 0.626, 0.0], [1.000, 0.910, 0.717, 0.024, 0.0]),
    8: ([1.000, 0.972, 0.938, 0.893, 0.834, 0.750, 0.626, 0.419, 0.0], [1.000, 0.968, 0.926, 0.871, 0.791, 0.671, 0.463, 0.024, 0.0]),
}
changed = diffusers.__version__ != "0.37.1"
for steps, (expected_unipc, expected_euler) in SEEN.items():
    unipc = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT)
    unipc.set_timesteps(steps)
    euler = FlowMatchEulerDiscreteScheduler(shift=SHIFT)
    euler.set_timesteps(steps)
    formula = [SHIFT * s / (1 + (SHIFT - 1) * s) for s in (1 - index / steps for index in range(steps + 1))]
    for name, scheduler, expected in (("UniPC", unipc, expected_unipc), ("Euler", euler, expected_euler)):
        sigmas = [float(sigma) for sigma in scheduler.sigmas]
        away = max(abs(sigma - wanted) for sigma, wanted in zip(sigmas, formula, strict=True))
        print(f"{steps} steps, {name}: {' '.join(f'{sigma:.3f}' for sigma in sigmas)}; {away:.3f} from the formula")
        changed |= any(abs(sigma - seen) > 0.0015 for sigma, seen in zip(sigmas, expected, strict=True))
print("diffusers", diffusers.__version__, "behaves otherwise than it was seen to" if changed else "behaves as it was seen to")
sys.exit(1 if changed else 0)
PYTHON
