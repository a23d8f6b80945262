"""Speech from typed words: text → sentences → phonemes → a voice's sound. Needs no PyTorch and no GPU.

`language.py` finds the language, `normalise.py` writes words as they are spoken, `voices.py` lists who can speak, `piper.py` and
`kokoro.py` run the two kinds of models, `synthesizer.py` puts them together, and `serve.py` is the process that a worker talks to.
"""
