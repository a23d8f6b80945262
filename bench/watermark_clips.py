"""Raw clips for `npm run bench -- watermark`: an order a line on stdin, an answer a line on stdout.

An order is {"kind", "seed", "width", "height", "frames", "target"}; `target` becomes rgb24. Kinds: `face`, what the small model makes of a drawn
person and an example's voice; `cartoon`, flat colours drawn as its training was; `texture`, fractal noise that moves, of any roughness.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engine"))

from humo_engine.audio import to_engine_wav
from humo_engine.load import effective_settings, load_pipelines
from humo_engine.pipeline import Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import Settings
from humo_mini import drawing
from PIL import Image

VOICES = ("speech.ogg", "voice-alpha.ogg", "voice-joe.ogg")
MODEL = "17b"
#: A quarter of what the profile takes: how well a face is drawn changes little of its texture.
STEPS = 2


@cache
def small_model() -> tuple[Settings, Pipeline]:
    settings = effective_settings(ROOT / "generate.yaml", "mini", None, None)
    return settings, load_pipelines(
        settings, [MODEL], ROOT / "weights", torch.device("cpu"), [], 1
    )[MODEL]


def face(seed: int, width: int, height: int, frames: int, target: Path) -> None:
    settings, pipeline = small_model()
    person, scene = drawing.draw_person(seed, "held-out"), drawing.draw_scene(seed)
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as name:
        folder = Path(name)
        pixels(drawing.draw_reference(person, (768, 448)), folder / "person.png")
        sound = to_engine_wav(
            ROOT / "examples" / VOICES[seed % len(VOICES)], folder / "voice.wav"
        )
        body = {
            "prompt": drawing.draw_prompt(scene, person, seed),
            "negativePrompt": settings.negative_prompt,
            "mode": "TIA",
            "images": [str(folder / "person.png")],
            "audio": str(sound),
            "model": MODEL,
            "width": width,
            "height": height,
            "frames": frames,
            "steps": STEPS,
            "shift": settings.sampler.shift,
            "scales": {},
            "seed": seed,
        }
        request = parse_request(
            {"id": str(seed), "outputDir": name, "request": body}, settings, (MODEL,)
        )
        shutil.move(pipeline.generate(request, Silent()).path, target)


def cartoon(seed: int, width: int, height: int, frames: int, target: Path) -> None:
    numbers = random.Random(f"watermark/{seed}")
    drawn = (frames + 1) // 2  # each stands for two, as cartoons are made
    openings = torch.tensor([numbers.random() for _ in range(drawn)])
    size = (width, height)
    clip, _ = drawing.draw_clip(
        drawing.draw_person(seed),
        drawing.draw_scene(seed),
        openings,
        drawing.draw_blinks(seed, drawn),
        drawing.draw_sway(seed, size),
        size,
    )
    shown = clip.add(1).mul(127.5).clamp(0, 255).byte().permute(1, 2, 3, 0).numpy()
    shown.repeat(2, axis=0)[:frames].tofile(target)


def texture(seed: int, width: int, height: int, frames: int, target: Path) -> None:
    """Noise whose amplitude falls as 1/f to a power between a rough wall's and a soft cloud's, in two colours, and a camera that moves."""
    numbers = np.random.default_rng(seed)
    margin = 64
    shape = (height + margin, width + margin)
    frequency = np.hypot(
        np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    )
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(
        numbers.standard_normal(shape)
    ) / frequency ** numbers.uniform(0.8, 1.8)
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=shape)
    mix = 0.5 + 0.25 * numbers.uniform(0.4, 1.2) * field / field.std()
    low, high = numbers.uniform(0, 255, (2, 3))
    picture = np.clip(low + (high - low) * mix[..., None], 0, 255)
    grain = numbers.uniform(0, 2)
    speed = numbers.uniform(-1, 1, 2) * margin / 2 / frames
    with open(target, "wb") as out:
        for frame in range(frames):
            top, left = (margin / 2 + speed * (frame - frames / 2)).astype(int)
            shown = picture[
                top : top + height, left : left + width
            ] + grain * numbers.standard_normal((height, width, 1))
            out.write(np.clip(shown, 0, 255).astype(np.uint8).tobytes())


def pixels(image: torch.Tensor, target: Path) -> None:
    Image.fromarray(
        image.squeeze().permute(1, 2, 0).clamp(-1, 1).add(1).mul(127.5).byte().numpy()
    ).save(target)


KINDS = {"face": face, "cartoon": cartoon, "texture": texture}

if __name__ == "__main__":
    for line in sys.stdin:
        order = json.loads(line)
        target = Path(order.pop("target"))
        KINDS[order.pop("kind")](**order, target=target)
        print(json.dumps({"bytes": target.stat().st_size}), flush=True)
