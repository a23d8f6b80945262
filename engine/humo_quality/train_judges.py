"""Make the judges' weights: `python -m humo_quality.train_judges` draws, trains and says how good they are.

Persons and wordings are those of the training split; what is stated is measured on held-out persons. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import math
import random

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_mini.drawing import Split, draw_clip, draw_person, draw_scene, draw_sway
from humo_mini.palette import GLASSES, HAIR_SHAPES, SCENES, WALL_COLOURS
from humo_quality.held_out import to_rgb
from humo_quality.judges import WEIGHTS, Judge, face_judge, prepare, prepare_scene, scene_judge

FRAMES = 3  # of each person, each with a mouth and lids of its own
BATCH = 96
Labels = dict[str, Tensor]


def draw_examples(count: int, split: Split, seed: int) -> tuple[Tensor, Tensor, Labels]:
    """`count` persons in scenes → faces (n, 3, …), scenes (n, 3, …) and their labels (n,), n = 3 × count."""
    faces, scenes, labels = [], [], {key: [] for key in ("opening", "hair", "glasses", "scene", "colour")}
    numbers = random.Random(f"judges/{split}/{seed}")
    generator = torch.Generator().manual_seed(numbers.randrange(2**31))
    for index in range(count):
        person, scene = draw_person(numbers.randrange(10**9), split), draw_scene(numbers.randrange(10**9), split)
        opening = torch.rand(FRAMES, generator=generator) * (torch.rand(FRAMES, generator=generator) > 0.25)
        lids = (torch.rand(FRAMES, generator=generator) - 0.6).clamp(min=0) * 2.5
        pixels, _ = draw_clip(person, scene, opening, lids, draw_sway(numbers.randrange(10**9)))
        frames = to_rgb(pixels)
        faces.append(prepare(frames))
        scenes.append(prepare_scene(frames))
        labels["opening"].append(opening)
        for key, value in (
            ("hair", HAIR_SHAPES.index(person.hair_shape)),
            ("glasses", GLASSES.index(person.glasses)),
            ("scene", SCENES.index(scene.name)),
            ("colour", -100 if scene.colour is None else WALL_COLOURS.index(scene.colour)),
        ):
            labels[key].append(torch.full((FRAMES,), value))
        if index % 200 == 199:
            print(f"drawn {index + 1} of {count} persons ({split})", flush=True)
    return torch.cat(faces), torch.cat(scenes), {key: torch.cat(values) for key, values in labels.items()}


def spoil(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """What generated pictures have: other colours, blur, noise in patches, a head a little elsewhere."""
    count = pictures.shape[0]

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    gain, shift = 0.85 + 0.3 * draw(count, 3, 1, 1), 0.16 * (draw(count, 3, 1, 1) - 0.5)
    pictures = pictures * gain + shift
    blurred = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    pictures = torch.lerp(pictures, blurred, draw(count, 1, 1, 1))
    coarse = torch.randn(count, 3, *(side // 8 for side in pictures.shape[-2:]), generator=generator)
    pictures = pictures + 0.15 * draw(count, 1, 1, 1) * F.interpolate(coarse, pictures.shape[-2:], mode="bilinear")
    pictures = pictures + 0.08 * draw(count, 1, 1, 1) * torch.randn(pictures.shape, generator=generator)
    theta = torch.eye(2, 3).repeat(count, 1, 1) * (0.94 + 0.12 * draw(count, 1, 1))
    theta[:, :, 2] = 0.08 * (draw(count, 2) - 0.5)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False).clamp(-1, 1)


def train(name: str, judge: Judge, pictures: Tensor, labels: Labels, steps: int, seed: int = 0) -> None:
    """AdamW, its rate warmed up and then on a cosine. Weights are kept every fifty steps, so that a run cut off leaves some."""
    generator = torch.Generator().manual_seed(seed)
    device = next(judge.parameters()).device
    optimiser = torch.optim.AdamW(judge.parameters(), 2e-3, weight_decay=0.02)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * max(0.02, 0.5 + 0.5 * math.cos(math.pi * step / steps)) * min(1, (step + 1) / 50)
        picks = torch.randint(len(pictures), (BATCH,), generator=generator)
        shown = spoil(pictures[picks], generator).to(device)
        loss = _loss(judge(shown), {key: value[picks].to(device) for key, value in labels.items()})
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        if step % 50 == 49 or step + 1 == steps:
            save(name, judge)
            print(f"{name}, step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)


def save(name: str, judge: Judge) -> None:
    """Put one judge's weights (fp16) beside the other's, atomically."""
    from safetensors.torch import load_file, save_file

    state = load_file(WEIGHTS) if WEIGHTS.is_file() else {}
    state |= {f"{name}.{key}": value.half().cpu().contiguous() for key, value in judge.state_dict().items()}
    unfinished = WEIGHTS.with_suffix(f".{name}")
    save_file(state, unfinished)
    unfinished.replace(WEIGHTS)


def _loss(answers: dict[str, Tensor], labels: Labels) -> Tensor:
    total = torch.zeros((), device=next(iter(answers.values())).device)
    for name, answer in answers.items():
        if name == "opening":
            total = total + 20 * F.smooth_l1_loss(answer[:, 0], labels[name], beta=0.1)
        else:
            wanted = labels[name]
            if bool((wanted >= 0).any()):
                total = total + F.cross_entropy(answer, wanted, label_smoothing=0.02)
    return total


@torch.no_grad()
def grade(judge: Judge, pictures: Tensor, labels: Labels) -> dict[str, float]:
    """R² of openings and accuracy of the rest, on pictures as they are drawn."""
    parts = [judge(part) for part in pictures.split(64)]
    grades = {}
    for name in judge.heads:
        answer, wanted = torch.cat([part[name] for part in parts]), labels[name]
        if name == "opening":
            error = (answer[:, 0] - wanted).square().mean()
            grades[name] = float(1 - error / wanted.var(correction=0))
        else:
            grades[name] = float((answer.argmax(1) == wanted)[wanted >= 0].float().mean())
    return grades


def main(arguments: list[str] | None = None) -> None:
    """Draw, train, say, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", choices=("face", "scene"), nargs="+", default=["face", "scene"])
    parser.add_argument("--persons", type=int, default=1000)
    parser.add_argument("--held-out", type=int, default=250, help="persons to grade with")
    parser.add_argument("--face-steps", type=int, default=800)
    parser.add_argument("--scene-steps", type=int, default=400)
    parser.add_argument("--device", default="cpu", help="such as cuda:0; drawing stays on the CPU")
    options = parser.parse_args(arguments)
    faces, scenes, labels = draw_examples(options.persons, "train", 1)
    held_faces, held_scenes, held_labels = draw_examples(options.held_out, "held-out", 2)
    for name, make, steps, pictures, held in (
        ("face", face_judge, options.face_steps, faces, held_faces),
        ("scene", scene_judge, options.scene_steps, scenes, held_scenes),
    ):
        if name not in options.judge:
            continue
        torch.manual_seed(0)
        judge = make().to(options.device)
        train(name, judge, pictures, labels, steps)
        judge.cpu().eval()
        generator = torch.Generator().manual_seed(3)
        for what, shown in (("as drawn", held), ("spoilt", spoil(held, generator))):
            print(f"{name}, held-out persons {what}: {grade(judge, shown, held_labels)}", flush=True)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
