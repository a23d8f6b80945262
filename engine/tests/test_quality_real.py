"""The meter for real people: SyncNet with weights from a seed, and a face detector that sees red dots. Nothing is fetched from elsewhere.

`test_quality_command.py` runs the command with `mini` in the place of the official weights."""

import dataclasses
import json
from argparse import Namespace

import pytest
import torch
from hub_server import Hub, serving
from PIL import Image
from syncnet_stand_in import lock_as, random_syncnet, write_checkpoint, write_detector
from test_quality import write_film

from humo_engine.checkpoint import CheckpointError
from humo_engine.cli import main
from humo_engine.load import effective_settings
from humo_engine.weights import download as downloading
from humo_engine.weights.errors import WeightsMissing
from humo_engine.weights.lock import read_lock, select
from humo_quality import cli, film, making, real
from humo_quality.asked import asked_clips, other_sounds
from humo_quality.detector import FILE, load_detector
from humo_quality.long import Piece
from humo_quality.mfcc import mfcc
from humo_quality.real import Judge, load_judge, measure_real
from humo_quality.syncnet import CHECKPOINT, FARTHEST, coefficients_of, compare, load_syncnet
from humo_quality.track import faces_of, follow, main_face

# python_speech_features 0.6, mfcc(signal, 16000), of the signal that `rising_tone` makes: frame → coefficients.
PUBLISHED_MFCC = {
    0: [17.9548, -6.7497, 22.6436, 12.5109, 1.0993, -7.0542, -14.0073, -20.2287, -22.3843, -22.0615, -21.8879, -15.6544, -17.2779],
    37: [20.3607, -2.1059, -8.1744, -35.699, -13.551, 18.5905, 30.9265, 5.4349, -14.2846, -28.9277, -5.8324, 16.9835, 20.3309],
    75: [16.1061, -9.2201, -0.1944, -2.4797, -0.1279, -0.8242, 0.0953, -0.836, -0.7671, -1.4064, -0.8614, -1.182, -1.1152],
    98: [-36.0437, *[0.0] * 12],
}  # fmt: skip
PUBLISHED_BYTES = 54_573_114  # of the checkpoint


