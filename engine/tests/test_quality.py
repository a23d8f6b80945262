"""The meter on drawn clips, which are perfect, and on drawings that are spoilt in ways that it has to name."""

import dataclasses
import math
import struct
import subprocess
import wave

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from humo_engine.cli import main
from humo_mini.drawing import (
    EYE_X,
    EYE_Y,
    MOUTH_Y,
    OPENING_RANGE_DB,
    SAMPLES_PER_FRAME,
    SHUT_LEVEL_DB,
    Scene,
    draw_blinks,
    draw_clip,
    draw_person,
    draw_reference,
    draw_scene,
    draw_sway,
    frames_for,
)
from humo_quality import face, signals
from humo_quality.bars import BARS, BY_SKIN, bars_table, judge_bars
from humo_quality.cli import _others, groups_note, skins_table
from humo_quality.film import FilmError, agreement, in_words, read_frames
from humo_quality.held_out import SKIN_GROUPS, held_out_clips, to_rgb, voice_files
from humo_quality.judges import WEIGHTS, judged_scene, judges
from humo_quality.meter import measure
from humo_quality.statistics import mean_interval, paired, share_interval
from humo_quality.train_judges import draw_examples, grade

FRAMES = 49
SEEDS = (2, 4, 18)  # medium, dark and light skin; the first wears glasses


