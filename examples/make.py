"""Makes the example images, speech and videos. Run it with the project's Python: .venv/bin/python examples/make.py

Needs espeak-ng, ffmpeg, and the voices of engine/requirements.txt. The results are in the repository, so nobody has to run this.
"""

import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
SIZE = (480, 560)
OVERSAMPLING = 3  # drawn larger and scaled down: Pillow draws hard edges
TEXT = (
    "Hello! Type slash humo, give me a picture and some speech, and I will talk to you."
)


#: Persons of the small model's world, by the seed that draws them.
PERSONS = {"person": 1, "person-curls": 26, "person-glasses": 25}

#: What voices of engine/humo_engine/speech/voices.py say, both of them free to use.
VOICES = {
    "voice-joe": (
        "joe",
        "Welcome back! Here is the news of the day, read by a small cartoon.",
    ),
    "voice-alpha": ("alpha", "こんにちは。海はきれいですね。一緒に歩きましょう。"),
}

#: What the small model makes of them: prompt, person, voice, seed. The page in the browser shows these and runs them again.
CLIPS = {
    "person": ("A woman on the beach talks to the camera", "voice-alpha", 1),
    "person-curls": (
        "A woman in the city at night talks to the camera",
        "voice-joe",
        2,
    ),
    "person-glasses": ("A man in the mountains says hello", "speech", 3),
}


def portrait() -> Image.Image:
    """A friendly robot on a soft background, looking into the camera."""
    image = Image.new("RGB", tuple(side * OVERSAMPLING for side in SIZE), "#dbe7f0")
    pen = ImageDraw.Draw(image)

    def box(x0, y0, x1, y1):
        return [value * OVERSAMPLING for value in (x0, y0, x1, y1)]

    for row in range(SIZE[1]):  # light from above
        shade = 1 - 0.25 * row / SIZE[1]
        pen.rectangle(
            box(0, row, SIZE[0], row + 1),
            fill=tuple(int(c * shade) for c in (219, 231, 240)),
        )
    pen.rounded_rectangle(
        box(100, 440, 380, 620), 60 * OVERSAMPLING, fill="#3d5a80"
    )  # shoulders
    pen.rectangle(box(210, 400, 270, 460), fill="#98a6b5")  # neck
    pen.line(box(240, 130, 240, 70), fill="#98a6b5", width=8 * OVERSAMPLING)  # antenna
    pen.ellipse(box(222, 42, 258, 78), fill="#ee6c4d")
    pen.ellipse(box(76, 230, 126, 330), fill="#98a6b5")  # ears
    pen.ellipse(box(354, 230, 404, 330), fill="#98a6b5")
    pen.rounded_rectangle(
        box(100, 125, 380, 420),
        70 * OVERSAMPLING,
        fill="#f7f9fb",
        outline="#98a6b5",
        width=4 * OVERSAMPLING,
    )
    for x in (180, 300):  # eyes, with a light in them
        pen.ellipse(box(x - 34, 210, x + 34, 278), fill="#293241")
        pen.ellipse(box(x - 8, 222, x + 12, 242), fill="#ffffff")
    pen.ellipse(box(130, 290, 170, 312), fill="#f4c9bd")  # cheeks
    pen.ellipse(box(310, 290, 350, 312), fill="#f4c9bd")
    pen.chord(box(180, 300, 300, 380), 10, 170, fill="#ee6c4d")  # smile
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def person(seed: int) -> Image.Image:
    """Somebody of the small model's world whom its training never saw, on white, as the model likes references."""
    from humo_mini.drawing import draw_person, draw_reference

    pixels = draw_reference(draw_person(seed, "held-out"), (768, 448)).squeeze()
    return Image.fromarray(
        pixels.permute(1, 2, 0).clamp(-1, 1).add(1).mul(127.5).byte().numpy()
    )


def _encode(wav: Path, path: Path) -> None:
    """As Opus; the WAV goes."""
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            str(wav),
            "-c:a",
            "libopus",
            "-b:a",
            "32k",
            "-bitexact",
            str(path),
        ],
        check=True,
    )
    wav.unlink()


def speech(path: Path) -> None:
    """The text, spoken by espeak-ng, as Opus."""
    wav = path.with_suffix(".wav")
    subprocess.run(
        ["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(wav), TEXT], check=True
    )
    _encode(wav, path)


def spoken(path: Path, voice: str, words: str) -> None:
    """The words, spoken by one of the engine's voices, as Opus."""
    wav = path.with_suffix(".wav")
    _engine("speak", words, "--voice", voice, "--out", wav)
    _encode(wav, path)


def clip(path: Path, prompt: str, image: Path, audio: Path, seed: int) -> None:
    """What the small model makes of it, small enough for a page."""
    made = path.with_suffix(".made.mp4")
    order = (
        "--prompt",
        prompt,
        "--image",
        image,
        "--audio",
        audio,
        "--out",
        made,
        f"seed={seed}",
    )
    _engine("generate", "--profile", "mini", "--device", "cpu", *order)
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            str(made),
            "-c:v",
            "libx264",
            "-crf",
            "23",
            "-preset",
            "slow",
            "-pix_fmt",
            "yuv420p",
        ]
        + [
            "-c:a",
            "aac",
            "-b:a",
            "48k",
            "-movflags",
            "+faststart",
            "-bitexact",
            str(path),
        ],
        check=True,
    )
    made.unlink()


def _engine(*arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "humo_engine", *map(str, arguments)], check=True
    )


if __name__ == "__main__":
    portrait().save(FOLDER / "portrait.png", optimize=True)
    for name, seed in PERSONS.items():
        person(seed).save(FOLDER / f"{name}.png", optimize=True)
    speech(FOLDER / "speech.ogg")
    for name, (voice, words) in VOICES.items():
        spoken(FOLDER / f"{name}.ogg", voice, words)
    for name, (prompt, voice, seed) in CLIPS.items():
        clip(
            FOLDER / f"{name}.mp4",
            prompt,
            FOLDER / f"{name}.png",
            FOLDER / f"{voice}.ogg",
            seed,
        )