def rising_tone():
    """A second of whole numbers: a rising tone and noise, and a quarter of silence."""
    times = torch.arange(16_000, dtype=torch.float64)
    tone = (7000 * torch.sin(2 * torch.pi * (200 * times + times**2 / 16) / 16_000)).round()
    state, noise = 1, []
    for _ in range(16_000):
        state = (state * 1103515245 + 12345) % 2**31
        noise.append((state >> 16) % 801 - 400)
    tone += torch.tensor(noise)
    tone[12_000:] = 0
    return (tone / 32768).float()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A weights folder with both files, whose detector sees red dots."""
    root = tmp_path_factory.mktemp("weights")
    write_checkpoint(root)
    write_detector(root / FILE)
    return root


@pytest.fixture
def weights(files, monkeypatch):
    lock_as(monkeypatch, files)
    return files


def dots(places, size=(160, 240)):
    """Grey frames with one red dot each, at (x, y); None stands for a frame without."""
    frames = torch.full((len(places), *size, 3), 128.0)
    for frame, place in zip(frames, places, strict=True):
        if place is not None:
            frame[place[1] - 4 : place[1] + 4, place[0] - 4 : place[0] + 4] = torch.tensor([255.0, 0, 0])
    return frames


def test_coefficients_are_those_that_syncnet_was_trained_with():
    found = mfcc(rising_tone())
    assert found.shape == (99, 13)
    for frame, coefficients in PUBLISHED_MFCC.items():
        assert found[frame].tolist() == pytest.approx(coefficients, abs=2e-4)
    assert mfcc(torch.zeros(100)).shape == (1, 13)
    # A frame has four times of them, and what is not there is silence.
    assert coefficients_of(rising_tone(), 30).shape == (119, 13)
    assert torch.equal(coefficients_of(rising_tone(), 30)[:95], mfcc(rising_tone())[:95])


def test_the_layout_is_the_published_one():
    state = random_syncnet().state_dict()
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    for key, shape in {
        "netcnnaud.0.weight": (64, 1, 3, 3), "netcnnaud.4.weight": (192, 64, 3, 3), "netcnnaud.8.weight": (384, 192, 3, 3),
        "netcnnaud.11.weight": (256, 384, 3, 3), "netcnnaud.14.weight": (256, 256, 3, 3), "netcnnaud.18.weight": (512, 256, 5, 4),
        "netcnnaud.19.running_var": (512,), "netfcaud.0.weight": (512, 512), "netfcaud.1.bias": (512,), "netfcaud.3.weight": (1024, 512),
        "netcnnlip.0.weight": (96, 3, 5, 7, 7), "netcnnlip.4.weight": (256, 96, 1, 5, 5), "netcnnlip.8.weight": (256, 256, 1, 3, 3),
        "netcnnlip.11.weight": (256, 256, 1, 3, 3), "netcnnlip.14.weight": (256, 256, 1, 3, 3), "netcnnlip.18.weight": (512, 256, 1, 6, 6),
        "netcnnlip.19.running_mean": (512,), "netfclip.0.weight": (512, 512), "netfclip.1.bias": (512,), "netfclip.3.weight": (1024, 512),
    }.items():  # fmt: skip
        assert shapes[key] == shape
    # All numbers, and some bytes for each tensor's name: as many as the published file has.
    numbers = sum(value.nbytes for key, value in state.items() if "num_batches" not in key)
    assert 0 < PUBLISHED_BYTES - numbers < 200 * len(state)


def test_a_clip_goes_through_at_once_as_its_windows_do():
    network, faces = random_syncnet(), torch.rand(6, 224, 224, 3, generator=torch.Generator().manual_seed(1)) * 255
    together = network.seen(faces)
    assert together.shape == (2, 1024)
    assert torch.allclose(together[1:], network.seen(faces[1:]), atol=1e-4)
    heard = network.heard(coefficients_of(rising_tone(), 12))
    assert heard.shape == (7, 1024)
    later = network.heard(coefficients_of(rising_tone(), 12)[8:])
    assert torch.allclose(heard[2:], later, atol=1e-4)


def test_the_offset_is_by_how_much_lips_are_late():
    heard = torch.randn(60, 1024, generator=torch.Generator().manual_seed(2))
    for late in (-FARTHEST, -4, -1, 0, 3, FARTHEST):
        found = compare(torch.roll(heard, late, dims=0), heard)
        assert found.offset == late
        assert found.distance < 20 < found.confidence
    strange = compare(torch.randn(60, 1024, generator=torch.Generator().manual_seed(3)), heard)
    assert strange.confidence < 2 and strange.distance > 30


def test_a_checkpoint_is_read_or_it_says_what_is_wrong(weights, tmp_path, monkeypatch):
    read, written = load_syncnet(weights).state_dict(), random_syncnet().state_dict()
    assert all(torch.equal(value, written[key]) for key, value in read.items())

    with pytest.raises(WeightsMissing, match="npm run engine -- weights download --syncnet") as missing:
        load_syncnet(tmp_path)
    assert CHECKPOINT in missing.value.missing and "SyncNet and the face detector" in str(missing.value)

    write_detector(tmp_path / FILE)
    write_checkpoint(tmp_path, **{"netfclip.3.bias": torch.zeros(512)})
    monkeypatch.undo()
    lock_as(monkeypatch, tmp_path)
    with pytest.raises(CheckpointError, match=r"netfclip\.3\.bias has shape \(512,\) instead of \(1024,\)"):
        load_syncnet(tmp_path)

    whole = (tmp_path / CHECKPOINT).read_bytes()
    damaged = whole[:1000] + bytes(2000) + whole[3000:]
    (tmp_path / CHECKPOINT).write_bytes(damaged)
    with pytest.raises(CheckpointError, match="is not the file that was published") as refused:  # PyTorch 2.5.1 is no wall
        load_syncnet(tmp_path)
    assert "weights download --syncnet" in str(refused.value)
    lock_as(monkeypatch, tmp_path)
    with pytest.raises(CheckpointError, match="weights download --syncnet"):
        load_syncnet(tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(whole[:5000])
    lock_as(monkeypatch, tmp_path)
    with pytest.raises(CheckpointError, match="weights download --syncnet"):
        load_syncnet(tmp_path)


def test_a_detector_that_is_none_says_so(weights, tmp_path, monkeypatch):
    write_checkpoint(tmp_path)
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(b"nothing")
    lock_as(monkeypatch, tmp_path)
    with pytest.raises(CheckpointError, match="weights download --syncnet"):
        load_detector(tmp_path)
    write_detector(tmp_path / FILE, lacking="bbox_16")
    lock_as(monkeypatch, tmp_path)
    with pytest.raises(CheckpointError, match="is not YuNet: it has no bbox_16"):
        load_detector(tmp_path)


def test_both_files_are_fetched_as_all_weights_are(weights, tmp_path, monkeypatch):
    entries = select(read_lock(), ["syncnet"])
    served = {entry.repository: {entry.path: (weights / entry.place).read_bytes()} for entry in entries}
    with serving(Hub(served, large={entry.path for entry in entries})) as hub:
        fetch = downloading.download
        monkeypatch.setattr(
            downloading, "download", lambda root, models, tell: fetch(root, models, endpoint=hub.endpoint, tell=tell)
        )
        assert main(["weights", "download", "--syncnet", "--weights", str(tmp_path)]) == 0
        assert main(["weights", "verify", "--syncnet", "--weights", str(tmp_path)]) == 0
    assert (tmp_path / CHECKPOINT).read_bytes() == (weights / CHECKPOINT).read_bytes()
    assert {path for _, path, _, _ in hub.requests if not path.startswith("api")} == {entry.path for entry in entries}


def test_faces_are_found_where_they_are_and_one_of_them_is_followed(weights):
    detector = load_detector(weights)
    # 160 pixels of a square of 640, into which 240 pixels go: 8 / 3 × e³ for a cell of 8.
    side = 8 * torch.tensor(3.0).exp() * 240 / 640
    (box,) = detector.find(dots([(100, 80)])[0])
    assert ((box[:2] + box[2:]) / 2).tolist() == pytest.approx([100, 80], abs=3)
    assert (box[2:] - box[:2]).tolist() == pytest.approx([float(side)] * 2, rel=0.01)
    two = dots([(50, 80)])[0]
    two[76:84, 196:204] = torch.tensor([255.0, 0, 0])
    assert len(detector.find(two)) == 2 and len(detector.find(dots([None])[0])) == 0

    path = [(60 + 2 * number, 80) for number in range(30)]
    seen = [None if number in (0, 10, 11, 20) else place for number, place in enumerate(path)]
    frames = dots(seen)
    track = follow(frames, detector)
    assert (track.start, len(track.boxes), track.found) == (1, 29, 26)
    middles = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    assert torch.allclose(middles, torch.tensor(path[1:], dtype=torch.float32), atol=4)  # also where nothing was found
    faces = faces_of(dots(path), track)
    assert faces.shape == (29, 224, 224, 3)
    # The face's middle is in the middle across, and at 1 / 2.8 from above.
    red = ((faces[..., 0] - faces[..., 1]) > 100).float()
    rows, columns = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    for face in red[7:-7]:
        assert float((face * columns).sum() / face.sum()) == pytest.approx(112, abs=14)
        assert float((face * rows).sum() / face.sum()) == pytest.approx(224 / 2.8, abs=14)
    assert follow(dots([None] * 3), detector) is None


def test_a_face_that_jumps_is_another_one_and_the_larger_counts():
    small, large = torch.tensor([0.0, 0, 10, 10]), torch.tensor([50.0, 50, 90, 90])
    both = main_face([torch.stack((small, large))] * 5 + [small[None]] * 5)
    assert torch.equal(both.boxes, large.expand(5, 4)) and both.found == 5
    gone = main_face([large[None], *[large[:0].view(0, 4)] * 30, large[None], large[None]])
    assert (gone.start, gone.found) == (31, 2)


class Told:
    """A network for which brightness is what is seen, and loudness what is heard: fast, and right by construction."""

    def __init__(self):
        self.directions = torch.randn(64, 1024, generator=torch.Generator().manual_seed(4))

    def _places(self, values):
        return self.directions[(values * 63).round().long().clamp(0, 63)]

    def seen(self, faces):
        return self._places(faces[:-4].mean((1, 2, 3)) / 255)

    def heard(self, coefficients):
        energy = coefficients[:, 0].unfold(0, 20, 4)[:, :4].mean(1)
        return self._places(((energy - 10) / 12).clamp(0, 1))


def test_figures_of_a_clip_tell_late_lips_and_lost_faces(tmp_path):
    frames, generator = 60, torch.Generator().manual_seed(5)
    levels = torch.rand(frames, generator=generator)
    sound = (10 ** (levels * 2 - 3)).repeat_interleave(640) * torch.randn(frames * 640, generator=generator)
    clip = dataclasses.replace(asked_clips(1, tmp_path, (96, 64), frames)[0], samples=sound)

    class Still:
        def find(self, frame):
            return torch.tensor([[36.0, 16, 52, 32]])

    network = Told()
    heard = network.heard(coefficients_of(sound, frames))
    shades = torch.tensor([int((network.directions == place).all(1).nonzero()) for place in heard]) / 63 * 255
    shades = torch.cat((shades, shades[:5]))
    judge = Judge(network, Still())
    for late in (0, 3):
        shown = torch.roll(shades, late)[:, None, None, None].expand(-1, 64, 96, 3)
        figures, faces = measure_real(clip, shown, [sound.flip(0)], [Piece(0, frames)], [], judge, full=shown)
        assert figures["AV offset"] == late and figures["offset within a frame"] == float(late == 0)
        assert figures["LSE-C"] > 5 * figures["LSE-C, shuffled sound"] and figures["LSE-D"] < figures["LSE-D, shuffled sound"]
        assert figures["face found"] == figures["frames with a face"] == 1 and figures["face, pixels"] == 16
        assert figures["PSNR, same seed"] == 99 and figures["frames like the reference"] is None
        assert faces.shape == (frames, 224, 224, 3)
    Still.find = lambda self, frame: torch.zeros(0, 4)
    figures, faces = measure_real(clip, shown, [], [Piece(0, frames)], [[30, 31]], judge)
    assert figures["face found"] == 0 and figures["LSE-C"] is None and faces is None
    assert figures["change between frames"] > 1 and figures["change at seams"] is not None


def picture(file, colour):
    Image.new("RGB", (60, 80), colour).save(file)


def test_an_owners_pictures_and_recordings_go_round(tmp_path):
    persons, speech, out = tmp_path / "persons", tmp_path / "speech", tmp_path / "out"
    for folder in (persons, speech, out):
        folder.mkdir()
    picture(persons / "anna.PNG", "red")
    picture(persons / "ben.jpg", "blue")
    (persons / "notes.txt").write_text("no picture")
    for name, rate in (("one", 1), ("two", 2)):
        samples = torch.sin(torch.arange(32_000) * rate / 20)
        making.write_wav(speech / f"{name}.wav", samples)
    clips = asked_clips(3, out, (64, 48), 49, persons, speech)
    assert [clip.image.name for clip in clips] == ["anna.PNG", "ben.jpg", "anna.PNG"]
    assert clips[0].reference.shape == (48, 64, 3) and clips[0].reference[24, 32].tolist() == pytest.approx([255, 0, 0], abs=2)
    assert clips[0].prompt == "The person of the picture looks into the camera and speaks in a bright office."
    assert len({clip.fingerprint for clip in clips}) == 3  # the third has another place
    assert len(other_sounds(clips, 0, 5)) == 1  # the third says the same as the first
    own = asked_clips(2, out, (64, 48), 49)
    assert own[0].image is None and own[0].prompt.startswith("A woman in her thirties")

    with pytest.raises(ValueError, match="--persons .*: no file there ends in .jpeg"):
        asked_clips(1, out, (64, 48), 49, speech, None)
    with pytest.raises(ValueError, match="--speech .*nowhere: No such file"):
        asked_clips(1, out, (64, 48), 49, persons, tmp_path / "nowhere")
    (persons / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.png cannot be read as an image"):
        asked_clips(3, out, (64, 48), 49, persons, None)


def test_what_cannot_be_is_said_before_anything_is_loaded(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "load_pipelines", lambda *_, **__: pytest.fail("a model is loaded"))
    for wrong, words in (
        (["--profile", "official", "--weights", str(tmp_path)], "weights download --syncnet"),
        (["--profile", "official", "--bars"], "are for the drawn world of mini"),
        (["--profile", "official", "--set", "frames=49"], "too short for SyncNet: it needs 50"),
        (["--profile", "mini", "--persons", str(tmp_path)], "add --method syncnet"),
        (["--film", "clip.mp4", "--method", "syncnet", "--weights", str(tmp_path)], "weights download --syncnet"),
    ):
        assert main(["quality", *wrong]) == 1
        assert words in capsys.readouterr().err


def test_a_presets_loras_are_asked_for_with_it():
    official = effective_settings(None, "official")
    options = Namespace(set=[], preset=None, take=None, seconds=None, shape=None, sampler=None, guidance=None, vocals=False)
    fast, standard = (cli._variant(name, options, official) for name in ("fast", "standard"))
    assert fast.body["loras"] == official.preset("fast").request["loras"] and "loras" not in standard.body
    other = cli._variant("preset=fast,model=1.7b", options, official)
    assert "loras" not in other.body


def test_a_film_of_a_face_is_measured_when_asked_for(weights, tmp_path, monkeypatch, capsys):
    for module in (film, real):
        monkeypatch.setattr(module, "SHORTEST", 9)
    command = ["quality", "--method", "syncnet", "--weights", str(weights), "--film"]
    shown = write_film(tmp_path / "face.mp4", dots([(100, 80)] * 9), rising_tone()[: 9 * 640])
    assert main([*command, str(shown), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["syncnet"]["frames_with_a_face"] == 1 and abs(found["syncnet"]["sync"]["offset"]) <= FARTHEST
    assert "smaller than SyncNet's authors use" in found["words"] and "LSE-C" in found["words"]
    judge = load_judge(weights)
    nobody = film.watch(shown, dots([None] * 9), tmp_path, judge)
    assert nobody.in_words() == "No face is to be followed for two seconds, so nothing can be said of the lips."
    with pytest.raises(film.FilmError, match="has 8 frames at 25 a second; SyncNet needs 9 or more"):
        film.watch(shown, dots([None] * 8), tmp_path, judge)