def speech(seed, frames=FRAMES):
    """Openings like those of speech: three or so syllables a second, and pauses."""
    generator = torch.Generator().manual_seed(seed)
    syllables = F.interpolate(torch.rand(1, 1, frames // 4, generator=generator), frames, mode="linear")[0, 0]
    pauses = F.interpolate((torch.rand(1, 1, frames // 10, generator=generator) > 0.3).float(), frames)[0, 0]
    pauses[20:29] = 0
    return syllables * pauses


def soften(frames, seed=0):
    """Blurred and noisy, as decoded pictures are."""
    blurred = F.avg_pool2d(frames.permute(0, 3, 1, 2), 3, 1, 1, count_include_pad=False).permute(0, 2, 3, 1)
    return (blurred + 8 * torch.randn(frames.shape, generator=torch.Generator().manual_seed(seed))).clamp(0, 255)


def drawn(seed):
    person = draw_person(seed, "held-out")
    pixels, truth = draw_clip(person, draw_scene(seed, "held-out"), speech(seed), draw_blinks(seed, FRAMES), draw_sway(seed))
    return person, to_rgb(pixels), truth


@pytest.fixture(scope="module")
def clips():
    return {seed: drawn(seed) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_clip_is_perfect_also_blurred_and_noisy(clips, seed):
    person, frames, truth = clips[seed]
    for shown in (frames, soften(frames)):
        place = face.find_mouth(shown)
        box = truth.mouth_boxes.mean(0)
        assert (place.x, place.y) == pytest.approx((float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2), abs=4)
        mouth = face.openings(shown, place)
        assert signals.correlation(mouth, truth.openings) > 0.98
        assert signals.best_lag(mouth, truth.openings) == 0
        assert signals.opening_in_silence(mouth, truth.openings) < 0.2
        assert face.eyes(shown, place).all(1).float().mean() > 0.95
        assert not face.second_mouths(shown, place).any()
        own = face.colours(to_rgb(draw_reference(person)), face.usual_place(*shown.shape[1:3]))
        assert max(face.colour_error(face.colours(shown, place), own).values()) < 3


@pytest.mark.parametrize("shift", [-4, -2, 2, 4])
def test_the_lag_is_found_again_when_the_sound_is_shifted(clips, shift):
    _, frames, truth = clips[4]
    mouth = face.openings(soften(frames))
    earlier = torch.roll(truth.openings, -shift)  # the mouth comes `shift` frames late
    assert signals.best_lag(mouth, earlier) == shift
    assert signals.correlation(mouth, earlier) < signals.at_lag(mouth, earlier, shift) - 0.1


def test_another_sound_does_not_agree(clips):
    mouths = {seed: face.openings(frames) for seed, (_, frames, _) in clips.items()}
    others = [signals.correlation(mouths[a], clips[b][2].openings) for a in SEEDS for b in SEEDS if a != b]
    assert sum(others) / len(others) < 0.35  # they share the pause in the middle


def test_the_persons_of_other_clips_look_different(clips):
    for seed in SEEDS:
        _, frames, _ = clips[seed]
        seen = face.colours(frames, face.find_mouth(frames))
        errors = {
            other: sum(
                face.colour_error(
                    seen, face.colours(to_rgb(draw_reference(clips[other][0])), face.usual_place(112, 192))
                ).values()
            )
            for other in SEEDS
        }
        assert min(errors, key=errors.get) == seed
        assert sorted(errors.values())[1] > 20


def stamp(frames, truth, at, colour, radii):
    """Lay an ellipse of a colour over each frame, at a place beside the mouth in units of the head."""
    middle = (truth.mouth_boxes[:, :2] + truth.mouth_boxes[:, 2:]) / 2
    ys, xs = torch.meshgrid(torch.arange(frames.shape[1]) + 0.5, torch.arange(frames.shape[2]) + 0.5, indexing="ij")
    unit = 112 * face.SCALE
    x = (xs - middle[:, 0, None, None]) / unit - at[0]
    y = (ys - middle[:, 1, None, None]) / unit - at[1]
    inside = (x / radii[0]) ** 2 + (y / radii[1]) ** 2 <= 1
    return torch.where(inside[..., None], torch.as_tensor(colour, dtype=torch.float32), frames)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_eye_that_is_gone_and_a_second_mouth_are_seen(clips, seed):
    person, frames, truth = clips[seed]
    blind = soften(stamp(frames, truth, (EYE_X, EYE_Y - MOUTH_Y), person.skin_rgb, (0.075, 0.08)))
    seen = face.eyes(blind, face.find_mouth(blind))
    # Where both lids are down the eye that is left makes it a blink.
    assert seen.all(1).float().mean() < 0.25
    two = soften(stamp(frames, truth, (-0.098, -0.062), (190, 62, 70), (0.037, 0.020)))
    assert face.second_mouths(two, face.find_mouth(frames)).float().mean() > 0.6


def test_a_pale_tongue_does_not_make_two_mouths_of_one(clips):
    """As the small model draws it on the darkest skin: the tongue's upper edge is of another colour than lips, tongue and inside."""
    _, frames, truth = clips[4]
    place = face.find_mouth(frames)
    mouth = face._mouth_mask(frames, face._skin_at(frames, place))[..., None]
    edge = stamp(frames, truth, (0, 0.01), (222, 120, 116), (0.3, 0.012))
    pale = torch.where(mouth, edge, frames)[truth.openings > 0.5]
    parts = face._patches(face._mouth_mask(pale, face._skin_at(pale, place)))
    assert len(pale) and all(len(frame[frame > 0].unique()) == 2 for frame in parts), "in colour each mouth is two"
    assert not face.second_mouths(pale, place).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_two_mouths_side_by_side_are_seen_from_either(clips, seed):
    person, frames, truth = clips[seed]
    frames = stamp(frames, truth, (0, 0), person.skin_rgb, (0.1, 0.07))
    for side in (-0.085, 0.085):
        frames = stamp(frames, truth, (side, 0), (190, 62, 70), (0.045, 0.025))
    box = truth.mouth_boxes.mean(0)
    unit = float(min(frames.shape[1:3]))
    for side in (-0.085, 0.085):
        place = face.Place(float(box[0] + box[2]) / 2 + side * unit * face.SCALE, float(box[1] + box[3]) / 2, unit)
        assert face.second_mouths(soften(frames), place).float().mean() > 0.6


def test_eyes_that_stay_shut_are_missing_while_a_blink_is_not():
    flags = torch.tensor([1, 0, 0, 1, 1, 1, 1, 0, 1], dtype=torch.bool)
    assert face._short_runs(flags, 2).tolist() == [True, False, False, False, False, False, False, False, True]


def test_each_second_has_its_own_agreement():
    sound = speech(1, 75)
    mouth = sound.clone()
    mouth[25:50] = speech(9, 75)[25:50].flip(0)
    first, second, third = signals.by_second(mouth, sound)
    assert first == pytest.approx(1) and third == pytest.approx(1)
    assert second < 0.6
    assert signals.by_second(torch.rand(30), torch.zeros(30)) == [None]


def test_a_mouth_that_never_moves_follows_nothing():
    assert signals.correlation(torch.full((50,), 0.3), speech(1, 50)) == 0
    assert signals.best_lag(torch.zeros(50), speech(1, 50)) == 0


def test_seams_drift_flashes_and_a_vae_that_forgets_are_told_apart(clips):
    _, frames, _ = clips[2]
    assert signals.seam_change(frames, [25]) < 2
    assert signals.seam_change(frames, []) is None
    jump = frames.clone()
    jump[25:] = jump[25:].roll(6, dims=2)
    assert signals.seam_change(jump, [25]) > 4

    assert signals.background_drift(frames) < 1
    ramp = torch.linspace(0, 40, FRAMES)[:, None, None, None]
    assert signals.background_drift(frames * 0.8 + ramp) > 15

    reference = torch.full_like(frames[0], 255.0)
    assert not signals.flashes(frames, reference).any()
    leaked = frames.clone()
    leaked[30:33] = 0.2 * leaked[30:33] + 0.8 * reference
    assert signals.flashes(leaked, reference).nonzero()[:, 0].tolist() == [30, 31, 32]

    assert signals.every_fourth(frames) < 2
    forgetful = frames.clone()
    forgetful[1:] += (torch.arange(FRAMES - 1) // 4 % 2 * 12)[:, None, None, None]
    assert signals.every_fourth(forgetful) > 4


@pytest.mark.parametrize("count", [1, 2, 9, 10])
def test_the_middle_of_frames_is_their_median(count):
    frames = torch.rand(count, 4, 5, 3, generator=torch.Generator().manual_seed(count))
    assert torch.equal(signals.middle(frames), frames.median(0).values)


def test_psnr_is_of_two_clips():
    grey = torch.full((2, 4, 4, 3), 100.0)
    assert signals.psnr(grey, grey) == 99
    assert signals.psnr(grey, grey + 25.5) == pytest.approx(20, abs=0.01)


def test_intervals_say_what_few_clips_can_tell():
    interval = mean_interval([0.7, 0.8, 0.9, 0.8])
    assert interval.mean == pytest.approx(0.8)
    assert 0.68 < interval.low < 0.75 and 0.85 < interval.high < 0.92
    share = share_interval([1] * 24)
    assert share.mean == 1 and 0.8 < share.low < 0.9 and share.high == pytest.approx(1)
    with pytest.raises(ValueError, match="nothing"):
        mean_interval([])


def test_pairs_show_a_small_difference_that_clips_alone_would_hide():
    a = [0.5, 0.6, 0.7, 0.8, 0.9]
    difference, real = paired(a, [value - 0.05 for value in a])
    assert real and difference.mean == pytest.approx(-0.05)
    assert paired(a, [0.52, 0.57, 0.71, 0.79, 0.91])[1] is False
    assert paired([1.0, None], [None, 2.0]) is None


def test_a_face_is_found_in_tall_and_square_pictures():
    openings = speech(3, 25)
    for size in ((112, 192), (112, 112)):
        pixels, truth = draw_clip(draw_person(5, "held-out"), Scene("beach"), openings, sway=draw_sway(7, size), size=size)
        assert signals.correlation(face.openings(to_rgb(pixels)), truth.openings) > 0.97


def write_film(file, frames, samples):
    """Frames and sound as an MP4, through ffmpeg as clips go."""
    raw, wav = file.with_suffix(".rgb"), file.with_suffix(".wav")
    raw.write_bytes(frames.round().to(torch.uint8).numpy().tobytes())
    with wave.open(str(wav), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((samples * 32767).short().numpy().tobytes())
    height, width = frames.shape[1:3]
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{width}x{height}",
        "-r",
        "25",
    ]
    command += ["-i", str(raw), "-i", str(wav), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "17", "-c:a", "aac", str(file)]
    subprocess.run(command, check=True)
    return file


def sounding(openings):
    """A tone whose level opens a mouth as told: −38 dB shut, −16 dB wide."""
    level = 10 ** ((openings * OPENING_RANGE_DB + SHUT_LEVEL_DB + 3) / 20) * (openings > 0)
    tone = torch.sin(2 * math.pi * 220 * torch.arange(len(openings) * SAMPLES_PER_FRAME) / 16_000)
    return tone * level.repeat_interleave(SAMPLES_PER_FRAME)


@pytest.mark.parametrize("late", [0, 3])
def test_lips_and_sound_of_a_film_are_compared_as_people_would(clips, tmp_path, late):
    _, frames, truth = clips[18]
    film = write_film(tmp_path / "film.mp4", torch.roll(frames, late, dims=0), sounding(truth.openings))
    found = agreement(film, read_frames(film), tmp_path)
    assert found.lag == late
    assert found.at_lag > 0.9
    assert in_words(found).endswith("lips 3 frames late." if late else "lips at the same frame.")
    sheet = tmp_path / "sheet.png"
    assert main(["quality", "--film", str(film), "--sheet", str(sheet), "--json"]) == 0
    assert Image.open(sheet).size == (4 * 194 - 2, 3 * 114 - 2)


@pytest.mark.parametrize("late", ["sound", "picture"])
def test_picture_and_sound_of_a_film_are_taken_at_their_times(clips, tmp_path, late):
    """Each sample and frame is where it was: what is late is the film's, as a player shows it."""
    _, frames, truth = clips[18]
    film = write_film(tmp_path / "film.mp4", frames, sounding(truth.openings))
    moved = tmp_path / "moved.mp4"
    inputs = ["-i", str(film), "-itsoffset", "0.12", "-i", str(film)]
    streams = ["-map", "0:v", "-map", "1:a"] if late == "sound" else ["-map", "1:v", "-map", "0:a"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *inputs, *streams, "-c", "copy", str(moved)], check=True)
    found = agreement(moved, read_frames(moved), tmp_path)
    assert found.lag == (-3 if late == "sound" else 3) and found.at_lag > 0.9


def test_a_film_that_says_so_is_turned(clips, tmp_path):
    _, frames, truth = clips[18]
    film = write_film(tmp_path / "film.mp4", frames.rot90(1, (1, 2)), sounding(truth.openings))
    held = bytearray(film.read_bytes())
    matrix = held.index(b"tkhd") + 44  # ISO/IEC 14496-12, 8.3.2, version 0
    held[matrix : matrix + 36] = struct.pack(
        ">9i", 0, 0x10000, 0, -0x10000, 0, 0, 112 << 16, 0, 1 << 30
    )  # a quarter to the right
    film.write_bytes(held)
    shown = read_frames(film)
    assert shown.shape == frames.shape and (shown - frames).abs().mean() < 8
    assert agreement(film, shown, tmp_path).lag == 0


def test_a_large_film_is_read_smaller_and_its_lips_follow_as_well(clips, tmp_path):
    _, frames, truth = clips[18]
    film = write_film(tmp_path / "film.mp4", frames.repeat_interleave(3, 1).repeat_interleave(3, 2), sounding(truth.openings))
    shown = read_frames(film)
    assert shown.dtype == torch.uint8 and shown.shape == (FRAMES, 224, 384, 3)
    found = agreement(film, shown, tmp_path)
    assert found.lag == 0 and found.at_lag > 0.9
    assert read_frames(film, 720).shape == (FRAMES, 336, 576, 3)


def test_where_nothing_can_be_said_of_the_lips_it_says_why(clips, tmp_path):
    _, frames, truth = clips[18]
    silent = write_film(tmp_path / "silent.mp4", frames, 0 * sounding(truth.openings))
    assert "it is silent" in agreement(silent, read_frames(silent), tmp_path)
    short = write_film(tmp_path / "short.mp4", frames[:12], sounding(truth.openings[:12]))
    assert "12 frames at 25 a second, and 13" in agreement(short, read_frames(short), tmp_path)
    still = write_film(tmp_path / "still.mp4", frames[:1].expand(FRAMES, -1, -1, -1), sounding(truth.openings))
    assert in_words(agreement(still, read_frames(still), tmp_path)).startswith("No mouth moves")
    small = write_film(tmp_path / "small.mp4", frames[:, :4, :4], sounding(truth.openings))
    with pytest.raises(FilmError, match="4×4 pixels"):
        agreement(small, read_frames(small), tmp_path)


def test_a_film_without_sound_or_picture_says_so(tmp_path, capsys):
    silent = tmp_path / "silent.mp4"
    source = ["-f", "lavfi", "-i", "color=red:s=64x48:r=25:d=0.2", "-pix_fmt", "yuv420p", str(silent)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source], check=True)
    assert main(["quality", "--film", str(silent)]) == 0
    assert capsys.readouterr().out == "There is no sound that lips could follow.\n"
    (tmp_path / "no.mp4").write_text("nothing")
    assert main(["quality", "--film", str(tmp_path / "no.mp4")]) == 1
    assert "has no picture that ffmpeg reads" in capsys.readouterr().err


def test_bars_hold_or_do_not_and_what_was_not_measured_does_not():
    perfect = {bar.figure: share_interval([1.0 if bar.at == "least" else 0.0] * 4) for bar in BARS}
    same = {group: {name: 0.9 for name in perfect} for group in ("light", "dark")}
    assert all(verdict.holds for verdict in judge_bars(perfect, same))
    late = judge_bars({**perfect, "best lag": mean_interval([2.0, 2.0])}, same)
    assert [verdict.name for verdict in late if not verdict.holds] == ["best lag"]
    darker = {**same, "dark": {**same["dark"], "lip-sync": 0.7}}
    assert [v.name for v in judge_bars(perfect, darker) if not v.holds] == ["lip-sync: largest gap between skin colours"]
    assert not any(verdict.holds for verdict in judge_bars({}, {}))
    assert "DOES NOT HOLD" in bars_table(late)


def test_what_gaps_of_small_groups_are_worth_is_said_beside_the_bars():
    assert "8 clips each" in groups_note(24) and "0.125" in groups_note(24)
    assert "32 clips each" in groups_note(96) and "--skins" in groups_note(96)


def test_held_out_clips_are_of_all_kinds_and_of_two_sources_of_voices(tmp_path):
    clips = held_out_clips(6, tmp_path, (64, 48), 97)
    assert {clip.skin_group for clip in clips} == set(SKIN_GROUPS)
    assert all(clip.person.split == "held-out" for clip in clips)
    assert len({clip.scene.name for clip in clips}) == 6
    assert len(voice_files()) == 24
    assert {file.name.split("-")[0] for file in voice_files()[:2]} == {"joe", "kokoro"}
    for clip in clips:
        assert clip.sound.std() > 0.25  # it speaks
        assert 0.1 < (clip.sound < signals.SILENT).float().mean() < 0.6  # and pauses


def test_clips_in_three_skins_differ_in_the_skin_alone(tmp_path):
    clips = held_out_clips(6, tmp_path, (64, 48), 9, skins=True)
    assert [clip.skin_group for clip in clips] == [*SKIN_GROUPS, *SKIN_GROUPS]
    assert [clip.story for clip in clips] == [0, 0, 0, 1, 1, 1]
    assert len({clip.number for clip in clips}) == len({clip.image for clip in clips}) == 6
    for three in (clips[:3], clips[3:]):
        first = three[0]
        for clip in three:
            assert clip.person.split == "held-out"
            assert clip.person.glasses_colour in frames_for(clip.person.skin)
            alike = dataclasses.replace(clip.person, skin=first.person.skin, glasses_colour=first.person.glasses_colour)
            assert alike == first.person
            assert (clip.scene, torch.equal(clip.sound, first.sound)) == (first.scene, True)
        assert len({clip.person.skin_rgb for clip in three}) == 3
    assert clips[0].person.hair_rgb != clips[3].person.hair_rgb or clips[0].scene != clips[3].scene
    # What a clip is compared with is of others, not of the same person in another skin.
    assert [other.story for other in _others(clips, 0)] == [1]


def test_a_figure_that_goes_by_skin_is_named_with_the_two_that_differ():
    figures = [{name: 0.9 if name != "glasses kept" else float(index % 3 != 2) for name in BY_SKIN} for index in range(24)]
    table = skins_table(figures)
    assert "glasses kept               1.000 / 1.000 / 0.000  dark − light -1.000 [-1.000, -1.000]  real" in table
    assert table.count("within noise") == len(BY_SKIN) - 1


def test_judges_trained_apart_are_right_about_drawn_truth():
    """Persons whom they never saw. Their grades stand in engine/QUALITY.md."""
    faces, scenes, labels = draw_examples(40, "held-out", 9)
    face_grades, scene_grades = (
        grade(judge, pictures, labels) for judge, pictures in zip(judges(), (faces, scenes), strict=True)
    )
    assert face_grades["opening"] >= 0.9  # R²
    assert face_grades["hair"] >= 0.7 and face_grades["glasses"] >= 0.7
    assert scene_grades["scene"] >= 0.8
    assert WEIGHTS.stat().st_size < 1_000_000


@pytest.mark.parametrize("size", [(112, 192), (112, 112), (256, 144)])
def test_scenes_are_told_in_every_shape(size):
    right, scenes = [], set()
    for seed in range(30):
        scene = draw_scene(seed, "held-out")
        pixels, _ = draw_clip(draw_person(seed, "held-out"), scene, torch.zeros(1), sway=draw_sway(seed, size), size=size)
        right.append(judged_scene(to_rgb(pixels))[0] == scene.name)
        scenes.add(scene.name)
    assert len(scenes) > 7 and sum(right) >= 29


def test_figures_of_a_drawn_clip_are_good_and_fall_where_it_shows_something_else(tmp_path):
    asked = held_out_clips(2, tmp_path, (192, 112), FRAMES)
    clip, other = asked
    pixels, _ = draw_clip(clip.person, clip.scene, clip.sound, draw_blinks(clip.number, FRAMES), draw_sway(clip.number))
    found = measure(clip, to_rgb(pixels), [other])
    assert found["lip-sync"] > 0.98 and found["lip-sync, judge"] > 0.9
    assert found["best lag"] == 0 and found["shifted sound found"] == 1
    assert found["own reference nearer"] == found["scene right"] == 1
    assert found["clip with a second mouth"] == found["frames like the reference"] == 0
    wrong = measure(dataclasses.replace(clip, scene=other.scene, sound=clip.sound.roll(3)), to_rgb(pixels), [other])
    assert wrong["scene right"] == 0 and wrong["best lag"] == -3
