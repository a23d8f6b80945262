"""Takes the voice out of a sound in the worker's container, on stdin of its Python: audio-separator, with a model of Kim_Vocal_2's form that takes all it
hears for the voice. Prints how long the voice is, in seconds."""

import tempfile
import wave
from pathlib import Path

import numpy as np
import onnx
from humo_engine import vocals

folder = Path(tempfile.mkdtemp())
shape = [
    "batch",
    4,
    vocals.PARAMETERS["mdx_dim_f_set"],
    2 ** vocals.PARAMETERS["mdx_dim_t_set"],
]
ends = [
    onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    for name in ("input", "output")
]
graph = onnx.helper.make_graph(
    [onnx.helper.make_node("Identity", ["input"], ["output"])],
    "all",
    ends[:1],
    ends[1:],
)
model = onnx.helper.make_model(
    graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8
)
(folder / vocals.MODEL_FOLDER).mkdir()
onnx.save(model, str(folder / vocals.MODEL_FOLDER / vocals.MODEL_FILE))
vocals.missing_files = lambda *_: []  # of another size than the real one

sound = folder / "sound.wav"
samples = (8000 * np.sin(np.arange(2 * 16000) * 2 * np.pi * 220 / 16000)).astype("<i2")
with wave.open(str(sound), "wb") as file:
    file.setparams((1, 2, 16000, 0, "NONE", ""))
    file.writeframes(samples.tobytes())
voice = vocals.isolate_voice(sound, folder / "voice.wav", folder)
with wave.open(str(voice)) as file:
    print(round(file.getnframes() / file.getframerate(), 2))
